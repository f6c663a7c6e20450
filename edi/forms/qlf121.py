"""QLF121 延续申请: renewal of the temporary filing, never for another entity (domain 1.2, 1.5).

Sources: manual 《行政相对人统一管理》 (menu 延续申请; 5.1.1.6, hint 1: 临时备案单位有效期为1年); GACC Order 253 of 2021.
The window of 30 days is a decision of this project. Stateless rules are in `schemas/qlf/QLF121.sch`; here are
those that need customs' register.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.core.findings import Finding
from edi.core.form import Form
from edi.core.node import Node
from edi.core.qlf import MANUAL, ORDER_253, OUR_DECISION, Purpose, claim, types_at, under
from edi.core.qualification import TEMPORARY_YEARS, Qualification, renewal_opens
from edi.core.register import Effect, ExtendQualification, Held, RegisterView

_APPLICANT = "renewal/uscc"
_TYPE = "renewal/type"
_TEMPORARY = Qualification.TEMPORARY


def claims(node: Node) -> Iterable[str]:
    """A type under renewal cannot be renewed again, or filed anew, meanwhile."""
    return sorted(claim(Purpose.RENEWAL, one) for one in types_at(node, _TYPE))


def can_be_renewed(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-113: 仅有效的临时备案，届满前30日至届满当日可延续 / only a valid TEMPORARY, from 30 days before its expiry to that day."""
    if node.text(_TYPE) != _TEMPORARY.token:
        yield _finding(
            node,
            f"只有“{_TEMPORARY.value}”可以延续，其他资质长期有效；请将类型改为 TEMPORARY",
            "Only TEMPORARY can be renewed, all others are valid long-term; set the type to TEMPORARY",
            f"{MANUAL}5.1.1.6",
        )
        return
    held = next((one for one in register.held(node.text(_APPLICANT)) if one.qualification is _TEMPORARY), None)
    if held is None:
        yield _finding(
            node,
            f"企业没有有效的“{_TEMPORARY.value}”资质（未备案、已注销或已过期），不能延续；请提交备案申请",
            "The enterprise holds no valid TEMPORARY (never filed, cancelled or expired); file for it anew",
            ORDER_253,
        )
        return
    yield from _too_early(node, held, register)
    yield from _under_way(node, register)


def _too_early(node: Node, held: Held, register: RegisterView) -> Iterator[Finding]:
    """What is held has not expired, so it can only be too early."""
    opens = renewal_opens(held.valid_until)
    if register.today < opens:
        yield _finding(
            node,
            f"“{_TEMPORARY.value}”有效期至 {held.valid_until}，自 {opens} 起至届满当日可以申请延续；请届时提交新的申请",
            f"TEMPORARY is valid until {held.valid_until} and can be renewed from {opens} to that day; apply again then",
            f"{MANUAL}5.1.1.6；{OUR_DECISION}",
        )


def _under_way(node: Node, register: RegisterView) -> Iterator[Finding]:
    pending = register.pending(node.text(_APPLICANT))
    for purpose, en in ((Purpose.RENEWAL, "renewal"), (Purpose.CANCELLATION, "cancellation")):
        if _TEMPORARY in under(purpose, pending):
            yield _finding(
                node,
                f"“{_TEMPORARY.value}”资质正在{purpose.value}中，不能申请延续；请等待前一申请的回执",
                f"TEMPORARY is under {en} already and cannot be renewed; wait for the receipt of the earlier application",
                OUR_DECISION,
            )


def on_approved(node: Node, _register: RegisterView) -> Iterator[Effect]:
    """One year more, counted from the old expiry: who applies early loses nothing."""
    yield ExtendQualification(uscc=node.text(_APPLICANT), qualification=_TEMPORARY, years=TEMPORARY_YEARS)


def _finding(node: Node, zh: str, en: str, ground: str) -> Finding:
    return Finding(code="QLF-113", path=node.where(_TYPE), found=node.text(_TYPE), zh=zh, en=en, ground=ground)


FORM = Form(
    code="QLF121",
    receipt_code="QLF122",
    namespace="urn:edi-customs:qlf:1",
    name_zh="延续申请",
    name_en="Renewal of the temporary filing",
    schema="qlf/QLF121.xsd",
    rules="qlf/QLF121.sch",
    applicant=_APPLICANT,
    applicant_name="renewal/nameZh",
    customs="renewal/competentCustoms",
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    types=_TYPE,
    claims=claims,
    customs_checks=(can_be_renewed,),
    on_approved=on_approved,
)
