"""What gateway and customs should make of every letter, in few words: who is admitted, and what then becomes of it.

Beside the model of the register (`tests/customs/model.py`), which says who holds what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.customs.model import WARNINGS, Model, Told
from tests.customs.office import Application, Cancellation, CertificateRequest, FilingQuery
from tests.system.exchange.letters import ApplicationsQuery, Letter, Wish

AT_CUSTOMS = {"LODGED", "UNDER_REVIEW", "APPROVED"}
"""Who filed an application in one of these statuses for another may ask about that one's record."""


@dataclass
class Known:
    """An application in the ledger."""

    letter: Letter
    """The latest that was accepted for it."""
    file: str
    """Under whose name answers and receipts come."""
    status: str
    codes: set[str] = field(default_factory=set)
    """For which customs refused it."""

    @property
    def application(self) -> Application:
        return self.letter.application

    @property
    def scenario(self) -> str:
        """The word behind `SIM-`; empty where the number names none."""
        return self.letter.number.split("-")[1] if self.letter.number.startswith("SIM-") else ""

    @property
    def waits_for_person(self) -> bool:
        return self.status in ("LODGED", "UNDER_REVIEW")

    @property
    def at_customs(self) -> bool:
        return self.status != "DRAFT" and not isinstance(self.application, ApplicationsQuery)


ToldOf = Callable[[Known], Sequence[Told]]
"""What the receipts told of an application that was approved."""


