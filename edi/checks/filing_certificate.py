"""Is a filing certificate what customs issued? Its verification code against the keys we know customs by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from cryptography import x509

from edi.checks.certificate import made_by
from edi.core.characters import plain
from edi.core.findings import Dxp, Finding, Severity, clip
from edi.core.times import CHINA
from edi.messages.certificate import Certificate, signature_of

GROUND = "本项目约定 / project decision"


def check_certificate(
    certificate: Certificate, code: str, signers: Iterable[x509.Certificate]
) -> x509.Certificate | Finding:
    """The certificate among `signers` whose key made the code over these very facts, or why there is none.

    `signers` are the certificates by which customs is known, not those of an authority: an authority vouches for
    every enterprise too, and no enterprise may issue what customs issues.
    """
    try:
        value = signature_of(code)
    except ValueError:
        return _refusal(
            "核验码不是有效的 base32 文字，可能抄录有误或不完整；请核对核验码",
            "The verification code is not base32; it may be copied wrongly or in part. Compare it with the paper",
            clip(plain(code)),
        )
    data = certificate.statement().encode("utf-8")
    found = [one for one in signers if made_by(one, value, data)]
    if not found:
        return _refusal(
            "核验码不是所信任的海关对这些内容的签名：内容被改动，或证明由他人签发；请向签发海关核实，不要采信",
            "The code is no signature of a customs we trust over these facts: they were altered, or somebody else "
            "issued the paper. Do not rely on it; ask the customs named",
            clip(plain(code)),
        )
    return next((one for one in found if _in_force(one, certificate.issued_on)), None) or _refusal(
        "签发日期不在签名证书的有效期内；请向签发海关核实",
        "The day of issue is outside the validity of the signing certificate; ask the customs named",
        clip(plain(certificate.issued_on)),
    )


def expiry(certificate: Certificate, now: datetime) -> Finding | None:
    """A warning once the day has passed until which the certificate says it is valid. `now` is aware."""
    today = now.astimezone(CHINA).date().isoformat()
    if not certificate.valid_until or today <= certificate.valid_until:
        return None
    return Finding(
        code=Dxp.OTHER_LOGIC,
        severity=Severity.WARNING,
        found=clip(plain(certificate.valid_until)),
        zh="证明已过有效期；请向企业索取新的备案证明",
        en="The certificate is past its validity; ask the enterprise for a newer one",
        ground=GROUND,
    )


def _in_force(signer: x509.Certificate, issued_on: str) -> bool:
    """Whether the key was in force on that day in China; a day that is none never is."""
    try:
        day = date.fromisoformat(issued_on)
    except ValueError:
        return False
    first, last = (one.astimezone(CHINA).date() for one in (signer.not_valid_before_utc, signer.not_valid_after_utc))
    return first <= day <= last


def _refusal(zh: str, en: str, found: str) -> Finding:
    return Finding(code=Dxp.SIGNATURE_INVALID, zh=zh, en=en, found=found, ground=GROUND)
