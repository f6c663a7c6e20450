"""A model of who holds what: it knows nothing of tables, forms and messages, only days, sets and the domain's sentences."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from edi.core.results import Enrolled, Granted, Issued

from .office import Application, Change, Filing, Renewal

LONG_TERM = date(2099, 12, 31)
SELLERS = {"CBEC_AGENT", "CBEC_ENTERPRISE"}

# What the stateless rules let through; the others never come to customs.
FILED = [("TRADER",), ("BROKER",), ("TEMPORARY",), ("CBEC_SITE",), ("CBEC_AGENT",), ("TRADER", "CBEC_ENTERPRISE")]
FILED += [("CBEC_ENTERPRISE", "CBEC_SITE"), ("BROKER", "TRADER"), ("CBEC_AGENT", "CBEC_ENTERPRISE")]
TYPES = sorted({one for types in FILED for one in types})

KINDS = {
    "QLF101": "filing",
    "QLF111": "change",
    "QLF121": "renewal",
    "QLF131": "cancellation",
    "QLF141": "certificate",
}
PREFIXES = {"filing": "", "cancellation": "CANCEL:", "renewal": "RENEW:"}
WARNINGS = {"QLF-111", "QLF-121"}

Told = Granted | Enrolled | Issued


def kind_of(application: Application) -> str:
    return KINDS[application.form]


def types_of(application: Application) -> frozenset[str]:
    return frozenset([application.type] if isinstance(application, Renewal) else getattr(application, "types", ()))


def a_year_after(day: date) -> date:
    return date(day.year + 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


@dataclass
class Spell:
    """A time for which a type was given."""

    since: date
    until: date
    code: str


@dataclass
class Paper:
    """A certificate."""

    number: str
    issued: date
    application: Hashable
    void: bool = False


@dataclass
class Enterprise:
    """What one enterprise holds, by type, what it has under way, its staff, its certificates."""

    given: dict[str, Spell] = field(default_factory=dict)
    """The latest spell of each type, expired or not; a cancelled one is gone."""
    pending: dict[Hashable, Application] = field(default_factory=dict)
    customs: str = ""
    """On record; empty while it was never filed."""
    staff: dict[str, str] = field(default_factory=dict)
    """Number by papers."""
    papers: list[Paper] = field(default_factory=list)
    """Oldest first; only the last can be in force."""

    def held(self, today: date) -> set[str]:
        return {one for one, spell in self.given.items() if today <= spell.until}

    def under(self, kind: str) -> set[str]:
        return {one for each in self.pending.values() if kind_of(each) == kind for one in types_of(each)}

    def is_under(self, kind: str) -> bool:
        return any(kind_of(each) == kind for each in self.pending.values())

    def claims(self) -> set[str]:
        kinds = {kind_of(each) for each in self.pending.values()}
        of_types = {PREFIXES[kind] + one for kind in kinds & PREFIXES.keys() for one in self.under(kind)}
        return of_types | {kind.upper() for kind in kinds - PREFIXES.keys()}

    def in_force(self) -> Paper | None:
        return next((one for one in self.papers if not one.void), None)

    # What customs says of an application

    def objections(self, application: Application, today: date) -> set[str]:
        """Codes of all that customs says of an application, warnings included."""
        held, types = self.held(today), types_of(application)
        match kind_of(application):
            case "change":
                assert isinstance(application, Change)
                return self.objections_to_change(application, held)
            case "certificate":
                return self.objections_to_certificate(held, today)
            case "filing":
                return self.objections_to_filing(types, held)
            case "cancellation":
                return self.objections_to_cancellation(types, held)
            case _:
                return self.objections_to_renewal(types, held, today)

    def objections_to_filing(self, types: frozenset[str], held: set[str]) -> set[str]:
        codes = {"QLF-101"} if types & held else set()
        if types & (self.under("filing") | self.under("renewal")):
            codes.add("QLF-102")
        for one in types:
            if "TEMPORARY" in held - {one}:
                codes.add("QLF-105" if one == "TRADER" else "QLF-103")
            if one == "TEMPORARY" and held - {one}:
                codes.add("QLF-103")
        if types & SELLERS and "TRADER" not in types | (held - self.under("cancellation")):
            codes.add("QLF-106")
        return codes

    def objections_to_cancellation(self, types: frozenset[str], held: set[str]) -> set[str]:
        sellers_left = SELLERS & (held | self.under("filing")) - types
        bad = types - held or types & self.under("cancellation") or ("TRADER" in types and sellers_left)
        return {"QLF-112"} if bad else set()

    def objections_to_renewal(self, types: frozenset[str], held: set[str], today: date) -> set[str]:
        if types != {"TEMPORARY"} or "TEMPORARY" not in held:
            return {"QLF-113"}
        early = (self.given["TEMPORARY"].until - today).days > 30
        crossed = "TEMPORARY" in self.under("renewal") | self.under("cancellation")
        return {"QLF-113"} if early or crossed else set()

    def objections_to_change(self, change: Change, held: set[str]) -> set[str]:
        bad = not held or types_of(change) != held or self.is_under("change") or held <= self.under("cancellation")
        codes = {"QLF-110"} if bad else set()
        if self.customs and change.customs != self.customs:
            codes.add("QLF-111")
        if not self.can_be_told(change.declarants):
            codes.add("QLF-115")
        return codes

    def can_be_told(self, declarants: Iterable[tuple[str, str, str, str]]) -> bool:
        """Whether everyone named is who the register thinks, and nobody's papers are given to another."""
        listed = list(declarants)
        leaving = {number for action, number, *_ in listed if action == "CANCEL"}
        owners: dict[str, str | int] = {one: number for one, number in self.staff.items() if number not in leaving}
        for position, (action, number, _, papers) in enumerate(listed):
            if action != "ADD" and number not in self.staff.values():
                return False
            if action != "CANCEL" and owners.setdefault(papers, number or position) != (number or position):
                return False
        return True

    def objections_to_certificate(self, held: set[str], today: date) -> set[str]:
        standing = self.in_force()
        todays = standing is not None and standing.issued == today
        codes = {"QLF-120"} if not held or todays or self.is_under("certificate") else set()
        return codes | ({"QLF-121"} if standing and not todays else set())

    def can_be_approved(self, application: Application, today: date) -> bool:
        """What was in order when it was lodged may have become impossible."""
        match kind_of(application):
            case "renewal":
                return "TEMPORARY" in self.given and ("TEMPORARY" in self.held(today) or not self.held(today))
            case "certificate":
                return bool(self.held(today))
            case "change":
                assert isinstance(application, Change)
                return self.can_be_told(one for one in application.declarants if one[0] != "ADD")
            case _:
                return True


