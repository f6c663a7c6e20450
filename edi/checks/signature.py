"""The strict verifier of the exchange's signature profile (exchange 6).

Accepts one enveloped `ds:Signature`, last child of the root, with one `Reference URI=""`, at most
one canonicalisation beside the enveloped transform, SHA-256 digests, RSA or P-256 keys. Refuses
everything else: HMAC, XPath, XSLT, external or further references, comments in the digest.

What comes out is parsed anew from the very bytes that were digested, so that later stages see what
was signed and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from edi.checks.trust import Trust, TrustPolicy, judge_certificate, read_certificate, read_signer
from edi.core.findings import Dxp, Finding, clip
from edi.core.identity import Signer
from edi.core.node import human_path
from edi.messages.canonical import C14n, canonical_document, canonical_subtree, without
from edi.messages.dsig import ECDSA_SHA256, ENVELOPED, RSA_SHA256, SHA256, ds

_ALGORITHMS = (RSA_SHA256, ECDSA_SHA256)
_EXCLUSIVE_NAMESPACE = "{http://www.w3.org/2001/10/xml-exc-c14n#}"
_GROUND = "数据交换报文规范202205 第6节；本项目签名规格 / signature profile of this project"


@dataclass(frozen=True, kw_only=True)
class Intact:
    """A signature that holds: the first answer. Whether we believe its certificate is the second."""

    content: etree._Element
    """Root of the signed document, without the signature; parsed from `canonical`."""
    canonical: bytes
    """The bytes that were digested."""
    certificate: x509.Certificate

    @property
    def digest(self) -> str:
        """SHA-256 of the signed bytes: what makes two messages the same message."""
        return hashlib.sha256(self.canonical).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A message whose signature holds and whose signer we believe."""

    content: etree._Element
    digest: str
    signer: Signer


class _Refused(Exception):
    def __init__(
        self, code: str, zh: str, en: str, element: etree._Element, found: str = "", expected: str = ""
    ) -> None:
        super().__init__(en)
        self.finding = Finding(
            code=code, zh=zh, en=en, path=human_path(element), line=_line(element),
            found=clip(found), expected=expected, ground=_GROUND,
        )  # fmt: skip


def verify(root: etree._Element, policy: TrustPolicy, at: datetime) -> Signed | Finding:
    """The signed content and its signer, or the finding that refuses it.

    `root` is the root of the business message as received, `at` the moment of receipt (aware).
    """
    intact = check_intact(root)
    if isinstance(intact, Finding):
        return intact
    trust = judge_certificate(intact.certificate, policy, at)
    if trust is not Trust.TRUSTED:
        return _untrusted(root, intact.certificate, trust, at)
    signer = read_signer(intact.certificate, policy.media)
    if signer is None:
        return _untrusted(root, intact.certificate, Trust.NAMES_NOBODY, at)
    return Signed(content=intact.content, digest=intact.digest, signer=signer)


def check_intact(root: etree._Element) -> Intact | Finding:
    """Whether the message is what its signer signed, by whatever certificate is in it."""
    try:
        return _check_intact(root)
    except _Refused as refused:
        return refused.finding
    except etree.C14NError as error:
        return _Refused(
            Dxp.SIGNATURE_INVALID,
            "报文无法规范化，多为命名空间使用了相对地址；请使用绝对的命名空间地址后重新签名",
            "The message cannot be canonicalised, most often by a relative namespace; use absolute ones and sign again",
            root,
            str(error),
        ).finding


def _check_intact(root: etree._Element) -> Intact:
    signature = _the_signature(root)
    signed_info = _only(signature, "SignedInfo")
    reference = _only(signed_info, "Reference")
    certificate = _certificate(signature)
    _check_value(signature, signed_info, certificate)
    canonical = canonical_document(without(root, signature), *_transforms(reference))
    _check_digest(reference, canonical)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True
    )  # it was parsed under limits before
    return Intact(content=etree.fromstring(canonical, parser), canonical=canonical, certificate=certificate)


