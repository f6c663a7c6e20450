"""One receipt message may speak of several applications: each is entered for itself, the message travels once."""

import json
import sqlite3
from datetime import UTC, datetime

import pytest
from lxml import etree

from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.keys import load_signing_key
from edi.core.results import Issued, Results
from edi.gateway import settlement
from edi.messages.dsig import sign_message
from edi.messages.dxp import DxpMsg, creation_time, write_dxp_msg
from edi.messages.receipt import Receipt, receipt_message, receipt_node
from tools import identifiers
from tools.filings import filings, message_of, operator_of

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
FORMS = discover([own_forms_folder()])
UNKNOWN = identifiers.guid("application nobody sent")


@pytest.fixture
def submitted(workspace):
    """Two messages of three applications with customs, which says nothing by itself; the guids of all six."""
    workspace.configure("enabled = true", "enabled = false")
    made = list(filings(workspace.home, 6, "SHARED"))
    for name, part in (("first.xml", made[:3]), ("second.xml", made[3:])):
        workspace.put(message_of(part, name, operator_of(workspace.home)).data, name)
    workspace.run()
    return [one.guid for one in made]


def says(workspace, name, *words, form="QLF101", **more):
    """Customs puts out a receipt message that says these codes of these applications."""
    key = load_signing_key(workspace.home / "pki" / "customs.key", workspace.home / "pki" / "customs.pem")
    receipts = [Receipt(guid=guid, code=code, time=NOON, info="信息", **more) for guid, code in words]
    guid = identifiers.guid(f"receipt {name}")
    root = receipt_message(FORMS.by_code[form], [receipt_node(FORMS.by_code[form], one) for one in receipts], guid)
    data = sign_message(root, key)
    envelope = DxpMsg(
        message_id=guid, sender="EDICUSTOMS000001", receivers=("EDIGATEWAY000001",), created=creation_time(NOON),
        message_type="QLF102", data=data,
    )  # fmt: skip
    (workspace.home / "customs" / "out" / f"{name}.xml").write_bytes(write_dxp_msg(envelope))
    return data


def outcome(workspace, guids):
    known = {one["guid"]: one["status"] for one in workspace.status()}
    return [known[guid] for guid in guids]


def aside(workspace):
    """What lies in quarantine: the lines that say why, by folder."""
    folder = workspace.home / "var" / "quarantine" / "customs"
    return [(one / "reason.txt").read_text("utf-8") for one in sorted(folder.iterdir())] if folder.is_dir() else []


def ledger(workspace, statement, *values):
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as connection:
        return connection.execute(statement, values).fetchall()


def test_one_file_and_one_status_file_for_all_applications_of_a_message(workspace, submitted):
    first = submitted[:3]
    data = says(workspace, "a", *((guid, 120) for guid in first))
    workspace.run()
    assert outcome(workspace, submitted) == ["LODGED"] * 3 + ["SUBMITTED"] * 3
    (file,) = workspace.box("InBox", "Receipt_*")
    assert (file.read_bytes(), file.name.startswith("Receipt_first_")) == (data, True)
    written = "select count(*) from outgoing where kind = 'status' and target like '%first.xml%'"
    assert ledger(workspace, written) == [(2,)], "one with the answer, one with the receipt"
    shown = json.loads((workspace.home / "outbox/demo/InBox/first.xml.status.json").read_text("utf-8"))
    assert [one["status"] for one in shown["applications"]] == ["LODGED"] * 3
    heard = ledger(workspace, "select subject from events where kind = 'receipt' order by seq")
    assert [guid for (guid,) in heard] == first, "an event for each"


def test_a_receipt_that_speaks_of_two_messages_goes_beside_both(workspace, submitted):
    data = says(workspace, "a", (submitted[0], 120), (submitted[3], 4), (submitted[4], 120))
    workspace.run()
    assert outcome(workspace, submitted) == ["LODGED", "SUBMITTED", "SUBMITTED", "LODGE_FAILED", "LODGED", "SUBMITTED"]
    files = workspace.box("InBox", "Receipt_*")
    assert [file.name[:14] for file in files] == ["Receipt_first_", "Receipt_second"]
    assert {file.read_bytes() for file in files} == {data}


