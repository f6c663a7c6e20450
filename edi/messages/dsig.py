"""XML signatures of the exchange's profile: how one is made (exchange 6).

Enveloped, one `ds:Signature` as last child of the root, one `Reference URI=""`, inclusive C14N 1.0
without comments as the 202205 specification has it. Judging signatures is `edi.checks.signature`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from edi.messages import algorithms
from edi.messages.algorithms import DS, METHODS, PrivateKey
from edi.messages.canonical import C14n, canonical_document, canonical_subtree

ENVELOPED = f"{DS}enveloped-signature"


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
        return algorithms.method_of(self.key)

    def sign(self, data: bytes) -> bytes:
        """The signature value over `data` as XML Signature wants it: of elliptic curves raw r‖s."""
        return algorithms.sign(self.key, data)


def ds(name: str) -> str:
    """Qualified name in the signature namespace."""
    return f"{{{DS}}}{name}"


def sign_message(root: etree._Element, signer: Signer) -> bytes:
    """The signed message, UTF-8. `root` gets its Signature as last child; an older one is replaced."""
    for old in root.findall(ds("Signature")):
        root.remove(old)
    canonical = canonical_document(root, C14n.INCLUSIVE)
    signature = etree.SubElement(root, ds("Signature"), nsmap={"ds": DS})
    signed_info = _signed_info(signature, signer.algorithm, canonical)
    value = etree.SubElement(signature, ds("SignatureValue"))
    value.text = _base64(signer.sign(canonical_subtree(signed_info, C14n.INCLUSIVE)))
    _key_info(signature, signer)
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


def _signed_info(signature: etree._Element, algorithm: str, canonical: bytes) -> etree._Element:
    digest = METHODS[algorithm].digest
    signed_info = etree.SubElement(signature, ds("SignedInfo"))
    etree.SubElement(signed_info, ds("CanonicalizationMethod"), Algorithm=C14n.INCLUSIVE.value)
    etree.SubElement(signed_info, ds("SignatureMethod"), Algorithm=algorithm)
    reference = etree.SubElement(signed_info, ds("Reference"), URI="")
    transforms = etree.SubElement(reference, ds("Transforms"))
    etree.SubElement(transforms, ds("Transform"), Algorithm=ENVELOPED)
    etree.SubElement(reference, ds("DigestMethod"), Algorithm=digest)
    etree.SubElement(reference, ds("DigestValue")).text = _base64(algorithms.digest(digest, canonical))
    return signed_info


def _key_info(signature: etree._Element, signer: Signer) -> None:
    key_info = etree.SubElement(signature, ds("KeyInfo"))
    etree.SubElement(key_info, ds("KeyName")).text = signer.key_name
    data = etree.SubElement(key_info, ds("X509Data"))
    etree.SubElement(data, ds("X509Certificate")).text = _text_of(signer.certificate)


@lru_cache(maxsize=16)
def _text_of(certificate: x509.Certificate) -> str:
    """A certificate as messages carry it; a program signs with one or two."""
    return _base64(certificate.public_bytes(Encoding.DER))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
