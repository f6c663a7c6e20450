"""The receipt: what customs says about an application (exchange 7), as value and as XML.

The message is `<even code>Message` in the namespace of its family, signed by customs: one to a hundred
nodes, each about another application.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from edi.core.findings import Finding, Severity
from edi.core.form import Form
from edi.core.node import Node, local_name
from edi.core.results import Results
from edi.core.times import digits17, from_digits17
from edi.messages.elements import add, add_given
from edi.messages.results import read_results, write_results


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One business node of a receipt message."""

    guid: str
    """Of the application."""
    application_no: str = ""
    client_seq_no: str = ""
    customs: str = ""
    code: int
    """returnStatus, see `edi.core.status.RECEIPT_CODES`; negative means it could not be stored."""
    time: datetime
    """returnTime, aware."""
    info: str
    """returnInfo, 1 to 1000 characters."""
    opinion: str = ""
    """The reviewer's words."""
    results: Results | None = None
    findings: tuple[Finding, ...] = ()


MOST_NODES = 100
"""Nodes of a receipt message, as its schema says."""


def receipt_node(form: Form, receipt: Receipt) -> etree._Element:
    """What is said of one application, as the node of a receipt message."""
    node = etree.Element(f"{{{form.namespace}}}{form.receipt_code}", nsmap={None: form.namespace})
    add_given(node, "guid", receipt.guid)
    add_given(node, "applicationNo", receipt.application_no)
    add_given(node, "clientSeqNo", receipt.client_seq_no)
    add_given(node, "competentCustoms", receipt.customs)
    add_given(node, "returnStatus", str(receipt.code))
    add_given(node, "returnTime", digits17(receipt.time))
    add_given(node, "returnInfo", receipt.info)
    add_given(node, "opinion", receipt.opinion)
    if receipt.results:
        write_results(add(node, "results"), receipt.results)
    write_findings(node, receipt.findings)
    return node


def receipt_message(form: Form, nodes: Iterable[etree._Element], message_guid: str) -> etree._Element:
    """The unsigned receipt message that holds these nodes, at most `MOST_NODES`, each about another application."""
    root = etree.Element(
        f"{{{form.namespace}}}{form.receipt_code}Message",
        nsmap={None: form.namespace},
        guid=message_guid,
        version="1.0",
    )
    root.extend(nodes)
    etree.indent(root)  # people read receipts too; it is done before signing, so it is signed as it stands
    return root


def write_findings(parent: etree._Element, findings: Iterable[Finding]) -> None:
    """Append a `findings` block to `parent` unless there is nothing to say."""
    listed = list(findings)
    if not listed:
        return
    block = add(parent, "findings")
    for finding in listed:
        _write_finding(add(block, "finding"), finding)


def read_receipts(root: etree._Element) -> list[Receipt]:
    """The receipts in a receipt message that its schema accepted."""
    code = local_name(root).removesuffix("Message")
    return [_read_receipt(node) for node in Node(root).nodes(code)]


def _read_receipt(node: Node) -> Receipt:
    results = next(node.nodes("results"), None)
    return Receipt(
        guid=node.text("guid"),
        application_no=node.text("applicationNo"),
        client_seq_no=node.text("clientSeqNo"),
        customs=node.text("competentCustoms"),
        code=int(node.text("returnStatus")),
        time=from_digits17(node.text("returnTime")),
        info=node.text("returnInfo"),
        opinion=node.text("opinion"),
        results=read_results(results) if results else None,
        findings=tuple(_read_finding(one) for one in node.nodes("findings/finding")),
    )


def _write_finding(item: etree._Element, finding: Finding) -> None:
    add_given(item, "code", finding.code)
    add_given(item, "severity", finding.severity.value)
    add_given(item, "path", finding.path)
    add_given(item, "line", str(finding.line) if finding.line else "")
    add_given(item, "column", str(finding.column) if finding.column else "")
    add_given(item, "found", xml_text(finding.found))
    add_given(item, "expected", xml_text(finding.expected))
    add_given(item, "zh", xml_text(finding.zh))
    add_given(item, "en", xml_text(finding.en))
    add_given(item, "ground", finding.ground)


def _read_finding(node: Node) -> Finding:
    return Finding(
        code=node.text("code"),
        severity=Severity(node.text("severity")),
        path=node.text("path"),
        line=int(node.text("line") or 0) or None,
        column=int(node.text("column") or 0) or None,
        found=node.text("found"),
        expected=node.text("expected"),
        zh=node.text("zh"),
        en=node.text("en"),
        ground=node.text("ground"),
    )


def xml_text(text: str) -> str:
    """`text` without the control characters XML cannot hold."""
    return "".join(
        c if c in "\t\n" or " " <= c < "\ud800" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "�" for c in text
    )
