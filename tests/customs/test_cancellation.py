"""Cancellation: QLF-112 on a register made up for the test, then through customs' folders."""

import pytest

from .office import Cancellation, Filing, business_node
from .paper_register import PaperRegister

APPLICANT, PARENT = "91110105XX489884X9", "91310115XX4971453G"
SELLER = "CBEC_ENTERPRISE"


@pytest.fixture
def found(forms):
    """Codes and types found in a cancellation of `types` by one who holds `held`."""

    def check(*types, held=(), pending=(), **options):
        node = business_node(Cancellation(types=types))
        register = PaperRegister.of(*held, pending=pending, **options)
        findings = [one for rule in forms.by_code["QLF131"].customs_checks for one in rule(node, register)]
        for one in findings:
            assert one.code == "QLF-112"
            assert one.zh
            assert one.en
            assert one.ground
        return [one.found for one in findings]

    return check


def test_claims_tell_cancellations_from_filings(forms):
    node = business_node(Cancellation(types=("TRADER", "CBEC_SITE", "NO_SUCH_TYPE")))
    assert forms.by_code["QLF131"].claims(node) == ["CANCEL:CBEC_SITE", "CANCEL:TRADER"]


def test_what_is_held_can_be_cancelled(found):
    assert found("BROKER", held=("BROKER", "TRADER")) == []
    assert found("BROKER", "TRADER", held=("BROKER", "TRADER")) == []


def test_what_is_not_held_cannot(found):
    assert found("BROKER") == ["BROKER"]
    assert found("BROKER", "TRADER", "CBEC_SITE", held=("TRADER",)) == ["BROKER", "CBEC_SITE"]


def test_what_is_under_application_is_not_held(found):
    assert found("BROKER", pending=("BROKER",)) == ["BROKER"]


def test_what_expired_is_not_held(found):
    assert found("TEMPORARY", held=("TEMPORARY",), today="2026-03-02", until="2026-03-02") == []
    assert found("TEMPORARY", held=("TEMPORARY",), today="2026-03-03", until="2026-03-02") == ["TEMPORARY"]


def test_what_is_under_cancellation_cannot_be_cancelled_again(found):
    held = ("BROKER", "CBEC_SITE")
    assert found("BROKER", "CBEC_SITE", held=held, pending=("CANCEL:BROKER",)) == ["BROKER"]
    assert found("CBEC_SITE", held=held, pending=("CANCEL:BROKER",)) == []


def test_a_renewal_under_way_does_not_bind(found):
    assert found("TEMPORARY", held=("TEMPORARY",), pending=("RENEW:TEMPORARY",)) == []


@pytest.mark.parametrize("base", ["TRADER", "TRADER_BRANCH"])
@pytest.mark.parametrize("seller", ["CBEC_ENTERPRISE", "CBEC_AGENT"])
def test_a_type_that_another_leans_on_cannot_go_alone(found, base, seller):
    assert found(base, held=(base, seller)) == [base]
    assert found(base, seller, held=(base, seller)) == []
    assert found(seller, held=(base, seller)) == []
    assert found("BROKER", held=(base, seller, "BROKER")) == []


def test_both_that_lean_must_go_with_it(found):
    held = ("TRADER", "CBEC_ENTERPRISE", "CBEC_AGENT")
    assert found("TRADER", "CBEC_AGENT", held=held) == ["TRADER"]
    assert found(*held, held=held) == []


def test_one_of_two_bases_may_go_while_the_other_stays(found):
    held = ("TRADER", "TRADER_BRANCH", SELLER)
    assert found("TRADER", held=held) == []
    assert found("TRADER", "TRADER_BRANCH", held=held) == ["TRADER", "TRADER_BRANCH"]
    assert found("TRADER", held=held, pending=("CANCEL:TRADER_BRANCH",)) == ["TRADER"]


def test_nothing_leans_on_the_types_that_do_not_sell(found):
    assert found("TRADER", held=("TRADER", "CBEC_PLATFORM", "CBEC_SITE", "CBEC_PAYMENT")) == []


def test_what_is_still_being_filed_leans_already(found):
    assert found("TRADER", held=("TRADER",), pending=(SELLER,)) == ["TRADER"]


def test_what_is_still_being_cancelled_leans_until_decided(found):
    assert found("TRADER", held=("TRADER", SELLER), pending=(f"CANCEL:{SELLER}",)) == ["TRADER"]


def test_the_type_is_pointed_at(forms):
    node = business_node(Cancellation(types=("TRADER", "BROKER")))
    (rule,) = forms.by_code["QLF131"].customs_checks
    (finding,) = rule(node, PaperRegister.of("TRADER"))
    assert finding.path == "/QLF131/cancellation/type[2]"


# Through the folders


def codes(receipts):
    return [one.code for one in receipts]


def refused_for(receipts):
    assert codes(receipts) == [120, 100]
    return [one.code for one in receipts[-1].findings]


def test_a_cancellation_ends_its_types_and_no_other(office):
    filed = office.file(Filing(types=("TRADER", "BROKER", "CBEC_SITE")))[-1].results.qualifications
    receipts = office.file(Cancellation(types=("CBEC_SITE", "BROKER"), seq="ERP-9"))
    assert codes(receipts) == [120, 300, 399]
    assert {one.client_seq_no for one in receipts} == {"ERP-9"}
    assert {one.customs for one in receipts} == {"0117"}

    ended = receipts[-1].results.qualifications
    filing_codes = {one.type: one.filing_code for one in filed}
    assert [(one.type, one.filing_code, one.valid_from, one.valid_until) for one in ended] == [
        ("BROKER", filing_codes["BROKER"], "2026-03-02", "2026-03-02"),
        ("CBEC_SITE", "", "2026-03-02", "2026-03-02"),
    ]
    assert office.holds(APPLICANT) == ["TRADER"]
    assert office.rows("SELECT type, valid_until, ended_on, ended_because FROM qualifications ORDER BY type") == [
        ("BROKER", "2099-12-31", "2026-03-02", "CANCELLED"),
        ("CBEC_SITE", "2099-12-31", "2026-03-02", "CANCELLED"),
        ("TRADER", "2099-12-31", None, None),
    ]
    assert office.rows("SELECT * FROM claims") == []