@dataclass
class Exchange:
    """Everything that can be known of the exchange: applications by guid in the order they came, files by outcome."""

    customs: Model
    applications: dict[str, Known] = field(default_factory=dict)
    filed: dict[str, Letter] = field(default_factory=dict)
    """What was accepted, by the name of the file it came in."""
    failed: set[str] = field(default_factory=set)
    """Applications that customs could not store at least once."""
    outcomes: Counter[str] = field(default_factory=Counter)
    on_the_way: list[str] = field(default_factory=list)

    # The gateway

    def admit(self, file: str, letter: Letter) -> tuple[str, set[str]]:
        """What becomes of a file, and the codes it is refused for."""
        outcome, codes = self._judge(letter)
        self.outcomes[outcome] += 1
        if outcome == "ACCEPTED":
            self._enter(file, letter)
        return outcome, codes

    def _judge(self, letter: Letter) -> tuple[str, set[str]]:
        if letter.codes:
            return "REFUSED", set(letter.codes)
        known = self.applications.get(letter.guid)
        if letter in self.filed.values():
            again = known is not None and known.letter is letter and known.status == "LODGE_FAILED"
            return ("ACCEPTED" if again else "DUPLICATE"), set()
        codes = _conflict(letter, known) or self._transit(letter)
        return ("CONFLICT" if codes else "ACCEPTED"), codes

    def _transit(self, letter: Letter) -> set[str]:
        """Only one cancellation of an enterprise on its way to customs."""
        leaving = {self.applications[guid].application.uscc for guid in self.on_the_way if self._is_cancellation(guid)}
        cancels = isinstance(letter.application, Cancellation) and letter.wish is Wish.SUBMIT
        return {"QLF-114"} if cancels and letter.application.uscc in leaving else set()

    def _is_cancellation(self, guid: str) -> bool:
        return isinstance(self.applications[guid].application, Cancellation)

    def _enter(self, file: str, letter: Letter) -> None:
        self.filed[file] = letter
        if letter.wish is Wish.DELETE:
            del self.applications[letter.guid]
        else:
            status = "SUBMITTED" if letter.wish is Wish.SUBMIT else "DRAFT"
            self.applications[letter.guid] = Known(letter, file, status)
        if letter.wish is Wish.SUBMIT:
            self.on_the_way.append(letter.guid)

    # Customs

    def work(self, told: ToldOf, today: date) -> None:
        """Everything on its way is lodged, then all of it is checked, then decided, each time in order of arrival."""
        arrived, self.on_the_way = self.on_the_way, []
        for step in (self._lodge, self._check, lambda known, today: self._decide(known, told, today)):
            arrived = [guid for guid in arrived if step(self.applications[guid], today)]

    def _lodge(self, known: Known, _today: date) -> bool:
        """Whether it goes on to be checked."""
        if isinstance(known.application, ApplicationsQuery):
            known.status = "ANSWERED"
        elif isinstance(known.application, FilingQuery):
            known.codes = set() if self._may_ask(known.letter) else {"QLF-140"}
            known.status = "REFUSED" if known.codes else "ANSWERED"
        elif self._fails(known):
            self.failed.add(known.letter.guid)
            known.status = "LODGE_FAILED"
        else:
            known.status = "LODGED"
        return known.status == "LODGED"

    def _fails(self, known: Known) -> bool:
        once = known.scenario == "LODGEFAILONCE" and known.letter.guid not in self.failed
        return known.scenario == "LODGEFAIL" or once

    def _may_ask(self, letter: Letter) -> bool:
        uscc = letter.application.uscc
        filed = {
            one.application.uscc
            for one in self.applications.values()
            if one.letter.owner == letter.owner and one.status in AT_CUSTOMS
        }
        return uscc == letter.owner or uscc in filed

    def _check(self, known: Known, today: date) -> bool:
        """Whether it goes on to be decided by the machine."""
        codes = set() if known.scenario == "REFUSE" else self.customs.objections(known.application, today)
        if known.scenario == "REFUSE" or codes - WARNINGS:
            known.status, known.codes = "REFUSED", codes
            return False
        self.customs.take_in(known.letter.guid, known.application)
        if known.scenario == "HOLD":
            return False
        known.status = "UNDER_REVIEW"
        return known.scenario != "REVIEW"

    def _decide(self, known: Known, told: ToldOf, today: date) -> bool:
        """What cannot be approved any more waits for a person."""
        if known.scenario == "DISAPPROVE":
            self.reject(known, "DISAPPROVED")
        elif self.customs.can_be_approved(known.application, today):
            self.approve(known, told, today)
        return True

    def approve(self, known: Known, told: ToldOf, today: date) -> None:
        known.status = "ISSUED" if isinstance(known.application, CertificateRequest) else "APPROVED"
        self.customs.approve(known.letter.guid, known.application, told(known), today)
        for enterprise in self.customs.enterprises.values():
            for paper in enterprise.papers:
                self.applications[str(paper.application)].status = "VOID" if paper.void else "ISSUED"

    def reject(self, known: Known, status: str) -> None:
        known.status = status
        self.customs.drop(known.letter.guid, known.application)

    # What senders are shown

    def shown(self, file: str) -> list[tuple[str, str]]:
        """Guid and status of the application that stands under the name of a file; nothing once another has replaced it."""
        known = self.applications.get(self.filed[file].guid)
        return [(known.letter.guid, known.status)] if known and known.file == file else []

    def listed(self, asker: str, query: ApplicationsQuery) -> list[tuple[str, str, str]]:
        """Guid, form and status of the applications that a query lists, newest first."""
        return [
            (guid, one.application.form, one.status)
            for guid, one in reversed(self.applications.items())
            if not isinstance(one.application, ApplicationsQuery | FilingQuery)
            and asker in (one.letter.owner, one.application.uscc)
            and query.uscc in (asker, one.application.uscc)
            and query.of_form in ("", one.application.form)
            and query.of_status in ("", one.status)
        ]


def _conflict(letter: Letter, known: Known | None) -> set[str]:
    """Why a letter contradicts what is in the ledger, if it does."""
    if known is None:
        return set() if letter.wish in (Wish.SUBMIT, Wish.SAVE) else {"2999"}
    if (known.letter.owner, known.application.form) != (letter.owner, letter.application.form):
        return {"QLF-130"}
    sent_again = known.status == "LODGE_FAILED" and letter.wish is Wish.SUBMIT
    return set() if known.status == "DRAFT" or sent_again else {"QLF-130"}
