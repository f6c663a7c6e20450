"""The life of an application at customs: receipts, numbers, what approval does."""

from datetime import timedelta

import pytest

from edi.core.register import EnrolDeclarant
from edi.customs.register import Register
from edi.errors import UserError

from .office import Filing

APPLICANT = "91110105XX489884X9"


def test_a_good_filing_is_lodged_accepted_and_approved_in_one_step(office):
    office.send(Filing(seq="ERP-1", types=("TRADER", "CBEC_ENTERPRISE"), declarants=("张示例", "李样本")))
    assert office.receiver.step() > 0
    assert office.receiver.step() == 0

    lodged, accepted, approved = office.receipts()
    assert [lodged.code, accepted.code, approved.code] == [120, 300, 399]
    assert lodged.info == "海关入库成功，请等待审核"
    assert accepted.info.startswith("海关受理中")
    assert approved.info.startswith("审批通过")
    assert {one.application_no for one in office.receipts()} == {"202600000000000001"}
    assert {one.client_seq_no for one in office.receipts()} == {"ERP-1"}
    assert {one.customs for one in office.receipts()} == {"0117"}

    trader, seller = approved.results.qualifications
    assert (trader.type, trader.valid_until, seller.type) == ("TRADER", "2099-12-31", "CBEC_ENTERPRISE")
    assert len(trader.filing_code) == 10
    assert trader.filing_code.startswith("110196")
    assert seller.filing_code == ""
    assert [one.name for one in approved.results.declarants] == ["张示例", "李样本"]
    assert len({one.declarant_no for one in approved.results.declarants}) == 2
    assert office.held(APPLICANT) == ["TRADER", "CBEC_ENTERPRISE"]


def test_temporary_is_valid_one_year(office):
    approved = office.file(Filing(types=("TEMPORARY",)))[-1]
    granted = approved.results.qualifications[0]
    assert (granted.valid_from, granted.valid_until) == ("2026-03-02", "2027-03-02")


def test_receipts_of_an_application_come_in_growing_time(office):
    times = [one.time for one in office.file(Filing())]
    assert times == sorted(set(times))


def test_each_node_of_a_message_gets_the_next_number(office):
    office.send(*(Filing(uscc=f"91110105XX489884{i:02d}") for i in range(3)), number=202600000000000007)
    office.work()
    numbers = {one.guid: one.application_no for one in office.receipts()}
    assert sorted(numbers.values()) == ["202600000000000007", "202600000000000008", "202600000000000009"]


def test_without_a_number_receipts_leave_it_out(office):
    assert {one.application_no for one in office.file(Filing(), number=None)} == {""}


def test_drafts_beside_submissions_are_passed_over(office):
    receipts = office.file(Filing(seq="SENT"), Filing(seq="DRAFT", types=("BROKER",), draft=True))
    assert {one.client_seq_no for one in receipts} == {"SENT"}
    assert office.rows("SELECT count(*) FROM applications") == [(1,)]


def test_delays_move_with_the_clock(open_office):
    office = open_office(
        lodge_delay=timedelta(hours=1), accept_delay=timedelta(hours=2), decision_delay=timedelta(days=3)
    )
    assert office.file(Filing()) == []
    office.clock.now += timedelta(hours=1)
    office.work()
    assert office.codes() == [120]
    office.clock.now += timedelta(hours=2)
    office.work()
    assert office.codes() == [120, 300]
    office.clock.now += timedelta(days=3)
    office.work()
    assert office.codes() == [120, 300, 399]


def test_three_working_days_in_a_second(open_office, days):
    office = open_office(lodge_delay=timedelta(hours=1), accept_delay=timedelta(hours=2), decision_delay=days(3))
    office.send(Filing())
    office.work()
    before = office.receiver.now()
    assert office.receiver.advance(days(4)) == before + days(4)
    office.work()
    assert office.codes() == [120, 300, 399]
    assert min(one.time for one in office.receipts()) >= before + days(4)
    assert office.receipts()[-1].results.qualifications[0].valid_from == "2026-03-06"


