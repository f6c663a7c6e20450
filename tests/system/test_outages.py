"""Our outage is never the sender's refusal: what cannot be done now is held, told once, and done later."""

import json
import logging
import shutil
import signal
import sqlite3
from dataclasses import replace

import pytest
from lxml import etree

from edi.adapters.keys import load_signing_key
from edi.app.composition import open_app
from edi.app.service import run_once
from edi.checks.parse import parse
from edi.errors import TryLater
from edi.gateway import record
from edi.gateway.examine import Examiner
from edi.messages.dsig import sign_message
from edi.messages.dxp import read_dxp_msg, write_dxp_msg
from tests.system.test_watch import running, statuses, stop, take_away, wait_for


def events(workspace):
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        return [kind for (kind,) in ledger.execute("select kind from events order by seq")]


def test_a_missing_box_holds_its_channel_and_the_others_go_on(workspace):
    shutil.rmtree(workspace.home / "inbox" / "agent")
    (workspace.home / "inbox" / "agent").write_text("in the way")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    with pytest.raises(TryLater, match="agent"):
        workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    (workspace.home / "inbox" / "agent").unlink()
    (workspace.home / "inbox" / "agent").mkdir()
    workspace.run()
    assert events(workspace).count("alarm_box") == 1


def test_a_service_outlives_its_box(workspace):
    box = workspace.home / "inbox" / "demo"
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("every_seconds = 5.0", "every_seconds = 0.2"), "utf-8")
    with running(workspace) as process:
        workspace.drop(workspace.sample("01-BROKER.xml"))
        wait_for(lambda: statuses(workspace).get("01-BROKER.xml") == "APPROVED")
        take_away(box)
        wait_for(lambda: "alarm_box" in events(workspace))
        assert process.poll() is None
        box.mkdir()
        workspace.drop(workspace.sample("02-TRADER.xml"))
        wait_for(lambda: statuses(workspace).get("02-TRADER.xml") == "APPROVED")
        assert stop(process, signal.SIGTERM) == 0
    assert "healed" in events(workspace)


def test_a_receiver_out_of_reach_holds_the_envelope(workspace, caplog):
    away = workspace.home / "customs" / "elsewhere"
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("enabled = true", "enabled = false"), "utf-8")
    with open_app(workspace.home) as app:
        (workspace.home / "customs" / "in").rename(away)
        workspace.drop(workspace.sample("02-TRADER.xml"))
        with caplog.at_level(logging.WARNING):
            run_once(app)
        assert len(app.reader.waiting()) == 1
    assert statuses(workspace) == {"02-TRADER.xml": "SUBMITTED"}
    assert len(workspace.box("InBox", "Successed_*")) == 1, "the sender has its answer all the same"
    assert "暂缓" in caplog.text
    away.rename(workspace.home / "customs" / "in")
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        ledger.execute("update outgoing set due_at = '2000-01-01' where done_at is null")
    workspace.run()
    workspace.edi("customs", "run", "--once")
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    assert [kind for kind in events(workspace) if kind in ("alarm_held", "healed")] == ["alarm_held", "healed"]


def test_a_locked_ledger_refuses_nobody(workspace, monkeypatch):
    monkeypatch.setattr("edi.adapters.ledger.BUSY_SECONDS", 0.1)
    workspace.drop(workspace.sample("02-TRADER.xml"))
    with open_app(workspace.home) as app:
        other = sqlite3.connect(workspace.home / "var" / "ledger.sqlite", isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(TryLater):
            run_once(app)
        assert workspace.box("FailBox") == []
        other.execute("rollback")
        other.close()
        run_once(app)
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}


@pytest.mark.parametrize("where", ["examine", "record"])
def test_a_file_we_stumble_over_is_kept_aside_and_the_others_go_on(workspace, monkeypatch, where):
    """A fault of our own program: no refusal, no crash, the bytes and the reason in quarantine."""
    poison = workspace.sample("01-BROKER.xml")
    if where == "examine":
        sound = Examiner.steps

        def stumbling(self, data, policy, at):
            if data == poison.read_bytes():
                raise KeyError("our own fault")
            return (yield from sound(self, data, policy, at))

        monkeypatch.setattr(Examiner, "steps", stumbling)
    else:
        sound = record.answer_message

        def stumbling(answer):
            if answer.file_name == poison.name:
                raise KeyError("our own fault")
            return sound(answer)

        monkeypatch.setattr(record, "answer_message", stumbling)
    workspace.drop(poison)
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    (folder,) = (workspace.home / "var" / "quarantine" / "demo").iterdir()
    assert (folder / poison.name).read_bytes() == poison.read_bytes()
    assert "our own fault" in (folder / "reason.txt").read_text("utf-8")
    assert workspace.box("InBox", "Failed_*") == []
    assert "alarm_quarantined" in events(workspace)


def test_a_strange_receipt_is_kept_aside_and_changes_nothing(workspace):
    workspace.drop(workspace.sample("02-TRADER.xml"))
    out = workspace.home / "customs" / "out"
    (out / "not-an-envelope.xml").write_bytes(b"<a/>")
    (out / "rubbish.xml").write_bytes(b"\x00\x01")
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    folders = list((workspace.home / "var" / "quarantine" / "customs").iterdir())
    assert len(folders) == 2
    assert all((folder / "reason.txt").is_file() for folder in folders)


