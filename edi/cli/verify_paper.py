"""How `edi verify` shows what it found out about a filing certificate."""

from __future__ import annotations

from pathlib import Path

import click
from cryptography import x509
from cryptography.x509.oid import NameOID

from edi.app.verifying import Known, Paper
from edi.cli.output import show_finding, show_json
from edi.core.characters import plain
from edi.core.times import LONG_TERM
from edi.messages.certificate import Certificate, type_name

_GOOD = ("核验通过：内容与海关的数字签名相符", "genuine: customs signed these facts")
_BAD = ("核验不通过", "not genuine")
_UNASKED = (
    "本证明是否已被新的备案证明替代，只能向签发海关查询",
    "Whether a newer certificate has replaced this one can only be asked at customs",
)


def show_paper(file: Path, paper: Paper, known: Known, *, as_json: bool) -> None:
    """Print the judgement of a file that is a certificate."""
    if as_json:
        show_json({"file": str(file), **paper_json(paper)})
    else:
        show_paper_text(str(file), paper, known)


def show_paper_text(title: str, paper: Paper, known: Known) -> None:
    """The verdict, the facts, the signer, and what cannot be told from the paper."""
    verdict = _GOOD if paper.good else _BAD
    click.echo(f"{title}: {click.style(' / '.join(verdict), fg='green' if paper.good else 'red')}")
    for finding in paper.findings:
        show_finding(finding)
    if paper.certificate:
        _show_facts(paper.certificate, signed=paper.signer is not None)
    if paper.signer:
        click.echo(f"  签名者 signed by: {holder(paper.signer)}")
    elif paper.certificate:
        tried = "；".join(map(holder, known.customs)) or "无 none"
        click.echo(f"  核对所用的海关证书 certificates compared: {tried}")
        click.echo("  如不是签发海关的证书，请用 --ca 给出 / if they are not of the customs named, give its with --ca")
    if paper.good:
        click.echo(f"  {_UNASKED[0]}\n  {_UNASKED[1]}")


def _show_facts(one: Certificate, *, signed: bool) -> None:
    """What the certificate says; marked as mere claims where nobody we know signed it."""
    click.echo("  签名的内容 what was signed:" if signed else "  所述内容（未经证实） what it claims (not proven):")
    facts = (
        ("证明编号 number", one.number),
        ("签发日期 issued on", one.issued_on),
        ("有效期止 valid until", _day(one.valid_until)),
        ("企业 enterprise", one.name),
        ("统一社会信用代码 USCC", one.uscc),
        ("签发海关 customs", f"{one.customs} {one.customs_name}"),
    )
    for label, value in facts:
        if value:
            click.echo(f"    {label}: {plain(value)}")
    for granted in one.qualifications:
        code = f"，备案编码 code {granted.filing_code}" if granted.filing_code else ""
        days = f"{granted.valid_from} 至 {_day(granted.valid_until)}"
        click.echo(
            plain(f"    资质 qualification: {type_name(granted.type)} {granted.type}{code}，有效期 valid {days}")
        )


def paper_json(paper: Paper) -> dict[str, object]:
    """The judgement for programs."""
    zh, en = _GOOD if paper.good else _BAD
    record: dict[str, object] = {
        "good": paper.good,
        "zh": zh,
        "en": en,
        "findings": [one.to_json() for one in paper.findings],
        "noteZh": _UNASKED[0],
        "noteEn": _UNASKED[1],
    }
    if paper.certificate:
        record |= {"certificate": paper.certificate.to_json(), "verificationCode": paper.code}
    if paper.signer:
        record |= {"signer": holder(paper.signer), "signerSubject": paper.signer.subject.rfc4514_string()}
    return record


def holder(certificate: x509.Certificate) -> str:
    """Who a certificate names, for people."""
    return named(certificate.subject, NameOID.ORGANIZATION_NAME) or certificate.subject.rfc4514_string()


def named(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The first value of an attribute, empty if there is none."""
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _day(day: str) -> str:
    return "长期 long-term" if day == LONG_TERM else day
