"""Queries and papers: what the gateway answers itself, and what the command line tells."""

import json
import signal
import sqlite3
from io import BytesIO

import pytest
from lxml import etree
from pypdf import PdfReader

from edi.app import composition
from edi.errors import Broken
from tests.customs.office import CertificateRequest
from tests.system.exchange.letters import PARTIES, Scribe
from tests.system.test_watch import running, stop


def text_of(pdf):
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf.read_bytes())).pages)


def ledger(workspace):
    return sqlite3.connect(workspace.home / "var" / "ledger.sqlite")


def listed(workspace, file):
    """What a query of that file was answered, from the receipt an ERP finds."""
    (receipt,) = workspace.box("InBox", f"Receipt_{file.removesuffix('.xml')}_*.xml")
    return [one.findtext("{*}applicationNo") for one in etree.parse(receipt).iter("{*}application")]


OWN, FOR_ANOTHER, PRINT = (
    "51-applications-of-oneself.xml",
    "53-applications-filed-for-another.xml",
    "71-print-own-filing.xml",
)


def test_a_query_is_answered_without_customs_and_lists_no_queries(workspace):
    for name in ("02-TRADER.xml", OWN):
        workspace.drop(workspace.sample(name))
    workspace.run()
    workspace.drop(workspace.sample("52-applications-filtered-by-account.xml"))
    workspace.run()
    filing = next(one for one in workspace.status() if one["messageType"] == "QLF101")
    assert listed(workspace, OWN) == [filing["applicationNo"]]
    with sqlite3.connect(workspace.home / "customs" / "register.sqlite") as register:
        assert register.execute("select distinct form from messages").fetchall() == [("QLF101",)]


def test_nobody_learns_what_others_filed(workspace):
    """The agent files nothing for the demo enterprise; what it asks about itself shows its own alone."""
    workspace.drop(workspace.sample("06-CBEC_ENTERPRISE.xml"))
    workspace.drop(workspace.sample("17-cancellation-by-card.xml"), channel="agent")
    workspace.run()
    workspace.drop(workspace.sample(FOR_ANOTHER))
    workspace.drop(workspace.sample(OWN))
    workspace.run()
    by_number = {one["applicationNo"]: one for one in workspace.status()}
    told = listed(workspace, OWN)
    assert told
    assert {by_number[number]["channel"] for number in told} == {"demo"}
    assert [by_number[number]["applicant"] for number in listed(workspace, FOR_ANOTHER)] == ["91440115XX889837XQ"]


def test_an_answer_is_given_once_whatever_is_done_again(workspace):
    """As if the program had died after answering and before noting that it had."""
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.drop(workspace.sample(OWN))
    workspace.run()
    before = workspace.box("InBox")
    with ledger(workspace) as connection:
        changed = connection.execute("update outgoing set done_at = null where kind = 'reply'").rowcount
    assert changed == 1
    workspace.run()
    assert workspace.box("InBox") == before


def test_the_same_query_again_is_answered_as_before(workspace):
    workspace.drop(workspace.sample(OWN))
    workspace.run()
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.drop(workspace.sample(OWN), "again.xml")
    workspace.run()
    (first,) = workspace.box("InBox", f"Receipt_{OWN.removesuffix('.xml')}_*.xml")
    (second,) = workspace.box("InBox", "Receipt_again_*.xml")
    assert first.read_bytes() == second.read_bytes()


def test_a_query_that_cannot_be_answered_now_is_held_and_told(workspace, monkeypatch):
    def out_of_ink(_shelf):
        def print_form(*_):
            raise Broken("没有墨水", "out of ink")

        return print_form

    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.drop(workspace.sample(PRINT))
    with monkeypatch.context() as patch:
        patch.setattr(composition, "build_printer", out_of_ink)
        workspace.run()
    (one,) = [one for one in workspace.status() if one["messageType"] == "QLF171"]
    assert one["status"] == "SUBMITTED"
    assert "out of ink" in workspace.edi("status", "--held")
    with ledger(workspace) as connection:
        connection.execute("update outgoing set due_at = '' where done_at is null")
    workspace.run()
    assert workspace.show(one["guid"])["status"] == "ANSWERED"


def test_a_certificate_that_became_void_still_has_its_number(workspace):
    scribe, agent = Scribe.of(workspace.home), PARTIES["agent"].uscc
    old, new = (scribe.write(CertificateRequest(uscc=agent), owner=agent) for _ in range(2))
    workspace.put(old.data, "old.xml", channel="agent")
    workspace.run()
    number = workspace.show(old.guid)["results"]["certificate"]["certificateNo"]
    workspace.edi("customs", "advance", "1d")
    workspace.put(new.data, "new.xml", channel="agent")
    workspace.run()
    shown = workspace.show(old.guid)
    assert (shown["status"], shown["results"]["certificate"]["certificateNo"]) == ("VOID", number)


def test_a_paper_lies_beside_its_receipt(workspace):
    for name in ("02-TRADER.xml", PRINT):
        workspace.drop(workspace.sample(name))
    workspace.run()
    (receipt,) = workspace.box("InBox", "Receipt_71-*.xml")
    (paper,) = workspace.box("InBox", "Receipt_71-*.pdf")
    assert paper.name.startswith(receipt.stem)
    assert "报关单位备案信息表" in text_of(paper)
    assert "示例贸易（北京）有限公司" in text_of(paper)


def test_edi_print_prints_what_is_on_record_and_what_is_not_sent_yet(workspace, tmp_path):
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    (one,) = workspace.status()
    workspace.edi("print", one["applicationNo"], "-o", str(tmp_path / "record.pdf"))
    assert one["applicationNo"] in text_of(tmp_path / "record.pdf")
    workspace.edi("print", str(workspace.sample("14-for-another-entity.xml")), "-o", str(tmp_path / "file.pdf"))
    assert "示例外资贸易（上海）有限公司" in text_of(tmp_path / "file.pdf")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), 3),
        (("--form", "QLF131"), 1),
        (("--type", "TRADER"), 1),
        (("--status", "审批通过"), 3),
        (("--status", "REFUSED"), 0),
        (("--name", "报关"), 1),
        (("--uscc", "91440115XX889837XQ"), 1),
        (("--to", "2020-01-01"), 0),
        (("--limit", "1"), 1),
    ],
)
def test_edi_query_applications_filters(asked, options, found):
    assert len(json.loads(asked.edi("query", "applications", "--json", *options))) == found


@pytest.fixture
def asked(workspace):
    for name, channel in (
        ("02-TRADER.xml", "demo"),
        ("06-CBEC_ENTERPRISE.xml", "demo"),
        ("17-cancellation-by-card.xml", "agent"),
    ):
        workspace.drop(workspace.sample(name), channel=channel)
    workspace.run()
    return workspace


def test_edi_query_filings_asks_customs_and_waits(workspace):
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    pki = workspace.home / "pki"
    arguments = ("query", "filings", "--channel", "demo", "--key", str(pki / "legal-person.key"))
    arguments += ("--cert", str(pki / "legal-person.pem"), "--json")
    with running(workspace) as process:
        (filing,) = json.loads(workspace.edi(*arguments, "--wait", "30"))
        assert stop(process, signal.SIGTERM) == 0
    assert [one["type"] for one in filing["qualifications"]] == ["TRADER"]
