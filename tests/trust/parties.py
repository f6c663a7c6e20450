"""Certificates and messages for the tests of trust: authorities of every kind, and what e-port keys produce."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from edi.adapters.keys import key_name
from edi.adapters.pki import POLICY_OIDS, Authority, Holder, KeyKind, Shape
from edi.checks.parse import parse
from edi.checks.trust import TrustPolicy
from edi.core.identity import Medium
from edi.messages import algorithms
from edi.messages.canonical import C14n, canonical_document, canonical_in_one_line
from edi.messages.dsig import SigningKey, ds

NOW = datetime.now(UTC)
TRADER = "91110105XX489884X9"
"""USCC of the enterprise of channel `demo`."""
MEDIA = {oid: medium for medium, oid in POLICY_OIDS.items()} | {"1.3.6.1.4.1.5315.100.5.3=01": Medium.LEGAL_PERSON_CARD}
HOLDER = Holder(
    organisation="示例贸易（北京）有限公司",
    uscc=TRADER,
    person="张示例",
    card_no="8900000000001",
    medium=Medium.LEGAL_PERSON_CARD,
)
EPORT = Shape(
    subject=x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, HOLDER.organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, HOLDER.person),
        ]
    ),
    texts={
        "1.3.6.1.4.1.5315.100.5.1": HOLDER.organisation,
        "1.3.6.1.4.1.5315.100.5.3": "01",
        "1.3.6.1.4.1.5315.100.5.9": "03-EX1n000000001",
        "1.3.6.1.4.1.5315.100.5.11": TRADER[8:17],
    },
)
"""A certificate of the shape of e-port keys; everything in it is invented."""


def authority(kind=KeyKind.P256, name="示例发证机构"):
    return Authority.create(name, NOW, kind.generate())


def signer(issuer, kind=KeyKind.P256, holder=HOLDER, **changes):
    holder = replace(holder, **changes) if changes else holder
    issued = issuer.issue(holder, NOW, key=kind.generate())
    return SigningKey(issued.key, issued.certificate, key_name(issued.certificate))


def policy(*authorities, **more):
    return TrustPolicy(tuple(one.root.certificate for one in authorities), MEDIA, **more)


def pem(*authorities):
    return b"".join(one.root.certificate.public_bytes(Encoding.PEM) for one in authorities)


def bare(root):
    for old in root.findall(ds("Signature")):
        root.remove(old)
    return root


def eport_signed(root, key):
    """A message as an e-port key leaves it: signed in one line, then printed indented."""
    canonical = canonical_document(bare(root), C14n.INCLUSIVE)
    info = (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{C14n.INCLUSIVE.value}"/>'
        f'<ds:SignatureMethod Algorithm="{algorithms.EPORT_SM2_SM3}"/><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{algorithms.DS}enveloped-signature"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{algorithms.SHA1}"/>'
        f"<ds:DigestValue>{_base64(algorithms.digest(algorithms.SHA1, canonical))}</ds:DigestValue>"
        "</ds:Reference></ds:SignedInfo>"
    )
    return _put(root, key, info, _indented(info), lambda data: algorithms.sign(key.key, data))


def rsa_sha1_signed(root, key, sign):
    """A message signed as old RSA keys do it; `sign` makes the RSA value over SHA-1."""
    canonical = canonical_document(bare(root), C14n.INCLUSIVE)
    info = (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{C14n.INCLUSIVE.value}"/>'
        f'<ds:SignatureMethod Algorithm="{algorithms.RSA_SHA1}"/><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{algorithms.DS}enveloped-signature"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{algorithms.SHA1}"/>'
        f"<ds:DigestValue>{_base64(algorithms.digest(algorithms.SHA1, canonical))}</ds:DigestValue>"
        "</ds:Reference></ds:SignedInfo>"
    )
    return _put(root, key, info, info, sign)


def _put(root, key, signed_info, printed_info, sign):
    """The message with a Signature around `printed_info`, whose value is over `signed_info` in its place."""

    def whole(info, value):
        text = etree.tostring(root, encoding="unicode")
        end = text.rindex("</")
        signature = (
            f'<ds:Signature xmlns:ds="{algorithms.DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue>'
            f"<ds:KeyInfo><ds:KeyName>{key.key_name}</ds:KeyName><ds:X509Data><ds:X509Certificate>"
            f"{_base64(key.certificate.public_bytes(Encoding.DER))}"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        )
        return (text[:end] + signature + text[end:]).encode("utf-8")

    placed = parse(whole(signed_info, "AA=="))
    data = canonical_in_one_line(placed.find(f".//{ds('SignedInfo')}"))
    return whole(printed_info, _base64(sign(data)))


def _indented(info):
    return re.sub("(?<=>)(?=<)", "\n    ", info)


def _base64(data):
    return base64.b64encode(data).decode("ascii")
