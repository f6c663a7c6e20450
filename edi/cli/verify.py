"""`edi verify`: judge the signature of a message, or a filing certificate."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from cryptography.x509.oid import NameOID

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.clock import system_clock
from edi.adapters.files import read_regular
from edi.app.judging import Verdict, judge_message
from edi.app.verifying import Known, Paper, judge_pdf, judge_text, whom_to_believe
from edi.checks.distrust import REASONS
from edi.checks.limits import ENVELOPE_LIMITS, too_big
from edi.checks.trust import Judgement, Trust
from edi.cli import options
from edi.cli.explain import explanation, show_explanation, to_json, write_canonical
from edi.cli.output import show_finding, show_json
from edi.cli.verify_paper import named, paper_json, show_paper, show_paper_text
from edi.errors import UserError
from edi.messages.algorithms import Extra
from edi.messages.certificate import LARGEST_SLIP, TITLE

_HERE = {
    Trust.TRUSTED: ("可信", "trusted"),
    Trust.UNKNOWN_ISSUER: (
        "不是 --ca 所列机构签发；请核对 --ca 文件，或改用受信任机构签发的证书",
        "not issued by an authority in --ca; check that file, or use a certificate of a trusted authority",
    ),
}
"""What is said otherwise at the command line than in an answer."""

_ANSWERS = {Trust.TRUSTED: "是 yes", Trust.UNJUDGED: "现在无法判断 cannot be told now"}
_PDF = b"%PDF-"
_SUBJECT = (
    ("enterprise", "企业 enterprise", NameOID.ORGANIZATION_NAME),
    ("uscc", "统一社会信用代码 USCC", NameOID.ORGANIZATION_IDENTIFIER),
    ("person", "姓名 person", NameOID.COMMON_NAME),
    ("card_no", "卡号 card no.", NameOID.SERIAL_NUMBER),
)


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
@click.option(
    "--allow",
    type=click.Choice([one.value for one in Extra]),
    multiple=True,
    help="另外接受的签名种类，可重复；工作目录各通道开通的已接受 / a kind of signature accepted beside the profile, "
    "repeatable; those that the workspace's channels opted into are.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="逐步说明，签名不符时试出常见原因 / show every step; where it does not hold, try out the usual causes.",
)
@click.option(
    "--canonical",
    type=options.Folder(),
    help="把规范化后的字节写入该目录（须同时 --explain）/ with --explain: write the canonical bytes into this folder.",
)
@options.home
@options.as_json
def verify(
    file: Path,
    ca: Path | None,
    allow: tuple[str, ...],
    explain: bool,
    canonical: Path | None,
    home: Path,
    as_json: bool,
) -> int:
    """核对签名和备案证明 / Judge a signature or a filing certificate.

    FILE 为报文、备案证明的 PDF，或其二维码的文字（- 为标准输入）。FILE is a message, the PDF of a filing certificate, or the
    text of its QR code (- for the standard input).

    报文是否完整，证书是否可信；备案证明是否由海关签发，页面与签名的内容是否一致。Is the message intact, is its certificate
    trusted; did customs issue the filing certificate, does its page say what was signed. 退出码 0 为好，1 为不好，75
    为吊销列表缺失或过期 / exit code 0 good, 1 not, 75 if a revocation list is missing or out of date.
    """
    if canonical and not explain:
        raise UserError(
            "--canonical 须与 --explain 一起使用；请加上 --explain", "--canonical goes with --explain; add it"
        )
    known = whom_to_believe(ca, home, [Extra(one) for one in allow])
    now = system_clock()
    judged = _judge_file(_read(file), known, now)
    if isinstance(judged, Paper):
        if explain:
            raise UserError(
                f"{file} 是备案证明，--explain 只用于报文；请去掉 --explain",
                f"{file} is a filing certificate, --explain is for messages; leave it out",
            )
        show_paper(file, judged, known, as_json=as_json)
        return int(not judged.good)
    told = explanation(judged.message, known, now) if explain and judged.message else None
    if told and canonical:
        write_canonical(told, canonical, file.stem)
    if as_json:
        show_json(_as_json(file, judged) | ({"explanation": to_json(told)} if told else {}))
    else:
        _show(file, judged, known)
        if told:
            show_explanation(told)
    return judged.exit_code


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


def _judge_file(data: bytes, known: Known, at: datetime) -> Verdict | Paper:
    if len(data) > ENVELOPE_LIMITS.file:
        return Verdict(zh="文件过大", en="too big", findings=(too_big(ENVELOPE_LIMITS.file),))
    if data.startswith(_PDF):
        return judge_pdf(data, known, at)
    text = data[:LARGEST_SLIP].decode("utf-8-sig", errors="replace").lstrip()
    return judge_text(text, known, at) if text.startswith(TITLE) else judge_message(data, known, at)


def _as_json(file: Path, one: Verdict) -> dict[str, object]:
    record: dict[str, object] = {
        "file": str(file),
        "good": one.good,
        "intact": one.intact is not None,
        "trust": one.trust.value if one.trust else None,
        "zh": one.zh,
        "en": one.en,
    }
    if one.findings:
        record |= {"finding": one.findings[0].to_json()}
    if one.intact is None or one.judgement is None:
        return record
    certificate = one.intact.certificate
    words = _words(one.judgement)
    if one.papers:
        record |= {"certificates": [paper_json(paper) for paper in one.papers]}
    return record | {
        "trustZh": words[0],
        "trustEn": words[1],
        "subject": certificate.subject.rfc4514_string(),
        **{name: named(certificate.subject, oid) for name, _, oid in _SUBJECT},
        "issuer": certificate.issuer.rfc4514_string(),
        "validUntil": certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "digest": one.intact.digest,
    }


def _show(file: Path, one: Verdict, known: Known) -> None:
    colour = "green" if one.trust is Trust.TRUSTED else "red"
    click.echo(f"{file}: {click.style(f'{one.zh} {one.en}', fg=colour)}")
    for finding in one.findings:
        show_finding(finding)
    if one.intact is None or one.judgement is None:
        return
    certificate = one.intact.certificate
    click.echo("  完整 intact: 是 yes")
    click.echo(f"  可信 trusted: {_ANSWERS.get(one.judgement.trust, '否 no')}{_because(one.judgement)}")
    for _, label, oid in _SUBJECT:
        if value := named(certificate.subject, oid):
            click.echo(f"  {label}: {value}")
    issuer = named(certificate.issuer, NameOID.ORGANIZATION_NAME) or certificate.issuer.rfc4514_string()
    click.echo(f"  签发机构 issuer: {issuer}")
    click.echo(f"  有效期至 valid until: {certificate.not_valid_after_utc:%Y-%m-%d}")
    for paper in one.papers:
        show_paper_text("回执所附备案证明 certificate in the receipt", paper, known)


def _because(judgement: Judgement) -> str:
    return "" if judgement.trust is Trust.TRUSTED else " — {} / {}".format(*_words(judgement))


def _words(judgement: Judgement) -> tuple[str, str]:
    """Why the certificate is trusted, not trusted, or not judged."""
    if judgement.trust is Trust.UNJUDGED:
        zh, en = judgement.trouble
        return (
            f"{judgement.authority}：{zh}；请放入 trust.crls 目录后再核对",
            f"{judgement.authority}: {en}; put it into the folder trust.crls and verify again",
        )
    if judgement.trust in _HERE:
        return _HERE[judgement.trust]
    reason = REASONS[judgement.trust]
    return reason.zh, reason.en
