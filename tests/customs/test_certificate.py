"""Filing certificates: QLF-120 and QLF-121 on a register made up for the test, then through customs' folders."""

import pytest

from edi.core.findings import Severity
from edi.errors import Broken

from .office import Cancellation, CertificateRequest, Change, Filing, FilingQuery, business_node, press
from .paper_register import PaperRegister

APPLICANT = "91110105XX489884X9"
TODAY, YESTERDAY = "2026-03-02", "2026-03-01"


@pytest.fixture
def found(forms):
    """Codes and values found in an application for a certificate."""

    def check(*held, **options):
        node = business_node(CertificateRequest())
        register = PaperRegister.of(*held, **options)
        findings = [one for rule in forms.by_code["QLF141"].customs_checks for one in rule(node, register)]
        assert all(one.zh and one.en and one.ground and one.path.startswith("/QLF141/") for one in findings)
        assert all((one.severity is Severity.WARNING) == (one.code == "QLF-121") for one in findings)
        return [(one.code, one.found) for one in findings]

    return check


def test_one_application_at_a_time(forms, found):
    assert forms.by_code["QLF141"].claims(business_node(CertificateRequest())) == ["CERTIFICATE"]
    assert found("TRADER", pending=["CERTIFICATE"]) == [("QLF-120", APPLICANT)]
    assert found("TRADER", pending=["CHANGE", "BROKER", "CANCEL:TRADER"]) == []


def test_a_valid_qualification_is_needed(found):
    assert found("TRADER") == []
    assert found() == [("QLF-120", APPLICANT)]
    assert found("TEMPORARY", until=YESTERDAY) == [("QLF-120", APPLICANT)]
    assert found("TEMPORARY", until=TODAY) == []


def test_one_a_day(found):
    assert found("TRADER", certificates=[("C1", TODAY)]) == [("QLF-120", APPLICANT)]
    assert found("TRADER", certificates=[("C1", TODAY)], today="2026-03-03") == [("QLF-121", "C1")]


def test_the_old_one_is_named(found):
    assert found("TRADER", certificates=[("C1", "2025-01-01"), ("C2", YESTERDAY)]) == [("QLF-121", "C2")]


# Through the folders


def codes(receipts):
    return [one.code for one in receipts]


def refused_for(receipts):
    assert codes(receipts) == [120, 100]
    return [one.code for one in receipts[-1].findings]


def certificate_of(receipts):
    assert codes(receipts)[:3] == [120, 300, 401]
    return receipts[2].results.certificate


def on_record(office):
    return [(one.certificate_no, one.issued_on, one.void) for one in office.receiver.on_record(APPLICANT).certificates]


def test_a_certificate_says_what_is_held_and_comes_with_the_receipt(office):
    office.file(Filing(types=("TRADER", "CBEC_SITE")))
    receipts = office.file(CertificateRequest(seq="ERP-7"))
    issued = certificate_of(receipts)
    assert receipts[-1].info == "已签发"
    assert receipts[-1].client_seq_no == "ERP-7"
    assert (len(issued.certificate_no), issued.certificate_no[:8]) == (18, "01172026")
    assert (issued.issued_on, issued.valid_until) == (TODAY, "2099-12-31")
    assert issued.file_name == f"{issued.certificate_no}.pdf"
    for fact in (issued.certificate_no, APPLICANT, "示例企业有限公司", "TRADER", "CBEC_SITE"):
        assert fact in issued.content.decode()
    assert on_record(office) == [(issued.certificate_no, TODAY, False)]
    assert office.rows("SELECT verification_code FROM certificates") == [(issued.verification_code,)]
    assert office.rows("SELECT * FROM claims") == []


def test_it_is_valid_as_long_as_all_it_names(office, holding):
    data = holding(APPLICANT, "TRADER")
    data["enterprises"][0]["qualifications"].append(
        {"type": "CBEC_SITE", "filingCode": None, "validFrom": "-30d", "validUntil": "+10d"}
    )
    office.receiver.seed_register(data)
    assert certificate_of(office.file(CertificateRequest())).valid_until == "2026-03-12"


def test_a_new_one_makes_the_old_one_void_and_tells_its_application(office, days):
    office.file(Filing())
    first = office.file(CertificateRequest(seq="FIRST"))
    office.receiver.advance(days(1))
    lodged, reviewed, issued, void = office.file(CertificateRequest(seq="SECOND"))
    old, new = first[-1].results.certificate.certificate_no, issued.results.certificate.certificate_no
    assert old != new
    assert codes([lodged, reviewed, issued, void]) == [120, 300, 401, 402]
    assert [(one.code, one.found) for one in reviewed.findings] == [("QLF-121", old)]
    assert (void.guid, void.client_seq_no) == (first[0].guid, "FIRST")
    assert void.info.startswith("已失效")
    assert on_record(office) == [(new, "2026-03-03", False), (old, TODAY, True)]
    assert office.rows("SELECT client_seq_no, status FROM applications WHERE form = 'QLF141' ORDER BY id") == [
        ("FIRST", "VOID"),
        ("SECOND", "ISSUED"),
    ]


def test_only_the_last_one_is_made_void(office, days):
    office.file(Filing())
    for _ in range(3):
        office.file(CertificateRequest())
        office.receiver.advance(days(1))
    assert [void for _, _, void in on_record(office)] == [False, True, True]
    assert office.codes().count(402) == 2


def test_none_while_todays_can_be_downloaded(office, days):
    office.file(Filing())
    certificate_of(office.file(CertificateRequest()))
    assert refused_for(office.file(CertificateRequest())) == ["QLF-120"]
    office.receiver.advance(days(1))
    certificate_of(office.file(CertificateRequest()))


