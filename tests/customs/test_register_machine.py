"""The register against a model of who holds what: filed, changed, certified, cancelled, renewed, as time passes.

The model knows nothing of tables, forms and messages: days, sets and a handful of sentences of the domain.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from sqlite_utils import Database

from edi.adapters.discovery import discover, own_forms_folder
from edi.core.findings import Severity, has_errors
from edi.core.results import Enrolled, Granted
from edi.core.status import Status
from edi.core.times import CHINA
from edi.customs.docket import Docket, NewApplication, NewMessage
from edi.customs.migrations import MIGRATIONS
from edi.customs.register import Register
from edi.errors import UserError

from .office import (
    Application,
    Cancellation,
    CertificateRequest,
    Change,
    Filing,
    Renewal,
    business_node,
    guid_of,
    press,
)

FORMS = discover([own_forms_folder()])
ENTERPRISES = ("91110105XX489884X9", "91310115XX4971453G")
LONG_TERM = date(2099, 12, 31)

# What the stateless rules let through; the others never come here.
FILED = [("TRADER",), ("BROKER",), ("TEMPORARY",), ("CBEC_SITE",), ("CBEC_AGENT",), ("TRADER", "CBEC_ENTERPRISE")]
FILED += [("CBEC_ENTERPRISE", "CBEC_SITE"), ("BROKER", "TRADER"), ("CBEC_AGENT", "CBEC_ENTERPRISE")]
TYPES = sorted({one for types in FILED for one in types})
SELLERS = {"CBEC_AGENT", "CBEC_ENTERPRISE"}
PAPERS = [f"1101011990{index:08d}" for index in range(3)]
"""Identity documents of declarants; a filing of two names brings the first two."""


# The model


@dataclass
class Spell:
    """A time for which a type was given."""

    since: date
    until: date
    code: str


@dataclass
class Pending:
    """An application under way, as the model knows it."""

    kind: str
    types: frozenset[str]


@dataclass
class Paper:
    """A certificate."""

    number: str
    issued: date
    application: int
    void: bool = False


@dataclass
class Enterprise:
    """What one enterprise holds, by type, what it has under way, its staff, its certificates."""

    given: dict[str, Spell] = field(default_factory=dict)
    """The latest spell of each type, expired or not; a cancelled one is gone."""
    pending: dict[int, Pending] = field(default_factory=dict)
    customs: str = ""
    """On record; empty while it was never filed."""
    staff: dict[str, str] = field(default_factory=dict)
    """Number by papers."""
    papers: list[Paper] = field(default_factory=list)
    """Oldest first; only the last can be in force."""

    def held(self, today: date) -> set[str]:
        return {one for one, spell in self.given.items() if today <= spell.until}

    def under(self, kind: str, *, whole: bool = False) -> set[str]:
        if whole:
            return {each.kind for each in self.pending.values() if each.kind == kind}
        return {one for each in self.pending.values() if each.kind == kind for one in each.types}

    def in_force(self) -> Paper | None:
        return next((one for one in self.papers if not one.void), None)

    def objections(self, kind: str, application: Application, types: frozenset[str], today: date) -> set[str]:
        """Codes of all that customs says of an application, warnings included."""
        held = self.held(today)
        match kind:
            case "change":
                return self.objections_to_change(application, types, held)
            case "certificate":
                return self.objections_to_certificate(held, today)
            case _:
                return getattr(self, f"refusals_of_{kind}")(types, held, today)

    def objections_to_change(self, change: Change, types: frozenset[str], held: set[str]) -> set[str]:
        bad = not held or types != held or self.under("change", whole=True) or held <= self.under("cancellation")
        codes = {"QLF-110"} if bad else set()
        if self.customs and change.customs != self.customs:
            codes.add("QLF-111")
        if not self.can_be_told(change.declarants):
            codes.add("QLF-115")
        return codes

    def can_be_told(self, declarants: tuple[tuple[str, str, str, str], ...]) -> bool:
        """Whether everyone named is who the register thinks, and nobody's papers are given to another."""
        leaving = {number for action, number, *_ in declarants if action == "CANCEL"}
        owners = {papers: number for papers, number in self.staff.items() if number not in leaving}
        for position, (action, number, _, papers) in enumerate(declarants):
            if action != "ADD" and number not in self.staff.values():
                return False
            if action != "CANCEL" and owners.setdefault(papers, number or position) != (number or position):
                return False
        return True

    def objections_to_certificate(self, held: set[str], today: date) -> set[str]:
        standing = self.in_force()
        todays = standing is not None and standing.issued == today
        codes = {"QLF-120"} if not held or todays or self.under("certificate", whole=True) else set()
        return codes | ({"QLF-121"} if standing and not todays else set())

    def refusals_of_filing(self, types: frozenset[str], held: set[str], _today: date) -> set[str]:
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

    def refusals_of_cancellation(self, types: frozenset[str], held: set[str], _today: date) -> set[str]:
        sellers_left = SELLERS & (held | self.under("filing")) - types
        bad = types - held or types & self.under("cancellation") or ("TRADER" in types and sellers_left)
        return {"QLF-112"} if bad else set()

    def refusals_of_renewal(self, types: frozenset[str], held: set[str], today: date) -> set[str]:
        if types != {"TEMPORARY"} or "TEMPORARY" not in held:
            return {"QLF-113"}
        early = (self.given["TEMPORARY"].until - today).days > 30
        crossed = "TEMPORARY" in self.under("renewal") | self.under("cancellation")
        return {"QLF-113"} if early or crossed else set()

    def can_be_prolonged(self, today: date) -> bool:
        return "TEMPORARY" in self.given and ("TEMPORARY" in self.held(today) or not self.held(today))