def _the_signature(root: etree._Element) -> etree._Element:
    found = list(root.iter(ds("Signature")))
    if not found:
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            "报文没有签名；请用企业的卡或账号证书签名后重新提交",
            "The message is not signed; sign it with a card or account certificate and submit again",
            root,
        )
    signature = found[0]
    if len(found) > 1 or signature.getparent() is not root or signature.getnext() is not None:
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            "签名必须只有一个，并且是根元素的最后一个子元素；请改正签名位置",
            "There must be exactly one Signature, the last child of the root element; put it there",
            signature,
        )
    return signature


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(ds(name))
    if len(found) != 1:
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            f"签名中 {name} 必须恰好一个，实为 {len(found)} 个；请按签名规格重新签名",
            f"The signature must hold exactly one {name}, it holds {len(found)}; sign again by the profile",
            parent,
        )
    return found[0]


def _algorithm(element: etree._Element, *allowed: str) -> str:
    found = element.get("Algorithm", "")
    if found not in allowed:
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            f"签名使用了不允许的算法 {found}；请改用规格所列算法",
            f"The signature uses an algorithm that is not allowed: {found}; use one of the profile",
            element,
            found,
            " | ".join(allowed),
        )
    return found


def _canonicalisation(element: etree._Element) -> tuple[C14n, tuple[str, ...]]:
    method = C14n(_algorithm(element, *(one.value for one in C14n)))
    listed = element.find(f"{_EXCLUSIVE_NAMESPACE}InclusiveNamespaces")
    prefixes = "" if listed is None else listed.get("PrefixList", "")
    return method, tuple(prefixes.split())


def _transforms(reference: etree._Element) -> tuple[C14n, tuple[str, ...]]:
    """How to canonicalise the referenced document; refuses any other reference and transform."""
    if reference.get("URI") != "" or reference.get("Type"):
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            '签名引用必须是 URI=""（整个报文）；请对整个报文签名',
            'The signature\'s Reference must be URI="", the whole message; sign the whole message',
            reference,
            str(reference.get("URI")),
            'URI=""',
        )
    steps = list(_only(reference, "Transforms"))
    if not 1 <= len(steps) <= 2 or any(step.tag != ds("Transform") for step in steps):  # noqa: PLR2004
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            "签名变换只能是 enveloped-signature 和至多一个规范化；请去掉其他变换",
            "Transforms are enveloped-signature and at most one canonicalisation; remove the others",
            reference,
        )
    _algorithm(steps[0], ENVELOPED)
    return _canonicalisation(steps[1]) if len(steps) > 1 else (C14n.INCLUSIVE, ())


def _certificate(signature: etree._Element) -> x509.Certificate:
    path = "/".join(ds(name) for name in ("KeyInfo", "X509Data", "X509Certificate"))
    element = signature.find(path)
    if element is None:
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            "签名中没有证书（KeyInfo/X509Data/X509Certificate）；请把签名证书放入报文",
            "The signature carries no certificate (KeyInfo/X509Data/X509Certificate); put it in",
            signature,
        )
    der = _decode(element)
    try:
        return read_certificate(der)
    except UnsupportedAlgorithm as error:
        raise _Refused(
            Dxp.OTHER_SECURITY,
            "签名证书的密钥算法不受支持；请使用 RSA 或 P-256 证书签名",
            "The algorithm of the certificate's key is not supported; sign with an RSA or P-256 certificate",
            element,
            str(error),
        ) from error
    except ValueError as error:
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            "签名中的证书无法读取；请放入完整的 DER 证书（base64）",
            "The certificate in the signature cannot be read; put in the whole DER certificate as base64",
            element,
        ) from error


def _check_value(signature: etree._Element, signed_info: etree._Element, certificate: x509.Certificate) -> None:
    method = _only(signed_info, "SignatureMethod")
    algorithm = _algorithm(method, *_ALGORITHMS)
    data = canonical_subtree(signed_info, *_canonicalisation(_only(signed_info, "CanonicalizationMethod")))
    element = _only(signature, "SignatureValue")
    if not _value_holds(certificate, algorithm, _decode(element), data):
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            "签名值与证书不符：SignedInfo 在签名后被改动，或证书不是签名所用的证书；请重新签名",
            "The signature value does not fit the certificate: SignedInfo was changed after signing, or this is "
            "not the certificate of the signing key; sign again",
            element,
        )


def made_by(certificate: x509.Certificate, value: bytes, data: bytes) -> bool:
    """Whether the certificate's key made the signature `value` over `data`, by any algorithm of the profile."""
    return any(_value_holds(certificate, algorithm, value, data) for algorithm in _ALGORITHMS)


