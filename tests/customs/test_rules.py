"""The stateful rules, QLF-101 to QLF-106 and QLF-130, as customs applies them to its register."""

import pytest

from .office import Filing

APPLICANT, PARENT = "91110105XX489884X9", "91310115XX4971453G"


def refused_for(receipts):
    lodged, refused = receipts
    assert (lodged.code, refused.code) == (120, 100)
    assert refused.info.startswith("海关不予受理")
    return [one.code for one in refused.findings]


def test_101_a_type_held_cannot_be_applied_for(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER"))
    assert refused_for(office.file(Filing(types=("TRADER",)))) == ["QLF-101"]


def test_101_holds_after_an_approval_of_customs_itself(office):
    office.file(Filing())
    assert refused_for(office.file(Filing())) == ["QLF-101"]


def test_102_two_filings_for_one_type_at_once(office):
    office.send(Filing(seq="FIRST"))
    office.send(Filing(seq="SECOND"))
    office.receiver.step()
    first = [one for one in office.receipts() if one.client_seq_no == "FIRST"]
    second = [one for one in office.receipts() if one.client_seq_no == "SECOND"]
    assert [one.code for one in first] == [120, 300, 399]
    assert refused_for(second) == ["QLF-102"]


def test_102_while_another_is_in_review(office):
    office.file(Filing(seq="SIM-REVIEW"))
    assert refused_for(office.file(Filing())) == ["QLF-102"]


def test_102_ends_with_the_last_status(office):
    office.file(Filing(seq="SIM-DISAPPROVE"))
    assert [one.code for one in office.file(Filing())] == [120, 300, 399]


def test_102_seeded(office, holding):
    office.receiver.seed_register(holding(APPLICANT, pending=["TRADER"]))
    assert refused_for(office.file(Filing())) == ["QLF-102"]


def test_103_exclusions_hold_against_types_held(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TRADER"))
    office.receiver.seed_register(holding(PARENT, "BROKER"))
    assert refused_for(office.file(Filing(types=("BROKER_BRANCH",), parent=PARENT))) == ["QLF-103"]


@pytest.mark.parametrize(("held", "until"), [((), "2099-12-31"), (("BROKER",), "2099-12-31"), (("TRADER",), "-1d")])
def test_104_a_branch_needs_a_parent_that_is_filed(office, holding, held, until):
    office.receiver.seed_register(holding(PARENT, *held, until=until))
    assert refused_for(office.file(Filing(types=("TRADER_BRANCH",), parent=PARENT))) == ["QLF-104"]


def test_104_is_met_by_the_right_parent(office, holding):
    office.receiver.seed_register(holding(PARENT, "TRADER"))
    assert office.file(Filing(types=("TRADER_BRANCH",), parent=PARENT))[-1].code == 399


def test_105_a_temporary_unit_cannot_become_trader(office, holding, days):
    office.receiver.seed_register(holding(APPLICANT, "TEMPORARY", until="+30d"))
    assert refused_for(office.file(Filing(types=("TRADER",)))) == ["QLF-105"]
    office.receiver.advance(days(31))
    assert office.file(Filing(types=("TRADER",)))[-1].code == 399


def test_106_what_is_stated_to_be_held_must_be_held(office, holding):
    filing = Filing(types=("CBEC_AGENT",), held=("TRADER",))
    assert refused_for(office.file(filing)) == ["QLF-106"]
    office.receiver.seed_register(holding(APPLICANT, "TRADER"))
    assert office.file(filing)[-1].code == 399


def test_all_findings_come_in_one_receipt(office, holding):
    office.receiver.seed_register(holding(APPLICANT, "TEMPORARY"))
    types = ("TRADER", "TEMPORARY", "CBEC_SITE")
    assert refused_for(office.file(Filing(types=types))) == ["QLF-101", "QLF-103", "QLF-105"]


def test_130_the_same_guid_with_other_content_is_not_stored(office):
    first = Filing(guid="00000000-0000-4000-8000-000000000001")
    assert office.file(first)[-1].code == 399
    (failed,) = office.file(Filing(guid=first.guid, name="另一企业有限公司"))
    assert (failed.code, failed.guid) == (-101130, first.guid)
    assert failed.info.startswith("海关入库失败")
    assert [one.code for one in failed.findings] == ["QLF-130"]
    assert office.rows("SELECT count(*) FROM applications") == [(1,)]


def test_130_seeded(office):
    guid = "00000000-0000-4000-8000-000000000002"
    office.receiver.seed_register({"enterprises": [], "stored": [{"guid": guid, "digest": "0" * 64}]})
    assert [one.code for one in office.file(Filing(guid=guid))] == [-101130]


def test_130_twice_in_one_message(office):
    twin = Filing(guid="00000000-0000-4000-8000-000000000003")
    office.send(twin, Filing(guid=twin.guid, types=("BROKER",)))
    office.work()
    assert sorted(office.codes()) == [-101130, 120, 300, 399]


def test_seeding_twice_changes_nothing(office, holding, days):
    data = holding(APPLICANT, "TEMPORARY", until="+335d", pending=["TRADER"])
    data["stored"] = [{"guid": "G", "digest": "0" * 64}]
    tables = ("enterprises", "qualifications", "claims", "stored")
    office.receiver.seed_register(data)
    before = [office.rows(f"SELECT * FROM {table}") for table in tables]
    office.receiver.advance(days(1))
    office.receiver.seed_register(data)
    assert [office.rows(f"SELECT * FROM {table}") for table in tables] == before
    assert office.rows("SELECT valid_from, valid_until FROM qualifications") == [("2026-01-31", "2027-01-31")]
