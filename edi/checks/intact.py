"""Whether a message is what its signer signed: the strict signature profile of the exchange (exchange 6).

Accepts one enveloped `ds:Signature`, last child of the root, with one `Reference URI=""`, at most
one canonicalisation beside the enveloped transform, the algorithms of `edi.messages.algorithms`, the
certificate's key deciding which. Refuses everything else: HMAC, XPath, XSLT, external or further
references, comments in the digest.

What comes out is parsed anew from the very bytes that were digested, so that later stages see what
was signed and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree

from edi.checks.certificate import is_sm2, public_key, read_certificate
from edi.checks.holder import Naming, numbers_of
from edi.core.abreast import Steps, alone
from edi.core.findings import Dxp, Finding, clip
from edi.core.node import human_path
from edi.messages import algorithms
from edi.messages.algorithms import Extra, Method, methods
from edi.messages.base64_text import from_base64
from edi.messages.canonical import C14n, canonical_document, canonical_in_one_line, canonical_subtree, parsed, without
from edi.messages.dsig import ENVELOPED, ds
from edi.messages.sm2 import is_installed

_EXCLUSIVE_NAMESPACE = "{http://www.w3.org/2001/10/xml-exc-c14n#}"
GROUND = "数据交换报文规范202205 第6节；本项目签名规格 / signature profile of this project"
_USUAL_NAMING = Naming()
MOST_PREFIXES = 32
"""Prefixes in a PrefixList: canonicalisation looks up each of them at every element."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Intact:
    """A signature that holds: the first answer. Whether we believe its certificate is the second."""

    content: etree._Element
    """Root of the signed document, without the signature; parsed from `canonical`."""
    canonical: bytes
    """The bytes that were digested."""
    digest: str
    """SHA-256 of the signed bytes: what makes two messages the same message."""
    certificate: x509.Certificate


class Part(Enum):
    """The parts of the check, in their order."""

    POSITION = "position"
    CERTIFICATE = "certificate"
    KEY_NAME = "key name"
    METHOD = "method"
    VALUE = "value"
    REFERENCE = "reference"
    DIGEST = "digest"


@dataclass(kw_only=True)
class Workings:
    """What a check has come to know, for those who explain its verdict: they hand in an empty one."""

    part: Part = Part.POSITION
    """The part that was begun last."""
    certificate: x509.Certificate | None = None
    method: str = ""
    """Identifier of the signature method, once it is known to be allowed."""
    signed: bytes = b""
    """Canonical bytes of SignedInfo, which the value is to be over."""
    value: bytes = b""
    canonical: bytes = b""
    """Canonical bytes of the document, which the digest is to be of."""
    expected: bytes = b""
    """The digest that the message states."""
    computed: bytes = b""


class _Wrong(Exception):
    def __init__(
        self, code: str, zh: str, en: str, element: etree._Element, found: str = "", expected: str = ""
    ) -> None:
        super().__init__(en)
        self.finding = Finding(
            code=code, zh=zh, en=en, path=human_path(element), line=line_of(element),
            found=clip(found), expected=expected, ground=GROUND,
        )  # fmt: skip


def check_intact(
    root: etree._Element,
    extras: Collection[Extra] = (),
    naming: Naming = _USUAL_NAMING,
    workings: Workings | None = None,
) -> Intact | Finding:
    """Whether the message is what its signer signed, by whatever certificate is in it."""
    return alone(intact_steps(root, extras, naming, workings))


def intact_steps(
    root: etree._Element,
    extras: Collection[Extra] = (),
    naming: Naming = _USUAL_NAMING,
    workings: Workings | None = None,
) -> Steps[Intact | Finding]:
    """The same, step by step, for those who check many."""
    return _finding_or(root, _check_intact(root, methods(extras), naming, workings or Workings()))


def check_digest(root: etree._Element, workings: Workings) -> Finding | None:
    """What the digest says of a message whose value did not hold; `workings` are those of that check.

    The verdict needs no more; an explanation tells both.
    """
    return alone(_finding_or(root, _check_reference(root, the_signature(root), workings)))


