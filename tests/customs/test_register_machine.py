"""The register against a model of who holds what: filed, approved, cancelled, renewed, in any order, as time passes.

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
from edi.core.status import Status
from edi.core.times import CHINA
from edi.customs.docket import Docket, NewApplication, NewMessage
from edi.customs.migrations import MIGRATIONS
from edi.customs.register import Register
from edi.errors import UserError

from .office import Cancellation, Filing, Renewal, business_node, guid_of, press

FORMS = discover([own_forms_folder()])
ENTERPRISES = ("91110105XX489884X9", "91310115XX4971453G")
LONG_TERM = date(2099, 12, 31)

# What the stateless rules let through; the others never come here.
FILED = [("TRADER",), ("BROKER",), ("TEMPORARY",), ("CBEC_SITE",), ("CBEC_AGENT",), ("TRADER", "CBEC_ENTERPRISE")]
FILED += [("CBEC_ENTERPRISE", "CBEC_SITE"), ("BROKER", "TRADER"), ("CBEC_AGENT", "CBEC_ENTERPRISE")]
TYPES = sorted({one for types in FILED for one in types})
SELLERS = {"CBEC_AGENT", "CBEC_ENTERPRISE"}


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
class Enterprise:
    """What one enterprise holds, by type, and what it has under way."""

    given: dict[str, Spell] = field(default_factory=dict)
    """The latest spell of each type, expired or not; a cancelled one is gone."""
    pending: dict[int, Pending] = field(default_factory=dict)

    def held(self, today: date) -> set[str]:
        return {one for one, spell in self.given.items() if today <= spell.until}

    def under(self, kind: str) -> set[str]:
        return {one for each in self.pending.values() if each.kind == kind for one in each.types}

    def refusals(self, kind: str, types: frozenset[str], today: date) -> set[str]:
        return getattr(self, f"refusals_of_{kind}")(types, self.held(today), today)

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


KINDS = {"QLF101": "filing", "QLF131": "cancellation", "QLF121": "renewal"}


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
        self.lodge(Filing(uscc=ENTERPRISES[0], types=("TEMPORARY",)), at_once=True)
        if trader:
            self.lodge(Filing(uscc=ENTERPRISES[1], types=("TRADER",)), at_once=True)

    def teardown(self):
        if hasattr(self, "connection"):
            self.connection.close()

    @property
    def today(self):
        return self.now.astimezone(CHINA).date()

    def register(self, before=None):
        return Register(self.connection, self.today, 1, press, before)

    # What happens

    @rule(days=st.sampled_from([1, 1, 2, 3, 5, 10, 40, 336, 365]))
    def time_passes(self, days):
        self.now += timedelta(days=days)

    @rule(target=under_way, uscc=enterprises, types=st.sampled_from(FILED), at_once=at_once)
    def file(self, uscc, types, at_once):
        return self.lodge(Filing(uscc=uscc, types=types), at_once=at_once)

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

    def approved(self, application):
        number, uscc, form, node, kind, types = application
        self.connection.execute("SAVEPOINT approval")
        self.move(number, Status.APPROVED)
        register = self.register(before=number)
        try:
            told = [register.carry_out(effect) for effect in form.on_approved(node, register)]
        except UserError:
            self.connection.execute("ROLLBACK TO approval")
            assert kind == "renewal"
            assert not self.model[uscc].can_be_prolonged(self.today)
            self.disapproved(application)
        else:
            granted = {one.type: one for one in told if one}
            getattr(self, f"approved_{kind}")(self.model[uscc], types, granted)
            del self.model[uscc].pending[number]
        self.connection.execute("RELEASE approval")

    def disapproved(self, application):
        number, uscc, *_ = application
        self.move(number, Status.DISAPPROVED)
        del self.model[uscc].pending[number]

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

    def approved_cancellation(self, enterprise, types, granted):
        assert set(granted) == types & enterprise.held(self.today)
        for one, told in granted.items():
            spell = enterprise.given.pop(one)
            assert (told.filing_code, told.valid_from, told.valid_until) == (
                spell.code,
                spell.since.isoformat(),
                self.today.isoformat(),
            )

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
            claimed = {prefixes[each.kind] + one for each in enterprise.pending.values() for one in each.types}
            assert self.register().pending(uscc) == claimed

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
        types = frozenset([application.type] if isinstance(application, Renewal) else application.types)
        self.enter(application, tuple(form.claims(node)))
        self.move(number, Status.LODGED)
        register = self.register(before=number)
        found = {one.code for check in form.customs_checks for one in check(node, register)}
        enterprise, kind = self.model[application.uscc], KINDS[application.form]
        assert found == enterprise.refusals(kind, types, self.today)
        if found:
            self.move(number, Status.REFUSED)
            return multiple()
        self.move(number, Status.UNDER_REVIEW)
        enterprise.pending[number] = Pending(kind, types)
        lodged = (number, application.uscc, form, node, kind, types)
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
