"""Whom we believe: a certificate against our own authorities, at one moment (exchange 6).

No system store, no network, no clock: the moment of receipt is an argument. What a certificate
states about its holder is read here too; which policy means which medium is configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from edi.core.identity import Medium, Signer

E = TypeVar("E", bound=x509.ExtensionType)

MINIMUM_RSA_BITS = 2048
LONGEST_CHAIN = 4
"""Certificates from the signer's to the authority's, both counted."""


class Trust(Enum):
    """The answer to "is the certificate one we believe?" — a third question beside intact and authorised."""

    TRUSTED = "trusted"
    NOT_A_SIGNER = "not a signing certificate"
    WEAK_KEY = "weak key"
    UNKNOWN_ISSUER = "unknown issuer"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    NAMES_NOBODY = "names no enterprise"


@dataclass(frozen=True)
class TrustPolicy:
    """Our authorities and how their certificates name the medium."""

    authorities: tuple[x509.Certificate, ...]
    media: Mapping[str, Medium]
    """Certificate policy (dotted OID) → what the key sits on."""


def read_certificate(der: bytes) -> x509.Certificate:
    """The certificate in `der`, every part of it read once, so that nothing later stumbles over it.

    Raises UnsupportedAlgorithm for a key of an unknown kind, ValueError for whatever else is wrong: a
    certificate we cannot read to the end is nobody's.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        for part in (certificate.extensions, certificate.not_valid_before_utc, certificate.not_valid_after_utc):
            repr(part)
        certificate.subject.rfc4514_string()
        certificate.issuer.rfc4514_string()
        certificate.public_key()
    except UnsupportedAlgorithm:
        raise
    except Exception as error:  # the library has many exceptions for many kinds of broken certificate
        raise ValueError(str(error)) from error
    return certificate


def judge_certificate(certificate: x509.Certificate, policy: TrustPolicy, at: datetime) -> Trust:
    """Whether `certificate` may sign at the moment `at` (aware)."""
    if not _may_sign(certificate):
        return Trust.NOT_A_SIGNER
    if not _strong_enough(certificate):
        return Trust.WEAK_KEY
    verdicts = {_judge_validity(chain, at) for chain in _chains([certificate], policy.authorities)}
    order = (Trust.TRUSTED, Trust.EXPIRED, Trust.NOT_YET_VALID)
    return next((one for one in order if one in verdicts), Trust.UNKNOWN_ISSUER)


def _judge_validity(chain: list[x509.Certificate], at: datetime) -> Trust:
    if any(at < one.not_valid_before_utc for one in chain):
        return Trust.NOT_YET_VALID
    if any(at > one.not_valid_after_utc for one in chain):
        return Trust.EXPIRED
    return Trust.TRUSTED


def read_signer(certificate: x509.Certificate, media: Mapping[str, Medium]) -> Signer | None:
    """What the certificate states about its holder, None if it names no enterprise or no known medium."""
    uscc = _subject(certificate, NameOID.ORGANIZATION_IDENTIFIER)
    medium = next((media[oid] for oid in _policies(certificate) if oid in media), None)
    if not uscc or medium is None:
        return None
    return Signer(
        uscc=uscc,
        enterprise=_subject(certificate, NameOID.ORGANIZATION_NAME),
        person=_subject(certificate, NameOID.COMMON_NAME),
        card_no=_subject(certificate, NameOID.SERIAL_NUMBER),
        medium=medium,
        serial=f"{certificate.serial_number:x}",
        fingerprint=fingerprint(certificate),
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _chains(
    chain: list[x509.Certificate], authorities: tuple[x509.Certificate, ...]
) -> Iterator[list[x509.Certificate]]:
    """Every way up to a self-signed authority of ours; only our own list can supply the links.

    There may be several: an authority that renewed its certificate stands in the list twice.
    """
    if len(chain) == LONGEST_CHAIN:
        return
    for issuer in authorities:
        if _issued_by(chain[-1], issuer):
            if issuer.subject == issuer.issuer:
                yield [*chain, issuer]
            else:
                yield from _chains([*chain, issuer], authorities)


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    if not _is_authority(authority):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def _may_sign(certificate: x509.Certificate) -> bool:
    """A signer's certificate is no authority and its key usage names signing (RFC 5280, 4.2.1.3)."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    if constraints is not None and constraints.ca:
        return False
    return usage is not None and (usage.digital_signature or usage.content_commitment)


def _strong_enough(certificate: x509.Certificate) -> bool:
    try:
        key = certificate.public_key()
    except ValueError:  # an algorithm the library does not know
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= MINIMUM_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _policies(certificate: x509.Certificate) -> list[str]:
    policies = _extension(certificate, x509.CertificatePolicies)
    return [one.policy_identifier.dotted_string for one in policies] if policies else []


def _subject(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = certificate.subject.get_attributes_for_oid(oid)
    return str(values[0].value) if len(values) == 1 else ""


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