@pytest.mark.parametrize("by", [timedelta(0), timedelta(seconds=-1), timedelta(days=30_000), timedelta.max])
def test_the_clock_only_goes_forward_and_not_out_of_its_century(office, by):
    before = office.receiver.now()
    with pytest.raises(UserError):
        office.receiver.advance(by)
    assert office.receiver.now() == before


def test_turns_come_in_the_order_they_were_due(open_office, days):
    """B is checked while A is still in review, although both happen in one step after the clock jumped."""
    office = open_office(decision_delay=days(2))
    office.send(Filing(seq="A"))
    office.receiver.step()
    office.receiver.advance(days(1))
    office.send(Filing(seq="B"))
    office.receiver.advance(days(5))
    office.work()
    assert [(one.client_seq_no, one.code) for one in office.receipts()] == [
        ("A", 120),
        ("A", 300),
        ("A", 399),
        ("B", 120),
        ("B", 100),
    ]


def test_a_qualification_that_expired_can_be_had_again(office, days):
    first = office.file(Filing(types=("TEMPORARY",)))[-1].results.qualifications[0]
    office.receiver.advance(days(366))
    second = office.file(Filing(types=("TEMPORARY",)))[-1].results.qualifications[0]
    assert second.valid_from == "2027-03-03"
    assert second.filing_code != first.filing_code
    assert office.rows("SELECT count(*) FROM qualifications WHERE ended_on IS NULL") == [(1,)]


def test_a_declarant_keeps_the_number(office):
    first = office.file(Filing(declarants=("张示例",)))[-1]
    second = office.file(Filing(types=("BROKER",), declarants=("张示例",)))[-1]
    assert first.results.declarants == second.results.declarants


def test_equal_seeds_give_equal_codes(open_office):
    codes = []
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        office = open_office(name, seed=seed)
        for types in (("TRADER",), ("BROKER",)):
            office.send(Filing(types=types, declarants=("张示例",)))
        office.work()
        codes.append([one.results for one in office.receipts() if one.code == 399])
    assert codes[0] == codes[1] != codes[2]
    assert len({one.filing_code for results in codes[0] for one in results.qualifications}) == 2


def test_a_rule_that_raises_stops_its_own_application_only(office, monkeypatch):
    def broken(node, _register):
        if node.text("enterprise/uscc") == APPLICANT:
            raise ZeroDivisionError("a bug")
        return ()

    form = office.forms.by_code["QLF101"]
    object.__setattr__(form, "customs_checks", (broken, *form.customs_checks))
    try:
        office.send(Filing(seq="BUG"))
        office.send(Filing(seq="GOOD", uscc="91310115XX4971453G"))
        office.work()
    finally:
        object.__setattr__(form, "customs_checks", form.customs_checks[1:])
    assert {(one.client_seq_no, one.code) for one in office.receipts()} == {
        ("BUG", 120),
        ("GOOD", 120),
        ("GOOD", 300),
        ("GOOD", 399),
    }
    (case,) = office.receiver.queue()
    assert "ZeroDivisionError: a bug" in case.summary


def test_an_approval_that_raises_is_undone_alone_among_those_of_one_moment(office, monkeypatch):
    """Turns of one moment are taken together; the two others are approved, and their numbers know no gap."""
    grants = Register.carry_out

    def carry_out(register, effect):
        told = grants(register, effect)
        if isinstance(effect, EnrolDeclarant) and effect.uscc == APPLICANT:
            raise ZeroDivisionError("a bug")
        return told

    monkeypatch.setattr(Register, "carry_out", carry_out)
    others = ("91310115XX4971453G", "91110105XX48988400")
    for uscc in (others[0], APPLICANT, others[1]):
        office.send(Filing(uscc=uscc, declarants=("张示例",)))
    office.work()
    assert office.codes() == [120, 120, 120, 300, 300, 300, 399, 399]
    assert [file.name[:12] for file in office.receipt_files()] == [f"{number:012d}" for number in range(1, 9)]
    assert [office.held(uscc) for uscc in (others[0], APPLICANT, others[1])] == [["TRADER"], [], ["TRADER"]]
    assert [case.applicant for case in office.receiver.queue()] == [APPLICANT]
