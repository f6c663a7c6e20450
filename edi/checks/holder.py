"""Who a certificate was issued to. Where authorities write it down is configuration (exchange 6).

Each fact has a list of object identifiers; the first that the certificate carries counts, be it an
attribute of the subject or a private extension that holds a text. So the certificates of e-port keys
give the same facts as ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from types import MappingProxyType

from cryptography import x509

from edi.checks.certificate import MOST_REMEMBERED, extension, fingerprint, serial_of
from edi.core.identity import Medium, Signer
from edi.messages import der

ORGANISATION_CODE = slice(8, 17)
"""Place of the organisation code (GB 11714) within a USCC (GB 32100)."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Object identifiers, dotted, of the places where each fact may stand."""

    enterprise: tuple[str, ...] = ("2.5.4.10", "1.3.6.1.4.1.5315.100.5.1")
    uscc: tuple[str, ...] = ("2.5.4.97",)
    organisation_code: tuple[str, ...] = ("1.3.6.1.4.1.5315.100.5.11",)
    """Where a certificate has no USCC, its organisation code picks one of the enterprises of the channel."""
    person: tuple[str, ...] = ("2.5.4.3",)
    card_no: tuple[str, ...] = ("2.5.4.5", "1.3.6.1.4.1.5315.100.5.9")


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How our authorities' certificates name their holder."""

    media: Mapping[str, Medium] = field(default_factory=dict)
    """Certificate policy (dotted OID), or `OID=text` of a private extension → what the key sits on."""
    places: Places = Places()


def read_signer(certificate: x509.Certificate, naming: Naming, enterprises: Collection[str] = ()) -> Signer | None:
    """What the certificate states about its holder, None if it names no enterprise or no known medium.

    `enterprises` are the USCCs that a certificate with an organisation code may stand for.
    """
    facts = _facts(certificate, naming.places)
    uscc = facts["uscc"] or _uscc_of(facts["organisation_code"], enterprises)
    medium = next((naming.media[one] for one in _marks(certificate) if one in naming.media), None)
    if not uscc or medium is None:
        return None
    return Signer(
        uscc=uscc,
        enterprise=facts["enterprise"],
        person=facts["person"],
        card_no=facts["card_no"],
        medium=medium,
        serial=serial_of(certificate),
        fingerprint=fingerprint(certificate),
    )


def numbers_of(certificate: x509.Certificate, naming: Naming) -> frozenset[str]:
    """What a KeyName may say of the certificate: its card number or its serial number."""
    return frozenset(filter(None, (_facts(certificate, naming.places)["card_no"], serial_of(certificate))))


def _uscc_of(organisation_code: str, enterprises: Collection[str]) -> str:
    """The one enterprise with that organisation code; empty if there is none, or if it would be a guess."""
    found = [one for one in enterprises if organisation_code and one[ORGANISATION_CODE] == organisation_code]
    return found[0] if len(found) == 1 else ""


@lru_cache(MOST_REMEMBERED)
def _facts(certificate: x509.Certificate, places: Places) -> Mapping[str, str]:
    """What stands in each of the places, by the name of the fact; empty if nothing does."""
    return MappingProxyType({one.name: _fact(certificate, getattr(places, one.name)) for one in fields(places)})


def _fact(certificate: x509.Certificate, places: tuple[str, ...]) -> str:
    return next(filter(None, (_text_at(certificate, one) for one in places)), "")


def _text_at(certificate: x509.Certificate, place: str) -> str:
    values = certificate.subject.get_attributes_for_oid(x509.ObjectIdentifier(place))
    if values:
        return str(values[0].value) if len(values) == 1 else ""
    return dict(_private_texts(certificate)).get(place, "")


def _private_texts(certificate: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Extensions unknown to the library that hold a text, by their identifier."""
    for one in certificate.extensions:
        if isinstance(one.value, x509.UnrecognizedExtension):
            try:
                yield one.oid.dotted_string, der.text(one.value.value)
            except ValueError:
                continue


@lru_cache(MOST_REMEMBERED)
def _marks(certificate: x509.Certificate) -> tuple[str, ...]:
    """What may tell the medium: certificate policies, and the texts of private extensions."""
    policies = extension(certificate, x509.CertificatePolicies)
    identifiers = (one.policy_identifier.dotted_string for one in policies or ())
    return (*identifiers, *(f"{oid}={text}" for oid, text in _private_texts(certificate)))