def _value_holds(certificate: x509.Certificate, algorithm: str, value: bytes, data: bytes) -> bool:
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and algorithm == RSA_SHA256:
            key.verify(value, data, padding.PKCS1v15(), hashes.SHA256())
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm == ECDSA_SHA256:
            key.verify(_der(value, key), data, ec.ECDSA(hashes.SHA256()))
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def _der(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """r‖s as XML Signature writes it, in the DER form the library wants."""
    width = (key.curve.key_size + 7) // 8
    if len(value) != 2 * width:
        raise ValueError("not r and s of the curve's width")
    return encode_dss_signature(int.from_bytes(value[:width], "big"), int.from_bytes(value[width:], "big"))


def _check_digest(reference: etree._Element, canonical: bytes) -> None:
    _algorithm(_only(reference, "DigestMethod"), SHA256)
    element = _only(reference, "DigestValue")
    if not hmac.compare_digest(_decode(element), hashlib.sha256(canonical).digest()):
        raise _Refused(
            Dxp.SIGNATURE_MISMATCH,
            "签名与数据不符：报文内容在签名后被改动（包括空格、换行、缩进）；请签名后不再改动文件，重新签名提交",
            "The signature does not fit the data: the content was changed after signing (white space, line ends and "
            "indentation count too); do not touch the file after signing, sign again and submit",
            element,
            element.text or "",
            base64.b64encode(hashlib.sha256(canonical).digest()).decode("ascii"),
        )


def _decode(element: etree._Element) -> bytes:
    text = "".join("".join(element.itertext()).split())
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Refused(
            Dxp.SIGNATURE_INVALID,
            "签名中的值不是有效的 base64；请重新签名",
            "A value in the signature is not valid base64; sign again",
            element,
            text,
        ) from error


_UNTRUSTED = {
    Trust.NOT_A_SIGNER: (
        Dxp.OTHER_SECURITY,
        "签名证书不是签名用途的最终用户证书；请使用企业的签名证书",
        "The certificate is not an end-entity certificate for signing; use the enterprise's signing certificate",
    ),
    Trust.WEAK_KEY: (
        Dxp.OTHER_SECURITY,
        "证书密钥不符合要求（RSA 不少于 2048 位，或 P-256）；请换用新证书",
        "The certificate's key is not allowed (RSA of 2048 bits or more, or P-256); use a newer certificate",
    ),
    Trust.UNKNOWN_ISSUER: (
        Dxp.OTHER_SECURITY,
        "签名证书不是由受信任的机构签发；请使用电子口岸机构签发的卡或账号证书",
        "The certificate was not issued by an authority we trust; use the card or account certificate issued to you",
    ),
    Trust.NOT_YET_VALID: (
        Dxp.SIGNATURE_EXPIRED,
        "签名证书尚未生效；请检查证书有效期",
        "The certificate is not valid yet; check its validity",
    ),
    Trust.EXPIRED: (
        Dxp.SIGNATURE_EXPIRED,
        "签名证书已过期；请办理延期后重新签名",
        "The certificate has expired; have it extended and sign again",
    ),
    Trust.NAMES_NOBODY: (
        Dxp.OTHER_SECURITY,
        "证书未载明企业统一社会信用代码或介质类别；请使用企业的卡或账号证书",
        "The certificate names no enterprise (USCC) or no known medium; use a card or account certificate",
    ),
}


def _untrusted(root: etree._Element, certificate: x509.Certificate, trust: Trust, at: datetime) -> Finding:
    code, zh, en = _UNTRUSTED[trust]
    signature = _the_signature(root)
    return Finding(
        code=code, zh=zh, en=en, path=human_path(signature), line=_line(signature),
        found=clip(
            f"{certificate.subject.rfc4514_string()}; issuer {certificate.issuer.rfc4514_string()}; "
            f"{certificate.not_valid_before_utc:%Y-%m-%d}…{certificate.not_valid_after_utc:%Y-%m-%d}; at {at:%Y-%m-%d}"
        ),
        ground=_GROUND,
    )  # fmt: skip


def _line(element: etree._Element) -> int | None:
    return int(element.sourceline) if element.sourceline else None
