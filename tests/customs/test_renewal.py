"""Renewal: QLF-113 and its borders on a register made up for the test, then through customs' folders."""

from datetime import UTC, date, datetime, timedelta

import pytest

from edi.core.qualification import Qualification, renewal_opens, valid_until, years_after
from edi.errors import UserError

from .office import Cancellation, Filing, Renewal, business_node
from .paper_register import PaperRegister

APPLICANT = "91110105XX489884X9"


@pytest.fixture
def found(forms):
    """Codes found in a renewal of `renewed` by one who holds `held`, one text for each finding."""

    def check(*held, renewed="TEMPORARY", **options):
        node = business_node(Renewal(type=renewed))
        register = PaperRegister.of(*held, **options)
        findings = [one for rule in forms.by_code["QLF121"].customs_checks for one in rule(node, register)]
        for one in findings:
            assert one.path == "/QLF121/renewal/type"
            assert one.zh
            assert one.en
            assert one.ground
        return [one.code for one in findings]

    return check


def test_claims_tell_renewals_from_filings(forms):
    assert forms.by_code["QLF121"].claims(business_node(Renewal())) == ["RENEW:TEMPORARY"]
    assert forms.by_code["QLF121"].claims(business_node(Renewal(type="NO_SUCH_TYPE"))) == []


@pytest.mark.parametrize(
    ("today", "allowed"),
    [
        ("2026-02-28", False),  # 31 days before
        ("2026-03-01", True),  # 30 days before
        ("2026-03-02", True),
        ("2026-03-30", True),
        ("2026-03-31", True),  # the day of expiry
        ("2026-04-01", False),  # the day after
    ],
)
def test_the_window(found, today, allowed):
    assert found("TEMPORARY", today=today, until="2026-03-31") == ([] if allowed else ["QLF-113"])


@pytest.mark.parametrize(
    ("today", "until", "allowed"),
    [
        ("2028-01-29", "2028-02-29", False),
        ("2028-01-30", "2028-02-29", True),  # 30 days before a leap day
        ("2028-02-29", "2028-02-29", True),
        ("2028-03-01", "2028-02-29", False),
        ("2028-02-28", "2028-03-30", False),
        ("2028-02-29", "2028-03-30", True),  # the leap day is the first of the window
        ("2027-02-28", "2027-03-30", True),  # in another year it is the 28th
        ("2027-02-27", "2027-03-30", False),
    ],
)
def test_the_window_around_a_leap_day(found, today, until, allowed):
    assert found("TEMPORARY", today=today, until=until) == ([] if allowed else ["QLF-113"])


def test_only_the_temporary_filing_can_be_renewed(found):
    assert found("TRADER", renewed="TRADER", until="2026-03-10") == ["QLF-113"]
    assert found("TEMPORARY", renewed="", until="2026-03-10") == ["QLF-113"]
    assert found("TEMPORARY", renewed="NO_SUCH_TYPE", until="2026-03-10") == ["QLF-113"]


def test_what_is_not_held_cannot_be_renewed(found):
    assert found() == ["QLF-113"]
    assert found("TRADER", until="2026-03-10") == ["QLF-113"]


def test_one_renewal_at_a_time_and_none_of_what_is_being_cancelled(found):
    assert found("TEMPORARY", until="2026-03-10", pending=("RENEW:TEMPORARY",)) == ["QLF-113"]
    assert found("TEMPORARY", until="2026-03-10", pending=("CANCEL:TEMPORARY",)) == ["QLF-113"]
    assert found("TEMPORARY", until="2026-03-10", pending=("CANCEL:TRADER", "TRADER")) == []


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        ("2026-03-02", 1, "2027-03-02"),
        ("2027-02-28", 1, "2028-02-28"),
        ("2028-02-29", 1, "2029-02-28"),
        ("2028-02-29", 4, "2032-02-29"),
    ],
)
def test_a_year_later(day, years, later):
    assert years_after(date.fromisoformat(day), years) == date.fromisoformat(later)


def test_only_the_temporary_filing_ends_by_itself():
    day = date(2028, 2, 29)
    for one in Qualification:
        assert valid_until(one, day) == (date(2029, 2, 28) if one.token == "TEMPORARY" else date(2099, 12, 31))
    assert renewal_opens(date(2026, 3, 31)) == date(2026, 3, 1)


# Through the folders


def codes(receipts):
    return [one.code for one in receipts]


def refused_for(receipts):
    assert codes(receipts) == [120, 100]
    return [one.code for one in receipts[-1].findings]


@pytest.fixture
def temporary(office, holding):
    """An office where the applicant's temporary filing is valid until 2026-03-12, ten days from now."""
    office.receiver.seed_register(holding(APPLICANT, "TEMPORARY", until="+10d"))
    return office


def validity(office):
    return office.rows("SELECT valid_from, valid_until FROM qualifications WHERE ended_on IS NULL")


