"""Sample receipts and technical answers: to the second clean message, and approvals of the other applications."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tools import identifiers
from tools.sample_blocks import LONG_TERM, Block, declarant, pick, xml
from tools.sample_change import changes
from tools.sample_clean import DEMO, clean
from tools.sample_known import Sample, known_clean


def receipt(serial: str, status: str, info: str, **more: Any) -> str:
    """A receipt for the second clean sample."""
    head = {
        "guid": identifiers.guid("application:DEMO-2026-0002"),
        "applicationNo": "202600000000000002",
        "clientSeqNo": "DEMO-2026-0002",
        "competentCustoms": DEMO.place.customs,
        "returnStatus": status,
        "returnTime": f"20261120{serial}",
        "returnInfo": info,
    }
    return xml("QLF102Message", "urn:edi-customs:qlf:1", identifiers.guid(f"receipt:{serial}"), {"QLF102": head | more})


def told(sample: Sample, number: str, receipt_code: str, status: str, info: str, **more: Any) -> str:
    """A receipt for an application or a query among the samples."""
    guid = identifiers.guid(f"receipt:{sample.path}:{status}")
    node = _node(sample.block, number, status, info) | more
    return xml(f"{receipt_code}Message", "urn:edi-customs:qlf:1", guid, {receipt_code: node})


def _node(block: Block, number: str, status: str, info: str) -> Block:
    """What every receipt says of an application."""
    about = next(one for one in block.values() if one and "competentCustoms" in one)
    return {
        "guid": block["head"]["guid"],
        "applicationNo": number,
        "clientSeqNo": block["head"]["clientSeqNo"],
        "competentCustoms": about["competentCustoms"],
        "returnStatus": status,
        "returnTime": "20261120153000000",
        "returnInfo": info,
    }


def together() -> str:
    """One receipt message about the three applications of one message: each has come to an end of its own."""
    (blocks,) = [blocks for name, _, blocks in clean() if name == "16-three-applications"]
    granted = {
        "type": blocks[0]["qualifications"]["type"],
        "filingCode": "3702960001",
        "validFrom": "2026-11-20",
        "validUntil": LONG_TERM,
    }
    nodes = [
        _node(blocks[0], "202600000000000016", "399", "审批通过") | {"results": {"qualification": granted}},
        _node(blocks[1], "202600000000000017", "398", "审批不通过") | {"opinion": "附件不清晰，请重新上传后申请。"},
        _node(blocks[2], "202600000000000018", "300", "海关受理中"),
    ]
    return xml("QLF102Message", "urn:edi-customs:qlf:1", identifiers.guid("receipt:together"), {"QLF102": nodes})


def approval(sample: Sample, number: str, receipt_code: str, opinion: str, **results: Block) -> str:
    """The last receipt for an application: what it brought, by kind of result."""
    return told(sample, number, receipt_code, "399", "审批通过", opinion=opinion, results=results)


def approvals() -> Iterator[tuple[str, str, str]]:
    """Receipts for a cancellation, for a renewal and for a change."""
    samples = {sample.path.rpartition("/")[2]: sample for sample in (*known_clean(), *changes())}
    cancelled, renewed = samples["19-cancellation-for-other-reason"], samples["20-renewal-by-card"]
    changed = samples["24-change-of-declarants"]
    added = changed.block["declarants"]["declarant"][0]
    yield (
        "receipts/cancelled.xml",
        "业务回执：注销审批通过，有效期止为注销之日",
        approval(
            cancelled, "202600000000000019", "QLF132", "予以注销。",
            qualification={
                "type": "BROKER", "filingCode": cancelled.sender.filing_code("BROKER"),
                "validFrom": "2022-01-01", "validUntil": "2026-11-20",
            },
        ),
    )  # fmt: skip
    yield (
        "receipts/renewed.xml",
        "业务回执：延续审批通过，自原届满之日起延长一年",
        approval(
            renewed, "202600000000000020", "QLF122", "予以延续。",
            qualification={
                "type": "TEMPORARY", "filingCode": renewed.sender.filing_code("TEMPORARY"),
                "validFrom": "2025-12-05", "validUntil": "2027-12-05",
            },
        ),
    )  # fmt: skip
    yield (
        "receipts/changed.xml",
        "业务回执：变更审批通过，新增的报关人员取得备案号",
        approval(
            changed, "202600000000000024", "QLF112", "准予变更。",
            declarant=pick(added, "name", "docNo") | {"declarantNo": "11010002"},
        ),
    )  # fmt: skip


def answer(result: str, code: str, **more: Any) -> str:
    """A technical answer to the second clean sample."""
    head = {
        "gateway": "EDIGATEWAY000001",
        "channel": "demo",
        "fileName": "02-TRADER.xml",
        "receivedAt": "20261120093001000",
        "result": result,
        "responseCode": code,
        "messageType": "QLF101Message",
        "messageGuid": identifiers.guid("message:02-TRADER"),
    }
    chain = {"chain": {"seq": "1", "head": hashlib.sha256(b"first event").hexdigest()}}
    return xml("TechnicalAnswer", "urn:edi-customs:answer:1", identifiers.guid(f"answer:{result}"), head | more | chain)


FINDING = {
    "code": "QLF-010",
    "severity": "error",
    "path": "/QLF101Message/QLF101/managers",
    "line": "66",
    "expected": "一名财务负责人 / one finance manager",
    "zh": "备案“TRADER”必须填写财务负责人，未填写。请增加一名 FINANCE_MANAGER。",
    "en": '"TRADER" needs a finance manager; there is none. Add a manager of type FINANCE_MANAGER.',
    "ground": "单一窗口用户手册《行政相对人统一管理》5.1.1.2",
}


PENDING = {
    "code": "QLF-102",
    "severity": "error",
    "found": "TRADER",
    "zh": "资质“TRADER”正在申请中，不可再次申请。请等待审批结果。",
    "en": '"TRADER" is under application already. Wait for the decision.',
    "ground": "单一窗口用户手册《行政相对人统一管理》5.1.1",
}


def answers() -> Iterator[tuple[str, str, str]]:
    """Receipts and technical answers: path, what they show, the message."""
    granted = {
        "type": "TRADER",
        "filingCode": DEMO.filing_code("TRADER"),
        "validFrom": "2026-11-20",
        "validUntil": LONG_TERM,
    }
    staff = declarant(DEMO, 1)
    enrolled = {"name": staff["name"], "docNo": staff["docNo"], "declarantNo": "1101000001"}
    results = {
        "qualification": [granted],
        "declarant": [enrolled],
        "localCiqOrg": "示例海关",
        "enterpriseType": "示例类型",
    }
    taken = {
        "guid": identifiers.guid("application:DEMO-2026-0002"),
        "applicationNo": "202600000000000002",
        "clientSeqNo": "DEMO-2026-0002",
        "status": "SUBMITTED",
        "statusText": "申报成功",
    }
    refusal = {"opinion": "同一资质的申请尚在办理中。", "findings": {"finding": [PENDING]}}
    yield "receipts/lodged.xml", "业务回执：海关入库成功", receipt("093005000", "120", "海关入库成功，请等待审核")
    yield "receipts/refused.xml", "业务回执：海关不予受理", receipt("093006000", "100", "海关不予受理", **refusal)
    yield (
        "receipts/approved.xml",
        "业务回执：审批通过",
        receipt("153000000", "399", "审批通过", opinion="予以备案。", results=results),
    )
    yield "receipts/together.xml", "业务回执：一份报文说明同一申报报文中三个申请各自的状态，按 guid 对应", together()
    yield from approvals()
    yield "answers/accepted.xml", "技术回执：已接收", answer("ACCEPTED", "0000", applications={"application": [taken]})
    yield "answers/refused.xml", "技术回执：已退回", answer("REFUSED", "0999", findings={"finding": [FINDING]})
