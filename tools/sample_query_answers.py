"""Sample receipts for a certificate, and answers to queries and to a request to print."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from tools import identifiers, tiny_files
from tools.sample_answers import told
from tools.sample_blocks import LONG_TERM, Block, declarant, enterprise, manager
from tools.sample_clean import AGENT, DEMO
from tools.sample_known import Sample
from tools.sample_queries import clean

TRADER = {
    "type": "TRADER",
    "filingCode": DEMO.filing_code("TRADER"),
    "validFrom": "2026-11-20",
    "validUntil": LONG_TERM,
}


def paper(name: str, *lines: str) -> Block:
    """A PDF file."""
    content = tiny_files.pdf([f"{name}（示例）", *lines, "仅供测试 / for tests only"])
    return {"fileName": f"{name}.pdf", "content": base64.b64encode(content).decode()}


def certificate() -> Block:
    """A certificate of the agent. The code has the right form and is no signature."""
    code = base64.b32encode(hashlib.sha512(b"verification code").digest()).decode().rstrip("=")
    number = "221020260000000001"
    return {
        "certificateNo": number,
        "issuedOn": "2026-11-20",
        "validUntil": LONG_TERM,
        "verificationCode": code,
        **paper("报关单位备案证明", f"编号：{number}", f"企业名称：{AGENT.zh}"),
    }


def record() -> Block:
    """What is on record of the demo enterprise."""
    return {
        "uscc": DEMO.uscc,
        "nameZh": DEMO.zh,
        "competentCustoms": DEMO.place.customs,
        "recordedOn": "2026-11-20",
        "qualification": [
            TRADER | {"standing": "VALID"},
            {
                "type": "CBEC_SITE",
                "validFrom": "2022-01-01",
                "validUntil": "2025-06-30",
                "standing": "CANCELLED",
            },
        ],
        "enterprise": enterprise(DEMO),
        "managers": {"manager": [manager(DEMO, "CUSTOMS_MANAGER"), manager(DEMO, "FINANCE_MANAGER")]},
        "declarants": {"declarant": [declarant(DEMO, 1) | {"declarantNo": "1101000001"}]},
        "certificate": [
            {"certificateNo": "011720260000000003", "issuedOn": "2026-11-20", "status": "ISSUED"},
            {"certificateNo": "011720260000000002", "issuedOn": "2026-03-02", "status": "VOID"},
        ],
    }


def listed(serial: str, qualification: str, status: str, text: str, **more: str) -> Block:
    """An own application of the demo enterprise as the answer to a query lists it."""
    return {
        "applicationNo": f"20260000000000{serial}",
        "guid": identifiers.guid(f"application:DEMO-2026-{serial}"),
        "clientSeqNo": f"DEMO-2026-{serial}",
        "form": "QLF101",
        "uscc": DEMO.uscc,
        "nameZh": DEMO.zh,
        "competentCustoms": DEMO.place.customs,
        "type": [qualification],
        "status": status,
        "statusText": text,
        "createdAt": "20261120093001000",
        "updatedAt": "20261120153000000",
        **more,
    }


def query_answers() -> Iterator[tuple[str, str, str]]:
    """Receipts and answers: path, what they show, the message."""
    asked: dict[str, Sample] = {sample.path.rpartition("/")[2]: sample for sample in clean()}
    applied = asked["41-certificate-by-card"]
    yield (
        "receipts/issued.xml",
        "业务回执：备案证明已签发，附PDF",
        told(applied, "202600000000000041", "QLF142", "401", "已签发", results={"certificate": certificate()}),
    )
    yield (
        "receipts/void.xml",
        "业务回执：已签发新的备案证明，原证明失效",
        told(applied, "202600000000000041", "QLF142", "402", "已失效"),
    )
    applications = [
        listed("0002", "TRADER", "APPROVED", "审批通过", info="审批通过", opinion="予以备案。"),
        listed("0008", "CBEC_PLATFORM", "UNDER_REVIEW", "海关受理中", info="海关受理中"),
    ]
    for path, note, sample, receipt_code, results in (
        ("applications", "申请单查询的答复", "51-applications-of-oneself", "QLF152", {"application": applications}),
        ("record", "备案信息查询的答复", "61-record-of-oneself", "QLF162", {"filing": [record()]}),
        (
            "printed",
            "打印备案信息表的答复，附PDF",
            "71-print-own-filing",
            "QLF172",
            {"document": paper("报关单位备案信息表", f"企业名称：{DEMO.zh}")},
        ),
    ):
        number = f"2026000000000000{sample[:2]}"
        yield (
            f"receipts/{path}.xml",
            f"业务回执：{note}",
            told(asked[sample], number, receipt_code, "200", "已答复", results=results),
        )
