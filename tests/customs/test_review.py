"""The queue that staff work, and what they decide."""

import pytest

from edi.errors import UserError

from .office import Filing


def test_manual_review_stops_every_application_until_decided(open_office):
    office = open_office(review="manual")
    receipts = office.file(Filing(seq="ERP-1", types=("TRADER", "CBEC_SITE")))
    assert [one.code for one in receipts] == [120, 300]
    (case,) = office.receiver.queue()
    assert (case.status, case.form, case.client_seq_no, case.customs) == ("UNDER_REVIEW", "QLF101", "ERP-1", "0117")
    assert case.applicant == "91110105XX489884X9"
    assert case.applicant_name == "示例企业有限公司"
    assert case.summary == "跨境电子商务监管场所运营人、进出口货物收发货人"
    assert case.since == office.clock.now

    decided = office.receiver.decide("ERP-1", "approve")
    assert decided.status == "APPROVED"
    assert office.receiver.queue() == []
    office.work()
    assert office.codes() == [120, 300, 399]


def test_the_queue_is_oldest_first(open_office):
    office = open_office(review="manual")
    for seq in ("A", "B", "C"):
        office.file(Filing(seq=seq, uscc=f"91110105XX489884{seq}9"))
    assert [case.client_seq_no for case in office.receiver.queue()] == ["A", "B", "C"]


@pytest.mark.parametrize("key", ["202600000000000001", "00000000-0000-4000-8000-00000000000a", "ERP-1"])
def test_a_case_is_named_by_any_of_its_numbers(open_office, key):
    office = open_office(review="manual")
    office.file(Filing(seq="ERP-1", guid="00000000-0000-4000-8000-00000000000A"))
    assert office.receiver.decide(key, "disapprove", "材料不符").status == "DISAPPROVED"
    office.work()
    assert (office.receipts()[-1].code, office.receipts()[-1].opinion) == (398, "材料不符")


@pytest.mark.parametrize(
    ("decision", "codes"),
    [("approve", [120, 300, 399]), ("disapprove", [120, 300, 398]), ("refuse", [120, 100])],
)
def test_what_is_on_hold_goes_the_whole_way(office, decision, codes):
    office.file(Filing(seq="SIM-HOLD"))
    office.receiver.decide("SIM-HOLD", decision, "意见")
    office.work()
    assert office.codes() == codes
    times = [one.time for one in office.receipts()]
    assert times == sorted(set(times))
    assert office.rows("SELECT * FROM claims") == []


def test_a_decision_is_not_judged_by_the_rules_again(open_office, holding):
    office = open_office(review="manual")
    office.file(Filing(seq="ERP-1"))
    office.receiver.seed_register(holding("91110105XX489884X9", "TEMPORARY"))
    assert office.receiver.decide("ERP-1", "approve").status == "APPROVED"


def test_approving_what_is_held_by_now_gives_no_second_code(open_office, holding):
    office = open_office(review="manual")
    office.file(Filing(seq="ERP-1"))
    office.receiver.seed_register(holding("91110105XX489884X9", "TRADER"))
    office.receiver.decide("ERP-1", "approve")
    assert office.held("91110105XX489884X9") == ["TRADER"]


def fails(receiver, *arguments):
    with pytest.raises(UserError) as caught:
        receiver.decide(*arguments)
    return caught.value


def test_unknown_key(office):
    assert "edi customs queue" in fails(office.receiver, "NOBODY", "approve").en


def test_ambiguous_key_lists_what_was_found(open_office):
    office = open_office(review="manual")
    office.file(Filing(seq="SAME", uscc="91110105XX48988401"))
    office.file(Filing(seq="SAME", uscc="91110105XX48988402"))
    error = fails(office.receiver, "SAME", "approve")
    assert "2" in error.en
    assert len(error.problems) == 2


def test_decided_already(office):
    office.file(Filing(seq="ERP-1"))
    assert "审批通过" in fails(office.receiver, "ERP-1", "approve").problems[0]


def test_the_machine_will_decide(office):
    office.file(Filing(seq="SIM-APPROVE-2D"))
    assert "automatic" in fails(office.receiver, "SIM-APPROVE-2D", "approve").problems[0]


def test_refusing_is_for_what_is_not_in_review(office):
    office.file(Filing(seq="SIM-REVIEW"))
    assert "UNDER_REVIEW" in fails(office.receiver, "SIM-REVIEW", "refuse", "意见").problems[0]


@pytest.mark.parametrize(
    ("decision", "opinion"),
    [("disapprove", " "), ("refuse", ""), ("explode", "意见"), ("refuse", "意" * 2001), ("refuse", "\x07")],
)
def test_a_decision_must_make_sense(office, decision, opinion):
    office.file(Filing(seq="SIM-HOLD"))
    fails(office.receiver, "SIM-HOLD", decision, opinion)
    assert len(office.receiver.queue()) == 1


def test_another_process_decides_beside_the_running_receiver(office):
    office.file(Filing(seq="SIM-REVIEW"))
    beside = type(office)(office.home, office.pki, office.forms, office.contract, office.settings, office.clock)
    try:
        beside.receiver.decide("SIM-REVIEW", "approve")
    finally:
        beside.close()
    office.work()
    assert office.codes() == [120, 300, 399]
