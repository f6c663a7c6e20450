"""Gateway and customs against a model: two enterprises file, save, cancel, ask and err in any order, as time passes.

Everything is real and whole: signed files in the OutBoxes of a workspace, the gateway, customs' register, receipts,
the ledger. The long form runs from the command line:
`python -m tests.system.exchange_machine --operations 2000 --seed 1`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lxml import etree

from edi.app import open_app
from edi.app.service import run_once
from edi.app.workspace import create_workspace
from edi.core.results import Standing
from edi.core.times import CHINA
from edi.errors import UserError
from edi.messages.receipt import Receipt, read_receipts
from tests.customs.model import FILED, KINDS, SELLERS, TYPES, Enterprise, Model, Told
from tests.customs.office import (
    START,
    Application,
    Cancellation,
    CertificateRequest,
    Change,
    Filing,
    FilingQuery,
    MovableClock,
    Renewal,
)
from tests.system.exchange_letters import FAULTS, HOME, PAPERS, ApplicationsQuery, Letter, Scribe, Wish, other
from tests.system.exchange_model import Exchange, Known

STEPS = 50
"""Operations of one life of the two enterprises."""
APPROVED = {399, 401}
LAST_YEAR = 2090
"""Later the clock stands still: what is valid for ever is valid until 2099."""

enterprises = st.sampled_from(sorted(HOME))
numbers = st.sampled_from(
    [""] * 6
    + ["SIM-REVIEW"] * 3
    + ["SIM-HOLD", "SIM-DISAPPROVE", "SIM-REFUSE", "SIM-LODGEFAIL", "SIM-LODGEFAILONCE", "SIM-APPROVE"]
)
by_chance = {part: st.sampled_from([True] + [False] * (part - 1)) for part in (2, 4, 6)}
"""True once in so many times."""


@dataclass
class Tally:
    """What was done, and what came of it."""

    operations: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, operation: str, outcome: str) -> None:
        self.outcomes[operation, outcome] += 1

    def __str__(self) -> str:
        rows = [f"{number:6d}  {what:14s} {outcome}" for (what, outcome), number in sorted(self.outcomes.items())]
        return "\n".join([*rows, f"{self.operations:6d}  operations"])


def make_template(home: Path) -> Path:
    """A workspace whose customs has nothing on record, made on the machine's clock."""
    create_workspace(home, MovableClock(START))
    for register in (home / "customs").glob("register.sqlite*"):
        register.unlink()
    config = home / "config.toml"
    quick = config.read_text("utf-8").replace("settle_seconds = 1.0", "settle_seconds = 0.01")
    config.write_text(quick, "utf-8")
    return home


