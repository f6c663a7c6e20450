"""QLF161 备案信息查询: query of what customs has on record, own or for another entity (domain 1.7).

Source: manual 《行政相对人统一管理》 5.2.2. The manual knows queries of one's own filings only; that who files for
another may ask for that one's record is a decision of this project, and so is QLF-140. Stateless rules are in
`schemas/qlf/QLF161.sch`.
"""

from __future__ import annotations

from collections.abc import Iterator

from edi.core.findings import Finding
from edi.core.form import Form
from edi.core.node import Node
from edi.core.qlf import OUR_DECISION
from edi.core.register import Effect, RegisterView, TellFiling
from edi.core.status import Status

_APPLICANT = "filingQuery/uscc"
_TYPE = "filingQuery/type"


def agent_has_filed(node: Node, register: RegisterView) -> Iterator[Finding]:
    """QLF-140: 只能查询代其办理过申请的其他主体 / of another entity only who has filed for it may ask."""
    uscc, agent = node.text(_APPLICANT), node.message.text("BaseTransfer/copCode")
    if agent != uscc and not register.filed_for(agent, uscc):
        yield Finding(
            code="QLF-140",
            path=node.where(_APPLICANT),
            found=uscc,
            zh=f"海关没有 {agent} 代 {uscc} 提交且已入库的申请，不能查询其备案信息；请由该企业自行查询，或先为其办理申请",
            en=f"Customs has stored no application that {agent} filed for {uscc}, so its record is not told; let the "
            "enterprise ask itself, or file for it first",
            ground=OUR_DECISION,
        )


def on_approved(node: Node, _register: RegisterView) -> Iterator[Effect]:
    """What is on record, of one type or of all."""
    yield TellFiling(uscc=node.text(_APPLICANT), type=node.text(_TYPE))


FORM = Form(
    code="QLF161",
    receipt_code="QLF162",
    namespace="urn:edi-customs:qlf:1",
    name_zh="备案信息查询",
    name_en="Query of what is on record",
    schema="qlf/QLF161.xsd",
    rules="qlf/QLF161.sch",
    applicant=_APPLICANT,
    applicant_name="filingQuery/nameZh",
    customs="filingQuery/competentCustoms",
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    types=_TYPE,
    customs_checks=(agent_has_filed,),
    on_approved=on_approved,
    approved_as=Status.ANSWERED,
    at_once=True,
)