def test_what_was_cancelled_can_be_filed_again_and_gets_a_new_code(office, days):
    first = office.file(Filing())[-1].results.qualifications[0]
    office.file(Cancellation())
    assert office.holds(APPLICANT) == []
    assert refused_for(office.file(Cancellation())) == ["QLF-112"]

    same_day = office.file(Filing())[-1].results.qualifications[0]
    assert same_day.valid_from == first.valid_from
    office.receiver.advance(days(5))
    ended = office.file(Cancellation())[-1].results.qualifications[0]
    assert (ended.filing_code, ended.valid_from, ended.valid_until) == (
        same_day.filing_code,
        "2026-03-02",
        "2026-03-07",
    )
    third = office.file(Filing())[-1].results.qualifications[0]
    assert len({first.filing_code, same_day.filing_code, third.filing_code}) == 3
    assert office.held(APPLICANT) == ["TRADER"] * 3


def test_seeding_again_does_not_bring_back_what_was_cancelled(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER"))
    office.file(Cancellation())
    office.receiver.seed_register(holding(APPLICANT, "TRADER"))
    assert office.holds(APPLICANT) == []


def test_a_cancellation_makes_way_for_what_it_excluded(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TEMPORARY", until="+30d"))
    assert refused_for(office.file(Filing())) == ["QLF-105"]
    office.file(Cancellation(types=("TEMPORARY",)))
    assert office.file(Filing())[-1].code == 399


def test_two_cancellations_at_once(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "BROKER", "TRADER"))
    office.send(Cancellation(types=("BROKER",), seq="FIRST"))
    office.send(Cancellation(types=("BROKER", "TRADER"), seq="SECOND"))
    office.send(Cancellation(types=("TRADER",), seq="THIRD"))
    office.work()
    said = {seq: codes(one for one in office.receipts() if one.client_seq_no == seq) for seq in ("FIRST", "SECOND")}
    assert said == {"FIRST": [120, 300, 399], "SECOND": [120, 100]}
    # The third is checked while the second, refused a moment earlier, occupies nothing any more.
    assert office.receipts()[-1].code == 399
    assert office.holds(APPLICANT) == []


def test_an_earlier_one_must_be_decided_before_the_same_type_is_named_again(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "BROKER", "TRADER"))
    office.file(Cancellation(types=("BROKER",), seq="SIM-REVIEW"))
    assert refused_for(office.file(Cancellation(types=("BROKER",)))) == ["QLF-112"]
    assert office.file(Cancellation(types=("TRADER",)))[-1].code == 399
    office.receiver.decide("SIM-REVIEW", "disapprove", "材料不符")
    assert office.holds(APPLICANT) == ["BROKER"]
    assert office.file(Cancellation(types=("BROKER",)))[-1].code == 399


def test_what_is_under_cancellation_is_held_until_decided(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER"))
    office.file(Cancellation(seq="SIM-REVIEW"))
    assert refused_for(office.file(Filing())) == ["QLF-101"]


def test_a_seller_cannot_be_filed_on_what_is_leaving_nor_its_base_leave_meanwhile(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER"))
    seller = Filing(types=(SELLER,), held=("TRADER",))
    office.file(Cancellation(seq="SIM-REVIEW-1"))
    assert refused_for(office.file(seller)) == ["QLF-106"]
    office.receiver.decide("SIM-REVIEW-1", "disapprove", "材料不符")

    office.file(Filing(types=(SELLER,), held=("TRADER",), seq="SIM-REVIEW-2"))
    assert refused_for(office.file(Cancellation())) == ["QLF-112"]


def test_staff_sees_what_is_to_be_cancelled(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER", "CBEC_SITE"))
    office.file(Cancellation(types=("TRADER", "CBEC_SITE"), seq="SIM-REVIEW"))
    (case,) = office.receiver.queue()
    assert (case.form, case.applicant) == ("QLF131", APPLICANT)
    assert case.summary == "注销跨境电子商务监管场所运营人、注销进出口货物收发货人"


def test_what_expired_before_the_decision_is_told_as_ended_by_nobody(office, holding, days):
    office.receiver.seed_register(holding(APPLICANT, "TEMPORARY", until="+1d"))
    office.file(Cancellation(types=("TEMPORARY",), seq="SIM-APPROVE-3D"))
    office.receiver.advance(days(3))
    office.work()
    approved = office.receipts()[-1]
    assert (approved.code, approved.results.qualifications) == (399, ())
    assert office.rows("SELECT ended_on FROM qualifications") == [(None,)]


def test_cancellations_seeded_as_pending(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER", pending=["CANCEL:TRADER"]))
    assert refused_for(office.file(Cancellation())) == ["QLF-112"]


def test_the_parents_cancellation_leaves_its_branches(office, holding):
    office.receiver.seed_register(holding(PARENT, "TRADER"))
    office.file(Filing(types=("TRADER_BRANCH",), parent=PARENT))
    assert office.file(Cancellation(uscc=PARENT))[-1].code == 399
    assert office.holds(APPLICANT) == ["TRADER_BRANCH"]


def test_failure_codes_carry_the_digits_of_the_form(office, pki):
    (failed,) = office.file(Cancellation(), key=pki.stranger)
    assert failed.code == -131002