class ExchangeMachine(RuleBasedStateMachine):
    """Two enterprises, each with its channel, each acting for itself and for the other."""

    def __init__(self, template: Path, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.home = Path(tempfile.mkdtemp(prefix="edi-exchange-")) / "home"
        shutil.copytree(template, self.home)
        self.clock = MovableClock(START)
        self.ahead = timedelta()
        self.model = Exchange(Model({uscc: Enterprise() for uscc in sorted(HOME)}))
        self.scribe = Scribe.of(self.home)
        self.letters: list[Letter] = []
        self.files = 0
        self.closing_after = ""
        self.stack = ExitStack()
        self.open()

    # Opening and closing

    def open(self) -> None:
        self.app = self.stack.enter_context(open_app(self.home, self.clock))
        assert self.app.customs is not None
        self.customs = self.app.customs

    def reopen(self) -> None:
        self.stack.close()
        self.open()

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.home.parent)

    @property
    def today(self):
        return (self.clock.now + self.ahead).astimezone(CHINA).date()

    @property
    def parties(self) -> dict[str, Enterprise]:
        return self.model.customs.enterprises

    @initialize(filed=st.booleans())
    def begin(self, filed):
        """One enterprise starts as a temporary unit, the other as a trader or with nothing."""
        first, second = sorted(HOME)
        self.send(
            "filing", self.scribe.write(Filing(uscc=first, types=("TEMPORARY",), customs=HOME[first]), owner=first)
        )
        if filed:
            trader = Filing(uscc=second, types=("TRADER",), customs=HOME[second])
            self.send("filing", self.scribe.write(trader, owner=second))

    # Applying

    @rule(uscc=enterprises, number=numbers, data=st.data())
    def file(self, uscc, number, data):
        self.submit(self.a_filing(uscc, data), number, data)

    @rule(uscc=enterprises, number=numbers, data=st.data())
    def change(self, uscc, number, data):
        self.submit(self.a_change(uscc, data), number, data)

    @rule(uscc=enterprises, number=numbers, data=st.data())
    def cancel(self, uscc, number, data):
        self.submit(self.a_cancellation(uscc, data), number, data)

    @rule(uscc=enterprises, number=numbers, days=st.sampled_from([None, 31, 30, 10, 0, 0, -1]), data=st.data())
    def renew(self, uscc, number, days, data):
        """Now, or so many days before the expiry: else the window and its borders were hardly ever met."""
        spell = self.parties[uscc].given.get("TEMPORARY")
        if spell and days is not None and (wait := (spell.until - timedelta(days=days) - self.today).days) > 0:
            self.let_pass(wait)
        self.submit(self.a_renewal(uscc, data), number, data)

    @rule(uscc=enterprises, number=numbers, data=st.data())
    def certify(self, uscc, number, data):
        self.submit(CertificateRequest(uscc=uscc), number, data)

    @rule(data=st.data())
    def two_at_once(self, data):
        """Two files lie there when the gateway looks: customs meets the second while the first is under way."""
        letters = []
        for kind in data.draw(
            st.lists(st.sampled_from(["filing", "cancellation", *KINDS.values()]), min_size=2, max_size=2)
        ):
            application = self.an_application(kind, data.draw(enterprises), data)
            letters.append(self.scribe.write(application, owner=application.uscc, number=data.draw(numbers)))
        self.send("two at once", *letters)

    # Drafts, and what may not be done to others

    @rule(kind=st.sampled_from(sorted(KINDS.values())), uscc=enterprises, data=st.data())
    def save(self, kind, uscc, data):
        application = self.an_application(kind, uscc, data)
        unfinished = data.draw(st.booleans())
        owner = self.somebody_for(application, data)
        self.send("save", self.scribe.write(application, owner=owner, wish=Wish.SAVE, unfinished=unfinished))

    @precondition(lambda self: self.model.applications)
    @rule(wish=st.sampled_from([Wish.REPLACE, Wish.DELETE, Wish.SUBMIT, Wish.SUBMIT]), number=numbers, data=st.data())
    def edit(self, wish, number, data):
        """Mostly a draft, else something that was submitted or has gone; sometimes by the one whose it is not."""
        drafts = [guid for guid, one in self.model.applications.items() if one.status in ("DRAFT", "LODGE_FAILED")]
        guid = data.draw(st.sampled_from(drafts * 3 + [one.guid for one in self.letters]))
        mine = next(one for one in reversed(self.letters) if one.guid == guid and one.application.form in KINDS)
        kind = KINDS[mine.application.form]
        if data.draw(by_chance[6]):
            kind = data.draw(st.sampled_from(sorted(KINDS.values())))
        intruder = data.draw(by_chance[6])
        owner = other(mine.owner) if intruder else mine.owner
        uscc = mine.application.uscc if kind in ("filing", "change") else owner
        letter = self.scribe.write(
            self.an_application(kind, uscc, data), owner=owner, guid=guid, wish=wish, number=number
        )
        self.send(f"{wish.name.lower()} {'by another' if intruder else 'again'}", letter)

    # The same again, and what is refused

    @precondition(lambda self: self.letters)
    @rule(data=st.data())
    def send_again(self, data):
        """The same bytes under another name."""
        self.send("same bytes", data.draw(st.sampled_from(self.letters)))

    @precondition(lambda self: self.lodge_failed())
    @rule(data=st.data())
    def send_what_failed(self, data):
        self.send("failed bytes", data.draw(st.sampled_from(self.lodge_failed())))

    @rule(name=st.sampled_from(sorted(FAULTS)), uscc=enterprises)
    def err(self, name, uscc):
        self.send(name, self.scribe.write_badly(FAULTS[name], uscc))

    # Customs' staff, time, the program

    @precondition(lambda self: self.model.applications)
    @rule(decision=st.sampled_from(["approve", "approve", "disapprove", "refuse"]), data=st.data())
    def decide(self, decision, data):
        """Mostly something that waits for it."""
        waiting = [guid for guid, one in self.model.applications.items() if one.waits_for_person]
        guid = data.draw(st.sampled_from(waiting * 5 + list(self.model.applications)))
        known = self.model.applications[guid]
        refusable = (
            known.waits_for_person
            and {
                "approve": self.model.customs.can_be_approved(known.application, self.today),
                "disapprove": True,
                "refuse": known.status == "LODGED",
            }[decision]
        )
        try:
            self.customs.decide(guid, decision, "示例意见")
        except UserError:
            assert not refusable
            self.tally.count("decide", f"{decision}: cannot be")
        else:
            assert refusable
            self.work()
            self.decided(known, decision)
            self.tally.count("decide", f"{decision}: {known.status}")
        self.tally.operations += 1

    def decided(self, known: Known, decision: str) -> None:
        if decision == "approve":
            self.model.approve(known, self.told, self.today)
        else:
            self.model.reject(known, "DISAPPROVED" if decision == "disapprove" else "REFUSED")

    @rule(days=st.sampled_from([1, 1, 2, 5, 40, 336]))
    def time_passes(self, days):
        self.let_pass(days)
        self.work()
        self.tally.count("time passes", "")
        self.tally.operations += 1

    @rule(after=st.sampled_from(["", "gateway", "customs"]))
    def close_and_open(self, after):
        """Now, or in the midst of the next exchange: when the gateway, or customs as well, has done its first round."""
        self.reopen()
        self.closing_after = after
        self.tally.count("close and open", after)
        self.tally.operations += 1

    # Asking

    @rule(asker=enterprises, for_another=by_chance[4], data=st.data())
    def ask_for_applications(self, asker, for_another, data):
        query = ApplicationsQuery(
            uscc=other(asker) if for_another else asker,
            of_form=data.draw(st.sampled_from(["", "", *KINDS])),
            of_status=data.draw(st.sampled_from(["", "", "DRAFT", "APPROVED", "REFUSED", "UNDER_REVIEW"])),
        )
        expected = self.model.listed(asker, query)
        known = self.asked("applications", query, asker)
        (receipt,) = self.receipts_of(known)
        listed = receipt.results.applications if receipt.results else ()
        assert [(one.guid, one.form, one.status) for one in listed] == expected

    @rule(asker=enterprises, for_another=by_chance[4], of_type=by_chance[4], data=st.data())
    def ask_for_the_record(self, asker, for_another, of_type, data):
        uscc = other(asker) if for_another else asker
        held = sorted(self.parties[uscc].held(self.today))
        wanted = data.draw(st.sampled_from(held)) if held and of_type else ""
        known = self.asked("record", FilingQuery(uscc=uscc, type=wanted), asker)
        (receipt,) = self.receipts_of(known)
        if known.status == "ANSWERED" and self.parties[uscc].customs:
            (record,) = receipt.results.filings
            self.compare(record, uscc, wanted)
        else:
            assert not (receipt.results and receipt.results.filings)

    def asked(self, what: str, query: Application, asker: str) -> Known:
        letter = self.scribe.write(query, owner=asker)
        self.send(f"ask: {what}", letter)
        return self.model.applications[letter.guid]

    # What is applied for: mostly what can be

    def an_application(self, kind, uscc, data) -> Application:
        if kind == "certificate":
            return CertificateRequest(uscc=uscc)
        makers: dict[str, Callable[..., Application]] = {
            "filing": self.a_filing,
            "change": self.a_change,
            "cancellation": self.a_cancellation,
            "renewal": self.a_renewal,
        }
        return makers[kind](uscc, data)

    def a_filing(self, uscc, data) -> Filing:
        """Sellers without a trader say that they hold that already, true or not."""
        staff = data.draw(st.sampled_from([(), (), ("张示例",), ("张示例", "王示例")]))
        filings = [
            Filing(
                uscc=uscc,
                types=types,
                customs=HOME[uscc],
                declarants=staff,
                held=("TRADER",) if set(types) & SELLERS and "TRADER" not in types else (),
            )
            for types in FILED
        ]
        possible = [one for one in filings if not self.parties[uscc].objections(one, self.today)]
        return data.draw(st.sampled_from(possible * 4 + filings))

    def a_change(self, uscc, data) -> Change:
        """Mostly of what is held; of declarants on record, and sometimes of one who is not."""
        held = frozenset(self.parties[uscc].held(self.today)) or {"TRADER"}
        types = held ^ {"BROKER"} or held if data.draw(by_chance[6]) else held
        known = [*self.parties[uscc].staff.values()]
        named = data.draw(st.lists(st.sampled_from([*known * 4, "no such number"]), unique=True, max_size=2))
        told = [
            (data.draw(st.sampled_from(["CHANGE", "CANCEL"])), number, "李示例", data.draw(st.sampled_from(PAPERS)))
            for number in (named if known else [])
        ]
        told += [("ADD", "", "赵示例", papers) for papers in data.draw(st.lists(st.sampled_from(PAPERS), max_size=1))]
        customs = HOME[other(uscc)] if data.draw(by_chance[4]) else HOME[uscc]
        return Change(uscc=uscc, types=tuple(sorted(types)), customs=customs, declarants=tuple(told))

    def a_cancellation(self, uscc, data) -> Cancellation:
        """Mostly of what is held, sometimes of something else beside it."""
        held = sorted(self.parties[uscc].held(self.today)) or TYPES
        types = data.draw(st.sets(st.sampled_from(held), min_size=1))
        if data.draw(by_chance[6]):
            types |= {data.draw(st.sampled_from(TYPES))}
        return Cancellation(uscc=uscc, types=tuple(sorted(types)))

    def a_renewal(self, uscc, data) -> Renewal:
        return Renewal(uscc=uscc, type="TRADER" if data.draw(by_chance[6]) else "TEMPORARY")

    def somebody_for(self, application: Application, data) -> str:
        """Filings and changes are sometimes sent by the other enterprise, by card."""
        for_another = isinstance(application, Filing | Change) and data.draw(by_chance[4])
        return other(application.uscc) if for_another else application.uscc

    def submit(self, application: Application, number: str, data) -> None:
        owner = self.somebody_for(application, data)
        media = ["legal-person", "operator"]
        media += ["account"] if owner == application.uscc and isinstance(application, Filing | Change) else []
        letter = self.scribe.write(application, owner=owner, number=number, by=data.draw(st.sampled_from(media)))
        kind = KINDS[application.form]
        self.send(kind if owner == application.uscc else f"{kind} for another", letter)

    # Doing

    def send(self, operation: str, *letters: Letter) -> None:
        """Drop files, let gateway and customs work, and see that each file came to what the model says."""
        self.tally.operations += 1
        ordered = sorted(letters, key=lambda one: [*self.app.config.channels].index(one.channel))
        dropped = [(self.drop(letter), letter) for letter in ordered]
        self.work()
        expected = [(file, letter, *self.model.admit(file, letter)) for file, letter in dropped]
        self.model.work(self.told, self.today)
        for file, letter, outcome, codes in expected:
            self.letters += [] if letter in self.letters else [letter]
            known = self.model.applications.get(letter.guid)
            status = known.status if known and outcome == "ACCEPTED" else " ".join(sorted(codes))
            self.tally.count(operation, f"{outcome} {status}".strip())
            self.look_at(file, letter, outcome, codes)
            if known and known.status == "REFUSED" and outcome == "ACCEPTED":
                assert {one.code for one in self.receipts_of(known)[-1].findings} == known.codes

    def drop(self, letter: Letter) -> str:
        """Put a file into the OutBox by a rename, which the system tells the gateway at once."""
        self.files += 1
        name = f"{self.files:05d}.xml"
        outbox = self.home / "inbox" / letter.channel
        (outbox / f".{name}").write_bytes(letter.data)
        (outbox / f".{name}").rename(outbox / name)
        self.app.pipeline.intakes[letter.channel].settled.announce(name)
        return name

    def work(self) -> None:
        self.clock.now += timedelta(seconds=1)
        if self.closing_after:
            self.app.exchange()
            if self.closing_after == "customs":
                self.app.review()
            self.reopen()
            self.closing_after = ""
        run_once(self.app)

    def let_pass(self, days: int) -> None:
        if self.today.year < LAST_YEAR:
            self.customs.advance(timedelta(days=days))
            self.ahead += timedelta(days=days)

    def lodge_failed(self) -> list[Letter]:
        return [one.letter for one in self.model.applications.values() if one.status == "LODGE_FAILED"]

    # Looking

    def look_at(self, file: str, letter: Letter, outcome: str, codes: set[str]) -> None:
        """The outcome in the ledger, the original in its box, byte for byte, and the answer in InBox."""
        (record,) = self.app.reader.files(file)
        found = {one["code"] for one in record["findings"] if one["severity"] == "error"}
        assert (record["outcome"], found) == (outcome, codes)
        out, good = self.home / "outbox" / letter.channel, outcome in ("ACCEPTED", "DUPLICATE")
        assert (out / ("SentBox" if good else "FailBox") / file).read_bytes() == letter.data
        (answer,) = (out / "InBox").glob(f"{'Successed' if good else 'Failed'}_{file.removesuffix('.xml')}_*.xml")
        assert {one.text for one in etree.parse(answer).findall(".//{*}finding/{*}code")} >= codes

    def receipts_of(self, known: Known) -> list[Receipt]:
        """The receipts of an application as they lie in InBox, in the order in which they came."""
        inbox = self.home / "outbox" / known.letter.channel / "InBox"
        files = sorted(inbox.glob(f"Receipt_{known.file.removesuffix('.xml')}_*.xml"))
        return [one for file in files for one in read_receipts(etree.parse(file).getroot())]

    def told(self, known: Known) -> list[Told]:
        (results,) = [one.results for one in self.receipts_of(known) if one.code in APPROVED]
        assert results is not None
        return [*results.qualifications, *results.declarants, *([results.certificate] if results.certificate else [])]

    def compare(self, record, uscc: str, only: str = "") -> None:
        """What customs has on record of an enterprise, against the model."""
        enterprise = self.parties[uscc]
        assert {
            one.granted.type: (one.granted.valid_from, one.granted.valid_until, one.granted.filing_code)
            for one in record.qualifications
            if one.standing is Standing.VALID
        } == {
            one: (spell.since.isoformat(), spell.until.isoformat(), spell.code)
            for one, spell in enterprise.given.items()
            if one in enterprise.held(self.today) and only in ("", one)
        }
        assert record.customs == enterprise.customs
        assert {one.doc_no: one.declarant_no for one in record.declarants} == enterprise.staff
        assert [(one.certificate_no, one.issued_on, one.void) for one in record.certificates] == [
            (one.number, one.issued.isoformat(), one.void) for one in reversed(enterprise.papers)
        ]

    def rows(self, database: str, query: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self.home / database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    # What must always hold

    @invariant()
    def every_application_is_where_the_model_has_it(self):
        found = self.rows("var/ledger.sqlite", "select guid, status, owner, form, applicant from applications")
        assert {guid: told for guid, *told in found} == {
            guid: [one.status, one.letter.owner, one.application.form, one.application.uscc]
            for guid, one in self.model.applications.items()
        }

    @invariant()
    def customs_has_them_in_the_same_status(self):
        """Of one that failed and came again the last entry counts."""
        self.customs.now()  # the register is there
        newest = "select guid, status from applications where id in (select max(id) from applications group by guid)"
        assert dict(self.rows("customs/register.sqlite", newest)) == {
            guid: one.status for guid, one in self.model.applications.items() if one.at_customs
        }

    @invariant()
    def the_sender_is_shown_the_same_status(self):
        for guid, one in self.model.applications.items():
            shown = self.home / "outbox" / one.letter.channel / "InBox" / f"{one.file}.status.json"
            assert {each["guid"]: each["status"] for each in json.loads(shown.read_bytes())["applications"]} == {
                guid: one.status
            }

    @invariant()
    def the_record_is_that_of_the_model(self):
        for uscc, enterprise in self.parties.items():
            if enterprise.customs:
                self.compare(self.customs.on_record(uscc), uscc)
            claims = {token for _, token in self.claims() if _ == uscc}
            assert claims == enterprise.claims()

    def claims(self) -> list[tuple]:
        return self.rows("customs/register.sqlite", "select uscc, token from claims")

    @invariant()
    def the_balance_of_files_holds(self):
        balance = self.app.reader.balance()
        assert balance["balanced"]
        assert {one: balance[one] for one in self.model.outcomes} == dict(self.model.outcomes)
        assert balance["seen"] == self.files

    @invariant()
    def nothing_lies_about(self):
        """No file in any OutBox or on its way, nothing held back, nothing that asks for a person's attention."""
        folders = [self.home / "inbox", self.home / "customs" / "in", self.home / "customs" / "out"]
        assert [file for folder in folders for file in folder.rglob("*") if file.is_file()] == []
        assert self.app.reader.waiting() == []
        assert self.app.reader.alarms() == []


def play(template: Path, operations: int, number: int, steps: int = STEPS) -> Tally:
    """Lives of the two enterprises, of `steps` operations each, chosen by the seed `number`; what was done."""
    tally = Tally()

    def machine() -> ExchangeMachine:
        return ExchangeMachine(template, tally)

    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=1 + -(-operations // steps),  # the first one is always the simplest there is
            stateful_step_count=steps,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Run the long form and print what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="edi-exchange-") as folder:
        print(f"seed {options.seed}")
        print(play(make_template(Path(folder) / "home"), options.operations, options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
