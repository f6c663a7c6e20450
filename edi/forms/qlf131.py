"""QLF131 注销申请: cancellation of qualifications held, never for another entity (domain 1.2, 1.5).

Source: manual 《行政相对人统一管理》 5.1.3. Stateless rules are in `schemas/qlf/QLF131.sch`; here are those that
need customs' register. What depends on a branch's parent is not ruled: the source is silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.core.findings import Finding
from edi.core.form import Form
from edi.core.node import Node
from edi.core.qlf import MANUAL, OUR_DECISION, Purpose, about, claim, in_order, types_at, types_held, under
from edi.core.qualification import Qualification, left_without_need
from edi.core.register import Effect, EndQualification, RegisterView

_APPLICANT = "cancellation/uscc"
_TYPES = "cancellation/type"


def to_cancel(node: Node) -> frozenset[Qualification]:
    """The types to be cancelled."""
    return types_at(node, _TYPES)


def claims(node: Node) -> Iterable[str]:
    """A type under cancellation cannot be cancelled again meanwhile."""
    return sorted(claim(Purpose.CANCELLATION, one) for one in to_cancel(node))


def can_be_cancelled(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-112: 只能注销持有且未在注销的资质，被依赖的不能单独注销 / only types held, not being cancelled, not leaned on."""
    yield from _not_held(node, register)
    yield from _under_cancellation(node, register)
    yield from _leaned_on(node, register)


def _not_held(node: Node, register: RegisterView) -> Iterator[Finding]:
    for one in in_order(to_cancel(node) - _held(node, register)):
        yield _finding(
            node, one,
            f"企业没有有效的“{one.value}”资质（未备案、已注销或已过期），无须注销；请去掉该类型",
            f"The enterprise holds no valid {one.token} (never filed, cancelled or expired); remove the type",
            f"{MANUAL}5.1.3",
        )  # fmt: skip


def _under_cancellation(node: Node, register: RegisterView) -> Iterator[Finding]:
    for one in in_order(to_cancel(node) & _held(node, register) & _leaving(node, register)):
        yield _finding(
            node, one,
            f"“{one.value}”资质正在注销中，不能再次申请注销；请等待前一注销申请的回执，或去掉该类型",
            f"{one.token} is under cancellation already; wait for the receipt of the earlier one or remove the type",
            f"{MANUAL}5.1.3",
        )  # fmt: skip


def _leaned_on(node: Node, register: RegisterView) -> Iterator[Finding]:
    """Until customs has decided, what is being filed counts as held, and what is being cancelled as gone.

    Else two applications, each right by itself, would leave a type without the one it needs.
    """
    cancelled, held = to_cancel(node), _held(node, register)
    filed = under(Purpose.FILING, register.pending(node.text(_APPLICANT)))
    staying = held - cancelled - _leaving(node, register)
    for one, other in left_without_need(cancelled & held, (held | filed) - cancelled, staying):
        yield _finding(
            node, one,
            f"“{other.value}”（已备案或申请中）依赖“{one.value}”，后者不能单独注销；请在同一申请中一并注销前者，"
            "申请中的请先等待回执",
            f"{other.token}, held or under application, depends on {one.token}, which cannot go alone; cancel both in the "
            "same application, and wait for the receipt of what is under application",
            f"{MANUAL}5.1；{OUR_DECISION}",
        )  # fmt: skip


def on_approved(node: Node, _register: RegisterView) -> Iterator[Effect]:
    """The types end; whatever else the enterprise holds stays (manual 5.1.3: 审核通过后备案资质失效)."""
    for one in in_order(to_cancel(node)):
        yield EndQualification(uscc=node.text(_APPLICANT), qualification=one)


def _held(node: Node, register: RegisterView) -> frozenset[Qualification]:
    return types_held(register, node.text(_APPLICANT))


def _leaving(node: Node, register: RegisterView) -> frozenset[Qualification]:
    return under(Purpose.CANCELLATION, register.pending(node.text(_APPLICANT)))


def _finding(node: Node, one: Qualification, zh: str, en: str, ground: str) -> Finding:
    return about(node, "QLF-112", one, zh, en, ground, path=_TYPES)


FORM = Form(
    code="QLF131",
    receipt_code="QLF132",
    namespace="urn:edi-customs:qlf:1",
    name_zh="注销申请",
    name_en="Cancellation of qualifications",
    schema="qlf/QLF131.xsd",
    rules="qlf/QLF131.sch",
    applicant=_APPLICANT,
    applicant_name="cancellation/nameZh",
    customs="cancellation/competentCustoms",
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    transit_code="QLF-114",
    types=_TYPES,
    claims=claims,
    customs_checks=(can_be_cancelled,),
    on_approved=on_approved,
)
