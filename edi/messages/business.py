"""The business message: its business nodes and what each says of itself (exchange 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lxml import etree

from edi.core.form import Form
from edi.core.node import Node, local_name


class AppType(Enum):
    """What the sender wants done with the application."""

    NEW = "1"
    REPLACE = "2"
    DELETE = "3"


@dataclass(frozen=True, kw_only=True)
class Application:
    """The head of one business node and the facts the form points at."""

    guid: str
    app_type: str
    is_draft: bool
    """True for appStatus 1 (暂存), False for a submission."""
    client_seq_no: str
    application_no: str
    """Empty unless the sender names an application that already has a number."""
    sign_mode: str
    """`CARD` or `ACCOUNT`, as the sender declares it."""
    applicant: str
    """USCC of the enterprise that the application is about."""
    applicant_name: str
    customs: str
    """Competent customs, the four-digit district code."""
    types: tuple[str, ...] = ()
    """Tokens of the qualification types it is about."""


@dataclass(frozen=True, kw_only=True)
class Business:
    """A business message read by its form."""

    form: str
    guid: str
    sender: str
    """USCC of the enterprise that sends (BaseTransfer/copCode)."""
    applications: tuple[Application, ...]

    def node_path(self, number: int) -> str:
        """XPath of the business node of that number, from 0, as `human_path` writes it."""
        position = f"[{number + 1}]" if len(self.applications) > 1 else ""
        return f"/{self.form}Message/{self.form}{position}"


def read_business(root: etree._Element, form: Form) -> Business:
    """The heads of a message whose root belongs to `form`. Missing values come out empty."""
    message = Node(root)
    return Business(
        form=form.code,
        guid=root.get("guid", ""),
        sender=message.text("BaseTransfer/copCode"),
        applications=tuple(_read_application(node, form) for node in message.nodes(form.code)),
    )


def business_nodes(root: etree._Element, form: Form) -> list[Node]:
    """The business nodes of a message, in document order."""
    return list(Node(root).nodes(form.code))


def is_request_of(root: etree._Element, form: Form) -> bool:
    """True if `root` is the request message of `form`."""
    return etree.QName(root).namespace == form.namespace and local_name(root) == f"{form.code}Message"


def _read_application(node: Node, form: Form) -> Application:
    head = next(node.nodes("head"), node)
    return Application(
        guid=head.text("guid"),
        app_type=head.text("appType"),
        is_draft=head.text("appStatus") == "1",
        client_seq_no=head.text("clientSeqNo"),
        application_no=head.text("applicationNo"),
        sign_mode=head.text("signMode"),
        applicant=node.text(form.applicant),
        applicant_name=node.text(form.applicant_name),
        customs=node.text(form.customs),
        types=tuple(dict.fromkeys(node.texts(form.types))) if form.types else (),
    )
