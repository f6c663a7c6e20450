"""The desk: enters what arrived and gives every application its turn, inside one transaction.

It asks `cases.py` what is to happen and does it: status, register, receipt. A fault of ours in one
application (a rule that raises) stops that application with a note for a person, not the others,
and never refuses it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from edi.core.findings import Finding
from edi.core.form import Form, Forms
from edi.core.node import Node
from edi.core.results import Enrolled, FilingRecord, Granted, Issued, Results
from edi.core.status import CODE_OF, Status
from edi.core.times import CHINA
from edi.customs import cases
from edi.customs.cases import Decision, Ruling
from edi.customs.certificates import Press
from edi.customs.docket import Docket, Entry, NewApplication
from edi.customs.failures import Failure, conflict_finding
from edi.customs.letters import Letters
from edi.customs.reading import Answerable, Failed, Filing, Letter
from edi.customs.register import Register
from edi.customs.scenarios import Outcome, Scenario, in_force, read_scenario
from edi.customs.settings import Settings
from edi.customs.store import attempt
from edi.errors import Broken
from edi.messages.receipt import Receipt

_LODGE_FAILED_CODE = CODE_OF[Status.LODGE_FAILED]


@dataclass(frozen=True)
class Desk:
    """The desk within one transaction, at one moment of customs' clock."""

    connection: sqlite3.Connection
    now: datetime
    settings: Settings
    forms: Forms
    letters: Letters
    press: Press
    at_hand: dict[int, list[Node]] = field(default_factory=dict)
    """The business nodes of the message that was opened last: turns of one message mostly follow each other."""

    @property
    def docket(self) -> Docket:
        """The docket in the same transaction."""
        return Docket(self.connection)

    def attempt(self, work: Callable[[], None]) -> str:
        """Do `work` wholly or not at all, words included; empty, or what went wrong in it."""
        said = self.letters.said
        trouble = attempt(self.connection, work)
        if trouble:
            self.letters.take_back(said)
        return trouble

    # Arrivals

    def lodge(self, arrivals: Iterable[Filing | Failed]) -> None:
        """Enter what arrived; of what is there already say again what was said, fail what contradicts it (exchange 9)."""
        for arrival in arrivals:
            self._lodge(arrival)

    def _lodge(self, arrival: Filing | Failed) -> None:
        if self.docket.stands(arrival.letter.raw_digest):
            for known in arrival.applications:
                self.letters.repeat(known.guid)
        elif isinstance(arrival, Failed):
            for one in arrival.applications:
                self._fail(arrival.letter, one, arrival.failure, arrival.findings)
        else:
            self._lodge_filing(arrival)
        self.letters.write()

    def _lodge_filing(self, filing: Filing) -> None:
        new: list[NewApplication] = []
        conflicts: list[NewApplication] = []
        seen: set[str] = set()
        digests = self.docket.stored_digests(one.guid for one in filing.applications)
        for one in filing.applications:
            stored = digests.get(one.guid)
            if one.guid in seen or stored not in (None, one.digest):
                conflicts.append(one)
            elif stored is None:
                new.append(one)
            else:
                self.letters.repeat(one.guid)
            seen.add(one.guid)
        for one in conflicts:
            finding = conflict_finding(filing.letter.form, one.guid, one.position)
            self._fail(filing.letter, _answerable(one), Failure.CONFLICT, [finding])
        if new:
            stands_as = None if conflicts else filing.letter.raw_digest
            message = self.docket.enter_message(filing.message, self.now, stands_as)
            self.docket.enter([(one, self._first_turn(one, filing.letter.form)) for one in new], message, at=self.now)

    def _first_turn(self, one: NewApplication, form: Form) -> datetime:
        scenario = self._scenario(one.client_seq_no, one.guid)
        return self.now + cases.wait_for_lodging(scenario, self.settings, at_once=form.at_once)

    def _fail(self, letter: Letter, one: Answerable, failure: Failure, findings: Iterable[Finding]) -> None:
        receipt = Receipt(
            guid=one.guid,
            application_no=one.application_no,
            client_seq_no=one.client_seq_no,
            code=failure.code(letter.form),
            time=self.now,
            info=failure.info,
            findings=tuple(findings),
        )
        self.letters.say(letter.form, receipt, to=letter.sender)

    # Turns

    def take_turns(self, limit: int) -> int:
        """Give due applications their turn, in order, until `limit` or more have had it; the answer is how many.

        Each stage has the whole limit anew: what is left of it would part what customs says of one message.
        """
        done = 0
        while done < limit and (entries := self.docket.next_turns(self.now, limit)):
            self._take(entries)
            done += len(entries)
        self.letters.write()
        return done

    def _take(self, entries: Sequence[Entry]) -> None:
        """Give these their turn. Where one of several cannot take it all are undone and go one by one: only it stops."""
        trouble = self.attempt(partial(self._turn, entries))
        if trouble and len(entries) > 1:
            for entry in entries:
                self._take([entry])
        elif trouble:
            self.docket.stop(entries[0], trouble)

    def _turn(self, entries: Iterable[Entry]) -> None:
        self.letters.recall(entry.guid for entry in entries)
        for entry in entries:
            self._perform(entry, self._rule(entry))

    def _rule(self, entry: Entry) -> Ruling:
        scenario, form = self._scenario(entry.client_seq_no, entry.guid), self._form(entry)
        match entry.status:
            case Status.SUBMITTED if form.at_once:
                return cases.answer(scenario, self._findings(entry, scenario), form.approved_as)
            case Status.SUBMITTED:
                return cases.lodge(scenario, self.settings)
            case Status.LODGED:
                return cases.accept(scenario, self.settings, self._findings(entry, scenario))
            case _:
                return cases.decide(scenario, form.approved_as)

    def decide(self, entry: Entry, decision: Decision, opinion: str) -> None:
        """Carry out what a person decided."""
        for ruling in cases.decide_by_hand(entry.status, decision, opinion, self._form(entry).approved_as):
            self._perform(entry, ruling)
            entry = self.docket.get(entry.id)
        self.letters.write()

    def _perform(self, entry: Entry, ruling: Ruling) -> None:
        """The next turn counts from when this one was due, so that a clock put forward makes up for lost time."""
        if ruling.status is None:
            self.docket.stop(entry)
            return
        started = entry.due or self.now
        due = None if ruling.wait is None else started + ruling.wait
        for passed in ruling.passing:
            self.docket.move(entry, passed, at=self.now, due=None)
            entry = self.docket.get(entry.id)
        self.docket.move(entry, ruling.status, at=self.now, due=due)
        results = self._approve(entry) if ruling.status is self._form(entry).approved_as else None
        if read_scenario(entry.client_seq_no).outcome is not Outcome.SILENT:
            self._tell(entry, ruling, ruling.status, results)
        if results is None:
            return  # only what was approved ends a certificate
        for outlived in self.docket.outlived(entry.applicant):
            self._perform(outlived, cases.void())

    def _tell(self, entry: Entry, ruling: Ruling, status: Status, results: Results | None) -> None:
        receipt = Receipt(
            guid=entry.guid,
            application_no=entry.application_no,
            client_seq_no=entry.client_seq_no,
            customs=entry.customs,
            code=CODE_OF[status],
            time=self.now,
            info=cases.info_of(ruling, results),
            opinion=ruling.opinion,
            results=results,
            findings=ruling.findings,
        )
        form = self._form(entry)
        self.letters.say(form, receipt, to=entry.sender, message=entry.message, application=entry.id)

    # The register

    def _findings(self, entry: Entry, scenario: Scenario) -> list[Finding]:
        if not cases.asks_register(scenario):
            return []
        form = self._form(entry)
        node = self._node(entry, form)
        register = self.register(entry.id)
        return [finding for check in form.customs_checks for finding in check(node, register)]

    def _approve(self, entry: Entry) -> Results:
        form = self._form(entry)
        register = self.register(entry.id)
        effects = form.on_approved(self._node(entry, form), register)
        brought = [register.carry_out(effect) for effect in effects]
        return Results(
            qualifications=tuple(one for one in brought if isinstance(one, Granted)),
            declarants=tuple(one for one in brought if isinstance(one, Enrolled)),
            certificate=next((one for one in brought if isinstance(one, Issued)), None),
            filings=tuple(one for one in brought if isinstance(one, FilingRecord)),
        )

    def _node(self, entry: Entry, form: Form) -> Node:
        if entry.message not in self.at_hand:
            self.at_hand.clear()
            self.at_hand[entry.message] = self.docket.nodes(entry.message, form)
        return self.at_hand[entry.message][entry.position]

    def register(self, application: int | None = None) -> Register:
        """The register as of today on customs' calendar, as `application` may see it."""
        today = self.now.astimezone(CHINA).date()
        return Register(self.connection, today, self.settings.seed, self.press, application)

    def _scenario(self, client_seq_no: str, guid: str) -> Scenario:
        scenario = read_scenario(client_seq_no)
        once = scenario.outcome is Outcome.LODGEFAILONCE
        return in_force(scenario, failed_before=once and self.docket.failed_before(guid, _LODGE_FAILED_CODE))

    def _form(self, entry: Entry) -> Form:
        form = self.forms.get(entry.form)
        if form is None:
            raise Broken(
                f"申请 {entry.guid} 的报文类型 {entry.form} 已不存在；请恢复该类型的定义文件",
                f"The message type {entry.form} of application {entry.guid} is gone; bring its definition back",
            )
        return form


def _answerable(one: NewApplication) -> Answerable:
    return Answerable(guid=one.guid, application_no=one.application_no, client_seq_no=one.client_seq_no)
