"""Much at once: messages of many filings, receipts by the batch, and a stop between claiming and entering them."""

import sqlite3
from collections import Counter
from datetime import UTC, datetime

from lxml import etree

from edi.adapters.boxes import claim_together
from edi.app.composition import open_app
from tools.filings import filings, message_of, operator_of, with_attachment

MANY = 12


def approved(workspace):
    with open_app(workspace.home) as app:
        return Counter(one["status"] for one in app.reader.applications())["APPROVED"]


def receipts(workspace):
    return sorted((workspace.home / "outbox" / "demo" / "InBox").glob("Receipt_*.xml"))


def test_a_message_of_many_filings_is_approved_filing_by_filing(workspace):
    made = list(filings(workspace.home, MANY, "MANY"))
    workspace.put(message_of(made, "many.xml", operator_of(workspace.home)).data, "many.xml")
    workspace.run()
    assert approved(workspace) == MANY
    told = [[guid.text for guid in etree.parse(file).findall("{*}QLF102/{*}guid")] for file in receipts(workspace)]
    assert told == [[one.guid for one in made]] * 3, "each of the three files speaks of all of them, in their order"


def test_receipts_that_were_claimed_when_the_program_died_are_entered_once(workspace):
    for one in filings(workspace.home, MANY, "CLAIMED"):
        workspace.put(one.data, one.name)
    workspace.configure("sends_bundles = true", "sends_bundles = false")
    with open_app(workspace.home) as app:
        while app.exchange() or app.waiting():
            pass
        app.review()
        box = app.config.receivers["customs"].collect
        names = sorted(file.name for file in box.iterdir() if file.is_file())
        claim_together(box, names[::2], datetime.now(UTC))
    workspace.run()
    assert len(names) == len(receipts(workspace)) == 3 * MANY
    assert approved(workspace) == MANY
    assert not [file for file in box.rglob("*") if file.is_file()]


def test_the_status_of_a_filing_is_written_once_for_its_receipts(workspace):
    for one in filings(workspace.home, MANY, "STATUS"):
        workspace.put(one.data, one.name)
    workspace.run()
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        (written,) = ledger.execute("select count(*) from outgoing where kind = 'status'").fetchone()
    assert written == 2 * MANY, "one with the answer, one with the receipts"


def test_an_attachment_at_its_limit_goes_through(workspace):
    (small,) = filings(workspace.home, 1, "BIG")
    workspace.put(with_attachment(small, 4 << 20, operator_of(workspace.home)).data, small.name)
    workspace.run()
    assert approved(workspace) == 1
