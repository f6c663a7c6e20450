"""`edi verify`: judge the signature of a message, or a filing certificate."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from cryptography.x509.oid import NameOID

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.clock import system_clock
from edi.adapters.files import read_regular
from edi.app.verifying import Known, Paper, judge_pdf, judge_receipt, judge_text, whom_to_believe
from edi.checks.distrust import REASONS
from edi.checks.envelope import open_envelope
from edi.checks.intact import Intact, check_intact
from edi.checks.limits import ENVELOPE_LIMITS, too_big
from edi.checks.parse import parse
from edi.checks.trust import Trust, judge_certificate
from edi.cli import options
from edi.cli.output import show_finding, show_json
from edi.cli.verify_paper import named, paper_json, show_paper, show_paper_text
from edi.core.findings import Finding
from edi.core.node import Node
from edi.errors import UserError
from edi.messages.certificate import LARGEST_SLIP, TITLE
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

_PDF = b"%PDF-"
_SUBJECT = (
    ("enterprise", "企业 enterprise", NameOID.ORGANIZATION_NAME),
    ("uscc", "统一社会信用代码 USCC", NameOID.ORGANIZATION_IDENTIFIER),
    ("person", "姓名 person", NameOID.COMMON_NAME),
    ("card_no", "卡号 card no.", NameOID.SERIAL_NUMBER),
)


@dataclass(frozen=True)
class Judgement:
    """What can be said of one message."""

    verdict: tuple[str, str]
    findings: tuple[Finding, ...] = ()
    intact: Intact | None = None
    trust: Trust | None = None
    papers: tuple[Paper, ...] = ()
    """The certificates that a receipt brings."""

    @property
    def good(self) -> bool:
        """True if the signature holds, its certificate is trusted, and so is every paper in it."""
        return self.trust is Trust.TRUSTED and all(one.good for one in self.papers)


class _FileOrInput(options.ExistingFile):
    """A file, or `-` for the standard input."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        return Path("-") if value == "-" else super().convert(value, param, ctx)


@click.command()
@click.argument("file", type=_FileOrInput())
@click.option(
    "--ca",
    type=options.file,
    help="受信任的证书（PEM）：核对报文用发证机构的，核对备案证明用海关的；不给则用工作目录配置的 / trusted certificates: of "
    "authorities for messages, of customs for filing certificates; by default those of the workspace.",
)
@options.home
@options.as_json
def verify(file: Path, ca: Path | None, home: Path, as_json: bool) -> int:
    """核对签名和备案证明 / Judge a signature or a filing certificate.

    FILE 为报文、备案证明的 PDF，或其二维码的文字（- 为标准输入）。FILE is a message, the PDF of a filing certificate, or the
    text of its QR code (- for the standard input).

    报文是否完整，证书是否可信；备案证明是否由海关签发，页面与签名的内容是否一致。Is the message intact, is its certificate
    trusted; did customs issue the filing certificate, does its page say what was signed. 退出码 0 为好，1 为不好 / exit code
    0 good, 1 not.
    """
    known = whom_to_believe(ca, home)
    judged = _judge_file(_read(file), known, system_clock())
    if isinstance(judged, Paper):
        show_paper(file, judged, known, as_json=as_json)
    elif as_json:
        show_json(_as_json(file, judged))
    else:
        _show(file, judged, known)
    return int(not judged.good)


def _read(file: Path) -> bytes:
    """The bytes, one more than allowed at most."""
    limit = ENVELOPE_LIMITS.file
    if file == Path("-"):
        return sys.stdin.buffer.read(limit + 1)
    try:
        return read_regular(file.resolve(), limit)
    except OSError as error:
        raise UserError(
            f"文件 {file} 无法读取：{cause_zh(error)}", f"The file {file} cannot be read: {cause_en(error)}"
        ) from error


def _judge_file(data: bytes, known: Known, at: datetime) -> Judgement | Paper:
    if len(data) > ENVELOPE_LIMITS.file:
        return Judgement(("文件过大", "too big"), (too_big(ENVELOPE_LIMITS.file),))
    if data.startswith(_PDF):
        return judge_pdf(data, known, at)
    text = data[:LARGEST_SLIP].decode("utf-8-sig", errors="replace").lstrip()
    return judge_text(text, known, at) if text.startswith(TITLE) else _judge(data, known, at)


def _judge(data: bytes, known: Known, at: datetime) -> Judgement:
    root = parse(data)
    if isinstance(root, list):
        return Judgement(("不是 XML 报文", "no XML message"), tuple(root))
    if is_dxp_msg(root):
        envelope = open_envelope(data)
        if isinstance(envelope, list):
            return Judgement(("信封打不开", "the envelope cannot be opened"), tuple(envelope))
        return _judge(envelope.data, known, at)
    if next(root.iter(ds("Signature")), None) is None:
        return Judgement(("没有签名", "not signed"), _only(check_intact(root)))
    intact = check_intact(root)
    if isinstance(intact, Finding):
        return Judgement(("签名无效", "not good"), (intact,))
    trust = judge_certificate(intact.certificate, known.policy, at).trust
    verdict = ("签名有效", "good") if trust is Trust.TRUSTED else ("签名完整，证书不可信", "intact, but not trusted")
    papers = tuple(judge_receipt(Node(intact.content), known, at))
    return Judgement(verdict, (), intact, trust, papers)


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
    if one.papers:
        record |= {"certificates": [paper_json(paper) for paper in one.papers]}
    return record | {
        "trustZh": _words(one.trust)[0],
        "trustEn": _words(one.trust)[1],
        "subject": certificate.subject.rfc4514_string(),
        **{name: named(certificate.subject, oid) for name, _, oid in _SUBJECT},
        "issuer": certificate.issuer.rfc4514_string(),
        "validUntil": certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "digest": one.intact.digest,
    }


def _show(file: Path, one: Judgement, known: Known) -> None:
    colour = "green" if one.trust is Trust.TRUSTED else "red"
    click.echo(f"{file}: {click.style(' '.join(one.verdict), fg=colour)}")
    for finding in one.findings:
        show_finding(finding)
    if one.intact is None or one.trust is None:
        return
    certificate = one.intact.certificate
    click.echo("  完整 intact: 是 yes")
    click.echo(
        f"  可信 trusted: {'是 yes' if one.trust is Trust.TRUSTED else '否 no — {} / {}'.format(*_words(one.trust))}"
    )
    for _, label, oid in _SUBJECT:
        if value := named(certificate.subject, oid):
            click.echo(f"  {label}: {value}")
    issuer = named(certificate.issuer, NameOID.ORGANIZATION_NAME) or certificate.issuer.rfc4514_string()
    click.echo(f"  签发机构 issuer: {issuer}")
    click.echo(f"  有效期至 valid until: {certificate.not_valid_after_utc:%Y-%m-%d}")
    for paper in one.papers:
        show_paper_text("回执所附备案证明 certificate in the receipt", paper, known)


def _words(trust: Trust) -> tuple[str, str]:
    return _HERE[trust] if trust in _HERE else REASONS[trust][1:]
