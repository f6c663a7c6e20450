"""QLF101 备案申请: filing of customs qualifications, own or for another entity (domain 1.1–1.5).

Sources: manual 《行政相对人统一管理》 5.1.1; GACC Order 253 of 2021; announcement 113 of 2022.
Stateless rules are in `schemas/qlf/QLF101.sch`; here are those that need customs' register.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.core.filing_form import filing_sheet
from edi.core.findings import Finding
from edi.core.form import Form
from edi.core.node import Node
from edi.core.qlf import (
    MANUAL,
    ORDER_253,
    OUR_DECISION,
    Purpose,
    about,
    claim,
    in_order,
    parent_findings,
    recording,
    types_at,
    types_held,
    under,
)
from edi.core.qualification import Qualification, excluded_pairs, unmet_needs, valid_until
from edi.core.register import Effect, EnrolDeclarant, GrantQualification, RegisterView

_TYPES = "qualifications/type"

_NATURE_DIGIT = {
    Qualification.BROKER: "8",
    Qualification.BROKER_BRANCH: "8",
    Qualification.TEMPORARY: "9",
}
"""Sixth character of the filing code by type; for traders it follows the market entity type."""


def applied_for(node: Node) -> frozenset[Qualification]:
    """The types applied for."""
    return types_at(node, _TYPES)


def claims(node: Node) -> Iterable[str]:
    """A type under application cannot be applied for again (申请中)."""
    return sorted(claim(Purpose.FILING, one) for one in applied_for(node))


def not_held_already(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-101: 已备案的资质不能重复申请 / a type held cannot be applied for again."""
    held = _held(node, register)
    for one in in_order(applied_for(node) & held):
        yield _finding(
            node, "QLF-101", one,
            f"企业已持有“{one.value}”资质（已备案），不能重复申请；请去掉该类型，如需修改信息请提交变更申请",
            f"The enterprise already holds {one.token}; remove the type, and file a change if data changed",
            f"{MANUAL}5.1.1",
        )  # fmt: skip


def not_under_application(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-102: 申请中的资质不能再次申请 / a type under application cannot be applied for again."""
    pending = register.pending(node.text("enterprise/uscc"))
    # What expires while its renewal is under way counts as well: given anew, it would then be prolonged on top.
    for one in in_order(applied_for(node) & (under(Purpose.FILING, pending) | under(Purpose.RENEWAL, pending))):
        yield _finding(
            node, "QLF-102", one,
            f"“{one.value}”资质正在申请中，审核结束前不能再次申请；请等待前一申请的回执",
            f"{one.token} is under application already; wait for the receipt of the earlier application",
            f"{MANUAL}5.1.1",
        )  # fmt: skip


def fits_what_is_held(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-103: 与已备案的资质互斥 / exclusions hold against types held.

    A temporary unit that applies as a trader is told by QLF-105 instead.
    """
    held = _held(node, register)
    for one, other in excluded_pairs(applied_for(node), held):
        if (one, other) == (Qualification.TRADER, Qualification.TEMPORARY):
            continue
        yield _finding(
            node, "QLF-103", one,
            f"企业已备案“{other.value}”，与所申请的“{one.value}”互斥；请先注销前者，或去掉该类型",
            f"The enterprise holds {other.token}, which excludes {one.token}; cancel the former first or remove the type",
            f"{MANUAL}5.1.1；{OUR_DECISION}",
        )  # fmt: skip


def parent_is_filed(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-104: 所属单位须有相应的有效资质 / a branch's parent holds the matching qualification."""
    return parent_findings(node, register, applied_for(node))


def not_while_temporary(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-105: 临时备案有效期内不能备案收发货人 / a temporary unit cannot become a trader while that is valid."""
    if Qualification.TRADER in applied_for(node) and Qualification.TEMPORARY in _held(node, register):
        yield _finding(
            node, "QLF-105", Qualification.TRADER,
            "企业的临时备案仍在有效期内，不能备案“进出口货物收发货人”；请待临时备案到期或先注销临时备案",
            "The temporary filing is still valid, so TRADER cannot be filed; wait for its expiry or cancel it first",
            f"{ORDER_253}；海关总署公告2022年第113号",
        )  # fmt: skip


def companions_are_held(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-106: 声明已备案的依赖资质须确已备案 / what a selling CBEC type leans on is really held."""
    leaving = under(Purpose.CANCELLATION, register.pending(node.text("enterprise/uscc")))
    for one in unmet_needs(applied_for(node), _held(node, register) - leaving):
        yield _finding(
            node, "QLF-106", one,
            f"申请“{one.value}”须同时申请或已备案“进出口货物收发货人”或其分支机构，海关登记中没有该资质，或其正在注销；请一并申请",
            f"{one.token} needs TRADER or TRADER_BRANCH applied for together or held; the register has neither, or it is "
            "being cancelled. Apply for one of them in the same application",
            f"{MANUAL}5.1",
            path="qualifications/heldType",
        )  # fmt: skip


def on_approved(node: Node, register: RegisterView) -> Iterator[Effect]:
    """The enterprise on record, a qualification for each type, a number for each declarant (domain 1.5)."""
    uscc = node.text("enterprise/uscc")
    yield recording(node)
    for one in in_order(applied_for(node)):
        yield GrantQualification(
            uscc=uscc,
            qualification=one,
            valid_until=valid_until(one, register.today),
            code_prefix=_code_prefix(node, one) if one.has_filing_code else "",
        )
    for declarant in node.nodes("declarants/declarant"):
        yield EnrolDeclarant(
            uscc=uscc,
            name=declarant.text("name"),
            doc_type=declarant.text("docType"),
            doc_no=declarant.text("docNo"),
            mobile=declarant.text("mobile"),
            nationality=declarant.text("nationality"),
        )


def _code_prefix(node: Node, one: Qualification) -> str:
    """First six of ten characters: division, economic zone, nature (`customs_reg_*.csv`)."""
    division = node.text("enterprise/adminDivision")[:4]
    zone = node.text("enterprise/statEconomicZone") or "9"
    return division + zone + _NATURE_DIGIT.get(one, _trader_nature(node.text("enterprise/marketEntityType")))


def _trader_nature(entity_type: str) -> str:
    """Nature digit of a trader by the market entity type (`customs_reg_nature_digit6.csv`)."""
    if entity_type[:3] in ("511", "611", "621", "521"):
        return "3"
    if entity_type[:3] in ("512", "612"):
        return "2"
    if entity_type[:1] in ("5", "6", "7"):
        return "4"
    return {"1110": "1", "3100": "1", "3200": "5", "9500": "7"}.get(entity_type, "6")


def _held(node: Node, register: RegisterView) -> frozenset[Qualification]:
    return types_held(register, node.text("enterprise/uscc"))


def _finding(
    node: Node, code: str, one: Qualification, zh: str, en: str, ground: str, *, path: str = _TYPES
) -> Finding:
    return about(node, code, one, zh, en, ground, path=path)


FORM = Form(
    code="QLF101",
    receipt_code="QLF102",
    namespace="urn:edi-customs:qlf:1",
    name_zh="报关单位备案申请",
    name_en="Qualification filing",
    schema="qlf/QLF101.xsd",
    rules="qlf/QLF101.sch",
    applicant="enterprise/uscc",
    applicant_name="enterprise/nameZh",
    customs="enterprise/competentCustoms",
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    types=_TYPES,
    claims=claims,
    customs_checks=(
        not_held_already,
        not_under_application,
        fits_what_is_held,
        parent_is_filed,
        not_while_temporary,
        companions_are_held,
    ),
    on_approved=on_approved,
    sheet=filing_sheet,
)
