"""QLF141 备案证明申请: application for a filing certificate, never for another entity (domain 1.2).

Source: manual 《行政相对人统一管理》 5.1.4. Stateless rules are in `schemas/qlf/QLF141.sch`; here are those that
need customs' register.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.core.findings import Finding, Severity
from edi.core.form import Form
from edi.core.node import Node
from edi.core.qlf import MANUAL, OUR_DECISION, Purpose, claim_whole
from edi.core.register import Effect, IssueCertificate, RegisterView
from edi.core.results import KeptCertificate
from edi.core.status import Status

_APPLICANT = "certificateRequest/uscc"
_GROUND = f"{MANUAL}5.1.4"


def claims(_node: Node) -> Iterable[str]:
    """One certificate of an enterprise at a time."""
    return [claim_whole(Purpose.CERTIFICATE)]


def can_be_issued(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-120: 须有有效资质；每日一次，当日已有可下载的证明不可再申请 / a valid qualification; one a day, none while today's stands."""
    uscc = node.text(_APPLICANT)
    if not register.held(uscc):
        yield _finding(
            node,
            "企业没有有效的备案资质（未备案、已注销或已过期），不能申请备案证明；请先提交备案申请",
            "The enterprise holds no valid qualification (never filed, cancelled or expired), so there is nothing to "
            "certify; file for one first",
            OUR_DECISION,
        )
    standing = _in_force(node, register)
    if standing and standing.issued_on == register.today.isoformat():
        yield _finding(
            node,
            f"当日已签发备案证明 {standing.certificate_no}，可供下载，不可再次申请；如需新的证明请次日申请",
            f"Certificate {standing.certificate_no} was issued today and can be downloaded; apply for another one "
            "tomorrow at the earliest",
        )
    if claim_whole(Purpose.CERTIFICATE) in register.pending(uscc):
        yield _finding(
            node,
            "企业已有备案证明申请正在办理，不能重复申请；请等待前一申请的回执",
            "An application for a certificate is under way already; wait for the receipt of the earlier one",
        )


def old_one_becomes_void(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-121: 新证明签发后旧证明失效 / a new certificate makes the old one void."""
    standing = _in_force(node, register)
    if standing and standing.issued_on != register.today.isoformat():  # today's is QLF-120's business
        yield Finding(
            code="QLF-121",
            severity=Severity.WARNING,
            path=node.where(_APPLICANT),
            found=standing.certificate_no,
            zh=f"新的备案证明签发后，{standing.issued_on} 签发的旧证明 {standing.certificate_no} 失效，不再支持下载；"
            "请改用新证明",
            en=f"Once the new certificate is issued, the old one, {standing.certificate_no} of {standing.issued_on}, is "
            "void and no longer for download; use the new one",
            ground=_GROUND,
        )


def on_approved(node: Node, _register: RegisterView) -> Iterator[Effect]:
    """A certificate on all that is held on the day of the decision."""
    yield IssueCertificate(uscc=node.text(_APPLICANT))


def _in_force(node: Node, register: RegisterView) -> KeptCertificate | None:
    return next((one for one in register.certificates(node.text(_APPLICANT)) if not one.void), None)


def _finding(node: Node, zh: str, en: str, ground: str = _GROUND) -> Finding:
    return Finding(
        code="QLF-120", path=node.where(_APPLICANT), found=node.text(_APPLICANT), zh=zh, en=en, ground=ground
    )


FORM = Form(
    code="QLF141",
    receipt_code="QLF142",
    namespace="urn:edi-customs:qlf:1",
    name_zh="备案证明申请",
    name_en="Application for a filing certificate",
    schema="qlf/QLF141.xsd",
    rules="qlf/QLF141.sch",
    applicant=_APPLICANT,
    applicant_name="certificateRequest/nameZh",
    customs="certificateRequest/competentCustoms",
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    claims=claims,
    customs_checks=(can_be_issued, old_one_becomes_void),
    on_approved=on_approved,
    approved_as=Status.ISSUED,
)
