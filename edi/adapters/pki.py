"""A test authority: issues the certificates of a demonstration or test workspace.

Not a certification authority for real use: its root key lies in the workspace. Certificates have
the shape the exchange expects (exchange 6): O and organizationIdentifier name the enterprise, CN the
person, serialNumber the card, the certificate policy the medium.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from edi.core.identity import Medium
from edi.messages.dsig import PrivateKey

POLICY_OIDS = {
    Medium.LEGAL_PERSON_CARD: "2.25.188493470203311734929264561926373210265.1.1",
    Medium.OPERATOR_CARD: "2.25.188493470203311734929264561926373210265.1.2",
    Medium.ACCOUNT: "2.25.188493470203311734929264561926373210265.1.3",
}
"""Certificate policies of the test authority; the arc 2.25 is free to all (ITU-T X.667)."""

ROOT_VALIDITY = timedelta(days=3650)
LEAF_VALIDITY = timedelta(days=1095)
_BACKDATED = timedelta(hours=1)  # a clock that runs a little behind must not refuse a fresh certificate


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who a certificate is issued to."""

    organisation: str
    uscc: str = ""
    person: str = ""
    card_no: str = ""
    medium: Medium | None = None


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
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (stem.parent / f"{stem.name}.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))


class Authority:
    """The test authority itself."""

    def __init__(self, root: Issued) -> None:
        self.root = root

    @classmethod
    def create(cls, name: str, now: datetime) -> Authority:
        """A new authority with a P-256 root key, valid for ten years from `now`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
        builder = (
            _builder(subject, subject, key, now, ROOT_VALIDITY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(authority=True), critical=True)
        )
        return cls(Issued(key, builder.sign(key, hashes.SHA256())))

    def issue(
        self, holder: Holder, now: datetime, *, key: PrivateKey | None = None, validity: timedelta = LEAF_VALIDITY
    ) -> Issued:
        """A signing certificate for `holder`, for a new P-256 key unless one is given."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        issuer = self.root.certificate
        builder = (
            _builder(_subject(holder), issuer.subject, key, now, validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.key.public_key()), critical=False
            )
        )
        if holder.medium:
            policy = x509.PolicyInformation(x509.ObjectIdentifier(POLICY_OIDS[holder.medium]), None)
            builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
        return Issued(key, builder.sign(self.root.key, hashes.SHA256()))


def new_rsa_key() -> rsa.RSAPrivateKey:
    """A 2048-bit RSA key, as older cards hold."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _subject(holder: Holder) -> x509.Name:
    attributes = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, holder.organisation),
        (NameOID.ORGANIZATION_IDENTIFIER, holder.uscc),
        (NameOID.COMMON_NAME, holder.person),
        (NameOID.SERIAL_NUMBER, holder.card_no),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes if value])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime, validity: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
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
