"""Whom we believe: a certificate against our own authorities and their lists, at one moment (exchange 6).

No system store, no network, no clock: the moment of receipt is an argument, the lists of the moment come
from a source that is handed in. A list that is missing or out of date is our outage: then there is no
verdict, neither a good one nor a refusal.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from itertools import pairwise

from cryptography import x509

from edi.checks.certificate import (
    fingerprint,
    is_authority,
    is_issued_by,
    is_strong_enough,
    is_understood,
    longest_path,
    may_sign,
)
from edi.checks.holder import Naming, Places
from edi.checks.revocation import Crl, Crls, CrlSource, Standing
from edi.core.identity import Medium

LONGEST_CHAIN = 4
"""Certificates from the signer's to the authority's, both counted."""
MOST_REMEMBERED = 4096
"""Certificates whose chains are kept; strangers may send any number of others."""

Chain = tuple[x509.Certificate, ...]


class Trust(Enum):
    """The answer to "is the certificate one we believe?" — a third question beside intact and authorised."""

    TRUSTED = "trusted"
    NOT_A_SIGNER = "not a signing certificate"
    WEAK_KEY = "weak key"
    UNKNOWN_ISSUER = "unknown issuer"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    ON_HOLD = "on hold"
    REVOKED = "revoked"
    UNJUDGED = "no revocation list"
    NAMES_NOBODY = "names no enterprise"


@dataclass(frozen=True)
class TrustPolicy:
    """Our authorities, how their certificates name their holder, and where their lists come from."""

    authorities: tuple[x509.Certificate, ...]
    media: Mapping[str, Medium]
    """What tells the medium of a key; see `Naming`."""
    places: Places = Places()
    crls: CrlSource | None = None
    """None: whether a certificate was taken back is not judged here."""
    _chains: OrderedDict[str, tuple[Chain, ...]] = field(default_factory=OrderedDict, repr=False, compare=False)

    @property
    def naming(self) -> Naming:
        """How the authorities' certificates name their holder."""
        return Naming(media=self.media, places=self.places)

    def chains(self, certificate: x509.Certificate) -> tuple[Chain, ...]:
        """Every way from the certificate up to a self-signed authority of ours; found once per certificate.

        There may be several: an authority that renewed its certificate stands in the list twice.
        """
        key = fingerprint(certificate)
        found = self._chains.get(key)
        if found is None:
            found = self._chains[key] = tuple(_chains((certificate,), self.authorities))
            while len(self._chains) > MOST_REMEMBERED:
                self._chains.popitem(last=False)
        return found


@dataclass(frozen=True)
class Judgement:
    """The verdict on a certificate."""

    trust: Trust
    crl: Crl | None = None
    """The list of its issuer that was asked."""
    authority: str = ""
    """If there is no verdict: whose list is missing,"""
    trouble: tuple[str, str] = ("", "")
    """and why, in Chinese and English."""
    chain: Chain = ()
    """The way up to the authority that was judged; empty if there is none."""


def judge_certificate(certificate: x509.Certificate, policy: TrustPolicy, at: datetime) -> Judgement:
    """Whether `certificate` may sign at the moment `at` (aware)."""
    if not may_sign(certificate) or not is_understood(certificate):
        return Judgement(Trust.NOT_A_SIGNER)
    if not is_strong_enough(certificate):
        return Judgement(Trust.WEAK_KEY)
    crls = policy.crls() if policy.crls else None
    verdicts = [replace(_judge(chain, crls, at), chain=chain) for chain in policy.chains(certificate)]
    # The best chain counts, and no verdict comes before a refusal: what is missing may be the good news.
    order = (Trust.TRUSTED, Trust.UNJUDGED, Trust.ON_HOLD, Trust.REVOKED, Trust.EXPIRED, Trust.NOT_YET_VALID)
    return min(verdicts, key=lambda one: order.index(one.trust), default=Judgement(Trust.UNKNOWN_ISSUER))


def _judge(chain: Chain, crls: Crls | None, at: datetime) -> Judgement:
    if any(at < one.not_valid_before_utc for one in chain):
        return Judgement(Trust.NOT_YET_VALID)
    if any(at > one.not_valid_after_utc for one in chain):
        return Judgement(Trust.EXPIRED)
    return _judge_standing(chain, crls, at) if crls else Judgement(Trust.TRUSTED)


def _judge_standing(chain: Chain, crls: Crls, at: datetime) -> Judgement:
    """Every certificate but the last by the list of the one above it."""
    for certificate, issuer in pairwise(chain):
        crl = crls.fresh(issuer, at)
        if crl is None:
            return Judgement(Trust.UNJUDGED, authority=issuer.subject.rfc4514_string(), trouble=crls.trouble(issuer))
        standing = crl.standing(certificate)
        if standing is not Standing.GOOD:
            return Judgement(Trust.ON_HOLD if standing is Standing.ON_HOLD else Trust.REVOKED, crl)
    return Judgement(Trust.TRUSTED, crls.fresh(chain[1], at))


def _chains(chain: Chain, authorities: tuple[x509.Certificate, ...]) -> Iterator[Chain]:
    """Only our own list can supply the links; what a message brings along is not looked at."""
    if len(chain) == LONGEST_CHAIN:
        return
    for issuer in authorities:
        if _may_issue(issuer, len(chain) - 1) and is_issued_by(chain[-1], issuer):
            if issuer.subject == issuer.issuer:
                yield (*chain, issuer)
            else:
                yield from _chains((*chain, issuer), authorities)


def _may_issue(authority: x509.Certificate, below: int) -> bool:
    """Whether an authority may have `below` others between it and the signer."""
    longest = longest_path(authority)
    return (
        is_authority(authority)
        and is_understood(authority)
        and is_strong_enough(authority)
        and (longest is None or below <= longest)
    )
