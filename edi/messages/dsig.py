"""XML signatures of the exchange's profile: the names, and how one is made (exchange 6).

Enveloped, one `ds:Signature` as last child of the root, one `Reference URI=""`, inclusive C14N 1.0
without comments as the 202205 specification has it. Judging signatures is `edi.checks.signature`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from edi.messages.canonical import C14n, canonical_document, canonical_subtree

DS = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = f"{DS}enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Signer(Protocol):
    """What signs a message: a key in this program's memory or on a card."""

    @property
    def certificate(self) -> x509.Certificate:
        """Its key decides the algorithm."""

    @property
    def key_name(self) -> str:
        """Card or account number, written as KeyName."""

    @property
    def algorithm(self) -> str:
        """Identifier of the signature method."""

    def sign(self, data: bytes) -> bytes:
        """The signature value over `data` as XML Signature wants it: ECDSA as raw r‖s."""


@dataclass(frozen=True)
class SigningKey:
    """A private key with its certificate; a `Signer`."""

    key: PrivateKey
    certificate: x509.Certificate
    key_name: str
    """Card or account number, written as KeyName."""

    @property
    def algorithm(self) -> str:
        """Identifier of the signature method."""
        return RSA_SHA256 if isinstance(self.key, rsa.RSAPrivateKey) else ECDSA_SHA256

    def sign(self, data: bytes) -> bytes:
        """The signature value over `data` as XML Signature wants it: ECDSA as raw r‖s."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        width = (self.key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def ds(name: str) -> str:
    """Qualified name in the signature namespace."""
    return f"{{{DS}}}{name}"


def sign_message(root: etree._Element, signer: Signer) -> bytes:
    """The signed message, UTF-8. `root` gets its Signature as last child; an older one is replaced."""
    for old in root.findall(ds("Signature")):
        root.remove(old)
    digest = hashlib.sha256(canonical_document(root, C14n.INCLUSIVE)).digest()
    signature = etree.SubElement(root, ds("Signature"), nsmap={"ds": DS})
    signed_info = _signed_info(signature, signer.algorithm, digest)
    value = etree.SubElement(signature, ds("SignatureValue"))
    value.text = _base64(signer.sign(canonical_subtree(signed_info, C14n.INCLUSIVE)))
    _key_info(signature, signer)
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


def _signed_info(signature: etree._Element, algorithm: str, digest: bytes) -> etree._Element:
    signed_info = etree.SubElement(signature, ds("SignedInfo"))
    etree.SubElement(signed_info, ds("CanonicalizationMethod"), Algorithm=C14n.INCLUSIVE.value)
    etree.SubElement(signed_info, ds("SignatureMethod"), Algorithm=algorithm)
    reference = etree.SubElement(signed_info, ds("Reference"), URI="")
    transforms = etree.SubElement(reference, ds("Transforms"))
    etree.SubElement(transforms, ds("Transform"), Algorithm=ENVELOPED)
    etree.SubElement(reference, ds("DigestMethod"), Algorithm=SHA256)
    etree.SubElement(reference, ds("DigestValue")).text = _base64(digest)
    return signed_info


def _key_info(signature: etree._Element, signer: Signer) -> None:
    key_info = etree.SubElement(signature, ds("KeyInfo"))
    etree.SubElement(key_info, ds("KeyName")).text = signer.key_name
    data = etree.SubElement(key_info, ds("X509Data"))
    der = signer.certificate.public_bytes(Encoding.DER)
    etree.SubElement(data, ds("X509Certificate")).text = _base64(der)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
