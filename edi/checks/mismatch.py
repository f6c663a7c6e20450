"""Why a signature does not hold: every usual mishap is undone and tried; what held is told, nothing is guessed.

The work is bounded by bytes and tries, not by time, so that the same message always gets the same answer.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from edi.checks import mishaps
from edi.checks.certificate import fingerprint, is_sm2, public_key, read_certificate
from edi.checks.intact import Workings, the_signature
from edi.checks.mishaps import Mishap
from edi.checks.variants import Variant, content_variants, variants
from edi.messages import algorithms
from edi.messages.algorithms import (
    ECDSA_SHA256,
    EPORT_SM2_SM3,
    METHODS,
    RSA_SHA1,
    RSA_SHA256,
    SHA1,
    SHA256,
    SM2_SM3,
    SM3,
)
from edi.messages.base64_text import from_base64
from edi.messages.canonical import C14n, apart, without
from edi.messages.dsig import ds
from edi.messages.sm2 import WIDTH, is_installed

MOST_BYTES = 512 << 20
"""Bytes that all tries about one message may go over together."""
MOST_TRIES = 20_000
MOST_CERTIFICATES = 64
DEPTH_OF_SIGNED_INFO = 2
_HASHES = {"sha256": SHA256, "sm3": SM3, "sha1": SHA1}
_METHODS = (RSA_SHA256, RSA_SHA1, ECDSA_SHA256, SM2_SM3)
_DER_SEQUENCE = 0x30

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Held:
    """How the signature does hold."""

    mishaps: tuple[Mishap, ...]
    octets: bytes = field(repr=False)
    """The bytes that were signed or digested."""
    certificate: x509.Certificate | None = None
    """The certificate whose key signed, if it is another one."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of trying."""

    held: tuple[Held, ...]
    """Empty if nothing helped; several if different mishaps lead to the same bytes."""
    tries: int
    complete: bool
    """False if the message was too big to try everything."""


def try_digest(root: etree._Element, data: bytes, seen: Workings) -> Tried:
    """What happened to the content, where its digest differs. `data` is the message as received."""
    reference = the_signature(root).find(f"{ds('SignedInfo')}/{ds('Reference')}")
    declared = _c14n_of(reference, "Transforms/Transform", last=True)
    content = without(root, the_signature(root))
    method = METHODS[seen.method].digest
    stated = tuple(_spellings(seen.expected))

    def holds(one: Variant) -> Held | None:
        for name, uri in _HASHES.items():
            value = algorithms.digest(uri, one.octets)
            for spelt, expected in stated:
                if value == expected:
                    other = () if uri == method else (mishaps.OTHER_HASH[name],)
                    return Held(mishaps=(*one.mishaps, *other, *spelt), octets=one.octets)
        return None

    return _try(content_variants(root, content, data, declared), holds, len(seen.canonical))


def try_value(root: etree._Element, seen: Workings, others: Sequence[x509.Certificate] = ()) -> Tried:
    """What happened to SignedInfo or its value, where the two do not fit.

    `others` are certificates whose keys may have been used instead, beside those that the message brings.
    """
    signature = the_signature(root)
    certificates = _distinct([*_certificates_in(signature), *others], seen.certificate)
    values = tuple(_values(seen.value))
    attempts = (
        (certificate, value, one)
        for certificate in (seen.certificate, *certificates)
        for one in _signed_variants(signature, seen)
        for value in values
        if certificate is not None
    )

    def holds(attempt: tuple[x509.Certificate, tuple[tuple[Mishap, ...], bytes], Variant]) -> Held | None:
        certificate, (spelt, value), one = attempt
        uri = _method_that_holds(certificate, value, one.octets)
        if uri is None:
            return None
        foreign = certificate is not seen.certificate
        found = (*((mishaps.OTHER_CERTIFICATE,) if foreign else ()), *one.mishaps, *spelt, *_other_method(uri, seen))
        return Held(mishaps=found, octets=one.octets, certificate=certificate if foreign else None)

    return _try(attempts, holds, len(seen.signed))


