"""What an application results in: the values customs, and the gateway for its own queries, put into receipts.

Grey fields of the form (source 002, 5.1.1.1), the certificate (5.1.4) and the answers to queries (5.2). Dates
are ISO dates; 2099-12-31 means long-term. `edi.messages.results` writes and reads them as XML.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from lxml import etree

from edi.core.node import local_name

BEFORE_DECLARANTS = ("enterprise", "managers", "investors")
AFTER_DECLARANTS = ("licences",)
"""Blocks of an approved application that stand on record as they were filed; declarants are kept one by one."""


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A qualification granted, renewed or cancelled."""

    type: str
    filing_code: str
    """Customs filing code, empty for CBEC types."""
    valid_from: str
    valid_until: str
    """The last day; of one that was cancelled the day of that."""


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """A declarant with the number customs gave."""

    name: str
    doc_no: str
    declarant_no: str


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A filing certificate (备案证明), with its paper."""

    certificate_no: str
    issued_on: str
    valid_until: str
    """Last day on which all types it names are valid."""
    verification_code: str
    file_name: str
    content: bytes
    """PDF; empty where the paper is not at hand."""


class Standing(Enum):
    """How a qualification stands on a day; the value is the word for people."""

    VALID = "有效"
    EXPIRED = "已过期"
    CANCELLED = "已注销"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A qualification as the register keeps it, past ones included."""

    granted: Granted
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class KeptDeclarant:
    """A declarant on record."""

    declarant_no: str
    name: str
    doc_type: str
    doc_no: str
    mobile: str
    nationality: str


@dataclass(frozen=True, kw_only=True)
class KeptCertificate:
    """A certificate that was issued."""

    certificate_no: str
    issued_on: str
    void: bool


@dataclass(frozen=True, kw_only=True)
class FilingRecord:
    """What customs has on record of one enterprise (备案信息)."""

    uscc: str
    name: str
    customs: str
    recorded_on: str
    """Day of the last filing or change that was approved."""
    qualifications: tuple[Kept, ...]
    blocks: str
    """Canonical XML of the business node that was approved last; enterprise, managers, investors and licences count."""
    declarants: tuple[KeptDeclarant, ...]
    certificates: tuple[KeptCertificate, ...]


@dataclass(frozen=True, kw_only=True)
class ListedApplication:
    """An application as the answer to a query lists it."""

    application_no: str
    guid: str
    client_seq_no: str
    form: str
    uscc: str
    name: str
    customs: str
    types: tuple[str, ...]
    status: str
    """Token of the status table."""
    created_at: str
    """17 digits, China time."""
    updated_at: str
    """17 digits, China time."""
    info: str
    opinion: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """A paper as a file."""

    file_name: str
    content: bytes
    """PDF."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything one application resulted in."""

    qualifications: tuple[Granted, ...] = ()
    declarants: tuple[Enrolled, ...] = ()
    certificate: Issued | None = None
    filings: tuple[FilingRecord, ...] = ()
    applications: tuple[ListedApplication, ...] = ()
    document: Document | None = None

    def to_json(self) -> dict[str, Any]:
        """The results as plain JSON values, under the names they have in the message; papers by name only.

        Lists that hold nothing are told, so that programs need not ask twice; papers and query answers only if given.
        """
        told: dict[str, Any] = {
            "qualifications": [_granted(one) for one in self.qualifications],
            "declarants": [
                {"name": one.name, "docNo": one.doc_no, "declarantNo": one.declarant_no} for one in self.declarants
            ],
        }
        if self.certificate:
            told["certificate"] = _issued(self.certificate)
        if self.filings:
            told["filings"] = [_filing(one) for one in self.filings]
        if self.applications:
            told["applications"] = [_listed(one) for one in self.applications]
        if self.document:
            told["document"] = {"fileName": self.document.file_name}
        return told


def _granted(one: Granted) -> dict[str, str]:
    return {
        "type": one.type,
        "filingCode": one.filing_code,
        "validFrom": one.valid_from,
        "validUntil": one.valid_until,
    }


def _issued(one: Issued) -> dict[str, str]:
    return {
        "certificateNo": one.certificate_no,
        "issuedOn": one.issued_on,
        "validUntil": one.valid_until,
        "verificationCode": one.verification_code,
        "fileName": one.file_name,
    }


def _filing(one: FilingRecord) -> dict[str, Any]:
    return {
        "uscc": one.uscc,
        "nameZh": one.name,
        "competentCustoms": one.customs,
        "recordedOn": one.recorded_on,
        **_blocks(one.blocks),
        "qualifications": [_granted(kept.granted) | {"standing": kept.standing.name} for kept in one.qualifications],
        "declarants": [
            {"declarantNo": kept.declarant_no, "name": kept.name, "docNo": kept.doc_no} for kept in one.declarants
        ],
        "certificates": [
            {
                "certificateNo": kept.certificate_no,
                "issuedOn": kept.issued_on,
                "status": "VOID" if kept.void else "ISSUED",
            }
            for kept in one.certificates
        ],
    }


def _blocks(blocks: str) -> dict[str, Any]:
    """The blocks on record as plain values: an element whose name is the plural of its children's is a list."""
    if not blocks:
        return {}
    return {
        local_name(block): _plain(block)
        for block in etree.fromstring(blocks.encode("utf-8"))
        if local_name(block) in BEFORE_DECLARANTS + AFTER_DECLARANTS
    }


def _plain(element: etree._Element) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    if all(local_name(element) == f"{local_name(one)}s" for one in children):
        return [_plain(one) for one in children]
    return {local_name(one): _plain(one) for one in children}


def _listed(one: ListedApplication) -> dict[str, Any]:
    return {
        "applicationNo": one.application_no,
        "guid": one.guid,
        "clientSeqNo": one.client_seq_no,
        "form": one.form,
        "uscc": one.uscc,
        "nameZh": one.name,
        "competentCustoms": one.customs,
        "types": list(one.types),
        "status": one.status,
        "createdAt": one.created_at,
        "updatedAt": one.updated_at,
        "info": one.info,
        "opinion": one.opinion,
    }
