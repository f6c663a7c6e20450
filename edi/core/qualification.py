"""The twelve qualification types of source 002: how they exclude and need each other, how long they are valid.

Domain 1.1, 1.2 and 1.5.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from enum import Enum

from edi.core.times import LONG_TERM


class Kind(Enum):
    """The class a qualification type belongs to."""

    HEAD_OFFICE = "HEAD_OFFICE"
    BRANCH = "BRANCH"
    TEMPORARY = "TEMPORARY"
    CBEC = "CBEC"


class Qualification(Enum):
    """A qualification type; the value is its Chinese name."""

    BROKER = "报关企业"
    TRADER = "进出口货物收发货人"
    BROKER_BRANCH = "报关企业分支机构"
    TRADER_BRANCH = "进出口货物收发货人分支机构"
    TEMPORARY = "临时备案单位"
    CBEC_ENTERPRISE = "跨境电子商务企业"
    CBEC_AGENT = "境外跨境电商企业的境内代理人"
    CBEC_PLATFORM = "跨境电子商务平台企业"
    CBEC_LOGISTICS = "跨境电子商务物流企业"
    CBEC_LOGISTICS_B2B = "跨境电子商务物流企业（仅B2B）"
    CBEC_PAYMENT = "跨境电子商务支付企业"
    CBEC_SITE = "跨境电子商务监管场所运营人"

    @property
    def token(self) -> str:
        """The name used in messages, e.g. `BROKER_BRANCH`."""
        return self.name

    @property
    def kind(self) -> Kind:
        """The class of the type."""
        return _KINDS.get(self, Kind.CBEC)

    @property
    def has_filing_code(self) -> bool:
        """All but the CBEC types get a customs filing code (source 002, 5.1.1.6 hint 2)."""
        return self.kind is not Kind.CBEC


_KINDS = {
    Qualification.BROKER: Kind.HEAD_OFFICE,
    Qualification.TRADER: Kind.HEAD_OFFICE,
    Qualification.BROKER_BRANCH: Kind.BRANCH,
    Qualification.TRADER_BRANCH: Kind.BRANCH,
    Qualification.TEMPORARY: Kind.TEMPORARY,
}

EXCLUSIONS: frozenset[frozenset[Qualification]] = frozenset(
    {
        frozenset({Qualification.TRADER, Qualification.TRADER_BRANCH}),  # QLF-002, source 002
        frozenset({Qualification.TRADER, Qualification.BROKER_BRANCH}),  # QLF-003, source 002 fig. 5-1
        frozenset({Qualification.BROKER, Qualification.BROKER_BRANCH}),  # QLF-004, by symmetry
        frozenset({Qualification.BROKER, Qualification.TRADER_BRANCH}),  # QLF-004, by symmetry
    }
    # QLF-005: Order 253 of 2021 gives the temporary filing to those who hold no other.
    | {frozenset({Qualification.TEMPORARY, other}) for other in Qualification if other is not Qualification.TEMPORARY}
)
"""Pairs that one enterprise cannot hold together."""

_EXCLUDING = tuple(
    (one, other) for one in Qualification for other in Qualification if frozenset({one, other}) in EXCLUSIONS
)

PARENT_OF_BRANCH = {
    Qualification.BROKER_BRANCH: Qualification.BROKER,
    Qualification.TRADER_BRANCH: Qualification.TRADER,
}
"""What the parent of a branch must hold (QLF-104, announcement 113 of 2022)."""

NEEDS_ONE_OF: dict[Qualification, frozenset[Qualification]] = {
    seller: frozenset({Qualification.TRADER, Qualification.TRADER_BRANCH})
    for seller in (Qualification.CBEC_ENTERPRISE, Qualification.CBEC_AGENT)
}
"""Types that stand only beside one of others (QLF-006, QLF-106), in the order of the table."""


def excluded_pairs(
    applied: Collection[Qualification], held: Collection[Qualification]
) -> list[tuple[Qualification, Qualification]]:
    """Pairs (applied, held) that exclude each other, in the order of the table."""
    if not held:
        return []  # as for most who file
    return [(one, other) for one, other in _EXCLUDING if one in applied and other in held]


def unmet_needs(applied: Collection[Qualification], held: Collection[Qualification]) -> list[Qualification]:
    """Types applied for whose companions are neither applied for nor held."""
    present = {*applied, *held}
    return [one for one, needed in NEEDS_ONE_OF.items() if one in applied and not needed & present]


def left_without_need(
    leaving: Collection[Qualification], leaning: Collection[Qualification], staying: Collection[Qualification]
) -> list[tuple[Qualification, Qualification]]:
    """Pairs (leaving, leaning): the second leans on the first, and nothing it could lean on instead stays."""
    return [
        (one, other)
        for one in Qualification
        for other in Qualification
        if one in leaving
        and other in leaning
        and one in NEEDS_ONE_OF.get(other, ())
        and not NEEDS_ONE_OF[other] & set(staying)
    ]


TEMPORARY_YEARS = 1
"""How long TEMPORARY is valid, and by how much a renewal prolongs it."""

_RENEWAL_OPENS = timedelta(days=30)  # before the day of expiry (QLF-113, project decision)


def valid_until(one: Qualification, granted_on: date) -> date:
    """Last day of validity: 临时备案单位有效期为1年，其他资质均长期有效 (manual 5.1.1.6, hint 1; Order 253)."""
    if one.kind is Kind.TEMPORARY:
        return years_after(granted_on, TEMPORARY_YEARS)
    return date.fromisoformat(LONG_TERM)


def renewal_opens(expires: date) -> date:
    """First day on which a renewal can be filed; the last is the day of expiry itself."""
    return expires - _RENEWAL_OPENS


def years_after(day: date, years: int) -> date:
    """The same day of a later year; the 29th of February becomes the 28th where that year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
