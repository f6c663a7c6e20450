"""What an application results in, as XML: the block `results` of a receipt (`schemas/receipt.xsd`, `schemas/qlf/`)."""

from __future__ import annotations

from base64 import b64decode, b64encode

from lxml import etree

from edi.core.node import Node
from edi.core.results import (
    AFTER_DECLARANTS,
    BEFORE_DECLARANTS,
    Document,
    Enrolled,
    FilingRecord,
    Granted,
    Issued,
    Kept,
    KeptCertificate,
    KeptDeclarant,
    ListedApplication,
    Results,
    Standing,
)
from edi.core.status import Status
from edi.messages.canonical import parsed
from edi.messages.elements import add, add_given, graft


def write_results(block: etree._Element, results: Results) -> None:
    """Fill the empty element `block`."""
    for granted in results.qualifications:
        _write_granted(add(block, "qualification"), granted)
    for enrolled in results.declarants:
        item = add(block, "declarant")
        add_given(item, "name", enrolled.name)
        add_given(item, "docNo", enrolled.doc_no)
        add_given(item, "declarantNo", enrolled.declarant_no)
    if results.certificate:
        _write_issued(add(block, "certificate"), results.certificate)
    for filing in results.filings:
        _write_filing(add(block, "filing"), filing)
    for listed in results.applications:
        _write_listed(add(block, "application"), listed)
    if results.document:
        _write_file(add(block, "document"), results.document.file_name, results.document.content)


def read_results(node: Node) -> Results:
    """What `write_results` wrote. Of a filing all its blocks come back, as canonical XML."""
    certificate = next(node.nodes("certificate"), None)
    document = next(node.nodes("document"), None)
    return Results(
        qualifications=tuple(map(_read_granted, node.nodes("qualification"))),
        declarants=tuple(
            Enrolled(name=one.text("name"), doc_no=one.text("docNo"), declarant_no=one.text("declarantNo"))
            for one in node.nodes("declarant")
        ),
        certificate=_read_issued(certificate) if certificate else None,
        filings=tuple(map(_read_filing, node.nodes("filing"))),
        applications=tuple(map(_read_listed, node.nodes("application"))),
        document=Document(file_name=document.text("fileName"), content=_content(document)) if document else None,
    )


def _write_granted(item: etree._Element, granted: Granted) -> None:
    add_given(item, "type", granted.type)
    add_given(item, "filingCode", granted.filing_code)
    add_given(item, "validFrom", granted.valid_from)
    add_given(item, "validUntil", granted.valid_until)


def _read_granted(node: Node) -> Granted:
    return Granted(
        type=node.text("type"),
        filing_code=node.text("filingCode"),
        valid_from=node.text("validFrom"),
        valid_until=node.text("validUntil"),
    )


def _write_issued(item: etree._Element, issued: Issued) -> None:
    add_given(item, "certificateNo", issued.certificate_no)
    add_given(item, "issuedOn", issued.issued_on)
    add_given(item, "validUntil", issued.valid_until)
    add_given(item, "verificationCode", issued.verification_code)
    _write_file(item, issued.file_name, issued.content)


def _read_issued(node: Node) -> Issued:
    return Issued(
        certificate_no=node.text("certificateNo"),
        issued_on=node.text("issuedOn"),
        valid_until=node.text("validUntil"),
        verification_code=node.text("verificationCode"),
        file_name=node.text("fileName"),
        content=_content(node),
    )


def _write_file(item: etree._Element, file_name: str, content: bytes) -> None:
    add_given(item, "fileName", file_name)
    add_given(item, "content", b64encode(content).decode("ascii"))


def _content(node: Node) -> bytes:
    return b64decode(node.text("content"))


