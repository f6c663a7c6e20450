"""Queries of what is on record: QLF-140, and how they are answered at once, in one receipt."""

from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from edi.core.node import Node
from edi.core.results import Standing
from edi.errors import UserError

from .office import (
    NAMESPACE,
    Cancellation,
    CertificateRequest,
    Change,
    Filing,
    FilingQuery,
    business_message,
)
from .paper_register import PaperRegister

ASKER, OTHER = "91110105XX489884X9", "91310115XX4971453G"


def answered(receipts):
    """The filings told in the one receipt there is."""
    (receipt,) = receipts
    assert receipt.code == 200
    return receipt.results.filings


def refused_for(receipts):
    (receipt,) = receipts
    assert (receipt.code, receipt.results) == (100, None)
    return [one.code for one in receipt.findings]


# Who may ask


def test_of_another_only_who_has_filed_for_it(forms):
    (rule,) = forms.by_code["QLF161"].customs_checks

    def found(uscc, *filed):
        message = Node(business_message([FilingQuery(uscc=uscc)], "M"))
        return [one.code for one in rule(next(message.nodes("QLF161")), PaperRegister.of("TRADER", filed=filed))]

    assert found(ASKER) == []
    assert found(OTHER) == ["QLF-140"]
    assert found(OTHER, (ASKER, OTHER)) == []
    assert found(OTHER, (OTHER, ASKER)) == ["QLF-140"]


def test_a_stranger_is_told_nothing_in_one_receipt(office, holding):
    office.receiver.seed_register(holding(OTHER, "TRADER"))
    assert refused_for(office.file(FilingQuery(uscc=OTHER))) == ["QLF-140"]
    assert office.rows("SELECT status FROM history ORDER BY status") == [("LODGED",), ("REFUSED",), ("SUBMITTED",)]
    assert refused_for(office.file(FilingQuery(uscc=OTHER))) == ["QLF-140"], "to have asked is not to have filed"


@pytest.mark.parametrize(
    ("seq", "allowed"),
    [("", True), ("SIM-REVIEW", True), ("SIM-REFUSE", False), ("SIM-DISAPPROVE", False), ("SIM-LODGEFAIL", False)],
)
def test_who_filed_for_another_may_ask_if_customs_took_it(office, seq, allowed):
    office.file(Filing(uscc=OTHER, seq=seq))
    receipts = office.file(FilingQuery(uscc=OTHER))
    assert receipts[-1].code == (200 if allowed else 100)


# What is told


def test_what_is_on_record_is_told(office):
    office.file(Filing(types=("TRADER", "CBEC_SITE"), declarants=("张示例",)))
    (filing,) = answered(office.file(FilingQuery(seq="ERP-3")))
    assert office.receipts()[-1].client_seq_no == "ERP-3"
    assert (filing.uscc, filing.name, filing.customs) == (ASKER, "示例企业有限公司", "0117")
    assert filing.recorded_on == "2026-03-02"
    assert [(one.granted.type, one.standing) for one in filing.qualifications] == [
        ("TRADER", Standing.VALID),
        ("CBEC_SITE", Standing.VALID),
    ]
    assert [(one.name, one.mobile) for one in filing.declarants] == [("张示例", "13800000000")]
    assert "<marketEntityType>1130</marketEntityType>" in filing.blocks
    assert filing == replace(office.receiver.on_record(ASKER), blocks=filing.blocks)


def test_what_ended_is_told_as_it_ended(office, holding, days):
    office.receiver.seed_register(holding(ASKER, "TEMPORARY", until="+3d"))
    office.file(Cancellation(types=("TEMPORARY",)))
    office.file(Filing(types=("TEMPORARY",)))
    office.receiver.advance(days(400))
    office.file(Filing(types=("TRADER",)))
    (filing,) = answered(office.file(FilingQuery()))
    assert [(one.granted.type, one.granted.valid_until, one.standing) for one in filing.qualifications] == [
        ("TEMPORARY", "2026-03-02", Standing.CANCELLED),
        ("TEMPORARY", "2027-03-02", Standing.EXPIRED),
        ("TRADER", "2099-12-31", Standing.VALID),
    ]


def test_one_type_only(office):
    office.file(Filing(types=("TRADER", "CBEC_SITE")))
    (filing,) = answered(office.file(FilingQuery(type="CBEC_SITE")))
    assert [one.granted.type for one in filing.qualifications] == ["CBEC_SITE"]
    assert answered(office.file(FilingQuery(type="BROKER"))) == ()


def test_an_enterprise_unknown_to_customs_has_no_filing(office):
    (receipt,) = office.file(FilingQuery())
    assert (receipt.code, receipt.results.filings) == (200, ())
    assert receipt.info == "已答复：海关没有符合条件的备案信息"


