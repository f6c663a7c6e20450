"""`edi verify`: judge the signature of a message."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
from cryptography import x509
from cryptography.x509.oid import NameOID

from edi.adapters.clock import system_clock
from edi.adapters.keys import load_certificates
from edi.checks.distrust import REASONS
from edi.checks.envelope import open_envelope
from edi.checks.intact import Intact, check_intact
from edi.checks.parse import parse
from edi.checks.trust import Trust, TrustPolicy, judge_certificate
from edi.cli import options
from edi.cli.output import show_finding, show_json
from edi.core.findings import Finding
from edi.messages.dsig import ds
from edi.messages.dxp import is_dxp_msg

_HERE = {
    Trust.TRUSTED: ("可信", "trusted"),
    Trust.UNKNOWN_ISSUER: (
        "不是 --ca 所列机构签发；请核对 --ca 文件，或改用受信任机构签发的证书",
        "not issued by an authority in --ca; check that file, or use a certificate of a trusted authority",
    ),
}
"""What is said otherwise at the command line than in an answer."""

_SUBJECT = (
    ("enterprise", "企业 enterprise", NameOID.ORGANIZATION_NAME),
    ("uscc", "统一社会信用代码 USCC", NameOID.ORGANIZATION_IDENTIFIER),
    ("person", "姓名 person", NameOID.COMMON_NAME),
    ("card_no", "卡号 card no.", NameOID.SERIAL_NUMBER),
)


@dataclass(frozen=True)
class Judgement:
    """What can be said of one file."""

    verdict: tuple[str, str]
    findings: tuple[Finding, ...] = ()
    intact: Intact | None = None
    trust: Trust | None = None

    @property
    def good(self) -> bool:
        """True if the signature holds and its certificate is trusted."""
        return self.trust is Trust.TRUSTED


@click.command()
@click.argument("file", type=options.file)
@click.option(
    "--ca", required=True, type=options.file, help="受信任的发证机构证书（PEM） / certificates of trusted authorities."
)
@options.as_json
def verify(file: Path, ca: Path, as_json: bool) -> int:
    """核对签名 / Judge a signature.

    报文是否完整，证书是否可信。Is the message intact, is its certificate trusted. 退出码 0 为好，1 为不好 / exit code 0 good,
    1 not.
    """
    judgement = _judge(file.read_bytes(), TrustPolicy(load_certificates(ca), {}))
    if as_json:
        show_json(_as_json(file, judgement))
    else:
        _show(file, judgement)
    return int(not judgement.good)


def _judge(data: bytes, policy: TrustPolicy) -> Judgement:
    root = parse(data)
    if isinstance(root, list):
        return Judgement(("不是 XML 报文", "no XML message"), tuple(root))
    if is_dxp_msg(root):
        envelope = open_envelope(data)
        if isinstance(envelope, list):
            return Judgement(("信封打不开", "the envelope cannot be opened"), tuple(envelope))
        return _judge(envelope.data, policy)
    if next(root.iter(ds("Signature")), None) is None:
        return Judgement(("没有签名", "not signed"), _only(check_intact(root)))
    intact = check_intact(root)
    if isinstance(intact, Finding):
        return Judgement(("签名无效", "not good"), (intact,))
    trust = judge_certificate(intact.certificate, policy, system_clock()).trust
    verdict = ("签名有效", "good") if trust is Trust.TRUSTED else ("签名完整，证书不可信", "intact, but not trusted")
    return Judgement(verdict, (), intact, trust)


def _only(outcome: Intact | Finding) -> tuple[Finding, ...]:
    return (outcome,) if isinstance(outcome, Finding) else ()


def _as_json(file: Path, one: Judgement) -> dict[str, object]:
    record: dict[str, object] = {
        "file": str(file),
        "good": one.good,
        "intact": one.intact is not None,
        "trust": one.trust.value if one.trust else None,
        "zh": one.verdict[0],
        "en": one.verdict[1],
    }
    if one.findings:
        record |= {"finding": one.findings[0].to_json()}
    if one.intact is None or one.trust is None:
        return record
    certificate = one.intact.certificate
    return record | {
        "trustZh": _words(one.trust)[0],
        "trustEn": _words(one.trust)[1],
        "subject": certificate.subject.rfc4514_string(),
        **{name: _named(certificate.subject, oid) for name, _, oid in _SUBJECT},
        "issuer": certificate.issuer.rfc4514_string(),
        "validUntil": certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "digest": one.intact.digest,
    }


def _show(file: Path, one: Judgement) -> None:
    click.echo(f"{file}: {click.style(' '.join(one.verdict), fg='green' if one.good else 'red')}")
    for finding in one.findings:
        show_finding(finding)
    if one.intact is None or one.trust is None:
        return
    certificate = one.intact.certificate
    click.echo("  完整 intact: 是 yes")
    click.echo(f"  可信 trusted: {'是 yes' if one.good else '否 no — {} / {}'.format(*_words(one.trust))}")
    for _, label, oid in _SUBJECT:
        if named := _named(certificate.subject, oid):
            click.echo(f"  {label}: {named}")
    issuer = _named(certificate.issuer, NameOID.ORGANIZATION_NAME) or certificate.issuer.rfc4514_string()
    click.echo(f"  签发机构 issuer: {issuer}")
    click.echo(f"  有效期至 valid until: {certificate.not_valid_after_utc:%Y-%m-%d}")


def _words(trust: Trust) -> tuple[str, str]:
    return _HERE[trust] if trust in _HERE else REASONS[trust][1:]


def _named(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
