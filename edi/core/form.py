"""What a message type is. One file in `edi/forms/` defines one form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from edi.core.enquiry import Reply
from edi.core.findings import Finding
from edi.core.node import Node
from edi.core.register import Effect, RegisterView
from edi.core.sheet import SheetOf
from edi.core.status import Status
from edi.errors import UserError

Check = Callable[[Node, RegisterView], Iterable[Finding]]
"""A stateful rule: a business node and the register in, findings out."""


def no_effects(_node: Node, _register: RegisterView) -> Iterable[Effect]:
    """For forms whose approval changes nothing in the register."""
    return ()


def no_claims(_node: Node) -> Iterable[str]:
    """For forms that occupy nothing while they are under way."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Form:
    """A message type: names, schema, and what customs does with it."""

    code: str
    """Odd-numbered message code, e.g. `QLF101`; also the name of its business node."""
    receipt_code: str
    """The next even number: the receipt message."""
    namespace: str
    """Target namespace of the family's schema."""
    name_zh: str
    name_en: str
    schema: str
    """XSD, path below `schemas/`."""
    rules: str
    """Schematron file, path below `schemas/`."""
    applicant: str
    """Path in the node to the USCC of the enterprise the application is about."""
    applicant_name: str
    """Path in the node to its name."""
    customs: str
    """Path in the node to the competent customs."""
    signer_code: str
    """Rule that the signer's enterprise is the one that sends."""
    medium_code: str
    """Rule about what card and account signatures may do."""
    conflict_code: str
    """Rule against the same guid with other content."""
    transit_code: str = ""
    """Rule that an applicant has only one application of this form on its way to customs; empty: no such rule."""
    types: str = ""
    """Path in the node to the qualification types it is about; empty: it names none."""
    claims: Callable[[Node], Iterable[str]] = no_claims
    """Tokens that nobody else may apply for while this application is under way."""
    customs_checks: tuple[Check, ...] = ()
    """Stateful rules of customs, all of them run."""
    on_approved: Callable[[Node, RegisterView], Iterable[Effect]] = no_effects
    """What approval does to the register."""
    approved_as: Status = Status.APPROVED
    """The status that approval leads to."""
    at_once: bool = False
    """True for queries: customs answers when it has checked them, without review."""
    reply: Reply | None = None
    """For queries about what the gateway itself keeps: they are answered from its ledger and do not go to customs."""
    sheet: SheetOf | None = None
    """Fills 《报关单位备案信息表》 from a business node; None where there is no such paper."""


@dataclass(frozen=True)
class Forms:
    """All message types known to a running program, by code."""

    by_code: Mapping[str, Form] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Form]:
        return iter(self.by_code.values())

    @property
    def applications(self) -> tuple[str, ...]:
        """Codes of the forms that apply for something; queries and prints do not."""
        return tuple(form.code for form in self if not (form.reply or form.at_once))

    def get(self, code: str) -> Form | None:
        """The form of that code, None if there is none."""
        return self.by_code.get(code)

    def of_root(self, namespace: str | None, name: str) -> Form | None:
        """The form whose request message has this root element."""
        form = self.by_code.get(name.removesuffix("Message"))
        return form if form and name.endswith("Message") and namespace == form.namespace else None

    @classmethod
    def of(cls, forms: Iterable[Form]) -> Forms:
        """A checked collection. Raises UserError naming every clash of codes."""
        by_code: dict[str, Form] = {}
        problems = []
        for form in forms:
            if form.code in by_code:
                problems.append(f"报文类型 {form.code} 定义了两次 / message type {form.code} is defined twice")
            by_code[form.code] = form
        if problems:
            raise UserError("报文类型定义有冲突", "message types clash", problems)
        return cls(dict(sorted(by_code.items())))
