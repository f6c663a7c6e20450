"""Change: QLF-110, QLF-111, QLF-104 and QLF-115 on a register made up for the test, then through customs' folders."""

import pytest

from edi.core.findings import Severity

from .office import Change, Filing, FilingQuery, business_node
from .paper_register import PaperRegister

APPLICANT, PARENT, OTHER_PARENT = "91110105XX489884X9", "91310115XX4971453G", "91330206XX4869547D"
NUMBER, PAPERS = "00000007", "110101199003070001"
ADD = ("ADD", "", "李示例", "110101199003070002")
CHANGE = ("CHANGE", NUMBER, "张改名", PAPERS)
CANCEL = ("CANCEL", NUMBER, "张示例", "")


@pytest.fixture
def found(forms):
    """Codes and values found in a change by one who holds TRADER and has one declarant on record."""

    def check(change, *held, **options):
        register = PaperRegister.of(*(held or ("TRADER",)), declarants=[(NUMBER, PAPERS)], **options)
        node = business_node(change)
        findings = [one for rule in forms.by_code["QLF111"].customs_checks for one in rule(node, register)]
        assert all(one.zh and one.en and one.ground and one.path.startswith("/QLF111/") for one in findings)
        return [(one.code, one.found) for one in findings]

    return check


def test_one_change_of_an_enterprise_at_a_time(forms, found):
    assert forms.by_code["QLF111"].claims(business_node(Change())) == ["CHANGE"]
    assert found(Change()) == []
    assert found(Change(), pending=["CHANGE"]) == [("QLF-110", APPLICANT)]


def test_only_who_holds_something_valid_can_change(found):
    assert found(Change(), until="2026-03-01") == [("QLF-110", APPLICANT)]
    assert found(Change(), until="2026-03-02") == []


def test_what_is_stated_to_be_held_is_what_is_held(found):
    assert found(Change(types=("TRADER", "BROKER"))) == [("QLF-110", "BROKER")]
    assert found(Change(), "TRADER", "CBEC_SITE", "BROKER") == [("QLF-110", "BROKER"), ("QLF-110", "CBEC_SITE")]
    assert found(Change(types=("BROKER",))) == [("QLF-110", "BROKER"), ("QLF-110", "TRADER")]


def test_not_while_all_that_is_held_is_being_cancelled(found):
    both = Change(types=("TRADER", "BROKER"))
    assert found(both, "TRADER", "BROKER", pending=["CANCEL:TRADER"]) == []
    assert found(both, "TRADER", "BROKER", pending=["CANCEL:TRADER", "CANCEL:BROKER"]) == [("QLF-110", APPLICANT)]


def test_filings_and_renewals_under_way_do_not_bind(found):
    assert found(Change(), pending=["BROKER", "RENEW:TEMPORARY", "CERTIFICATE"]) == []


def test_another_customs_is_told_not_refused(forms):
    node = business_node(Change(customs="2210"))
    findings = [
        one for rule in forms.by_code["QLF111"].customs_checks for one in rule(node, PaperRegister.of("TRADER"))
    ]
    assert [(one.code, one.severity, one.path) for one in findings] == [
        ("QLF-111", Severity.WARNING, "/QLF111/enterprise/competentCustoms")
    ]
    for words in (findings[0].zh, findings[0].en):
        assert "0117" in words
        assert "2210" in words


@pytest.mark.parametrize(
    ("declarants", "expected"),
    [
        ([ADD, CHANGE], []),
        ([CANCEL, ADD], []),
        ([("CANCEL", "00000008", "无此人", "")], ["00000008"]),
        ([("CHANGE", "00000008", "无此人", "X1")], ["00000008"]),
        ([("ADD", "", "张示例", PAPERS)], [PAPERS]),  # on record already
        ([ADD, ADD], [ADD[3]]),  # twice in one change
        ([CANCEL, ("ADD", "", "张示例", PAPERS)], []),  # who was taken off may come again
        ([("ADD", "", "张示例", PAPERS), CANCEL], []),  # in whichever order it is written
        ([("CHANGE", NUMBER, "张示例", ADD[3]), ADD], [ADD[3]]),
    ],
)
def test_declarants_fit_the_record(found, declarants, expected):
    assert found(Change(declarants=tuple(declarants))) == [("QLF-115", value) for value in expected]