def _finding_or(root: etree._Element, check: Steps[T]) -> Steps[T | Finding]:
    try:
        return (yield from check)
    except _Wrong as wrong:
        return wrong.finding
    except etree.C14NError as error:
        return _Wrong(
            Dxp.SIGNATURE_INVALID,
            "报文无法规范化，多为命名空间使用了相对地址；请使用绝对的命名空间地址后重新签名",
            "The message cannot be canonicalised, most often by a relative namespace; use absolute ones and sign again",
            root,
            str(error),
        ).finding


def _check_intact(root: etree._Element, allowed: dict[str, Method], naming: Naming, seen: Workings) -> Steps[Intact]:
    signature = the_signature(root)
    signed_info = _only(signature, "SignedInfo")
    _only(signed_info, "Reference")
    seen.part = Part.CERTIFICATE
    certificate = seen.certificate = _certificate(signature)
    seen.part = Part.KEY_NAME
    _check_key_name(signature, certificate, naming)
    seen.part = Part.METHOD
    seen.method = _algorithm(_only(signed_info, "SignatureMethod"), *allowed)
    seen.part = Part.VALUE
    yield
    _check_value(signature, signed_info, certificate, seen)
    yield from _check_reference(root, signature, seen)
    is_sha256 = algorithms.METHODS[seen.method].digest == algorithms.SHA256
    return Intact(
        content=parsed(seen.canonical),
        canonical=seen.canonical,
        digest=(seen.computed if is_sha256 else hashlib.sha256(seen.canonical).digest()).hex(),
        certificate=certificate,
    )


def the_signature(root: etree._Element) -> etree._Element:
    """The one Signature of a message, which is the last child of its root."""
    found = list(root.iter(ds("Signature")))
    if not found:
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            "报文没有签名；请用企业的卡或账号证书签名后重新提交",
            "The message is not signed; sign it with a card or account certificate and submit again",
            root,
        )
    signature = found[0]
    if len(found) > 1 or signature.getparent() is not root or signature.getnext() is not None:
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            "签名必须只有一个，并且是根元素的最后一个子元素；请改正签名位置",
            "There must be exactly one Signature, the last child of the root element; put it there",
            signature,
        )
    return signature


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = list(parent.iterchildren(ds(name)))
    if len(found) != 1:
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            f"签名中 {name} 必须恰好一个，实为 {len(found)} 个；请按签名规格重新签名",
            f"The signature must hold exactly one {name}, it holds {len(found)}; sign again by the profile",
            parent,
        )
    return found[0]


def _algorithm(element: etree._Element, *allowed: str) -> str:
    found = element.get("Algorithm", "")
    if found not in allowed:
        raise _Wrong(
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
    prefixes = () if listed is None else tuple(listed.get("PrefixList", "").split())
    if len(prefixes) > MOST_PREFIXES:
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            f"PrefixList 所列前缀超过 {MOST_PREFIXES} 个；请只列出需要的前缀后重新签名",
            f"PrefixList names more than {MOST_PREFIXES} prefixes; name only those needed and sign again",
            element,
            expected=f"≤ {MOST_PREFIXES}",
        )
    return method, prefixes


def _transforms(reference: etree._Element) -> tuple[C14n, tuple[str, ...]]:
    """How to canonicalise the referenced document; refuses any other reference and transform."""
    if reference.get("URI") != "" or reference.get("Type"):
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            '签名引用必须是 URI=""（整个报文）；请对整个报文签名',
            'The signature\'s Reference must be URI="", the whole message; sign the whole message',
            reference,
            str(reference.get("URI")),
            'URI=""',
        )
    steps = list(_only(reference, "Transforms"))
    if not 1 <= len(steps) <= 2 or any(step.tag != ds("Transform") for step in steps):  # noqa: PLR2004
        raise _Wrong(
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
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            "签名中没有证书（KeyInfo/X509Data/X509Certificate）；请把签名证书放入报文",
            "The signature carries no certificate (KeyInfo/X509Data/X509Certificate); put it in",
            signature,
        )
    der = _decode(element)
    try:
        certificate = read_certificate(der)
    except UnsupportedAlgorithm as error:
        raise _unsupported(element, str(error)) from error
    except ValueError as error:
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            "签名中的证书无法读取；请放入完整的 DER 证书（base64）",
            "The certificate in the signature cannot be read; put in the whole DER certificate as base64",
            element,
        ) from error
    if is_sm2(certificate) and not is_installed():
        raise _unsupported(element, "SM2")
    return certificate