def test_a_receipt_not_signed_by_its_receiver_is_not_believed(workspace):
    """The demo enterprise signs an approval for itself: same authority, but not customs."""
    workspace.configure("sends_bundles = true", "sends_bundles = false")
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("enabled = true", "enabled = false"), "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    workspace.edi("customs", "run", "--once")
    own = load_signing_key(workspace.home / "pki/legal-person.key", workspace.home / "pki/legal-person.pem")
    for file in (workspace.home / "customs" / "out").glob("*.xml"):
        envelope = read_dxp_msg(parse(file.read_bytes()))
        forged = replace(envelope, data=sign_message(etree.fromstring(envelope.data), own))
        file.write_bytes(write_dxp_msg(forged))
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "SUBMITTED"}
    assert events(workspace).count("alarm_receipt") == 3


@pytest.mark.parametrize("bundles", ["true", "false"])
def test_the_same_receipts_again_change_nothing(workspace, bundles):
    workspace.configure("sends_bundles = true", f"sends_bundles = {bundles}")
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("enabled = true", "enabled = false"), "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    workspace.edi("customs", "run", "--once")
    out = workspace.home / "customs" / "out"
    kept = {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()}
    assert kept
    workspace.run()
    for name, data in reversed(kept.items()):
        (out / f"again-{name}").write_bytes(data)
    workspace.run()
    assert len(workspace.box("InBox", "Receipt_*")) == 3
    assert [step["to"] for step in workspace.show("DEMO-2026-0002")["history"]].count("APPROVED") == 1


def test_what_customs_could_not_store_goes_again_with_the_same_bytes(workspace, tmp_path):
    source = tmp_path / "once.xml"
    text = workspace.sample("SIM-LODGEFAIL.xml").read_bytes()
    source.write_bytes(text.replace(b"SIM-LODGEFAIL-2026", b"SIM-LODGEFAILONCE-26"))
    pki = workspace.home / "pki"
    key, cert = (str(pki / f"operator.{kind}") for kind in ("key", "pem"))
    workspace.edi("sign", str(source), "--key", key, "--cert", cert, "-o", str(source))
    workspace.drop(source)
    workspace.run()
    assert statuses(workspace) == {"once.xml": "LODGE_FAILED"}
    workspace.drop(source)
    workspace.run()
    assert statuses(workspace) == {"once.xml": "APPROVED"}
    assert len(workspace.status()) == 1


def shown(workspace, name):
    status = json.loads((workspace.home / "outbox/demo/InBox" / f"{name}.status.json").read_text(encoding="utf-8"))
    return status["file"], status["status"], len(status["applications"])


def test_what_goes_again_under_another_name_is_shown_under_that_name_only(workspace):
    """Else the first file's status would say for ever that customs could not store it."""
    sample = workspace.sample("SIM-LODGEFAIL.xml")
    for name in ("first.xml", "second.xml"):
        workspace.drop(sample, name)
        workspace.run()
    assert shown(workspace, "first.xml") == ("first.xml", "SUPERSEDED", 0)
    assert shown(workspace, "second.xml") == ("second.xml", "LODGE_FAILED", 1)
    workspace.drop(sample, "first.xml")
    workspace.run()
    assert shown(workspace, "first.xml") == ("first.xml", "LODGE_FAILED", 1)
    assert shown(workspace, "second.xml") == ("second.xml", "SUPERSEDED", 0)


def test_a_name_that_another_message_took_over_goes_on_showing_that_one(workspace):
    failing = workspace.sample("SIM-LODGEFAIL.xml")
    for sample, name in ((failing, "name.xml"), (workspace.sample("02-TRADER.xml"), "name.xml"), (failing, "new.xml")):
        workspace.drop(sample, name)
        workspace.run()
    assert shown(workspace, "name.xml") == ("name.xml", "APPROVED", 1)
    assert shown(workspace, "new.xml") == ("new.xml", "LODGE_FAILED", 1)


def test_a_duplicate_gets_the_first_answer_and_receipts_again(workspace):
    sample = workspace.sample("02-TRADER.xml")
    workspace.drop(sample)
    workspace.run()
    workspace.drop(sample, "again.xml")
    workspace.run()
    assert len(workspace.status()) == 1
    for kind, number in (("Successed", 1), ("Receipt", 3)):
        first = [file.read_bytes() for file in workspace.box("InBox", f"{kind}_02-TRADER_*")]
        again = [file.read_bytes() for file in workspace.box("InBox", f"{kind}_again_*")]
        assert len(first) == number
        assert first == again


def test_the_same_guid_with_other_content_is_a_conflict_and_the_first_stands(workspace, tmp_path):
    sample = workspace.sample("02-TRADER.xml")
    workspace.drop(sample)
    workspace.run()
    other = tmp_path / "other.xml"
    other.write_bytes(sample.read_bytes().replace(b"<postcode>100020", b"<postcode>100021"))
    pki = workspace.home / "pki"
    key, cert = (str(pki / f"legal-person.{kind}") for kind in ("key", "pem"))
    workspace.edi("sign", str(other), "--key", key, "--cert", cert, "-o", str(other))
    workspace.drop(other)
    workspace.run()
    (answer,) = workspace.box("InBox", "Failed_other_*")
    assert b"CONFLICT" in answer.read_bytes()
    (finding,) = etree.parse(answer).xpath("//*[local-name()='finding']")
    told = {etree.QName(part).localname: part.text for part in finding}
    assert told["code"] == "QLF-130"
    assert told["path"] == "/QLF101Message/QLF101/head/guid"
    assert int(told["line"]) > 1
    assert int(told["column"]) > 1
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
