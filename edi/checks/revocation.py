"""Revocation lists: which certificates their authority has taken back, for good or for now (RFC 5280, 5).

A list counts only if the authority signed it and it is complete for that authority. A certificate on it
counts as on hold or revoked whatever the date of the entry: whoever reported a card lost must not have
to wait for two clocks to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from cryptography import x509

from edi.checks.certificate import fingerprint, is_list_of, may_sign_lists

_UNDERSTOOD = (x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.AuthorityInformationAccess, x509.IssuerAlternativeName)
"""Extensions of a list that do not narrow what it is about."""


class Standing(Enum):
    """What an authority says of one of its certificates."""

    GOOD = "good"
    ON_HOLD = "on hold"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class Crl:
    """One authority's list."""

    number: int
    this_update: datetime
    next_update: datetime | None
    taken_back: Mapping[int, Standing] = field(repr=False)
    """Serial number → standing, of the certificates that are not good."""

    def standing(self, certificate: x509.Certificate) -> Standing:
        """What the list says of a certificate of its authority."""
        return self.taken_back.get(certificate.serial_number, Standing.GOOD)

    def is_fresh(self, at: datetime, longest: timedelta) -> bool:
        """Whether the list may still be used at `at`; `longest` is its greatest age, zero: only nextUpdate counts."""
        if longest and at - self.this_update > longest:
            return False
        return at <= self.next_update if self.next_update else bool(longest)


@dataclass(frozen=True, kw_only=True)
class Crls:
    """The lists at hand at one moment."""

    lists: Mapping[str, Crl] = field(default_factory=dict)
    """Fingerprint of the authority's certificate → its newest list."""
    troubles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Fingerprint of an authority → why its list cannot be used, in Chinese and English."""
    longest: timedelta = timedelta()

    def fresh(self, authority: x509.Certificate, at: datetime) -> Crl | None:
        """The list of `authority`, None if there is none that may be used at `at`."""
        crl = self.lists.get(fingerprint(authority))
        return crl if crl and crl.is_fresh(at, self.longest) else None

    def trouble(self, authority: x509.Certificate) -> tuple[str, str]:
        """Why there is no list of `authority` to be used, in Chinese and English."""
        key = fingerprint(authority)
        if key in self.troubles:
            return self.troubles[key]
        crl = self.lists.get(key)
        if crl is None:
            return ("没有该机构的吊销列表（CRL）", "there is no revocation list (CRL) of it")
        until = f"{crl.next_update:%Y-%m-%d %H:%M:%S}Z" if crl.next_update else "—"
        made = f"{crl.this_update:%Y-%m-%d %H:%M:%S}Z"
        return (
            f"其吊销列表（CRL）第 {crl.number} 号已过期：签发于 {made}，有效至 {until}",
            f"its revocation list (CRL) {crl.number} is out of date: made {made}, good until {until}",
        )


CrlSource = Callable[[], Crls]
"""Gives the lists as they are now; they change while the program runs."""


class UnusableList(ValueError):
    """A list that cannot be used, and why, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def read_crl(data: bytes) -> x509.CertificateRevocationList:
    """The list in a PEM or DER file, all but its entries read once. Raises UnusableList."""
    pem = data.lstrip().startswith(b"-----BEGIN")
    try:
        crl = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        for part in (crl.issuer, crl.extensions, crl.last_update_utc, crl.next_update_utc):
            repr(part)
    except Exception as error:  # the library has many exceptions for many kinds of broken list
        raise UnusableList(f"不是吊销列表：{error}", f"no revocation list: {error}") from error
    return crl


def judge_crl(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> Crl:
    """What the list says, if it is the whole list of `authority`. Raises UnusableList."""
    if not may_sign_lists(authority) or not is_list_of(crl, authority):
        raise UnusableList("签名不是该机构所签", "its signature is not that of the authority")
    number = _number(crl)
    try:
        standings = {one.serial_number: _standing(one) for one in crl}
    except Exception as error:  # as above
        raise UnusableList(f"内容无法读取：{error}", f"it cannot be read: {error}") from error
    return Crl(
        number=number,
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        taken_back={serial: one for serial, one in standings.items() if one is not Standing.GOOD},
    )


def check_successor(crl: Crl, current: Crl | None, highest: int, at: datetime, longest: timedelta) -> None:
    """Raise UnusableList unless `crl` may take the place of `current`; `highest` is the highest number ever seen."""
    made = f"{crl.this_update:%Y-%m-%d %H:%M:%S}Z"
    if crl.number < highest or (current and crl.this_update < current.this_update):
        raise UnusableList(
            f"第 {crl.number} 号（签发于 {made}）比已有的旧",
            f"number {crl.number}, made {made}, is older than what is known",
        )
    if not crl.is_fresh(at, longest):
        raise UnusableList(
            f"第 {crl.number} 号（签发于 {made}）已过期", f"number {crl.number}, made {made}, is out of date"
        )


def _number(crl: x509.CertificateRevocationList) -> int:
    for one in crl.extensions:
        if one.critical and not isinstance(one.value, _UNDERSTOOD):
            raise UnusableList(
                f"含有不支持的关键扩展 {one.oid.dotted_string}（增量或分区列表不支持，请提供完整列表）",
                f"it has an unknown critical extension {one.oid.dotted_string}; delta and partial lists are not "
                "supported, provide the complete one",
            )
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound as error:
        raise UnusableList("没有编号（CRLNumber）", "it has no CRLNumber") from error


def _standing(entry: x509.RevokedCertificate) -> Standing:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return Standing.REVOKED
    if reason is x509.ReasonFlags.remove_from_crl:
        return Standing.GOOD
    return Standing.ON_HOLD if reason is x509.ReasonFlags.certificate_hold else Standing.REVOKED