def _unsupported(element: etree._Element, found: str) -> _Wrong:
    return _Wrong(
        Dxp.OTHER_SECURITY,
        "签名证书的密钥算法在此不受支持；请使用 RSA 或 P-256 证书签名，SM2 须先请管理员安装国密支持",
        "The algorithm of the certificate's key is not supported here; sign with an RSA or P-256 certificate, or have "
        "the administrator install the support for SM2",
        element,
        found,
        "RSA | P-256 | SM2",
    )


def _check_key_name(signature: etree._Element, certificate: x509.Certificate, naming: Naming) -> None:
    """KeyName, where there is one, must not say anything else than the certificate."""
    element = signature.find(f"{ds('KeyInfo')}/{ds('KeyName')}")
    name = "" if element is None else "".join(element.itertext()).strip()
    numbers = numbers_of(certificate, naming)
    if element is not None and name and _plain(name) not in {_plain(one) for one in numbers}:
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            "签名中的 KeyName 不是签名证书的卡号或序列号；请填写该证书的编号，或不填",
            "KeyName is neither the card number nor the serial number of the certificate; write its number, or none",
            element,
            name,
            " | ".join(sorted(numbers)),
        )


def _plain(number: str) -> str:
    """A number as it is compared: tools write serial numbers in capitals and with zeros in front."""
    return number.lower().lstrip("0")


def _check_value(
    signature: etree._Element, signed_info: etree._Element, certificate: x509.Certificate, seen: Workings
) -> None:
    method = _only(signed_info, "CanonicalizationMethod")
    if algorithms.METHODS[seen.method].extra is Extra.EPORT_KEY:
        _algorithm(method, C14n.INCLUSIVE.value)
        seen.signed = canonical_in_one_line(signed_info)
    else:
        seen.signed = canonical_subtree(signed_info, *_canonicalisation(method))
    element = _only(signature, "SignatureValue")
    seen.value = _decode(element)
    if not algorithms.holds(public_key(certificate), seen.method, seen.value, seen.signed):
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            "签名值与证书不符：SignedInfo 在签名后被改动，或证书不是签名所用的证书；请重新签名",
            "The signature value does not fit the certificate: SignedInfo was changed after signing, or this is "
            "not the certificate of the signing key; sign again",
            element,
        )


def _check_reference(root: etree._Element, signature: etree._Element, seen: Workings) -> Steps[None]:
    seen.part = Part.REFERENCE
    yield
    reference = _only(_only(signature, "SignedInfo"), "Reference")
    transforms = _transforms(reference)
    method = _algorithm(_only(reference, "DigestMethod"), algorithms.METHODS[seen.method].digest)
    seen.part = Part.DIGEST
    seen.canonical = canonical_document(without(root, signature), *transforms)
    seen.computed = algorithms.digest(method, seen.canonical)
    element = _only(reference, "DigestValue")
    seen.expected = _decode(element)
    if not hmac.compare_digest(seen.expected, seen.computed):
        raise _Wrong(
            Dxp.SIGNATURE_MISMATCH,
            "签名与数据不符：报文内容在签名后被改动（包括空格、换行、缩进）；请签名后不再改动文件，重新签名提交",
            "The signature does not fit the data: the content was changed after signing (white space, line ends and "
            "indentation count too); do not touch the file after signing, sign again and submit",
            element,
            element.text or "",
            base64.b64encode(seen.computed).decode("ascii"),
        )


def _decode(element: etree._Element) -> bytes:
    text = "".join(element.itertext())
    try:
        return from_base64(text)
    except ValueError as error:
        raise _Wrong(
            Dxp.SIGNATURE_INVALID,
            "签名中的值不是有效的 base64；请重新签名",
            "A value in the signature is not valid base64; sign again",
            element,
            text,
        ) from error


def line_of(element: etree._Element) -> int | None:
    """The line the element begins on, if it is known."""
    return int(element.sourceline) if element.sourceline else None