def test_a_renewal_counts_from_the_old_expiry(office, days):
    first = office.file(Filing(types=("TEMPORARY",)))[-1].results.qualifications[0]
    assert first.valid_until == "2027-03-02"
    office.receiver.advance(days(365 - 31))
    assert refused_for(office.file(Renewal())) == ["QLF-113"]
    office.receiver.advance(days(1))

    receipts = office.file(Renewal(seq="ERP-7"))
    assert codes(receipts) == [120, 300, 399]
    (renewed,) = receipts[-1].results.qualifications
    assert (renewed.type, renewed.filing_code) == ("TEMPORARY", first.filing_code)
    assert (renewed.valid_from, renewed.valid_until) == ("2026-03-02", "2028-03-02")
    assert office.rows("SELECT renewed_on, valid_until_before, valid_until FROM renewals") == [
        ("2027-01-31", "2027-03-02", "2028-03-02")
    ]
    assert refused_for(office.file(Renewal())) == ["QLF-113"]  # the next window is a year away
    office.receiver.advance(days(365))
    assert refused_for(office.file(Renewal())) == ["QLF-113"]  # 2028 is a leap year: still 31 days
    office.receiver.advance(days(1))
    assert office.file(Renewal())[-1].results.qualifications[0].valid_until == "2029-03-02"


def test_the_day_of_expiry_ends_at_midnight_in_china(temporary):
    temporary.clock.now = datetime(2026, 3, 12, 15, 59, 59, tzinfo=UTC)
    assert temporary.holds(APPLICANT) == ["TEMPORARY"]
    temporary.clock.now += timedelta(seconds=1)
    assert temporary.holds(APPLICANT) == []
    assert refused_for(temporary.file(Renewal())) == ["QLF-113"]


def test_the_last_second_is_in_time(temporary):
    temporary.clock.now = datetime(2026, 3, 12, 15, 59, 59, tzinfo=UTC)
    assert temporary.file(Renewal())[-1].results.qualifications[0].valid_until == "2027-03-12"


def test_two_renewals_at_once_prolong_once(temporary):
    temporary.send(Renewal())
    temporary.send(Renewal())
    temporary.work()
    assert sorted(temporary.codes()) == [100, 120, 120, 300, 399]
    assert validity(temporary) == [("2026-01-31", "2027-03-12")]


def test_a_decision_after_the_expiry_makes_it_valid_again(temporary, days):
    temporary.file(Renewal(seq="SIM-APPROVE-15D"))
    temporary.receiver.advance(days(14))
    assert temporary.holds(APPLICANT) == []
    assert refused_for(temporary.file(Filing(types=("TEMPORARY",)))) == ["QLF-102"]
    temporary.receiver.advance(days(1))
    temporary.work()
    assert temporary.holds(APPLICANT) == ["TEMPORARY"]
    assert validity(temporary) == [("2026-01-31", "2027-03-12")]


def test_a_renewal_disapproved_changes_nothing(temporary):
    temporary.file(Renewal(seq="SIM-DISAPPROVE"))
    assert validity(temporary) == [("2026-01-31", "2026-03-12")]
    assert temporary.file(Renewal())[-1].code == 399


def test_what_was_cancelled_meanwhile_is_not_prolonged(temporary):
    temporary.file(Renewal(seq="SIM-REVIEW"))
    assert temporary.file(Cancellation(types=("TEMPORARY",)))[-1].code == 399
    with pytest.raises(UserError, match="disapprove"):
        temporary.receiver.decide("SIM-REVIEW", "approve")
    assert len(temporary.receiver.queue()) == 1
    temporary.receiver.decide("SIM-REVIEW", "disapprove", "资质已注销")
    temporary.work()
    assert (temporary.codes()[-1], temporary.holds(APPLICANT)) == (398, [])


def test_the_machine_leaves_such_a_case_to_a_person(temporary, days):
    temporary.file(Renewal(seq="SIM-APPROVE-15D"))
    temporary.receiver.advance(days(11))
    assert temporary.file(Filing())[-1].code == 399  # expired, so nothing excludes a trader
    temporary.receiver.advance(days(4))
    temporary.work()
    (case,) = temporary.receiver.queue()
    assert "不能延续" in case.summary
    assert case.summary.startswith("延续临时备案单位")
    assert temporary.holds(APPLICANT) == ["TRADER"]
    temporary.receiver.decide("SIM-APPROVE-15D", "disapprove", "企业已备案其他资质")
    temporary.work()
    assert temporary.codes()[-1] == 398


def test_a_renewal_of_what_is_being_cancelled(temporary):
    temporary.file(Cancellation(types=("TEMPORARY",), seq="SIM-REVIEW"))
    assert refused_for(temporary.file(Renewal())) == ["QLF-113"]


def test_renewals_fail_with_their_own_digits(office, pki):
    (failed,) = office.file(Renewal(), key=pki.stranger)
    assert failed.code == -121002
