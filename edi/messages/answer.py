"""The technical answer: what the gateway says within seconds about a file it picked up (exchange 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from edi.core.chain import Head
from edi.core.findings import Finding
from edi.core.status import Status
from edi.core.times import digits17
from edi.messages.receipt import write_findings, xml_text

NAMESPACE = "urn:edi-customs:answer:1"


@dataclass(frozen=True, kw_only=True)
class AnsweredApplication:
    """An application as the gateway took it."""

    guid: str
    application_no: str
    client_seq_no: str
    status: Status


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One technical answer."""

    guid: str
    """Of the answer itself."""
    gateway: str
    """Our DXP node id."""
    channel: str
    file_name: str
    received_at: datetime
    result: str
    """`ACCEPTED`, `REFUSED` or `CONFLICT`."""
    code: str
    """DXP response code, 0000 when accepted."""
    message_type: str = ""
    message_guid: str = ""
    cop_msg_id: str = ""
    applications: Sequence[AnsweredApplication] = ()
    findings: Sequence[Finding] = ()
    head: Head
    """End of the ledger's event chain: every sender becomes its witness."""


def answer_message(answer: Answer) -> etree._Element:
    """The unsigned answer as XML."""
    root = etree.Element(_name("TechnicalAnswer"), nsmap={None: NAMESPACE}, guid=answer.guid, version="1.0")
    _add(root, "gateway", answer.gateway)
    _add(root, "channel", answer.channel)
    _add(root, "fileName", xml_text(answer.file_name))
    _add(root, "receivedAt", digits17(answer.received_at))
    _add(root, "result", answer.result)
    _add(root, "responseCode", answer.code)
    _add(root, "messageType", answer.message_type)
    _add(root, "messageGuid", answer.message_guid)
    _add(root, "copMsgId", answer.cop_msg_id)
    if answer.applications:
        _write_applications(etree.SubElement(root, _name("applications")), answer.applications)
    write_findings(root, answer.findings)
    chain = etree.SubElement(root, _name("chain"))
    _add(chain, "seq", str(answer.head.seq))
    _add(chain, "head", answer.head.hash)
    etree.indent(root)  # people read answers too; it is done before signing
    return root


def _write_applications(block: etree._Element, applications: Sequence[AnsweredApplication]) -> None:
    for one in applications:
        item = etree.SubElement(block, _name("application"))
        _add(item, "guid", one.guid)
        _add(item, "applicationNo", one.application_no)
        _add(item, "clientSeqNo", one.client_seq_no)
        _add(item, "status", one.status.token)
        _add(item, "statusText", one.status.text)


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def _add(parent: etree._Element, name: str, text: str) -> None:
    if text:
        etree.SubElement(parent, _name(name)).text = text
