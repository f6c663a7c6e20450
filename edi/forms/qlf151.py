"""QLF151 申请单查询: where applications stand, with customs' opinion (domain 1.7).

Source: manual 《行政相对人统一管理》 5.2.1. The gateway answers from its ledger, drafts included; customs never sees
the query. One's own applications are those one signed and those about oneself; for another entity only those one
signed for it. Stateless rules are in `schemas/qlf/QLF151.sch`.
"""

from __future__ import annotations

from datetime import date

from edi.core.enquiry import ApplicationsView, Filter, Replied
from edi.core.form import Form
from edi.core.node import Node
from edi.core.results import Results

MOST = 500
"""Applications one answer lists; who gets that many should ask for less."""

_QUERY = "applicationQuery"


def reply(node: Node, view: ApplicationsView) -> Replied:
    """The applications asked for, newest first."""
    found = view.applications(_filter(node), MOST + 1)
    more = f"，仅列出最近 {MOST} 件，请缩小查询范围" if len(found) > MOST else ""
    listed = found[:MOST]
    return Replied(results=Results(applications=listed), info=f"查询到 {len(listed)} 件申请{more}")


def _filter(node: Node) -> Filter:
    """An own query is about everything one may see, else it is about the entity named."""
    return Filter(
        uscc=node.text(f"{_QUERY}/uscc") if node.text("head/filingMode") == "AGENT" else "",
        name_part=node.text(f"{_QUERY}/namePart"),
        form=node.text(f"{_QUERY}/form"),
        type=node.text(f"{_QUERY}/type"),
        status=node.text(f"{_QUERY}/status"),
        from_date=_date(node.text(f"{_QUERY}/fromDate")),
        to_date=_date(node.text(f"{_QUERY}/toDate")),
    )


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


FORM = Form(
    code="QLF151",
    receipt_code="QLF152",
    namespace="urn:edi-customs:qlf:1",
    name_zh="申请单查询",
    name_en="Query of applications",
    schema="qlf/QLF151.xsd",
    rules="qlf/QLF151.sch",
    applicant=f"{_QUERY}/uscc",
    applicant_name=f"{_QUERY}/nameZh",
    customs=f"{_QUERY}/competentCustoms",
    signer_code="QLF-032",
    medium_code="QLF-023",
    conflict_code="QLF-130",
    reply=reply,
)
