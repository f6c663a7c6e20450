"""Every scenario of the table, its delay, its reason, and what is no scenario at all."""

from datetime import timedelta

import pytest

from edi.customs.scenarios import REASONS, SCENARIOS, Outcome, Scenario, read_scenario

from .office import Filing

RUNS = {
    Outcome.APPROVE: [120, 300, 399],
    Outcome.DISAPPROVE: [120, 300, 398],
    Outcome.REFUSE: [120, 100],
    Outcome.LODGEFAIL: [4],
    Outcome.LODGEFAILONCE: [4],
    Outcome.HOLD: [120],
    Outcome.REVIEW: [120, 300],
    Outcome.SILENT: [],
}


def test_the_table_is_complete():
    assert set(SCENARIOS) == set(Outcome) == set(RUNS)
    assert all(row.reason in {"", *REASONS} for row in SCENARIOS.values())


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("review", ["auto", "manual"])
def test_scenario_picks_the_receipts(open_office, outcome, review):
    office = open_office(review=review)
    receipts = office.file(Filing(seq=f"SIM-{outcome.value}-000123"))
    assert [one.code for one in receipts] == RUNS[outcome]
    if SCENARIOS[outcome].reason:
        last = receipts[-1]
        assert REASONS[SCENARIOS[outcome].reason].zh in last.info + last.opinion


@pytest.mark.parametrize("outcome", [Outcome.APPROVE, Outcome.DISAPPROVE, Outcome.REFUSE, Outcome.LODGEFAIL])
def test_delay_comes_before_the_outcome(office, outcome):
    expected = RUNS[outcome]
    assert [one.code for one in office.file(Filing(seq=f"SIM-{outcome.value}-2D-1"))] == expected[:-1]
    office.receiver.advance(timedelta(days=2, seconds=-1))
    office.work()
    assert office.codes() == expected[:-1]
    office.receiver.advance(timedelta(seconds=1))
    office.work()
    assert office.codes() == expected


@pytest.mark.parametrize("outcome", [Outcome.DISAPPROVE, Outcome.REFUSE])
def test_reason_is_told(office, outcome):
    assert office.file(Filing(seq=f"SIM-{outcome.value}-R03-000123"))[-1].opinion == REASONS["R03"].zh


def test_lodgefail_fails_every_time(office):
    data = office.send(Filing(seq="SIM-LODGEFAIL"))
    office.work()
    office.send_bytes(data)
    office.work()
    assert office.codes() == [4, 4]
    assert office.rows("SELECT * FROM stored") == office.rows("SELECT * FROM claims") == []


def test_lodgefailonce_succeeds_with_the_same_bytes(office):
    data = office.send(Filing(seq="SIM-LODGEFAILONCE-1D-7"))
    office.receiver.advance(timedelta(days=1))
    office.work()
    assert office.codes() == []
    office.receiver.advance(timedelta(days=1))
    office.work()
    assert office.codes() == [4]
    office.send_bytes(data)
    office.work()
    assert office.codes() == [4, 120, 300, 399]


def test_silent_is_stored_and_occupies_its_types(office):
    assert office.file(Filing(seq="SIM-SILENT")) == []
    assert office.rows("SELECT status FROM applications") == [("LODGED",)]
    assert office.receiver.queue() == []
    assert [one.code for one in office.file(Filing())] == [120, 100]


@pytest.mark.parametrize("seq", ["SIM-APPROVE", "SIM-DISAPPROVE", "SIM-HOLD", "SIM-REVIEW"])
def test_stateful_rules_still_apply(office, holding, seq):
    office.receiver.seed_register(holding("91110105XX489884X9", "TRADER"))
    assert [one.code for one in office.file(Filing(seq=seq))] == [120, 100]


def test_refuse_does_not_ask_the_register(office, holding):
    office.receiver.seed_register(holding("91110105XX489884X9", "TRADER"))
    assert office.file(Filing(seq="SIM-REFUSE"))[-1].findings == ()


@pytest.mark.parametrize(
    ("text", "outcome", "delay", "reason"),
    [
        ("SIM-DISAPPROVE-2D-R03-000123", Outcome.DISAPPROVE, timedelta(days=2), "R03"),
        ("SIM-DISAPPROVE", Outcome.DISAPPROVE, None, "R01"),
        ("SIM-DISAPPROVE-R99", Outcome.DISAPPROVE, None, "R01"),
        ("SIM-APPROVE-90S", Outcome.APPROVE, timedelta(seconds=90), ""),
        ("SIM-APPROVE-5M-x", Outcome.APPROVE, timedelta(minutes=5), ""),
        ("SIM-APPROVE-36H-", Outcome.APPROVE, timedelta(hours=36), ""),
        ("SIM-APPROVE-000123", Outcome.APPROVE, None, ""),
        ("SIM-APPROVE-2DAYS", Outcome.APPROVE, None, ""),
        ("SIM-REFUSE-R04-2D", Outcome.REFUSE, None, "R04"),
    ],
)
def test_how_a_number_is_read(text, outcome, delay, reason):
    assert read_scenario(text) == Scenario(outcome=outcome, delay=delay, reason=REASONS.get(reason))


@pytest.mark.parametrize(
    "text", ["", "ERP-1", "SIM-", "SIM-EXPLODE-1D", "sim-APPROVE", "XSIM-APPROVE", "SIM-APPROVE_1"]
)
def test_what_is_no_scenario(text, office):
    assert read_scenario(text) == Scenario()
    assert [one.code for one in office.file(Filing(seq=text))] == [120, 300, 399]
