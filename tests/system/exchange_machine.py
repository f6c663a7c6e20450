"""Gateway and customs against a model: two enterprises file, save, cancel, ask and err in any order, as time passes.

Everything is real and whole: signed files in the OutBoxes of a workspace, the gateway, customs' register, receipts,
the ledger. The long form runs from the command line:
`python -m tests.system.exchange_machine --operations 2000 --seed 1`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from edi.core.results import FilingRecord, Standing
from edi.errors import UserError
from edi.messages.receipt import Receipt
from tests.customs.model import FILED, KINDS, Enterprise, Model, Told
from tests.customs.office import Application, FilingQuery
from tests.system.exchange.letters import FAULTS, HOME, ApplicationsQuery, Letter, Scribe, Wish, other
from tests.system.exchange.model import Exchange, Known
from tests.system.exchange.site import Site, make_template
from tests.system.exchange.tally import Tally
from tests.system.exchange.wishes import (
    able,
    applications,
    enterprises,
    filing_of,
    filters,
    kinds,
    medium_of,
    one_in,
    outcomes,
    sender_of,
)

STEPS = 50
"""Operations of one life of the two enterprises."""
APPROVED = {399, 401}


class ExchangeMachine(RuleBasedStateMachine):
    """Two enterprises, each with its channel, each acting for itself and for the other."""

    def __init__(self, template: Path, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.site = Site(template)
        self.scribe = Scribe.of(self.site.home)
        self.model = Exchange(Model({uscc: Enterprise() for uscc in sorted(HOME)}))
        self.letters: list[Letter] = []

    def teardown(self):
        self.site.leave()

    @property
    def parties(self):
        return self.model.customs.enterprises

    @property
    def known(self):
        return self.model.applications

    @initialize(first=st.sampled_from([*FILED, *[("TEMPORARY",)] * 4, ()]), second=st.sampled_from([*FILED, ()]))
    def begin(self, first, second):
        """The first is often a temporary unit, else hardly anything could be renewed."""
        for uscc, types in zip(self.parties, (first, second), strict=True):
            if types:
                self.send("filing", self.scribe.write(filing_of(uscc, types), owner=uscc))

    # Applying

    @rule(number=outcomes, data=st.data())
    def file(self, number, data):
        self.submit("filing", self.someone("filing", data), number, data)

    @precondition(lambda self: self.able("change"))
    @rule(number=outcomes, data=st.data())
    def change(self, number, data):
        self.submit("change", self.someone("change", data), number, data)

    @precondition(lambda self: self.able("cancellation"))
    @rule(number=outcomes, data=st.data())
    def cancel(self, number, data):
        self.submit("cancellation", self.someone("cancellation", data), number, data)

    @precondition(lambda self: self.able("renewal"))
    @rule(number=outcomes, days=st.sampled_from([None, 31, 30, 10, 0, 0, -1]), data=st.data())
    def renew(self, number, days, data):
        """Now, or so many days before the expiry: else the window and its borders were hardly ever met."""
        uscc = self.someone("renewal", data)
        spell = self.parties[uscc].given.get("TEMPORARY")
        if spell and days is not None and (wait := (spell.until - timedelta(days=days) - self.site.today).days) > 0:
            self.site.let_pass(wait)
        self.submit("renewal", uscc, number, data)

    @precondition(lambda self: self.able("certificate"))
    @rule(number=outcomes, data=st.data())
    def certify(self, number, data):
        self.submit("certificate", self.someone("certificate", data), number, data)

    @rule(of_both=one_in[4], data=st.data())
    def two_at_once(self, of_both, data):
        """Two files lie there when the gateway looks: customs meets the second while the first is under way."""
        first, second = (data.draw(st.just("cancellation") | kinds) for _ in range(2))
        uscc = self.someone(first, data)
        letters = []
        for kind, one in ((first, uscc), (second, other(uscc) if of_both else uscc)):
            wanted = self.wanted(kind, one, data)
            letters.append(self.scribe.write(wanted, owner=one, number=data.draw(outcomes)))
        self.send("two at once", *letters)

    # Drafts, and what may not be done to others

    @rule(kind=kinds, unfinished=st.booleans(), data=st.data())
    def save(self, kind, unfinished, data):
        wanted = self.wanted(kind, self.someone(kind, data), data)
        owner = data.draw(sender_of(wanted))
        self.send("save", self.scribe.write(wanted, owner=owner, wish=Wish.SAVE, unfinished=unfinished))

    @precondition(lambda self: self.applied())
    @rule(wish=st.sampled_from([Wish.REPLACE, Wish.DELETE, Wish.SUBMIT, Wish.SUBMIT]), number=outcomes, data=st.data())
    def edit(self, wish, number, data):
        """Mostly a draft, else something submitted or gone; sometimes as another kind, or by whom it does not belong to."""
        letters = self.applied()
        guids = [guid for guid, one in self.known.items() if one.status in ("DRAFT", "LODGE_FAILED")]
        guid = data.draw(st.sampled_from(guids * 6 + [one.guid for one in letters]))
        latest = next(one for one in reversed(letters) if one.guid == guid)
        kind = data.draw(kinds) if data.draw(one_in[6]) else KINDS[latest.application.form]
        intruder = data.draw(one_in[6])
        owner = other(latest.owner) if intruder else latest.owner
        uscc = latest.application.uscc if kind in ("filing", "change") else owner
        letter = self.scribe.write(self.wanted(kind, uscc, data), owner=owner, guid=guid, wish=wish, number=number)
        self.send(f"{wish.name.lower()} {'by another' if intruder else 'again'}", letter)

    def applied(self) -> list[Letter]:
        """All letters but queries."""
        return [one for one in self.letters if one.application.form in KINDS]

    # The same again, and what is refused

    @precondition(lambda self: self.letters)
    @rule(data=st.data())
    def send_again(self, data):
        """The same bytes under another name."""
        self.send("same bytes", data.draw(st.sampled_from(self.letters)))

    @precondition(lambda self: self.failed())
    @rule(data=st.data())
    def send_what_failed(self, data):
        self.send("same bytes after failure", data.draw(st.sampled_from(self.failed())))

    def failed(self) -> list[Letter]:
        return [one.letter for one in self.known.values() if one.status == "LODGE_FAILED"]

    @rule(name=st.sampled_from(sorted(FAULTS)), uscc=enterprises)
    def err(self, name, uscc):
        self.send(name, self.scribe.write_badly(FAULTS[name], uscc))

    # Customs' staff, time, the program

    @precondition(lambda self: self.waiting())
    @rule(decision=st.sampled_from(["approve", "approve", "disapprove", "refuse"]), data=st.data())
    def decide(self, decision, data):
        """Mostly on what waits for it."""
        self.rule_on(data.draw(st.sampled_from(self.waiting() * 5 + list(self.known))), decision)

    @precondition(lambda self: self.waiting())
    @rule()
    def work_the_queue(self):
        for guid in self.waiting():
            self.rule_on(guid, "approve")

    def rule_on(self, guid: str, decision: str) -> None:
        known = self.known[guid]
        can_be = self.can_be_decided(known, decision)
        try:
            self.site.customs.decide(guid, decision, "示例意见")
        except UserError:
            assert not can_be
            self.done(f"staff: {decision}", f"not {known.status}")
        else:
            assert can_be
            self.site.work()
            self.decided(known, decision)
            self.done(f"staff: {decision}", known.status)

    def waiting(self) -> list[str]:
        return [guid for guid, one in self.known.items() if one.waits_for_person]

    def can_be_decided(self, known: Known, decision: str) -> bool:
        if not known.waits_for_person:
            return False
        if decision == "approve":
            return self.model.customs.can_be_approved(known.application, self.site.today)
        return decision == "disapprove" or known.status == "LODGED"

    def decided(self, known: Known, decision: str) -> None:
        if decision == "approve":
            self.model.approve(known, self.told, self.site.today)
        else:
            self.model.reject(known, {"disapprove": "DISAPPROVED", "refuse": "REFUSED"}[decision])

    @rule(days=st.sampled_from([1, 1, 2, 5, 40, 336]))
    def time_passes(self, days):
        self.site.let_pass(days)
        self.site.work()
        self.done("time passes", "")

    @rule(after=st.sampled_from(["", "gateway", "customs"]))
    def close_and_open(self, after):
        """Now, or in the midst of the next exchange; the chain of events is whole. Not counted as an operation."""
        self.site.reopen()
        self.site.closing_after = after
        assert self.site.app.reader.chain_break()[1] is None

    # Asking

    @rule(asker=enterprises, for_another=one_in[4], wanted=filters)
    def ask_for_applications(self, asker, for_another, wanted):
        form, status = wanted
        query = ApplicationsQuery(uscc=other(asker) if for_another else asker, of_form=form, of_status=status)
        expected = self.model.listed(asker, query)
        receipt = self.answer("ask for applications", query, asker)
        listed = receipt.results.applications if receipt.results else ()
        assert [(one.guid, one.form, one.status) for one in listed] == expected

    @rule(asker=enterprises, for_another=one_in[2], of_type=one_in[4], data=st.data())
    def ask_for_the_record(self, asker, for_another, of_type, data):
        uscc = other(asker) if for_another else asker
        held = sorted(self.parties[uscc].held(self.site.today))
        wanted = data.draw(st.sampled_from(held)) if held and of_type else ""
        receipt = self.answer("ask for the record", FilingQuery(uscc=uscc, type=wanted), asker)
        records = receipt.results.filings if receipt.results else ()
        assert bool(records) == (receipt.code == 200 and bool(self.parties[uscc].customs))
        for record in records:
            self.compare(record, uscc, wanted)

    def answer(self, what: str, query: Application, asker: str) -> Receipt:
        letter = self.scribe.write(query, owner=asker)
        self.send(what, letter)
        (receipt,) = self.receipts(self.known[letter.guid])
        return receipt

    # Doing

    def able(self, kind: str) -> list[str]:
        return [uscc for uscc, one in self.parties.items() if able(kind, one, self.site.today)]

    def someone(self, kind: str, data) -> str:
        """Mostly an enterprise that has what such an application is about."""
        return data.draw(st.sampled_from(self.able(kind) * 6 + sorted(self.parties)))

    def wanted(self, kind: str, uscc: str, data) -> Application:
        return data.draw(applications(kind, uscc, self.parties[uscc], self.site.today))

    def submit(self, kind: str, uscc: str, number: str, data) -> None:
        wanted = self.wanted(kind, uscc, data)
        owner = data.draw(sender_of(wanted))
        medium = data.draw(medium_of(wanted, owner))
        letter = self.scribe.write(wanted, owner=owner, number=number, by=medium)
        self.send(kind if owner == uscc else f"{kind} for another", letter)

    def send(self, operation: str, *letters: Letter) -> None:
        """Drop files, let gateway and customs work, and see that each file came to what the model says."""
        dropped = self.site.drop(letters)
        self.site.work()
        judged = [(file, letter, *self.model.admit(file, letter)) for file, letter in dropped]
        self.model.work(self.told, self.site.today)
        for file, letter, outcome, codes in judged:
            self.letters += [] if letter in self.letters else [letter]
            self.site.look_at(file, letter, outcome, codes)
            self.tally.count(operation, " ".join([outcome, *sorted(codes), *self.fate(letter, outcome)]))
        self.tally.operations += 1

    def fate(self, letter: Letter, outcome: str) -> list[str]:
        """Where an accepted application stands now; of one that customs refused, the receipt tells the same reasons."""
        known = self.known.get(letter.guid)
        if known is None or outcome != "ACCEPTED":
            return []
        if known.status == "REFUSED":
            assert {one.code for one in self.receipts(known)[-1].findings} == known.codes
        return [known.status, *sorted(known.codes)]

    def done(self, operation: str, outcome: str) -> None:
        self.tally.count(operation, outcome)
        self.tally.operations += 1

    # Looking

    def receipts(self, known: Known) -> list[Receipt]:
        return self.site.receipts(known.letter.channel, known.file)

    def told(self, known: Known) -> list[Told]:
        """What the receipt of the approval brought."""
        (results,) = [one.results for one in self.receipts(known) if one.code in APPROVED]
        return [*results.qualifications, *results.declarants, *([results.certificate] if results.certificate else [])]

    def compare(self, record: FilingRecord, uscc: str, only: str = "") -> None:
        """What customs has on record of an enterprise, against the model."""
        enterprise = self.parties[uscc]
        assert {
            one.granted.type: (one.granted.valid_from, one.granted.valid_until, one.granted.filing_code)
            for one in record.qualifications
            if one.standing is Standing.VALID
        } == {
            one: (spell.since.isoformat(), spell.until.isoformat(), spell.code)
            for one, spell in enterprise.given.items()
            if one in enterprise.held(self.site.today) and only in ("", one)
        }
        assert record.customs == enterprise.customs
        assert {one.doc_no: one.declarant_no for one in record.declarants} == enterprise.staff
        assert [(one.certificate_no, one.issued_on, one.void) for one in record.certificates] == [
            (one.number, one.issued.isoformat(), one.void) for one in reversed(enterprise.papers)
        ]

    # What must always hold

    @invariant()
    def every_application_is_where_the_model_has_it(self):
        found = self.site.ledger("select guid, status, owner, form, applicant from applications")
        assert {guid: told for guid, *told in found} == {
            guid: [one.status, one.letter.owner, one.application.form, one.application.uscc]
            for guid, one in self.known.items()
        }

    @invariant()
    def certificates_keep_their_numbers(self):
        number = "json_extract(results, '$.certificate.certificateNo')"
        found = self.site.ledger(f"select guid, {number} from applications where status in ('ISSUED', 'VOID')")
        assert dict(found) == {one.application: one.number for each in self.parties.values() for one in each.papers}

    @invariant()
    def customs_has_each_in_the_same_status(self):
        """Of one that failed and came again the last entry counts."""
        newest = "select max(id) from applications group by guid"
        found = self.site.register(f"select guid, status from applications where id in ({newest})")
        assert dict(found) == {guid: one.status for guid, one in self.known.items() if one.at_customs}

    @invariant()
    def the_sender_is_shown_the_same_status(self):
        """Beside the answers to every file; what was filed anew is shown under the new name only."""
        for file, letter in self.model.filed.items():
            shown = json.loads((self.site.inbox(letter.channel) / f"{file}.status.json").read_bytes())
            assert [(one["guid"], one["status"]) for one in shown["applications"]] == self.model.shown(file)

    @invariant()
    def the_record_is_that_of_the_model(self):
        claims = self.site.register("select uscc, token from claims")
        for uscc, enterprise in self.parties.items():
            assert {token for whose, token in claims if whose == uscc} == enterprise.claims()
            if enterprise.customs:
                self.compare(self.site.customs.on_record(uscc), uscc)

    @invariant()
    def the_balance_of_files_holds(self):
        balance = self.site.app.reader.balance()
        assert balance["balanced"]
        assert {one: balance[one] for one in self.model.outcomes} == self.model.outcomes
        assert balance["seen"] == self.site.files

    @invariant()
    def nothing_lies_about(self):
        """No file in any OutBox or on its way, nothing held back, nothing that asks for a person's attention."""
        assert self.site.in_transit() == []
        assert self.site.app.reader.waiting() == []
        assert self.site.app.reader.alarms() == []


def play(template: Path, operations: int, number: int) -> Tally:
    """Lives of the two enterprises until so many operations are done, chosen by the seed `number`; what was done."""
    tally, seeds = Tally(), random.Random(number)

    def machine() -> ExchangeMachine:
        return ExchangeMachine(template, tally)

    while tally.operations < operations:
        lives = -(-(operations - tally.operations) // STEPS)
        run_state_machine_as_test(
            seed(seeds.getrandbits(32))(machine),
            settings=settings(
                max_examples=1 + lives,  # the first one is always the simplest there is
                stateful_step_count=STEPS,
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
        )
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
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
