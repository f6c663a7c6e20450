"""A test authority: makes the certificates and revocation lists of a demonstration or test workspace.

Not a certification authority for real use: its root key lies in the workspace. Certificates have
the shape the exchange expects (exchange 6): O and organizationIdentifier name the enterprise, CN the
person, serialNumber the card, the certificate policy the medium. What was issued to whom, and what has
become of it, is kept by `edi.customs.authority`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from edi.checks.certificate import spki_of
from edi.core.identity import Medium
from edi.messages import der
from edi.messages.algorithms import PrivateKey
from edi.messages.sm2 import Sm2PrivateKey

POLICY_OIDS = {
    Medium.LEGAL_PERSON_CARD: "2.25.188493470203311734929264561926373210265.1.1",
    Medium.OPERATOR_CARD: "2.25.188493470203311734929264561926373210265.1.2",
    Medium.ACCOUNT: "2.25.188493470203311734929264561926373210265.1.3",
}
"""Certificate policies of the test authority; the arc 2.25 is free to all (ITU-T X.667)."""

ROOT_VALIDITY = timedelta(days=3650)
LEAF_VALIDITY = timedelta(days=1095)
_BACKDATED = timedelta(hours=1)  # a clock that runs a little behind must not refuse a fresh certificate
_PATH_LENGTH = 2
"""Authorities that may stand below a root."""

_RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_SM2_SM3 = bytes.fromhex("300a06082a811ccf55018375")
"""AlgorithmIdentifiers, DER."""


class KeyKind(Enum):
    """Kinds of keys that cards hold."""

    P256 = "p256"
    RSA = "rsa"
    SM2 = "sm2"

    def generate(self) -> PrivateKey:
        """A new key. Raises Sm2Missing where that cannot be had."""
        if self is KeyKind.RSA:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return Sm2PrivateKey.generate() if self is KeyKind.SM2 else ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who a certificate is issued to."""

    organisation: str
    uscc: str = ""
    person: str = ""
    card_no: str = ""
    medium: Medium | None = None


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A certificate that does not look like ours: a subject of its own, and texts in private extensions."""

    subject: x509.Name
    texts: Mapping[str, str] = field(default_factory=dict)
    """Object identifier → text."""


@dataclass(frozen=True)
class Issued:
    """A key pair with its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    def save(self, stem: Path) -> None:
        """Write `<stem>.key` (readable by the owner only) and `<stem>.pem`."""
        stem.parent.mkdir(parents=True, exist_ok=True)
        key = stem.parent / f"{stem.name}.key"
        key.touch(mode=0o600, exist_ok=True)
        key.write_bytes(_pem(self.key))
        (stem.parent / f"{stem.name}.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))


class Authority:
    """The test authority itself: a key that signs, and nothing remembered."""

    def __init__(self, root: Issued) -> None:
        self.root = root

    @classmethod
    def create(cls, name: str, now: datetime, key: PrivateKey | None = None) -> Authority:
        """A new authority that nobody stands above, valid for ten years from `now`; its key is P-256 unless given."""
        key = key or KeyKind.P256.generate()
        return cls(Issued(key, _authority(name, key, None, now)))

    def subordinate(self, name: str, now: datetime, key: PrivateKey | None = None) -> Authority:
        """A new authority below this one."""
        key = key or KeyKind.P256.generate()
        return Authority(Issued(key, _authority(name, key, self.root, now)))

    def issue(
        self,
        holder: Holder | Shape,
        now: datetime,
        *,
        key: PrivateKey | None = None,
        validity: timedelta = LEAF_VALIDITY,
    ) -> Issued:
        """A signing certificate for `holder`, for a new P-256 key unless one is given."""
        key = key or KeyKind.P256.generate()
        return Issued(key, self.certify(_spki(key), holder, now, validity))

    def certify(self, spki: bytes, holder: Holder | Shape, now: datetime, validity: timedelta) -> x509.Certificate:
        """A signing certificate for the key in `spki` (SubjectPublicKeyInfo, DER)."""
        subject = holder.subject if isinstance(holder, Shape) else _subject(holder)
        builder = _builder(subject, self.root.certificate.subject, spki, now, validity)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(authority=False), critical=True)
        builder = builder.add_extension(_key_identifier(self.root.certificate), critical=False)
        for one in _private_extensions(holder):
            builder = builder.add_extension(one, critical=False)
        return _signed_certificate(builder, spki, self.root.key)

    def revocation_list(
        self, taken_back: Mapping[int, tuple[datetime, x509.ReasonFlags]], number: int, now: datetime, until: datetime
    ) -> bytes:
        """The list with that number, PEM; `taken_back` says since when and why, by serial number."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.certificate.subject)
            .last_update(now)
            .next_update(until)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_key_identifier(self.root.certificate), critical=False)
        )
        for serial, (since, reason) in taken_back.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
            builder = builder.add_revoked_certificate(
                entry.add_extension(x509.CRLReason(reason), critical=False).build()
            )
        made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
        signed = _signed(der.elements(made.tbs_certlist_bytes), 1, self.root.key)
        return x509.load_der_x509_crl(signed).public_bytes(Encoding.PEM)


def _authority(name: str, key: PrivateKey, above: Issued | None, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    issuer = above.certificate.subject if above else subject
    spki = _spki(key)
    builder = (
        _builder(subject, issuer, spki, now, ROOT_VALIDITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if above else _PATH_LENGTH), critical=True)
        .add_extension(_usage(authority=True), critical=True)
    )
    if above:
        builder = builder.add_extension(_key_identifier(above.certificate), critical=False)
    return _signed_certificate(builder, spki, above.key if above else key)


def _subject(holder: Holder) -> x509.Name:
    attributes = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, holder.organisation),
        (NameOID.ORGANIZATION_IDENTIFIER, holder.uscc),
        (NameOID.COMMON_NAME, holder.person),
        (NameOID.SERIAL_NUMBER, holder.card_no),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes if value])


def _private_extensions(holder: Holder | Shape) -> list[x509.ExtensionType]:
    if isinstance(holder, Shape):
        return [
            x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), der.element(der.UTF8_STRING, text.encode("utf-8")))
            for oid, text in holder.texts.items()
        ]
    if holder.medium is None:
        return []
    policy = x509.PolicyInformation(x509.ObjectIdentifier(POLICY_OIDS[holder.medium]), None)
    return [x509.CertificatePolicies([policy])]


def _builder(
    subject: x509.Name, issuer: x509.Name, spki: bytes, now: datetime, validity: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectKeyIdentifier(_identifier(spki)), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(_identifier(spki_of(issuer)), None, None)


def _identifier(spki: bytes) -> bytes:
    """Key identifier by the first method of RFC 5280, 4.2.1.2."""
    bits = der.contents(der.elements(spki)[1])[1:]  # without the count of unused bits
    return hashlib.sha1(bits, usedforsecurity=False).digest()


# ---- putting together: the library builds everything, but knows no SM2 keys ----------------------


def _signed_certificate(builder: x509.CertificateBuilder, spki: bytes, issuer: PrivateKey) -> x509.Certificate:
    """What the library built for a key of its own, with the key that is meant and signed by the issuer."""
    stand_in = ec.generate_private_key(ec.SECP256R1())
    made = builder.public_key(stand_in.public_key()).sign(stand_in, hashes.SHA256())
    parts = der.elements(made.tbs_certificate_bytes)
    parts[6] = spki  # version, serial, algorithm, issuer, validity, subject, key
    return x509.load_der_x509_certificate(_signed(parts, 2, issuer))


def _signed(parts: list[bytes], algorithm_at: int, key: PrivateKey) -> bytes:
    """The parts under the signature of `key`: a certificate or a list, DER."""
    algorithm = _algorithm(key)
    parts[algorithm_at] = algorithm
    tbs = der.element(der.SEQUENCE, *parts)
    return der.element(der.SEQUENCE, tbs, algorithm, der.element(der.BIT_STRING, b"\0", _signature(key, tbs)))


def _algorithm(key: PrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return _RSA_SHA256
    return _SM2_SM3 if isinstance(key, Sm2PrivateKey) else _ECDSA_SHA256


def _signature(key: PrivateKey, tbs: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    return key.sign_der(tbs) if isinstance(key, Sm2PrivateKey) else key.sign(tbs, ec.ECDSA(hashes.SHA256()))


def _spki(key: PrivateKey) -> bytes:
    if isinstance(key, Sm2PrivateKey):
        return key.public_key().spki
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _pem(key: PrivateKey) -> bytes:
    if isinstance(key, Sm2PrivateKey):
        return key.pem()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