def a_year_after(day: date) -> date:
    return date(day.year + 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


# The machine

enterprises = st.sampled_from(ENTERPRISES)
at_once = st.sampled_from([True, False])


KINDS = {
    "QLF101": "filing",
    "QLF111": "change",
    "QLF121": "renewal",
    "QLF131": "cancellation",
    "QLF141": "certificate",
}
WARNINGS = {"QLF-111", "QLF-121"}


class RegisterMachine(RuleBasedStateMachine):
    """Does to the register what customs' desk does, without files, signatures and receipts."""

    under_way = Bundle("under_way")

    @initialize(start=st.dates(date(2026, 1, 1), date(2029, 12, 31)), trader=st.booleans())
    def open(self, start, trader):
        """One enterprise starts as a temporary unit, the other as a trader or with nothing."""
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")
        MIGRATIONS.apply(Database(self.connection, execute_plugins=False))
        self.connection.row_factory = sqlite3.Row
        self.docket = Docket(self.connection)
        self.now = datetime(start.year, start.month, start.day, 12, tzinfo=CHINA).astimezone(UTC)
        self.count = 0
        self.model = {uscc: Enterprise() for uscc in ENTERPRISES}
        self.codes: set[str] = set()
        self.numbers: set[str] = set()
        self.lodge(Filing(uscc=ENTERPRISES[0], types=("TEMPORARY",)), at_once=True)
        if trader:
            self.lodge(Filing(uscc=ENTERPRISES[1], types=("TRADER",)), at_once=True)

    def teardown(self):
        if hasattr(self, "connection"):
            self.connection.close()

    @property
    def today(self):
        return self.now.astimezone(CHINA).date()

    def register(self, application=None):
        return Register(self.connection, self.today, 1, press, application)

    # What happens

    @rule(days=st.sampled_from([1, 1, 2, 3, 5, 10, 40, 336, 365]))
    def time_passes(self, days):
        self.now += timedelta(days=days)

    @rule(
        target=under_way,
        uscc=enterprises,
        types=st.sampled_from(FILED),
        staff=st.sampled_from([(), (), ("张示例",), ("张示例", "王示例")]),
        at_once=at_once,
    )
    def file(self, uscc, types, staff, at_once):
        return self.lodge(Filing(uscc=uscc, types=types, declarants=staff), at_once=at_once)

    @rule(
        target=under_way,
        uscc=enterprises,
        customs=st.sampled_from(["0117", "0117", "2210"]),
        at_once=at_once,
        data=st.data(),
    )
    def change(self, uscc, customs, at_once, data):
        """Mostly of what is held; of declarants on record, and sometimes of one who is not."""
        held = frozenset(self.model[uscc].held(self.today)) or {"TRADER"}
        types = held if data.draw(st.sampled_from([True] * 9 + [False])) else held ^ {"BROKER"}
        numbers = [*self.model[uscc].staff.values()] * 4 + ["no such number"]
        named = data.draw(st.lists(st.sampled_from(numbers), unique=True, max_size=2)) if len(numbers) > 1 else []
        told = [
            (data.draw(st.sampled_from(["CHANGE", "CANCEL"])), number, "李示例", data.draw(st.sampled_from(PAPERS)))
            for number in named
        ]
        told += [("ADD", "", "赵示例", papers) for papers in data.draw(st.lists(st.sampled_from(PAPERS), max_size=1))]
        change = Change(uscc=uscc, types=tuple(sorted(types)), customs=customs, declarants=tuple(told))
        return self.lodge(change, at_once=at_once)

    @rule(target=under_way, uscc=enterprises, at_once=at_once)
    def certify(self, uscc, at_once):
        return self.lodge(CertificateRequest(uscc=uscc), at_once=at_once)

    @rule(target=under_way, uscc=enterprises, at_once=at_once, data=st.data())
    def cancel(self, uscc, at_once, data):
        """Mostly what is held, sometimes something else beside it."""
        held = sorted(self.model[uscc].held(self.today)) or TYPES
        types = data.draw(st.sets(st.sampled_from(held), min_size=1))
        types |= data.draw(st.sampled_from([set()] * 2 * len(TYPES) + [{one} for one in TYPES]))
        return self.lodge(Cancellation(uscc=uscc, types=tuple(sorted(types))), at_once=at_once)

    @rule(
        target=under_way,
        uscc=enterprises,
        days=st.sampled_from([None, 31, 30, 29, 10, 1, 0, 0, -1]),
        renewed=st.sampled_from(["TEMPORARY"] * 9 + ["TRADER"]),
        at_once=at_once,
    )
    def renew(self, uscc, days, renewed, at_once):
        """Now, or so many days before the expiry: else the window and its borders were hardly ever met.

        For the same reason an enterprise that has nothing becomes a temporary unit first.
        """
        if not self.model[uscc].held(self.today) and not self.model[uscc].pending:
            self.lodge(Filing(uscc=uscc, types=("TEMPORARY",)), at_once=True)
        spell = self.model[uscc].given.get("TEMPORARY")
        if spell and days is not None and (day := spell.until - timedelta(days=days)) > self.today:
            self.now += day - self.today
        return self.lodge(Renewal(uscc=uscc, type=renewed), at_once=at_once)

    @rule(application=consumes(under_way))
    def approve(self, application):
        self.approved(application)

    @rule(application=consumes(under_way))
    def disapprove(self, application):
        self.disapproved(application)

    def approved(self, lodged):
        number, application, form, node, kind, types = lodged
        enterprise = self.model[application.uscc]
        self.connection.execute("SAVEPOINT approval")
        self.move(number, form.approved_as)
        register = self.register(number)
        try:
            told = [register.carry_out(effect) for effect in form.on_approved(node, register)]
        except UserError:
            self.connection.execute("ROLLBACK TO approval")
            assert not self.can_be_approved(enterprise, kind, application)
            self.disapproved(lodged)
        else:
            assert self.can_be_approved(enterprise, kind, application)
            del enterprise.pending[number]
            if kind == "certificate":
                self.approved_certificate(enterprise, number, *told)
            elif kind == "change":
                self.approved_change(enterprise, application, [one for one in told if one])
            else:
                granted = {one.type: one for one in told if isinstance(one, Granted)}
                getattr(self, f"approved_{kind}")(enterprise, types, granted)
            if kind == "filing":
                self.recorded(enterprise, "0117", [one for one in told if isinstance(one, Enrolled)])
            for outlived in self.docket.outlived(application.uscc):
                self.move(outlived.id, Status.VOID)
        self.connection.execute("RELEASE approval")

    def disapproved(self, lodged):
        number, application, *_ = lodged
        self.move(number, Status.DISAPPROVED)
        del self.model[application.uscc].pending[number]

    def can_be_approved(self, enterprise, kind, application):
        """What was in order when it was lodged may have become impossible."""
        if kind == "renewal":
            return enterprise.can_be_prolonged(self.today)
        if kind == "certificate":
            return bool(enterprise.held(self.today))
        if kind != "change":
            return True
        return enterprise.can_be_told(tuple(one for one in application.declarants if one[0] != "ADD"))

    # What the model says of it

    def approved_filing(self, enterprise, types, granted):
        assert set(granted) == types
        for one, told in granted.items():
            if one in enterprise.held(self.today):
                continue  # it came to be held while this was under way; it stands as it is
            until = a_year_after(self.today) if one == "TEMPORARY" else LONG_TERM
            assert told.filing_code not in self.codes, "no code is given twice, whatever was cancelled"
            assert bool(told.filing_code) != one.startswith("CBEC")
            self.codes |= {told.filing_code} - {""}
            enterprise.given[one] = Spell(self.today, until, told.filing_code)

    def recorded(self, enterprise, customs, enrolled):
        """Whoever is on record keeps the number; who comes gets one that nobody ever had."""
        enterprise.customs = customs
        for one in enrolled:
            if one.doc_no not in enterprise.staff:
                assert one.declarant_no not in self.numbers
                self.numbers.add(one.declarant_no)
            assert enterprise.staff.setdefault(one.doc_no, one.declarant_no) == one.declarant_no

    def approved_change(self, enterprise, change, told):
        gone = {number for action, number, *_ in change.declarants if action == "CANCEL"}
        gone |= {number for action, number, *_ in change.declarants if action == "CHANGE"}
        enterprise.staff = {papers: number for papers, number in enterprise.staff.items() if number not in gone}
        changed = {papers: number for action, number, _, papers in change.declarants if action == "CHANGE"}
        enterprise.staff |= changed
        assert [one.doc_no for one in told] == [
            papers for wanted in ("CHANGE", "ADD") for action, _, _, papers in change.declarants if action == wanted
        ]
        self.recorded(enterprise, change.customs, told)

    def approved_certificate(self, enterprise, application, issued):
        for one in enterprise.papers:
            one.void = True
        assert issued.certificate_no not in {one.number for each in self.model.values() for one in each.papers}
        assert issued.certificate_no.startswith(f"{enterprise.customs}{self.today.year}")
        held = enterprise.held(self.today)
        assert issued.valid_until == min(enterprise.given[one].until for one in held).isoformat()
        enterprise.papers.append(Paper(issued.certificate_no, self.today, application))

    def approved_cancellation(self, enterprise, types, granted):
        assert set(granted) == types & enterprise.held(self.today)
        for one, told in granted.items():
            spell = enterprise.given.pop(one)
            assert (told.filing_code, told.valid_from, told.valid_until) == (
                spell.code,
                spell.since.isoformat(),
                self.today.isoformat(),
            )
        if not enterprise.held(self.today):
            for one in enterprise.papers:
                one.void = True

    def approved_renewal(self, enterprise, types, granted):
        assert enterprise.can_be_prolonged(self.today)
        assert set(granted) == types == {"TEMPORARY"}
        spell = enterprise.given["TEMPORARY"]
        spell.until = a_year_after(spell.until)
        assert granted["TEMPORARY"].valid_until == spell.until.isoformat()
        assert granted["TEMPORARY"].filing_code == spell.code

    # What must always hold

    @invariant()
    def the_register_and_the_model_agree(self):
        register = self.register()
        for uscc, enterprise in self.model.items():
            assert {
                one.qualification.token: Spell(one.valid_from, one.valid_until, one.filing_code)
                for one in register.held(uscc)
            } == {one: enterprise.given[one] for one in enterprise.held(self.today)}

    @invariant()
    def claims_are_those_of_what_is_under_way(self):
        prefixes = {"filing": "", "cancellation": "CANCEL:", "renewal": "RENEW:"}
        for uscc, enterprise in self.model.items():
            listed = enterprise.pending.values()
            claimed = {prefixes[each.kind] + one for each in listed if each.kind in prefixes for one in each.types}
            claimed |= {each.kind.upper() for each in listed if each.kind not in prefixes}
            assert self.register().pending(uscc) == claimed

    @invariant()
    def staff_and_customs_are_those_of_the_last_word(self):
        register = self.register()
        for uscc, enterprise in self.model.items():
            assert {one.doc_no: one.declarant_no for one in register.declarants(uscc)} == enterprise.staff
            assert register.customs_of(uscc) == enterprise.customs

    @invariant()
    def certificates_and_their_applications_agree_with_the_model(self):
        register = self.register()
        for uscc, enterprise in self.model.items():
            assert [(one.certificate_no, one.issued_on, one.void) for one in register.certificates(uscc)] == [
                (one.number, one.issued.isoformat(), one.void) for one in reversed(enterprise.papers)
            ]
            for one in enterprise.papers:
                assert self.docket.get(one.application).status is (Status.VOID if one.void else Status.ISSUED)

    @invariant()
    def a_seller_never_stands_alone(self):
        for uscc in ENTERPRISES:
            held = {one.qualification.token for one in self.register().held(uscc)}
            assert "TRADER" in held or not held & SELLERS

    # The desk's part

    def lodge(self, application, *, at_once):
        """Enter it, let the rules of its form look at it; what is not refused is decided at once or under way."""
        self.count += 1
        form, node, number = FORMS.by_code[application.form], business_node(application), self.count
        types = frozenset([application.type] if isinstance(application, Renewal) else getattr(application, "types", ()))
        self.enter(application, tuple(form.claims(node)))
        self.move(number, Status.LODGED)
        register = self.register(number)
        findings = [one for check in form.customs_checks for one in check(node, register)]
        enterprise, kind = self.model[application.uscc], KINDS[application.form]
        assert {one.code for one in findings} == enterprise.objections(kind, application, types, self.today)
        assert {one.code for one in findings if one.severity is Severity.WARNING} <= WARNINGS
        if has_errors(findings):
            self.move(number, Status.REFUSED)
            return multiple()
        self.move(number, Status.UNDER_REVIEW)
        enterprise.pending[number] = Pending(kind, types)
        lodged = (number, application, form, node, kind, types)
        if not at_once:
            return lodged
        self.approved(lodged)
        return multiple()

    def enter(self, application, claims):
        message = self.docket.enter_message(
            NewMessage(message_id="", sender="", form=application.form, signed_by="", content=b""), self.now
        )
        new = NewApplication(
            position=0,
            guid=guid_of(str(self.count)),
            digest="",
            application_no="",
            client_seq_no="",
            applicant=application.uscc,
            applicant_name="",
            customs="",
            claims=claims,
        )
        self.docket.enter(new, message, at=self.now, due=self.now)

    def move(self, number, status):
        self.docket.move(self.docket.get(number), status, at=self.now, due=None)


TestRegister = RegisterMachine.TestCase
TestRegister.settings = settings(
    max_examples=120, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