def _try(attempts: Iterable[T], holds: Callable[[T], Held | None], size: int) -> Tried:
    """The simplest explanations: those with the fewest mishaps."""
    most = min(MOST_TRIES, MOST_BYTES // max(size, 1))
    found: dict[tuple[Mishap, ...], Held] = {}
    tries = 0
    for one in islice(attempts, most):
        tries += 1
        held = holds(one)
        if held:
            found.setdefault(held.mishaps, held)
    fewest = min(map(len, found), default=0)
    simplest = tuple(held for names, held in found.items() if len(names) == fewest)
    return Tried(held=simplest, tries=tries, complete=tries < most)


def _signed_variants(signature: etree._Element, seen: Workings) -> Iterator[Variant]:
    """SignedInfo in every way, and what else is often signed in its place."""
    info = signature.find(ds("SignedInfo"))
    if info is None:
        return
    yield Variant(seen.signed)
    yield from variants(apart(info), _c14n_of(info, "CanonicalizationMethod"), DEPTH_OF_SIGNED_INFO)
    for uri in _HASHES.values():
        yield Variant(algorithms.digest(uri, seen.signed), (mishaps.HASHED_TWICE,))
    if seen.canonical:
        yield Variant(seen.canonical, (mishaps.CONTENT_SIGNED,))
    if seen.expected:
        yield Variant(seen.expected, (mishaps.DIGEST_SIGNED,))
        yield Variant(base64.b64encode(seen.expected), (mishaps.DIGEST_SIGNED,))


def _c14n_of(parent: etree._Element | None, path: str, *, last: bool = False) -> C14n:
    """The canonicalisation that is named; where none is, the inclusive one holds."""
    found = [] if parent is None else parent.findall("/".join(ds(name) for name in path.split("/")))
    named = found[-1 if last else 0].get("Algorithm") if found else None
    return C14n.EXCLUSIVE if named == C14n.EXCLUSIVE.value else C14n.INCLUSIVE


def _method_that_holds(certificate: x509.Certificate, value: bytes, data: bytes) -> str | None:
    try:
        key = public_key(certificate)
    except (UnsupportedAlgorithm, ValueError):
        return None
    return next((uri for uri in _METHODS if algorithms.holds(key, uri, value, data)), None)


def _other_method(uri: str, seen: Workings) -> tuple[Mishap, ...]:
    declared = SM2_SM3 if seen.method == EPORT_SM2_SM3 else seen.method
    if uri == declared:
        return ()
    name = METHODS[uri].name
    told = METHODS[seen.method].name
    return (
        Mishap(
            "other-method",
            f"实际的签名算法是 {name}，报文却写 {told}；请让声明的算法与密钥和所用的一致，并符合签名规格",
            f"The method that was used is {name}, the message says {told}; name the one that fits the key and is used, "
            "as the profile has it",
        ),
    )


def _spellings(value: bytes) -> Iterator[tuple[tuple[Mishap, ...], bytes]]:
    """The value as it stands, and read as hexadecimal: base64 of such a text, or the text itself."""
    yield (), value
    for text in (value, base64.b64encode(value)):
        try:
            yield (mishaps.HEXADECIMAL,), binascii.unhexlify(text)
        except binascii.Error:
            continue


def _values(value: bytes) -> Iterator[tuple[tuple[Mishap, ...], bytes]]:
    for spelt, octets in _spellings(value):
        yield spelt, octets
        raw = _raw(octets)
        if raw:
            yield (*spelt, mishaps.DER_VALUE), raw
        yield (*spelt, mishaps.REVERSED_VALUE), octets[::-1]


def _raw(value: bytes) -> bytes:
    """The r‖s of a value in DER, empty if it is none."""
    if value[:1] != bytes([_DER_SEQUENCE]):
        return b""
    try:
        r, s = decode_dss_signature(value)
        return r.to_bytes(WIDTH, "big") + s.to_bytes(WIDTH, "big")
    except (ValueError, OverflowError):
        return b""


def _certificates_in(signature: etree._Element) -> Iterator[x509.Certificate]:
    """Every readable certificate that the signature brings along."""
    for element in islice(signature.iter(ds("X509Certificate")), MOST_CERTIFICATES):
        try:
            yield read_certificate(from_base64("".join(element.itertext())))
        except (ValueError, UnsupportedAlgorithm):
            continue


def _distinct(certificates: Iterable[x509.Certificate], own: x509.Certificate | None) -> tuple[x509.Certificate, ...]:
    """Each once, the message's own left out, and only such as can be tried here."""
    found = {fingerprint(one): one for one in certificates if is_installed() or not is_sm2(one)}
    if own is not None:
        found.pop(fingerprint(own), None)
    return tuple(found.values())[:MOST_CERTIFICATES]