def _write_filing(item: etree._Element, filing: FilingRecord) -> None:
    add_given(item, "uscc", filing.uscc)
    add_given(item, "nameZh", filing.name)
    add_given(item, "competentCustoms", filing.customs)
    add_given(item, "recordedOn", filing.recorded_on)
    for kept in filing.qualifications:
        qualification = add(item, "qualification")
        _write_granted(qualification, kept.granted)
        add_given(qualification, "standing", kept.standing.name)
    _graft_blocks(item, filing.blocks, BEFORE_DECLARANTS)
    if filing.declarants:
        _write_declarants(add(item, "declarants"), filing.declarants)
    _graft_blocks(item, filing.blocks, AFTER_DECLARANTS)
    for certificate in filing.certificates:
        block = add(item, "certificate")
        add_given(block, "certificateNo", certificate.certificate_no)
        add_given(block, "issuedOn", certificate.issued_on)
        add_given(block, "status", (Status.VOID if certificate.void else Status.ISSUED).token)


def _graft_blocks(item: etree._Element, blocks: str, names: tuple[str, ...]) -> None:
    """The blocks of that name from the business node on record, if it is there: a seeded record has none."""
    if not blocks:
        return
    recorded = Node(parsed(blocks.encode("utf-8")))
    for name in names:
        for block in recorded.nodes(name):
            graft(item, block.element)


def _write_declarants(block: etree._Element, declarants: tuple[KeptDeclarant, ...]) -> None:
    for one in declarants:
        item = add(block, "declarant")
        add_given(item, "name", one.name)
        add_given(item, "docType", one.doc_type)
        add_given(item, "docNo", one.doc_no)
        add_given(item, "mobile", one.mobile)
        add_given(item, "nationality", one.nationality)
        add_given(item, "declarantNo", one.declarant_no)


def _read_filing(node: Node) -> FilingRecord:
    return FilingRecord(
        uscc=node.text("uscc"),
        name=node.text("nameZh"),
        customs=node.text("competentCustoms"),
        recorded_on=node.text("recordedOn"),
        qualifications=tuple(
            Kept(granted=_read_granted(one), standing=Standing[one.text("standing")])
            for one in node.nodes("qualification")
        ),
        blocks=node.canonical(),
        declarants=tuple(map(_read_declarant, node.nodes("declarants/declarant"))),
        certificates=tuple(
            KeptCertificate(
                certificate_no=one.text("certificateNo"),
                issued_on=one.text("issuedOn"),
                void=one.text("status") == Status.VOID.token,
            )
            for one in node.nodes("certificate")
        ),
    )


def _read_declarant(node: Node) -> KeptDeclarant:
    return KeptDeclarant(
        declarant_no=node.text("declarantNo"),
        name=node.text("name"),
        doc_type=node.text("docType"),
        doc_no=node.text("docNo"),
        mobile=node.text("mobile"),
        nationality=node.text("nationality"),
    )


def _write_listed(item: etree._Element, one: ListedApplication) -> None:
    add_given(item, "applicationNo", one.application_no)
    add_given(item, "guid", one.guid)
    add_given(item, "clientSeqNo", one.client_seq_no)
    add_given(item, "form", one.form)
    add_given(item, "uscc", one.uscc)
    add_given(item, "nameZh", one.name)
    add_given(item, "competentCustoms", one.customs)
    for token in one.types:
        add_given(item, "type", token)
    add_given(item, "status", one.status)
    add_given(item, "statusText", Status[one.status].text)
    add_given(item, "createdAt", one.created_at)
    add_given(item, "updatedAt", one.updated_at)
    add_given(item, "info", one.info)
    add_given(item, "opinion", one.opinion)


def _read_listed(node: Node) -> ListedApplication:
    return ListedApplication(
        application_no=node.text("applicationNo"),
        guid=node.text("guid"),
        client_seq_no=node.text("clientSeqNo"),
        form=node.text("form"),
        uscc=node.text("uscc"),
        name=node.text("nameZh"),
        customs=node.text("competentCustoms"),
        types=tuple(node.texts("type")),
        status=node.text("status"),
        created_at=node.text("createdAt"),
        updated_at=node.text("updatedAt"),
        info=node.text("info"),
        opinion=node.text("opinion"),
    )
