"""Certificates and messages for the tests of trust: authorities of every kind, and what e-port keys produce."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from edi.adapters.keys import key_name
from edi.adapters.pki import POLICY_OIDS, Authority, Holder, KeyKind, Shape
from edi.checks.trust import TrustPolicy
from edi.core.identity import Medium
from edi.messages import algorithms
from edi.messages.canonical import C14n, canonical_document
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
    info = _signed_info(root, algorithms.EPORT_SM2_SM3)
    value = algorithms.sign(key.key, _as_signed(root, info))
    return _with_signature(root, key, re.sub("(?<=>)(?=<)", "\n    ", info), value)


def rsa_sha1_signed(root, key):
    """A message as old RSA keys sign it."""
    info = _signed_info(root, algorithms.RSA_SHA1)
    value = key.key.sign(_as_signed(root, info), padding.PKCS1v15(), hashes.SHA1())
    return _with_signature(root, key, info, value)


def _signed_info(root, method):
    digest = hashlib.sha1(canonical_document(bare(root), C14n.INCLUSIVE)).digest()
    return (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{C14n.INCLUSIVE.value}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{algorithms.DS}enveloped-signature"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{algorithms.SHA1}"/><ds:DigestValue>{_base64(digest)}</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo>"
    )


def _as_signed(root, info):
    """The bytes that were signed, written down by hand: one line, the root's namespaces and ds, no empty-element tags."""
    namespaces = sorted({**{prefix or "": uri for prefix, uri in root.nsmap.items()}, "ds": algorithms.DS}.items())
    declared = "".join(f' xmlns{":" if prefix else ""}{prefix}="{uri}"' for prefix, uri in namespaces)
    opened = info.replace("<ds:SignedInfo>", f"<ds:SignedInfo{declared}>")
    return re.sub(r"<(ds:\w+)([^<>]*)/>", r"<\1\2></\1>", opened).encode("utf-8")


def _with_signature(root, key, info, value):
    text = etree.tostring(root, encoding="unicode")
    end = text.rindex("</")
    certificate = _base64(key.certificate.public_bytes(Encoding.DER))
    signature = (
        f'<ds:Signature xmlns:ds="{algorithms.DS}">{info}<ds:SignatureValue>{_base64(value)}</ds:SignatureValue>'
        f"<ds:KeyInfo><ds:KeyName>{key.key_name}</ds:KeyName><ds:X509Data><ds:X509Certificate>{certificate}"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    return (text[:end] + signature + text[end:]).encode("utf-8")


def _base64(data):
    return base64.b64encode(data).decode("ascii")
