"""The gateway's own desk: answers queries about applications, which nobody else keeps (source 002, 5.2.1, 5.1.1.6).

A query is admitted like any message; instead of an envelope to a receiver, a task is recorded that ends here.
The answer is a receipt signed by the gateway, entered as receipts of customs are. Done again after a crash it
changes nothing: what has been answered waits no more.
"""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass, replace

from edi.adapters.ledger import Task
from edi.adapters.ledger_search import search
from edi.checks.parse import parse
from edi.core.enquiry import Filter, Replied
from edi.core.form import Form
from edi.core.node import Node
from edi.core.results import Document, ListedApplication
from edi.core.status import CODE_OF, Status
from edi.errors import Broken
from edi.gateway.parts import Parts
from edi.gateway.settlement import Settlement
from edi.messages.business import business_nodes
from edi.messages.dsig import sign_message
from edi.messages.receipt import Receipt, receipt_message, receipt_node


def reply(parts: Parts, task: Task) -> None:
    """Answer every query of the message that still waits.

    Raises LookupError for a message or form that is gone, TryLater if the ledger is out of reach.
    """
    message = parts.ledger.rows("select form, content from messages where digest = ?", (task.subject,))[0]
    form = parts.forms.by_code[message["form"]]
    nodes = _nodes(parts, form, message["content"])
    waiting = parts.ledger.rows(
        "select * from applications where message = ? and status = ? order by application_no",
        (task.subject, Status.SUBMITTED.token),
    )
    receipts = [_receipt(parts, form, row, nodes[row["guid"]]) for row in waiting]
    with parts.ledger.transaction(parts.clock()) as entry:
        for receipt in receipts:
            guid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"reply:{receipt.guid}")).upper()
            content = sign_message(receipt_message(form, [receipt_node(form, receipt)], guid), parts.key)
            Settlement(parts, entry, "", guid, entry.keep(content)).enter(receipt)


def _receipt(parts: Parts, form: Form, row: sqlite3.Row, node: Node) -> Receipt:
    if form.reply is None:
        raise LookupError(f"nobody answers {form.code}")
    receipt = Receipt(
        guid=row["guid"],
        application_no=row["application_no"],
        client_seq_no=row["client_seq_no"] or "",
        customs=row["customs"] or "",
        code=CODE_OF[Status.ANSWERED],
        time=parts.clock(),
        info="",
    )
    replied = form.reply(node, View(parts, row["owner"]))
    if isinstance(replied, Replied):
        return replace(receipt, info=replied.info, results=replied.results)
    refused = Status.REFUSED
    return replace(receipt, code=CODE_OF[refused], info=f"{refused.text}：详见检查结果", findings=tuple(replied))


@dataclass(frozen=True)
class View:
    """What the enterprise `asker` may see of the ledger; forms see it as an `ApplicationsView`."""

    parts: Parts
    asker: str
    """USCC."""

    def applications(self, wanted: Filter, limit: int) -> tuple[ListedApplication, ...]:
        """The applications wanted, newest first, at most `limit`; queries are not among them."""
        return search(
            self.parts.ledger.rows, wanted, forms=self.parts.forms.applications, limit=limit, asker=self.asker
        )

    def paper(self, *, guid: str = "", application_no: str = "") -> Document | None:
        """The filing form of a draft or application; None if there is none to be seen or printed."""
        key, value = ("guid", guid) if guid else ("application_no", application_no)
        rows = self.parts.ledger.rows(
            "select a.*, m.content from applications a join messages m on m.digest = a.message "  # noqa: S608
            f"where a.{key} = ? and (a.owner = ? or a.applicant = ?)",
            (value, self.asker, self.asker),
        )
        form = self.parts.forms.get(rows[0]["form"]) if rows else None
        if form is None or form.sheet is None:
            return None
        node = _nodes(self.parts, form, rows[0]["content"])[rows[0]["guid"]]
        return self.parts.print_form(form, node, rows[0]["application_no"], Status[rows[0]["status"]])


def _nodes(parts: Parts, form: Form, content: str) -> dict[str, Node]:
    """The business nodes of a message by guid, as the ledger keeps it since its signature was verified."""
    root = parse(parts.ledger.content(content))
    if isinstance(root, list):
        raise Broken(f"台账中的报文 {content} 无法读取", f"The ledger's message {content} cannot be read")
    return {node.text("head/guid"): node for node in business_nodes(root, form)}
