"""QLF111 变更申请: change of what is on record, own or for another entity (domain 1.2, 1.5).

Source: manual 《行政相对人统一管理》 5.1.2. A change carries the whole record as it shall stand afterwards; only the
declarants are named one by one. Stateless rules are in `schemas/qlf/QLF111.sch`; here are those that need customs'
register.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.core.filing_form import change_sheet
from edi.core.findings import Finding, Severity
from edi.core.form import Form
from edi.core.node import Node
from edi.core.qlf import (
    MANUAL,
    OUR_DECISION,
    Purpose,
    about,
    claim_whole,
    in_order,
    parent_findings,
    recording,
    types_at,
    types_held,
    under,
)
from edi.core.qualification import Qualification
from edi.core.register import AmendDeclarant, Effect, EnrolDeclarant, RegisterView, StrikeDeclarant

_APPLICANT = "enterprise/uscc"
_CUSTOMS = "enterprise/competentCustoms"
_TYPES = "qualifications/heldType"
_GROUND = f"{MANUAL}5.1.2"


def claims(_node: Node) -> Iterable[str]:
    """One change of an enterprise at a time."""
    return [claim_whole(Purpose.CHANGE)]


def can_be_changed(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-110: 企业有有效资质且与所填一致，无在办变更 / a filed enterprise that holds what it states, no change of it pending."""
    uscc = node.text(_APPLICANT)
    held, pending = types_held(register, uscc), register.pending(uscc)
    if not held:
        yield _finding(
            node,
            "企业没有有效的备案资质（未备案、已注销或已过期），无法变更；请先提交备案申请",
            "The enterprise holds no valid qualification (never filed, cancelled or expired) and cannot change anything; "
            "file for one first",
        )
        return
    yield from _stated_otherwise(node, held)
    if claim_whole(Purpose.CHANGE) in pending:
        yield _finding(
            node,
            "企业已有变更申请正在办理，审核结束前不能再次变更；请等待前一申请的回执",
            "A change of the enterprise is under way already; wait for the receipt of the earlier application",
        )
    if held <= under(Purpose.CANCELLATION, pending):
        yield _finding(
            node,
            "企业的全部资质正在注销，不能变更；请等待注销申请的回执",
            "All that the enterprise holds is under cancellation, so nothing can be changed; wait for the receipt of the "
            "cancellation",
            OUR_DECISION,
        )


def _stated_otherwise(node: Node, held: frozenset[Qualification]) -> Iterator[Finding]:
    stated = types_at(node, _TYPES)
    for one in in_order(stated - held):
        yield about(
            node, "QLF-110", one,
            f"企业没有有效的“{one.value}”资质（未备案、已注销或已过期）；请从 heldType 中去掉该类型",
            f"The enterprise holds no valid {one.token} (never filed, cancelled or expired); remove it from heldType",
            _GROUND, path=_TYPES,
        )  # fmt: skip
    for one in in_order(held - stated):
        yield about(
            node, "QLF-110", one,
            f"企业持有“{one.value}”资质而 heldType 未列出；变更须列出全部有效资质，请补上该类型",
            f"The enterprise holds {one.token}, which heldType does not name; a change names all that is held, add it",
            OUR_DECISION, path="qualifications",
        )  # fmt: skip


