"""The strict verifier: what was signed, and by whom, if we believe it (exchange 6).

Two questions, one after the other: is the message intact (`edi.checks.intact`), and is its certificate
one we believe (`edi.checks.trust`). Whether its holder may do what the message asks is a third one, and
not asked here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from lxml import etree

from edi.checks.certificate import fingerprint, serial_of
from edi.checks.distrust import REASONS
from edi.checks.holder import read_signer
from edi.checks.intact import GROUND, intact_steps, line_of, the_signature
from edi.checks.trust import Judgement, Trust, TrustPolicy, judge_certificate
from edi.core.abreast import Steps, alone
from edi.core.findings import Finding, clip
from edi.core.identity import Evidence, Signer
from edi.core.node import human_path
from edi.core.times import iso
from edi.messages.algorithms import Extra


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A message whose signature holds and whose signer we believe."""

    content: etree._Element
    digest: str
    signer: Signer
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A message that is not signed as it must be, or by whom it must be."""

    finding: Finding
    evidence: Evidence | None = None
    """None if it did not come to judging the certificate."""


@dataclass(frozen=True, kw_only=True)
class Unjudged:
    """A message that cannot be judged now, for a reason of ours: it is to be held and tried again."""

    authority: str
    """Name of the authority whose revocation list is missing or out of date."""
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a channel allows beside the profile."""

    extras: Collection[Extra] = ()
    enterprises: Collection[str] = ()
    """USCCs that a certificate with an organisation code may stand for."""


_PROFILE = Terms()


def verify(
    root: etree._Element, policy: TrustPolicy, at: datetime, terms: Terms = _PROFILE
) -> Signed | Refused | Unjudged:
    """The signed content and its signer, or why there is none.

    `root` is the root of the business message as received, `at` the moment of receipt (aware).
    """
    return alone(verify_steps(root, policy, at, terms))


def verify_steps(
    root: etree._Element, policy: TrustPolicy, at: datetime, terms: Terms
) -> Steps[Signed | Refused | Unjudged]:
    """The same, step by step, for those who verify many."""
    intact = yield from intact_steps(root, terms.extras, policy.naming)
    yield
    if isinstance(intact, Finding):
        return Refused(finding=intact)
    certificate = intact.certificate
    judgement = judge_certificate(certificate, policy, at)
    if judgement.trust is Trust.UNJUDGED:
        zh, en = judgement.trouble
        return Unjudged(authority=judgement.authority, zh=zh, en=en)
    signer = read_signer(certificate, policy.naming, terms.enterprises)
    trust = judgement.trust if judgement.trust is not Trust.TRUSTED or signer else Trust.NAMES_NOBODY
    evidence = _evidence(certificate, trust, judgement, at)
    if signer is None or trust is not Trust.TRUSTED:
        return Refused(finding=_untrusted(root, certificate, trust, at), evidence=evidence)
    return Signed(content=intact.content, digest=intact.digest, signer=signer, evidence=evidence)


def _evidence(certificate: x509.Certificate, trust: Trust, judgement: Judgement, at: datetime) -> Evidence:
    crl = judgement.crl
    return Evidence(
        fingerprint=fingerprint(certificate),
        serial=serial_of(certificate),
        issuer=certificate.issuer.rfc4514_string(),
        verdict=trust.value,
        at=iso(at),
        crl_number=str(crl.number) if crl else "",
        crl_this_update=iso(crl.this_update) if crl else "",
    )


def _untrusted(root: etree._Element, certificate: x509.Certificate, trust: Trust, at: datetime) -> Finding:
    code, zh, en = REASONS[trust]
    signature = the_signature(root)
    return Finding(
        code=code, zh=zh, en=en, path=human_path(signature), line=line_of(signature),
        found=clip(
            f"{certificate.subject.rfc4514_string()}; issuer {certificate.issuer.rfc4514_string()}; "
            f"{certificate.not_valid_before_utc:%Y-%m-%d}…{certificate.not_valid_after_utc:%Y-%m-%d}; at {at:%Y-%m-%d}"
        ),
        ground=GROUND,
    )  # fmt: skip
