"""Who signed: the facts a certificate states about enterprise, person and medium (exchange 6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Medium(Enum):
    """What the signing key sits on; it decides what one may do (domain 1.3)."""

    LEGAL_PERSON_CARD = "LEGAL_PERSON_CARD"
    OPERATOR_CARD = "OPERATOR_CARD"
    ACCOUNT = "ACCOUNT"

    @property
    def is_card(self) -> bool:
        """True for smart cards, which may also act for other entities."""
        return self is not Medium.ACCOUNT

    @property
    def sign_mode(self) -> str:
        """The token a message's head declares for this medium."""
        return "CARD" if self.is_card else "ACCOUNT"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The holder of a signing certificate."""

    uscc: str
    """Unified social credit code of the enterprise."""
    enterprise: str
    """Its name."""
    person: str
    """The person the certificate was issued to."""
    card_no: str
    """Card or account number; the KeyName of the signature."""
    medium: Medium
    serial: str
    """Serial number of the certificate, lower-case hexadecimal."""
    fingerprint: str
    """SHA-256 of the certificate, lower-case hexadecimal."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was known when a certificate was judged; the ledger keeps it with the message or its refusal."""

    fingerprint: str
    """SHA-256 of the certificate, lower-case hexadecimal."""
    serial: str
    issuer: str
    verdict: str
    at: str
    """The moment it was judged for, UTC."""
    crl_number: str = ""
    """The revocation list that was asked; empty if the verdict needed none."""
    crl_this_update: str = ""
