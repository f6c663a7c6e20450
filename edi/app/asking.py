"""Asking customs what is on record of an enterprise: composes a query (QLF161) as an ERP would, for `edi query filings`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from edi.core.form import Form
from edi.core.times import digits14

_NODE = "EDI-QUERY"
"""Transport node of messages that are composed at the command line."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """An enterprise as the head of a query names it."""

    uscc: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """Whose filings are asked for, and by whom."""

    about: Party
    customs: str
    """Its competent customs."""
    asker: Party
    """The enterprise that signs."""
    by_card: bool
    type: str = ""
    """Only qualifications of this type; empty: all."""

    @property
    def for_another(self) -> bool:
        """True if the asker acts for another entity."""
        return self.about.uscc != self.asker.uscc


def filing_query(form: Form, question: Question, guid: str, at: datetime) -> etree._Element:
    """The unsigned query message; `guid` is the application's."""
    root = etree.Element(
        f"{{{form.namespace}}}{form.code}Message",
        nsmap={None: form.namespace},
        guid=str(uuid.uuid5(uuid.NAMESPACE_OID, guid)).upper(),
        version="1.0",
    )
    node = _block(root, form.code)
    mode = "AGENT" if question.for_another else "OWN"
    sign_mode = "CARD" if question.by_card else "ACCOUNT"
    head = {"guid": guid, "appType": "1", "appTime": digits14(at), "appStatus": "2"}
    _block(node, "head", head | {"filingMode": mode, "signMode": sign_mode})
    if question.for_another:
        agent = {"agentUscc": question.asker.uscc, "agentName": question.asker.name}
        _block(node, "undertaking", {"accepted": "true"} | agent)
    about = {"uscc": question.about.uscc, "competentCustoms": question.customs, "nameZh": question.about.name}
    _block(node, "filingQuery", about | ({"type": question.type} if question.type else {}))
    sender = {"copCode": question.asker.uscc, "copName": question.asker.name, "dxpMode": "DXP", "dxpId": _NODE}
    _block(root, "BaseTransfer", sender)
    etree.indent(root)
    return root


def _block(parent: etree._Element, name: str, fields: dict[str, str] | None = None) -> etree._Element:
    """Append an element, with text elements inside it."""
    namespace = etree.QName(parent).namespace
    block = etree.SubElement(parent, f"{{{namespace}}}{name}")
    for field, text in (fields or {}).items():
        etree.SubElement(block, f"{{{namespace}}}{field}").text = text
    return block