def test_the_declarant_is_pointed_at(forms):
    node = business_node(Change(declarants=(ADD, ("CANCEL", "00000008", "无此人", ""))))
    *_, rule = forms.by_code["QLF111"].customs_checks
    (finding,) = rule(node, PaperRegister.of("TRADER"))
    assert finding.path == "/QLF111/declarants/declarant[2]/declarantNo"


# Through the folders


def codes(receipts):
    return [one.code for one in receipts]


def refused_for(receipts):
    assert codes(receipts) == [120, 100]
    return [one.code for one in receipts[-1].findings]


def record(office, uscc=APPLICANT):
    return office.receiver.on_record(uscc)


def people(office):
    return {one.declarant_no: (one.name, one.doc_no, one.mobile) for one in record(office).declarants}


def test_a_change_replaces_the_record_and_leaves_what_is_held(office, days):
    granted = office.file(Filing(types=("TRADER", "CBEC_SITE")))[-1].results.qualifications
    office.receiver.advance(days(10))
    receipts = office.file(Change(types=("TRADER", "CBEC_SITE"), name="示例新名称有限公司", seq="ERP-1"))
    assert codes(receipts) == [120, 300, 399]
    assert receipts[-1].client_seq_no == "ERP-1"
    now = record(office)
    assert (now.name, now.recorded_on) == ("示例新名称有限公司", "2026-03-12")
    assert "示例新名称有限公司" in now.blocks
    assert tuple(one.granted for one in now.qualifications) == granted
    assert office.rows("SELECT * FROM claims") == []


@pytest.mark.parametrize("seq", ["SIM-DISAPPROVE", "SIM-REFUSE", "SIM-LODGEFAIL"])
def test_what_is_not_approved_leaves_everything_as_it_was(office, seq):
    office.file(Filing(declarants=("张示例",)))
    before = record(office)
    number = before.declarants[0].declarant_no
    change = Change(
        name="另一名称有限公司", customs="2210", seq=seq, declarants=(("CANCEL", number, "张示例", ""), ADD)
    )
    assert codes(office.file(change))[-1] in (398, 100, 4)
    assert record(office) == before


def test_declarants_are_added_changed_and_cancelled_in_one(office):
    filed = office.file(Filing(declarants=("张示例", "王示例")))[-1].results.declarants
    (zhang, wang) = (one.declarant_no for one in filed)
    changes = (("CHANGE", zhang, "张改名", "X-1"), ("CANCEL", wang, "王示例", ""), ADD)
    told = office.file(Change(declarants=changes))[-1].results.declarants
    assert [(one.name, one.doc_no) for one in told] == [("张改名", "X-1"), (ADD[2], ADD[3])]
    added = told[1].declarant_no
    assert told[0].declarant_no == zhang
    assert people(office) == {
        zhang: ("张改名", "X-1", "13900000000"),
        added: ("李示例", ADD[3], "13900000000"),
    }
    assert {one.nationality for one in record(office).declarants} == {"CHN"}
    assert office.rows("SELECT declarant_no, struck_on FROM declarants WHERE struck_on IS NOT NULL") == [
        (wang, "2026-03-02")
    ]


def test_who_was_taken_off_comes_back_under_another_number(office):
    (first,) = office.file(Filing(declarants=("张示例",)))[-1].results.declarants
    office.file(Change(declarants=(("CANCEL", first.declarant_no, "张示例", ""),)))
    assert people(office) == {}
    gone = Change(declarants=(("CHANGE", first.declarant_no, "张示例", first.doc_no),))
    assert refused_for(office.file(gone)) == ["QLF-115"]
    (again,) = office.file(Change(declarants=(("ADD", "", "张示例", first.doc_no),)))[-1].results.declarants
    assert again.declarant_no != first.declarant_no