def test_an_application_that_came_again_in_another_message_gets_its_receipts_there(workspace, submitted):
    says(workspace, "a", (submitted[0], 120), (submitted[1], 4))
    workspace.run()
    (again,) = [one for one in filings(workspace.home, 6, "SHARED") if one.guid == submitted[1]]
    workspace.put(again.data, "again.xml")
    workspace.run()
    data = says(workspace, "b", (submitted[0], 300), (submitted[1], 120))
    workspace.run()
    assert outcome(workspace, submitted[:2]) == ["UNDER_REVIEW", "LODGED"]
    (file,) = workspace.box("InBox", "Receipt_again_*")
    assert data == file.read_bytes() == workspace.box("InBox", "Receipt_first_*")[-1].read_bytes()


def test_each_is_entered_for_itself_and_what_fits_nothing_is_put_aside_once_with_every_reason(
    workspace, submitted, monkeypatch
):
    contradicted, stumbling, fine, strangers = submitted[:4]
    says(workspace, "a", (contradicted, 4))
    workspace.run()
    ledger(workspace, "update messages set receiver = 'elsewhere' where file_name = 'second.xml'")
    original = settlement.papers_of

    def papers_of(receipt):
        if receipt.guid == stumbling:
            raise ZeroDivisionError("of this one")
        return original(receipt)

    monkeypatch.setattr(settlement, "papers_of", papers_of)
    data = says(workspace, "b", *((guid, 120) for guid in (contradicted, strangers, UNKNOWN, stumbling, fine)))
    workspace.run()
    assert outcome(workspace, submitted[:4]) == ["LODGE_FAILED", "SUBMITTED", "LODGED", "SUBMITTED"]
    (reasons,) = aside(workspace)
    for part in (f"guid {strangers}", f"guid {UNKNOWN}", "ZeroDivisionError: of this one"):
        assert reasons.count(part) == 1
    assert fine not in reasons
    alarms = ledger(workspace, "select kind, subject from events where kind like 'alarm%' order by seq")
    assert alarms == [("alarm_contradiction", contradicted), ("alarm_receipt", "b.xml")]
    files = workspace.box("InBox", "Receipt_*")
    assert [file.read_bytes() == data for file in files] == [False, True], "passed on once, though it was entered twice"


def test_the_same_message_again_and_another_under_its_guid(workspace, submitted):
    first = submitted[:3]
    says(workspace, "a", *((guid, 120) for guid in first))
    file = workspace.home / "customs" / "out" / "a.xml"
    envelope = file.read_bytes()
    workspace.run()
    file.write_bytes(envelope)
    workspace.run()
    assert len(workspace.box("InBox", "Receipt_*")) == 1
    assert aside(workspace) == []
    says(workspace, "a", *((guid, 300) for guid in first))
    workspace.run()
    assert outcome(workspace, first) == ["LODGED"] * 3
    (reasons,) = aside(workspace)
    assert reasons.count("other content") == 1, "one mistake, told once"


def test_papers_lie_beside_the_receipt_by_the_application_they_are_for(workspace, submitted):
    paper = Issued(
        certificate_no="011720260000000001", issued_on="2026-11-20", valid_until="2027-05-20",
        verification_code="ABCDEFGHIJKLMNOP", file_name="paper.pdf", content=b"%PDF-1.4",
    )  # fmt: skip
    says(workspace, "a", *((guid, 401) for guid in submitted[:2]), results=Results(certificate=paper))
    workspace.run()
    (receipt,) = workspace.box("InBox", "Receipt_*.xml")
    papers = workspace.box("InBox", "Receipt_*.pdf")
    assert {file.name for file in papers} == {f"{receipt.stem}_{guid}.pdf" for guid in submitted[:2]}


def test_a_duplicate_gets_each_receipt_once_more(workspace):
    made = list(filings(workspace.home, 3, "AGAIN"))
    data = message_of(made, "many.xml", operator_of(workspace.home)).data
    for name in ("many.xml", "again.xml"):
        workspace.put(data, name)
        workspace.run()
    first, again = (
        [file.read_bytes() for file in workspace.box("InBox", f"Receipt_{name}_*")] for name in ("many", "again")
    )
    assert len(first) == 3
    assert first == again
    assert [len(etree.fromstring(one).findall("{*}QLF102")) for one in first] == [3, 3, 3]