def test_a_seeded_enterprise_is_told_without_blocks(office, holding):
    office.receiver.seed_register(holding(ASKER, "TRADER"))
    (filing,) = answered(office.file(FilingQuery()))
    assert "<enterprise" not in filing.blocks
    assert [one.granted.valid_from for one in filing.qualifications] == ["2026-01-31"]


def test_what_is_put_on_record_keeps_its_namespace_however_deep(office):
    office.file(Filing(declarants=("张示例",)))
    ((stored,),) = office.rows("SELECT record FROM enterprises")
    elements = list(etree.fromstring(stored).iter())
    assert len(elements) > 15
    assert {etree.QName(one).namespace for one in elements} == {NAMESPACE}


def test_a_record_of_the_first_release_is_told_whole(office):
    """There the inner elements had lost their namespace."""
    office.file(Filing(types=("BROKER",)))
    with office.receiver._store.writing() as connection:
        connection.execute(
            "UPDATE enterprises SET record = replace(replace(record, '<nameZh>', '<nameZh xmlns=\"\">'), "
            "'<adminDivision>', '<adminDivision xmlns=\"\">')"
        )
    (filing,) = answered(office.file(FilingQuery()))
    assert "<nameZh>示例企业有限公司</nameZh>" in filing.blocks


# At once


def test_a_query_waits_for_no_review_and_no_person(office, holding):
    office.receiver.seed_register(holding(ASKER, "TRADER"))
    office.reopen(review="manual", accept_delay=timedelta(days=1), decision_delay=timedelta(days=1))
    answered(office.file(FilingQuery()))
    assert office.receiver.queue() == []


@pytest.mark.parametrize(
    ("seq", "codes"),
    [
        ("SIM-APPROVE", [200]),
        ("SIM-DISAPPROVE", [200]),  # there is no review in which it could happen
        ("SIM-HOLD", [200]),
        ("SIM-REVIEW", [200]),
        ("SIM-REFUSE-R10", [100]),
        ("SIM-LODGEFAIL", [4]),
        ("SIM-SILENT", []),
    ],
)
def test_scenarios_that_make_sense_for_a_query(office, holding, seq, codes):
    office.receiver.seed_register(holding(ASKER, "TRADER"))
    receipts = office.file(FilingQuery(seq=seq))
    assert [one.code for one in receipts] == codes
    assert office.receiver.queue() == []
    if seq == "SIM-REFUSE-R10":
        assert receipts[0].opinion.startswith("申请材料不齐全")


def test_a_query_that_failed_once_is_answered_the_second_time(office):
    query = FilingQuery(seq="SIM-LODGEFAILONCE", guid="00000000-0000-4000-8000-000000000009")
    assert [one.code for one in office.file(query)] == [4]
    assert [one.code for one in office.file(query)] == [200]


def test_a_delay_passes_before_the_answer(office, days):
    assert office.file(FilingQuery(seq="SIM-APPROVE-2D")) == []
    office.receiver.advance(days(2))
    office.work()
    assert office.codes() == [200]


def test_the_answer_is_of_the_moment_it_is_given(office):
    office.file(Filing())
    office.send(FilingQuery(seq="BEFORE"))
    office.send(Change(name="示例新名称有限公司"))
    office.work()
    (filing,) = answered(one for one in office.receipts() if one.client_seq_no == "BEFORE")
    assert filing.name == "示例企业有限公司"
    assert answered(office.file(FilingQuery()))[0].name == "示例新名称有限公司"


@pytest.mark.parametrize(("decision", "code"), [("approve", 200), ("refuse", 100)])
def test_a_query_that_our_own_fault_held_up_waits_for_a_person(office, monkeypatch, decision, code):
    def broken(*_):
        raise ZeroDivisionError("ours")

    with monkeypatch.context() as patch:
        patch.setattr("edi.customs.register.Register.filing", broken)
        assert office.file(FilingQuery(seq="ERP-1")) == []
    (case,) = office.receiver.queue()
    assert (case.status, case.summary) == ("SUBMITTED", "（系统异常：ZeroDivisionError: ours）")
    with pytest.raises(UserError, match="查询没有审批"):
        office.receiver.decide("ERP-1", "disapprove", "不批准")
    office.receiver.decide("ERP-1", decision, "请重新查询")
    office.work()
    assert office.codes() == [code]
    assert office.receiver.queue() == []


# For customs' staff


def test_staff_sees_what_is_on_record(office):
    office.file(Filing(declarants=("张示例",)))
    office.file(CertificateRequest())
    record = office.receiver.on_record(ASKER)
    assert (len(record.qualifications), len(record.declarants), len(record.certificates)) == (1, 1, 1)
    with pytest.raises(UserError, match=OTHER):
        office.receiver.on_record(OTHER)