@dataclass
class Model:
    """The enterprises, and every number customs ever gave."""

    enterprises: dict[str, Enterprise]
    numbers: set[str] = field(default_factory=set)

    def objections(self, application: Application, today: date) -> set[str]:
        return self.enterprises[application.uscc].objections(application, today)

    def take_in(self, key: Hashable, application: Application) -> None:
        """It is under way and claims what it is about."""
        self.enterprises[application.uscc].pending[key] = application

    def drop(self, key: Hashable, application: Application) -> None:
        """It is under way no more."""
        del self.enterprises[application.uscc].pending[key]

    def can_be_approved(self, application: Application, today: date) -> bool:
        return self.enterprises[application.uscc].can_be_approved(application, today)

    def approve(self, key: Hashable, application: Application, told: Sequence[Told], today: date) -> None:
        """Approved, and the register told `told` of it: that must be what the model expects."""
        enterprise = self.enterprises[application.uscc]
        assert enterprise.can_be_approved(application, today)
        del enterprise.pending[key]
        granted = {one.type: one for one in told if isinstance(one, Granted)}
        enrolled = [one for one in told if isinstance(one, Enrolled)]
        match kind_of(application):
            case "filing":
                assert isinstance(application, Filing)
                self._approve_filing(enterprise, types_of(application), granted, today)
                self._record(enterprise, application.customs, enrolled)
            case "change":
                assert isinstance(application, Change)
                self._approve_change(enterprise, application, enrolled)
            case "cancellation":
                _approve_cancellation(enterprise, types_of(application), granted, today)
            case "renewal":
                _approve_renewal(enterprise, granted)
            case _:
                self._approve_certificate(enterprise, key, told, today)

    def _approve_filing(
        self, enterprise: Enterprise, types: frozenset[str], granted: dict[str, Granted], today: date
    ) -> None:
        assert set(granted) == types
        for one, told in granted.items():
            if one in enterprise.held(today):
                continue  # it came to be held while this was under way; it stands as it is
            until = a_year_after(today) if one == "TEMPORARY" else LONG_TERM
            assert (told.valid_from, told.valid_until) == (today.isoformat(), until.isoformat())
            assert bool(told.filing_code) != one.startswith("CBEC")
            if told.filing_code:
                self._give(told.filing_code)
            enterprise.given[one] = Spell(today, until, told.filing_code)

    def _record(self, enterprise: Enterprise, customs: str, enrolled: list[Enrolled]) -> None:
        """Whoever is on record keeps the number; who comes gets one that nobody ever had."""
        enterprise.customs = customs
        for one in enrolled:
            if one.doc_no not in enterprise.staff:
                self._give(one.declarant_no)
            assert enterprise.staff.setdefault(one.doc_no, one.declarant_no) == one.declarant_no

    def _approve_change(self, enterprise: Enterprise, change: Change, told: list[Enrolled]) -> None:
        gone = {number for action, number, *_ in change.declarants if action != "ADD"}
        enterprise.staff = {papers: number for papers, number in enterprise.staff.items() if number not in gone}
        enterprise.staff |= {papers: number for action, number, _, papers in change.declarants if action == "CHANGE"}
        assert [one.doc_no for one in told] == [
            papers for wanted in ("CHANGE", "ADD") for action, _, _, papers in change.declarants if action == wanted
        ]
        self._record(enterprise, change.customs, told)

    def _approve_certificate(self, enterprise: Enterprise, key: Hashable, told: Sequence[Told], today: date) -> None:
        (issued,) = [one for one in told if isinstance(one, Issued)]
        for one in enterprise.papers:
            one.void = True
        self._give(issued.certificate_no)
        assert issued.certificate_no.startswith(f"{enterprise.customs}{today.year}")
        held = enterprise.held(today)
        assert issued.valid_until == min(enterprise.given[one].until for one in held).isoformat()
        enterprise.papers.append(Paper(issued.certificate_no, today, key))

    def _give(self, number: str) -> None:
        assert number not in self.numbers, "no number is given twice, whatever was cancelled"
        self.numbers.add(number)


def _approve_cancellation(
    enterprise: Enterprise, types: frozenset[str], granted: dict[str, Granted], today: date
) -> None:
    assert set(granted) == types & enterprise.held(today)
    for one, told in granted.items():
        spell = enterprise.given.pop(one)
        assert (told.filing_code, told.valid_from, told.valid_until) == (
            spell.code,
            spell.since.isoformat(),
            today.isoformat(),
        )
    if not enterprise.held(today):
        for paper in enterprise.papers:
            paper.void = True


def _approve_renewal(enterprise: Enterprise, granted: dict[str, Granted]) -> None:
    assert set(granted) == {"TEMPORARY"}
    spell = enterprise.given["TEMPORARY"]
    spell.until = a_year_after(spell.until)
    assert granted["TEMPORARY"].valid_until == spell.until.isoformat()
    assert granted["TEMPORARY"].filing_code == spell.code
