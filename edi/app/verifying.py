"""`edi verify` of certificates: which certificates we know customs by, and what is to be said of a paper.

A certificate comes as the PDF itself, as the text of its QR code, or within a receipt.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cryptography import x509

from edi.adapters.config import load_config
from edi.adapters.keys import load_certificates
from edi.app.checking import build_trust
from edi.app.home import CONFIG_FILE
from edi.checks.filing_certificate import GROUND, check_certificate, expiry
from edi.checks.signature import Terms
from edi.checks.trust import TrustPolicy
from edi.core.characters import plain
from edi.core.findings import Dxp, Finding, clip, has_errors
from edi.core.node import Node, local_name
from edi.errors import UserError
from edi.messages.algorithms import Extra
from edi.messages.certificate import Certificate, read_slip

MOST_FILES = 200
"""Files of certificates that are looked at."""


@dataclass(frozen=True)
class Known:
    """Whom a verification believes."""

    policy: TrustPolicy
    """Authorities, for the signatures of messages."""
    customs: tuple[x509.Certificate, ...]
    """Customs' own certificates, for what only customs issues."""
    terms: Terms = field(default_factory=Terms)
    """What is allowed beside the profile: for any one channel of the workspace, or as the caller says."""
    others: tuple[x509.Certificate, ...] = ()
    """Certificates at hand, whose keys may have signed by mistake."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What can be said of a certificate."""

    certificate: Certificate | None = None
    code: str = ""
    signer: x509.Certificate | None = None
    """Whose key made the code; None if nobody we know."""
    findings: tuple[Finding, ...] = ()

    @property
    def good(self) -> bool:
        """True if customs signed these facts and nothing on the paper contradicts them."""
        return self.signer is not None and not has_errors(self.findings)


def whom_to_believe(authorities: Path | None, home: Path, allowed: Collection[Extra] = ()) -> Known:
    """The certificates of a PEM file, or of the workspace where no file is given.

    In a file those of authorities and those of customs may stand side by side. `allowed` are kinds of signatures
    beside the profile; a workspace adds those of its channels. Raises UserError if there is neither file nor
    workspace, or if one of them cannot be read.
    """
    if authorities:
        given = load_certificates(authorities)
        return Known(TrustPolicy(given, {}), given, Terms(extras=frozenset(allowed)), given)
    if not (home / CONFIG_FILE).exists():
        raise UserError(
            f"不知道该信任哪些证书：{home} 不是工作目录；请用 --ca 给出受信任的证书（PEM），或用 --home 指定工作目录",
            f"It is not known which certificates to trust: {home} is no workspace; give them with --ca (PEM), or a "
            "workspace with --home",
        )
    config = load_config(home / CONFIG_FILE)
    channels = config.channels.values()
    terms = Terms(
        extras={*allowed, *(one for channel in channels for one in channel.signatures)},
        enterprises=tuple(dict.fromkeys(one for channel in channels for one in channel.enterprises)),
    )
    paths = dict.fromkeys(path for one in config.receivers.values() for path in one.certificates)
    customs = tuple(one for path in paths for one in load_certificates(path))
    return Known(build_trust(config), customs, terms, tuple(_certificates_at(config.gateway.certificate.parent)))


def _certificates_at(folder: Path) -> Iterator[x509.Certificate]:
    """Every certificate in the folder and below it; what cannot be read is left out."""
    for path in sorted(folder.rglob("*.pem"))[:MOST_FILES]:
        with contextlib.suppress(UserError):
            yield from load_certificates(path)


def judge_text(text: str, known: Known, now: datetime) -> Paper:
    """The text of a QR code, as a telephone reads it."""
    try:
        certificate, code = read_slip(text)
    except ValueError as error:
        return Paper(findings=(_no_slip(error),))
    outcome = check_certificate(certificate, code, known.customs)
    late = expiry(certificate, now)
    findings = tuple(one for one in (outcome, late) if isinstance(one, Finding))
    signer = None if isinstance(outcome, Finding) else outcome
    return Paper(certificate=certificate, code=code, signer=signer, findings=findings)


def judge_pdf(data: bytes, known: Known, now: datetime) -> Paper:
    """A certificate as PDF: the facts inside it, and whether its page says the same."""
    from edi.app.comparing import compare, facts_inside  # noqa: PLC0415 - reading and drawing PDF takes 0.5 s to import

    slip = facts_inside(data)
    if isinstance(slip, Finding):
        return Paper(findings=(slip,))
    inside = judge_text(slip, known, now)
    if inside.certificate is None or inside.signer is None:
        return inside
    return replace(inside, findings=(*inside.findings, *compare(data, inside.certificate, inside.code)))


def judge_receipt(root: Node, known: Known, now: datetime) -> Iterator[Paper]:
    """The certificates that a receipt message brings; `root` is its signed content."""
    receipt = local_name(root.element).removesuffix("Message")
    for block in root.nodes(f"{receipt}/results/certificate"):
        yield _judge_block(block, known, now)


def _judge_block(block: Node, known: Known, now: datetime) -> Paper:
    """A certificate within a receipt: its PDF, and whether the receipt says the same of it."""
    try:
        data = base64.b64decode(block.text("content"))
    except binascii.Error:
        data = b""
    if not data:
        return Paper(findings=(_no_paper(block),))
    paper = judge_pdf(data, known, now)
    if paper.certificate is None:
        return paper
    told = {
        "certificateNo": paper.certificate.number,
        "issuedOn": paper.certificate.issued_on,
        "validUntil": paper.certificate.valid_until,
        "verificationCode": paper.code,
    }
    differing = [name for name, value in told.items() if block.text(name) not in ("", value)]
    return replace(paper, findings=(*paper.findings, *(_differs(block, name, told[name]) for name in differing)))


def _no_slip(error: ValueError) -> Finding:
    return Finding(
        code=Dxp.BAD_FORMAT,
        found=clip(plain(str(error))),
        zh="不是备案证明的核验文字，或已残缺；请给出二维码的完整内容",
        en="It is no text of a certificate, or only a part of one; give the whole content of the QR code",
        ground=GROUND,
    )


def _no_paper(block: Node) -> Finding:
    return Finding(
        code=Dxp.BAD_FORMAT,
        path=block.where("content"),
        zh="回执中没有备案证明的文件，核验码无从核验；请另行取得 PDF 文件",
        en="The receipt brings no certificate as a file, so its code cannot be checked; get the PDF",
        ground=GROUND,
    )


def _differs(block: Node, name: str, signed: str) -> Finding:
    return Finding(
        code=Dxp.SIGNATURE_MISMATCH,
        path=block.where(name),
        found=clip(block.text(name)),
        expected=clip(plain(signed)),
        zh="回执所述与备案证明不符；请向签发海关核实",
        en="The receipt says something else than the certificate in it; ask the customs named",
        ground=GROUND,
    )
