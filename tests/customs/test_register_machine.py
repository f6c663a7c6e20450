"""The register against a model of who holds what: filed, changed, certified, cancelled, renewed, as time passes."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from sqlite_utils import Database

from edi.adapters.discovery import discover, own_forms_folder
from edi.core.findings import Severity, has_errors
from edi.core.status import Status
from edi.core.times import CHINA
from edi.customs.docket import Docket, NewApplication, NewMessage
from edi.customs.migrations import MIGRATIONS
from edi.customs.register import Register
from edi.errors import UserError

from .model import FILED, SELLERS, TYPES, WARNINGS, Enterprise, Model, Spell
from .office import (
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
PAPERS = [f"1101011990{index:08d}" for index in range(3)]
"""Identity documents of declarants; a filing of two names brings the first two."""
enterprises = st.sampled_from(ENTERPRISES)
at_once = st.sampled_from([True, False])


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
        self.model = Model({uscc: Enterprise() for uscc in ENTERPRISES})
        self.lodge(Filing(uscc=ENTERPRISES[0], types=("TEMPORARY",)), at_once=True)
        if trader:
            self.lodge(Filing(uscc=ENTERPRISES[1], types=("TRADER",)), at_once=True)

    @property
    def parties(self):
        return self.model.enterprises

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
        held = frozenset(self.parties[uscc].held(self.today)) or {"TRADER"}
        types = held if data.draw(st.sampled_from([True] * 9 + [False])) else held ^ {"BROKER"}
        numbers = [*self.parties[uscc].staff.values()] * 4 + ["no such number"]
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
        held = sorted(self.parties[uscc].held(self.today)) or TYPES
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
        if not self.parties[uscc].held(self.today) and not self.parties[uscc].pending:
            self.lodge(Filing(uscc=uscc, types=("TEMPORARY",)), at_once=True)
        spell = self.parties[uscc].given.get("TEMPORARY")
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
        number, application, form, node = lodged
        self.connection.execute("SAVEPOINT approval")
        self.move(number, form.approved_as)
        register = self.register(number)
        try:
            told = [register.carry_out(effect) for effect in form.on_approved(node, register)]
        except UserError:
            self.connection.execute("ROLLBACK TO approval")
            assert not self.model.can_be_approved(application, self.today)
            self.disapproved(lodged)
        else:
            self.model.approve(number, application, [one for one in told if one], self.today)
            for outlived in self.docket.outlived(application.uscc):
                self.move(outlived.id, Status.VOID)
        self.connection.execute("RELEASE approval")

    def disapproved(self, lodged):
        number, application, *_ = lodged
        self.move(number, Status.DISAPPROVED)
        self.model.drop(number, application)

    # What must always hold

    @invariant()
    def the_register_and_the_model_agree(self):
        register = self.register()
        for uscc, enterprise in self.parties.items():
            assert {
                one.qualification.token: Spell(one.valid_from, one.valid_until, one.filing_code)
                for one in register.held(uscc)
            } == {one: enterprise.given[one] for one in enterprise.held(self.today)}

    @invariant()
    def claims_are_those_of_what_is_under_way(self):
        for uscc, enterprise in self.parties.items():
            assert self.register().pending(uscc) == enterprise.claims()

    @invariant()
    def staff_and_customs_are_those_of_the_last_word(self):
        register = self.register()
        for uscc, enterprise in self.parties.items():
            assert {one.doc_no: one.declarant_no for one in register.declarants(uscc)} == enterprise.staff
            assert register.customs_of(uscc) == enterprise.customs

    @invariant()
    def certificates_and_their_applications_agree_with_the_model(self):
        register = self.register()
        for uscc, enterprise in self.parties.items():
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
        self.enter(application, tuple(form.claims(node)))
        self.move(number, Status.LODGED)
        register = self.register(number)
        findings = [one for check in form.customs_checks for one in check(node, register)]
        assert {one.code for one in findings} == self.model.objections(application, self.today)
        assert {one.code for one in findings if one.severity is Severity.WARNING} <= WARNINGS
        if has_errors(findings):
            self.move(number, Status.REFUSED)
            return multiple()
        self.move(number, Status.UNDER_REVIEW)
        self.model.take_in(number, application)
        lodged = (number, application, form, node)
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
        self.docket.enter([(new, self.now)], message, at=self.now)

    def move(self, number, status):
        self.docket.move(self.docket.get(number), status, at=self.now, due=None)


TestRegister = RegisterMachine.TestCase
TestRegister.settings = settings(
    max_examples=120, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
