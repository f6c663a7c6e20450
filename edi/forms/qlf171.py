"""QLF171 打印《报关单位备案信息表》: the filing form as PDF, from a draft or application (domain 1.7).

Source: manual 《行政相对人统一管理》 5.1.1.6: after saving, the filled form can be printed, sealed, scanned and attached.
The gateway answers from its ledger; customs never sees the request. Stateless rules are in `schemas/qlf/QLF171.sch`.
"""

from __future__ import annotations

from edi.core.enquiry import ApplicationsView, Replied
from edi.core.findings import Finding
from edi.core.form import Form
from edi.core.node import Node
from edi.core.qlf import MANUAL
from edi.core.results import Results

_REQUEST = "printRequest"


def reply(node: Node, view: ApplicationsView) -> Replied | list[Finding]:
    """The form as PDF, or QLF-143: 没有可打印的申请 / there is nothing to print."""
    guid, number = node.text(f"{_REQUEST}/ofGuid"), node.text(f"{_REQUEST}/ofApplicationNo")
    document = view.paper(guid=guid) if guid else view.paper(application_no=number)
    if document is None:
        return [_nothing_to_print(node, guid or number)]
    return Replied(results=Results(document=document), info="《报关单位备案信息表》已生成，请核对、加盖公章后扫描上传")


def _nothing_to_print(node: Node, key: str) -> Finding:
    """Told alike whether it is missing, of someone else or of another kind: nobody learns what others file."""
    path = f"{_REQUEST}/ofGuid" if node.text(f"{_REQUEST}/ofGuid") else f"{_REQUEST}/ofApplicationNo"
    return Finding(
        code="QLF-143", path=node.where(path), found=key,
        zh="没有该编号的暂存单或申请，或其不属于本企业，或该类申请没有《报关单位备案信息表》；请核对编号",
        en="There is no draft or application under this number, or it is not yours, or it is of a kind without filing "
        "form; check the number",
        ground=f"{MANUAL}5.1.1.6",
    )  # fmt: skip


FORM = Form(
    code="QLF171",
    receipt_code="QLF172",
    namespace="urn:edi-customs:qlf:1",
    name_zh="报关单位备案信息表打印",
    name_en="Print of the filing form",
    schema="qlf/QLF171.xsd",
    rules="qlf/QLF171.sch",
    applicant=f"{_REQUEST}/uscc",
    applicant_name=f"{_REQUEST}/nameZh",
    customs=f"{_REQUEST}/competentCustoms",
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    reply=reply,
)