def goes_to_the_new_customs(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-111: 所在地海关变更的，由变更后的海关审核 / who moves to another customs is decided upon by that customs."""
    new, old = node.text(_CUSTOMS), register.customs_of(node.text(_APPLICANT))
    if old and new != old:
        yield Finding(
            code="QLF-111",
            severity=Severity.WARNING,
            path=node.where(_CUSTOMS),
            found=new,
            zh=f"所在地海关将由 {old} 变更为 {new}，本申请由变更后的海关 {new} 审核；如非迁址，请核对所在地海关",
            en=f"The competent customs changes from {old} to {new}, which decides this application; if the enterprise "
            "does not move, check competentCustoms",
            ground=_GROUND,
        )


def new_parent_is_filed(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-104: 变更后的所属单位须有相应的有效资质 / the new parent of a branch holds the matching qualification.

    A parent that stays is not looked at: a branch outlives its parent's filing, and may then still move.
    """
    uscc = node.text(_APPLICANT)
    if node.text("enterprise/parentUscc") != register.parent_of(uscc):
        yield from parent_findings(node, register, types_held(register, uscc))


def declarants_fit_the_record(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-115: 修改、注销的报关人员须已备案，新增的须未备案 / declarants changed or cancelled are on record, those added are not."""
    recorded = {one.declarant_no: (one.doc_type, one.doc_no) for one in register.declarants(node.text(_APPLICANT))}
    listed = list(node.nodes("declarants/declarant"))
    cancelled = {one.text("declarantNo") for one in listed if one.text("action") == "CANCEL"}
    taken = {papers: number for number, papers in recorded.items() if number not in cancelled}
    for one in listed:
        number, papers = one.text("declarantNo"), (one.text("docType"), one.text("docNo"))
        if one.text("action") != "ADD" and number not in recorded:
            yield _unknown_declarant(one, number)
        elif one.text("action") != "CANCEL" and taken.setdefault(papers, number) != number:
            yield _same_papers(one, papers[1], taken[papers])
        elif one.text("action") == "ADD":
            taken[papers] = "（本次新增 / added here）"


def _unknown_declarant(declarant: Node, number: str) -> Finding:
    return Finding(
        code="QLF-115",
        path=declarant.where("declarantNo"),
        found=number,
        zh=f"本企业没有备案号为 {number} 的报关人员（未备案或已注销），不能修改或注销；请核对报关人员备案号，新增人员请用 ADD",
        en=f"The enterprise has no declarant {number} on record (never filed or cancelled), so there is nothing to change "
        "or cancel; check declarantNo, and use ADD for a new declarant",
        ground=f"{MANUAL}5.1.1.4",
    )


def _same_papers(declarant: Node, doc_no: str, other: str) -> Finding:
    return Finding(
        code="QLF-115",
        path=declarant.where("docNo"),
        found=doc_no,
        zh=f"身份证件号码 {doc_no} 已属于本企业的另一名报关人员 {other}，不能重复备案；请核对证件号码，修改该人员请用 CHANGE 并填写其备案号",
        en=f"Document {doc_no} is that of another declarant of the enterprise, {other}, and is not put on record twice; "
        "check docNo, and to change that declarant use CHANGE with the number",
        ground=f"{MANUAL}5.1.1.4；{OUR_DECISION}",
    )


def on_approved(node: Node, _register: RegisterView) -> Iterator[Effect]:
    """The record as it stands in the change (审批通过后备案信息更新); filing codes and validity stay as they are.

    Cancelled declarants go first, so that their papers are free for who comes.
    """
    uscc = node.text(_APPLICANT)
    yield recording(node)
    listed = list(node.nodes("declarants/declarant"))
    for action in ("CANCEL", "CHANGE", "ADD"):
        for one in listed:
            if one.text("action") == action:
                yield _declarant_effect(uscc, action, one)


def _declarant_effect(uscc: str, action: str, one: Node) -> Effect:
    number = one.text("declarantNo")
    if action == "CANCEL":
        return StrikeDeclarant(uscc=uscc, declarant_no=number)
    facts = {
        "name": one.text("name"),
        "doc_type": one.text("docType"),
        "doc_no": one.text("docNo"),
        "mobile": one.text("mobile"),
        "nationality": one.text("nationality"),
    }
    if action == "CHANGE":
        return AmendDeclarant(uscc=uscc, declarant_no=number, **facts)
    return EnrolDeclarant(uscc=uscc, **facts)


def _finding(node: Node, zh: str, en: str, ground: str = _GROUND) -> Finding:
    return Finding(
        code="QLF-110", path=node.where(_APPLICANT), found=node.text(_APPLICANT), zh=zh, en=en, ground=ground
    )


FORM = Form(
    code="QLF111",
    receipt_code="QLF112",
    namespace="urn:edi-customs:qlf:1",
    name_zh="变更申请",
    name_en="Change of what is on record",
    schema="qlf/QLF111.xsd",
    rules="qlf/QLF111.sch",
    applicant=_APPLICANT,
    applicant_name="enterprise/nameZh",
    customs=_CUSTOMS,
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    types=_TYPES,
    claims=claims,
    customs_checks=(can_be_changed, goes_to_the_new_customs, new_parent_is_filed, declarants_fit_the_record),
    on_approved=on_approved,
    sheet=change_sheet,
)