def test_the_day_is_that_of_customs_in_china(office):
    """01:00 UTC is 09:00 in China; fifteen hours later the next day has begun there."""
    office.file(Filing())
    office.file(CertificateRequest())
    office.clock.now = office.clock.now.replace(hour=15, minute=59)
    assert refused_for(office.file(CertificateRequest())) == ["QLF-120"]
    office.clock.now = office.clock.now.replace(hour=16, minute=0)
    assert certificate_of(office.file(CertificateRequest())).issued_on == "2026-03-03"


def test_two_at_once(office):
    office.file(Filing())
    office.send(CertificateRequest(seq="FIRST"))
    office.send(CertificateRequest(seq="SECOND"))
    office.work()
    said = {seq: codes(one for one in office.receipts() if one.client_seq_no == seq) for seq in ("FIRST", "SECOND")}
    assert said == {"FIRST": [120, 300, 401], "SECOND": [120, 100]}


@pytest.mark.parametrize("seq", ["SIM-LODGEFAIL", "SIM-REFUSE", "SIM-DISAPPROVE"])
def test_what_failed_may_be_asked_for_again_the_same_day(office, seq):
    office.file(Filing())
    assert codes(office.file(CertificateRequest(seq=seq)))[-1] in (4, 100, 398)
    certificate_of(office.file(CertificateRequest()))


def test_none_for_who_holds_nothing(office):
    office.file(Filing())
    office.file(Cancellation())
    assert refused_for(office.file(CertificateRequest())) == ["QLF-120"]


def test_with_the_last_qualification_the_certificate_goes(office):
    office.file(Filing(types=("TRADER", "BROKER")))
    request = office.file(CertificateRequest())[0]
    assert codes(office.file(Cancellation(types=("BROKER",)))) == [120, 300, 399]
    assert [void for *_, void in on_record(office)] == [False]
    *_, void = receipts = office.file(Cancellation(types=("TRADER",)))
    assert codes(receipts) == [120, 300, 399, 402]
    assert void.guid == request.guid
    assert [void for *_, void in on_record(office)] == [True]
    office.file(Filing())
    certificate_of(office.file(CertificateRequest()))  # none of today can be downloaded any more


def test_a_change_leaves_the_certificate(office):
    office.file(Filing())
    office.file(CertificateRequest())
    assert codes(office.file(Change(name="示例新名称有限公司"))) == [120, 300, 399]
    assert [void for *_, void in on_record(office)] == [False]


def test_a_person_decides_where_the_review_is_manual(office):
    office.file(Filing())
    office.reopen(review="manual")
    assert codes(office.file(CertificateRequest(seq="ERP-1"))) == [120, 300]
    (case,) = office.receiver.queue()
    assert (case.form, case.summary) == ("QLF141", "备案证明")
    assert office.receiver.decide("ERP-1", "approve").status == "ISSUED"
    office.work()
    assert office.receipts()[-1].results.certificate.issued_on == TODAY


def test_what_was_cancelled_before_the_decision_cannot_be_certified(office, days):
    office.file(Filing())
    office.file(CertificateRequest(seq="SIM-APPROVE-2D"))
    office.file(Cancellation())
    office.receiver.advance(days(2))
    office.work()
    (case,) = office.receiver.queue()
    assert "请审批不通过" in case.summary
    assert on_record(office) == []


def test_where_the_press_fails_nothing_is_issued_and_a_person_is_told(office):
    def broken(_facts):
        raise Broken("打印机故障", "the press is broken")

    office.file(Filing())
    office.receiver._press = broken
    assert codes(office.file(CertificateRequest(seq="ERP-1"))) == [120, 300]
    assert "打印机故障" in office.receiver.queue()[0].summary
    assert on_record(office) == []
    office.receiver._press = press
    office.receiver.decide("ERP-1", "approve")
    assert len(on_record(office)) == 1


def test_numbers_are_those_of_the_seed(open_office):
    issued = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        office = open_office(name, seed=seed)
        office.file(Filing())
        issued[name] = certificate_of(office.file(CertificateRequest())).certificate_no
    assert issued["a"] == issued["b"] != issued["c"]


@pytest.mark.parametrize(("issued_on", "code"), [("-0d", "QLF-120"), ("-1d", "QLF-121"), ("2025-06-30", "QLF-121")])
def test_certificates_can_be_seeded(office, holding, issued_on, code):
    data = holding(APPLICANT, "TRADER")
    data["enterprises"][0]["certificates"] = [{"certificateNo": "011720250000000001", "issuedOn": issued_on}]
    office.receiver.seed_register(data)
    office.receiver.seed_register(data)
    receipts = office.file(CertificateRequest())
    assert code in [finding.code for one in receipts for finding in one.findings]
    assert 402 not in codes(receipts), "nobody applied for it here"
    assert on_record(office)[-1][0] == "011720250000000001"


def test_the_register_holds_one_certificate_in_force(office, days):
    office.file(Filing())
    office.file(CertificateRequest())
    office.receiver.advance(days(1))
    office.file(CertificateRequest())
    with pytest.raises(Broken), office.receiver._store.writing() as connection:
        connection.execute("UPDATE certificates SET voided_on = NULL")


def test_the_query_lists_certificates_newest_first(office, days):
    office.file(Filing())
    numbers = []
    for _ in range(2):
        numbers.insert(0, certificate_of(office.file(CertificateRequest())).certificate_no)
        office.receiver.advance(days(1))
    (filing,) = office.file(FilingQuery())[-1].results.filings
    assert [(one.certificate_no, one.void) for one in filing.certificates] == list(
        zip(numbers, (False, True), strict=True)
    )