def test_a_declarant_of_another_enterprise_is_not_ours(office, holding):
    office.receiver.seed_register(holding(PARENT, "TRADER"))
    (theirs,) = office.file(Filing(declarants=("张示例",)))[-1].results.declarants
    taken = Change(uscc=PARENT, declarants=(("CANCEL", theirs.declarant_no, "张示例", ""),))
    assert refused_for(office.file(taken)) == ["QLF-115"]
    assert office.file(Change(uscc=PARENT, declarants=(("ADD", "", "张示例", theirs.doc_no),)))[-1].code == 399


def test_seeded_declarants_can_be_changed(office, holding):
    data = holding(APPLICANT, "TRADER")
    data["enterprises"][0]["declarants"] = [
        {"declarantNo": NUMBER, "name": "张示例", "docType": "111", "docNo": PAPERS, "mobile": "13800000000"}
    ]
    office.receiver.seed_register(data)
    office.file(Change(declarants=(CHANGE,)))
    office.receiver.seed_register(data)
    assert people(office) == {NUMBER: ("张改名", PAPERS, "13900000000")}


def test_another_customs_decides_and_is_on_record_afterwards(office):
    office.file(Filing())
    lodged, reviewed, approved = office.file(Change(customs="2210"))
    assert {one.customs for one in (lodged, reviewed, approved)} == {"2210"}
    assert [one.code for one in reviewed.findings] == ["QLF-111"]
    assert record(office).customs == "2210"


def test_one_change_must_be_decided_before_the_next(office):
    office.file(Filing())
    office.file(Change(name="名称一有限公司", seq="SIM-REVIEW"))
    assert office.receiver.queue()[0].summary == "变更"
    assert refused_for(office.file(Change(name="名称二有限公司"))) == ["QLF-110"]
    office.receiver.decide("SIM-REVIEW", "approve")
    assert office.file(Change(name="名称二有限公司"))[-1].code == 399
    assert record(office).name == "名称二有限公司"


def test_changes_seeded_as_pending(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER", pending=["CHANGE"]))
    assert refused_for(office.file(Change())) == ["QLF-110"]


def test_a_branch_may_move_though_its_parent_is_gone_but_takes_no_new_one_that_is_not_filed(office, holding, days):
    office.receiver.seed_register(holding(PARENT, "TRADER", until="+5d"))
    office.file(Filing(types=("TRADER_BRANCH",), parent=PARENT))
    office.receiver.advance(days(6))
    branch = ("TRADER_BRANCH",)
    assert office.file(Change(types=branch, parent=PARENT, customs="2210"))[-1].code == 399
    assert refused_for(office.file(Change(types=branch, parent=OTHER_PARENT, customs="2210"))) == ["QLF-104"]
    office.receiver.seed_register(holding(OTHER_PARENT, "TRADER"))
    assert office.file(Change(types=branch, parent=OTHER_PARENT, customs="2210"))[-1].code == 399


def test_what_a_filing_enrolled_meanwhile_stops_the_change_for_a_person(office, days):
    (zhang,) = office.file(Filing(declarants=("张示例",)))[-1].results.declarants
    papers = "110101199000000001"  # of the second declarant of the filing below
    office.file(Change(declarants=(("CHANGE", zhang.declarant_no, "张示例", papers),), seq="SIM-APPROVE-2D"))
    office.file(Filing(types=("BROKER",), declarants=("张示例", "王示例")))
    before = people(office)
    office.receiver.advance(days(2))
    office.work()
    (case,) = office.receiver.queue()
    assert "请审批不通过" in case.summary
    assert people(office) == before
    office.receiver.decide("SIM-APPROVE-2D", "disapprove", "证件号码重复")
    office.work()
    assert office.codes()[-1] == 398


def test_the_query_tells_the_changed_record(office):
    office.file(Filing())
    office.file(Change(name="示例新名称有限公司", declarants=(ADD,)))
    (filing,) = office.file(FilingQuery())[-1].results.filings
    assert (filing.name, filing.declarants[0].name) == ("示例新名称有限公司", ADD[2])
