"""Certificates, read once and to the end: what they are for, how strong they are, who issued them.

`cryptography` reads every part of a certificate; only what concerns an SM2 key is done by
`edi.messages.sm2`, because the library knows no such keys.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from edi.messages import der
from edi.messages.algorithms import PublicKey, holds, methods
from edi.messages.sm2 import SM2_WITH_SM3, Sm2PublicKey

E = TypeVar("E", bound=x509.ExtensionType)

MINIMUM_RSA_BITS = 2048
LARGEST = 64 << 10
"""Bytes of a certificate, DER: real ones have one or two thousand, and reading a million extensions takes minutes."""
_USUAL_SIZE = 8 << 10  # bytes; what is remembered stays within a few megabytes whatever strangers send
MOST_REMEMBERED = 256
"""Certificates of whatever size of which a fact is remembered: most messages come from few signers."""
SIGNING_PURPOSES = frozenset(
    {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # document signing, RFC 9336
    }
)
"""Extended key usages of a person's certificate; one that names others only was issued for something else."""


def read_certificate(data: bytes) -> x509.Certificate:
    """The certificate in DER, every part of it read once, so that nothing later stumbles over it.

    Raises UnsupportedAlgorithm for a key of an unknown kind, ValueError for whatever else is wrong: a
    certificate we cannot read to the end is nobody's. One of usual size is remembered: most messages come from
    few signers, and a receiver signs all its receipts with one.
    """
    if len(data) > LARGEST:
        raise ValueError(f"a certificate of {len(data)} bytes")
    return _read_again(data) if len(data) <= _USUAL_SIZE else _read(data)


@lru_cache(maxsize=1024)
def _read_again(data: bytes) -> x509.Certificate:
    return _read(data)


def _read(data: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(data)
        for part in (certificate.extensions, certificate.not_valid_before_utc, certificate.not_valid_after_utc):
            repr(part)
        certificate.subject.rfc4514_string()
        certificate.issuer.rfc4514_string()
        public_key(certificate)
    except UnsupportedAlgorithm:
        raise
    except Exception as error:  # the library has many exceptions for many kinds of broken certificate
        raise ValueError(str(error)) from error
    if certificate.serial_number <= 0:
        raise ValueError("the serial number is not positive (RFC 5280, 4.1.2.2)")
    return certificate


@lru_cache(MOST_REMEMBERED)
def public_key(certificate: x509.Certificate) -> PublicKey:
    """The certificate's key. Raises UnsupportedAlgorithm unless it is RSA, EC or SM2."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        try:
            return Sm2PublicKey(spki_of(certificate))
        except ValueError:
            pass
        raise
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return key
    raise UnsupportedAlgorithm(type(key).__name__)


def made_by(certificate: x509.Certificate, value: bytes, data: bytes) -> bool:
    """Whether the certificate's key made the signature `value` over `data`, by any method of the profile."""
    key = public_key(certificate)
    return any(holds(key, method, value, data) for method in methods())


def is_sm2(certificate: x509.Certificate) -> bool:
    """Whether its key is an SM2 key."""
    try:
        return isinstance(public_key(certificate), Sm2PublicKey)
    except UnsupportedAlgorithm:
        return False


def spki_of(certificate: x509.Certificate) -> bytes:
    """SubjectPublicKeyInfo of a certificate, DER; the library gives it only for keys that it knows."""
    parts = der.elements(certificate.tbs_certificate_bytes)
    explicit_version = parts[0][:1] == b"\xa0"
    return parts[6 if explicit_version else 5]


@lru_cache(MOST_REMEMBERED)
def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def serial_of(certificate: x509.Certificate) -> str:
    """Serial number, lower-case hexadecimal."""
    return f"{certificate.serial_number:x}"


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` is named as the issuer and its key made the signature."""
    if certificate.signature_algorithm_oid == SM2_WITH_SM3:
        return certificate.issuer == issuer.subject and _holds_sm2(
            issuer, certificate.signature, certificate.tbs_certificate_bytes
        )
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def is_list_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether `issuer` is named as the issuer of the list and its key made the signature."""
    if crl.issuer != issuer.subject:
        return False
    if crl.signature_algorithm_oid == SM2_WITH_SM3:
        return _holds_sm2(issuer, crl.signature, crl.tbs_certlist_bytes)
    try:
        key = issuer.public_key()
        return isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and crl.is_signature_valid(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue certificates (RFC 5280, 4.2.1.9 and 4.2.1.3)."""
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def may_sign_lists(certificate: x509.Certificate) -> bool:
    """Whether an authority may issue revocation lists."""
    usage = extension(certificate, x509.KeyUsage)
    return usage is None or usage.crl_sign


def longest_path(certificate: x509.Certificate) -> int | None:
    """How many authorities may stand between this one and a signer, None for any number."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints.path_length if constraints else None


@lru_cache(MOST_REMEMBERED)
def may_sign(certificate: x509.Certificate) -> bool:
    """Whether it is a signer's certificate: no authority, and its usages name signing (RFC 5280, 4.2.1.3, 4.2.1.12)."""
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    purposes = extension(certificate, x509.ExtendedKeyUsage)
    if constraints is not None and constraints.ca:
        return False
    if purposes is not None and SIGNING_PURPOSES.isdisjoint(purposes):
        return False
    return usage is not None and (usage.digital_signature or usage.content_commitment)


def is_understood(certificate: x509.Certificate) -> bool:
    """False if an extension is critical and unknown to us: then we must not use the certificate (RFC 5280, 4.2)."""
    return not any(one.critical and isinstance(one.value, x509.UnrecognizedExtension) for one in certificate.extensions)


def is_strong_enough(certificate: x509.Certificate) -> bool:
    """RSA of 2048 bits or more, P-256, or SM2."""
    try:
        key = public_key(certificate)
    except (UnsupportedAlgorithm, ValueError):
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= MINIMUM_RSA_BITS
    return isinstance(key, Sm2PublicKey) or isinstance(key.curve, ec.SECP256R1)


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """The extension of that kind, if there is one."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _holds_sm2(issuer: x509.Certificate, signature: bytes, data: bytes) -> bool:
    return is_sm2(issuer) and Sm2PublicKey(spki_of(issuer)).holds_der(signature, data)
