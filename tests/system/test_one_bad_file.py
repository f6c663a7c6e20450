"""One bad file never stops the others: neither in an OutBox nor among the receipts."""

import errno
import os
import sqlite3

import pytest

from edi.adapters import files
from edi.app.composition import open_app
from edi.app.service import run_once
from edi.errors import TryLater
from edi.gateway import collect, intake
from tests.system.test_watch import statuses


def refusing(monkeypatch, module, chosen):
    """The system gives an I/O error for some files, as a failing disk does."""

    def read(path, limit):
        if chosen(path):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return files.read_regular(path, limit)

    monkeypatch.setattr(module, "read_regular", read)


def test_a_filing_the_disk_will_not_give_waits_and_the_others_go_on(workspace, monkeypatch):
    workspace.drop(workspace.sample("01-BROKER.xml"))
    with monkeypatch.context() as failing:
        refusing(failing, intake, lambda path: path.name == "01-BROKER.xml")
        failing.setattr("edi.app.service.PATIENCE_SECONDS", 0.2)
        with open_app(workspace.home) as app:
            with pytest.raises(TryLater):
                run_once(app)
            workspace.drop(workspace.sample("02-TRADER.xml"))
            with pytest.raises(TryLater):
                run_once(app)
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    assert workspace.box("FailBox") == []
    workspace.run()
    assert statuses(workspace) == {"01-BROKER.xml": "APPROVED", "02-TRADER.xml": "APPROVED"}


def test_a_receipt_the_disk_will_not_give_waits_and_the_others_go_on(workspace, monkeypatch):
    refused = []
    workspace.configure("sends_bundles = true", "sends_bundles = false")

    def the_first(path):
        refused.append(path.name)
        return path.name == refused[0]

    workspace.drop(workspace.sample("02-TRADER.xml"))
    with monkeypatch.context() as failing:
        refusing(failing, collect, the_first)
        failing.setattr("edi.app.service.PATIENCE_SECONDS", 0.2)
        with pytest.raises(TryLater):
            workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    assert len(workspace.box("InBox", "Receipt_*")) == 2
    workspace.run()
    assert len(workspace.box("InBox", "Receipt_*")) == 3


def test_a_box_whose_folder_cannot_be_synced_is_held_and_its_files_are_moved_once(workspace, monkeypatch):
    """The files lie in the box, but a power cut might undo that: only what was synced is done."""
    for name in ("01-BROKER.xml", "02-TRADER.xml"):
        workspace.drop(workspace.sample(name))
    with monkeypatch.context() as failing:

        def fsync(descriptor):
            if os.path.realpath(f"/proc/self/fd/{descriptor}").endswith("SentBox"):
                raise OSError(errno.EIO, "Input/output error")
            os.fdatasync(descriptor)

        failing.setattr(os, "fsync", fsync)
        with open_app(workspace.home) as app:
            run_once(app)
            held = app.reader.waiting()
    assert sorted(one["file"] for one in held) == ["01-BROKER.xml", "02-TRADER.xml"]
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        ledger.execute("update outgoing set due_at = '2000-01-01' where done_at is null")
    workspace.run()
    assert [path.name for path in workspace.box("SentBox")] == ["01-BROKER.xml", "02-TRADER.xml"]
    assert "nothing is held" in workspace.edi("status", "--held")
    assert statuses(workspace) == {"01-BROKER.xml": "APPROVED", "02-TRADER.xml": "APPROVED"}


def test_a_file_changed_after_it_was_listed_is_looked_at_again(workspace):
    """The box is listed once per backlog: what its writer touched since then is not taken as it was seen."""
    good = workspace.sample("02-TRADER.xml").read_bytes()
    for name in ("a.xml", "b.xml"):
        workspace.put(b"<a/>", name)
    with open_app(workspace.home) as app:
        demo = app.pipeline.intakes["demo"]
        for name in ("a.xml", "b.xml"):
            demo.settled.announce(name)
        (first,) = demo.take(app.pipeline.parts, 1)
        assert (first.name, [one.name for one in demo.backlog]) == ("a.xml", ["b.xml"])
        first.path.unlink()
        workspace.put(good[:1000], "b.xml")  # its writer has begun anew
        assert demo.take(app.pipeline.parts, 1) == []
        workspace.put(good, "b.xml")
        run_once(app)
    assert statuses(workspace) == {"b.xml": "APPROVED"}


def test_content_that_is_gone_holds_its_own_file_only(workspace):
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        ledger.execute(
            "insert into outgoing (kind, place, target, content, subject, attempts, due_at) "
            "values ('write', 'demo', ?, 'no-such-digest', 'x', 0, '2026-01-01')",
            (str(workspace.home / "outbox/demo/InBox/never.xml"),),
        )
    workspace.drop(workspace.sample("01-BROKER.xml"))
    workspace.run()
    assert statuses(workspace)["01-BROKER.xml"] == "APPROVED"
    assert len(workspace.box("InBox", "Receipt_01-BROKER_*")) == 3
