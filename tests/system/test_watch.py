"""`edi run` without --once: watches, schedules, and stops when told, finishing what it has begun."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from threading import Thread

import pytest

from edi.app.composition import open_app, open_customs
from edi.app.playing import play
from edi.app.stopping import Stop
from edi.app.watching import watching
from edi.errors import TryLater

PATIENCE = 30.0


class Program(subprocess.Popen):
    """`edi` running. What it says goes into a file: a pipe that nobody empties would stop it when it is full."""

    def __init__(self, command):
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the process
        super().__init__(command, stderr=self.log)

    def told(self):
        self.log.seek(0)
        return self.log.read()


@contextmanager
def running(workspace, *arguments):
    process = Program([sys.executable, "-m", "edi", *(arguments or ("run",)), "--home", str(workspace.home)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.log.close()


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def statuses(workspace):
    ledger = workspace.home / "var" / "ledger.sqlite"
    return {one["file"]: one["status"] for one in workspace.status()} if ledger.exists() else {}


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    process.wait(timeout=PATIENCE)
    assert "Traceback" not in process.told()
    return process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_files_are_taken_as_they_come_and_a_signal_ends_it(workspace, number):
    with running(workspace) as process:
        wait_for((workspace.home / "var" / "run.lock").exists)
        workspace.drop(workspace.sample("02-TRADER.xml"))
        wait_for(lambda: statuses(workspace).get("02-TRADER.xml") == "APPROVED")
        hidden = workspace.home / "inbox" / "demo" / ".upload"
        hidden.write_bytes(workspace.sample("01-BROKER.xml").read_bytes())
        hidden.rename(workspace.home / "inbox" / "demo" / "01-BROKER.xml")
        wait_for(lambda: statuses(workspace).get("01-BROKER.xml") == "APPROVED")
        assert stop(process, number) == 0
    assert len(workspace.box("InBox", "Receipt_01-BROKER_*")) == 3


def test_a_slow_writer_is_waited_for(workspace):
    data = workspace.sample("02-TRADER.xml").read_bytes()
    with running(workspace) as process:
        wait_for((workspace.home / "var" / "run.lock").exists)
        with (workspace.home / "inbox" / "demo" / "slow.xml").open("wb") as file:
            for start in range(0, len(data), len(data) // 4):
                file.write(data[start : start + len(data) // 4])
                file.flush()
                time.sleep(0.01)
        wait_for(lambda: statuses(workspace).get("slow.xml") == "APPROVED")
        assert stop(process) == 0
    assert workspace.box("InBox", "Failed_*") == []


def test_what_no_event_announced_is_swept(workspace):
    """Watching is only the fast path: here a file lies in the box before the watch begins."""
    workspace.drop(workspace.sample("02-TRADER.xml"))
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("every_seconds = 5.0", "every_seconds = 0.2"), "utf-8")
    with running(workspace) as process:
        wait_for(lambda: statuses(workspace).get("02-TRADER.xml") == "APPROVED")
        assert stop(process) == 0


def test_one_at_a_time(workspace):
    with open_app(workspace.home):
        second = subprocess.run(
            [sys.executable, "-m", "edi", "run", "--once", "--home", workspace.home],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert second.returncode == 75
    assert str(os.getpid()) in second.stderr
    assert "已在运行" in second.stderr
    with open_app(workspace.home), pytest.raises(TryLater), open_app(workspace.home):
        pass


def test_customs_as_its_own_program(workspace):
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("enabled = true", "enabled = false"), "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "SUBMITTED"}
    workspace.edi("customs", "run", "--once")
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    with running(workspace, "customs", "run") as process:
        workspace.drop(workspace.sample("01-BROKER.xml"))
        workspace.run()
        wait_for(lambda: list((workspace.home / "customs" / "out").glob("*.dxpl")))
        assert stop(process) == 0


def test_customs_wakes_up_for_a_file(workspace, monkeypatch):
    """It does not look by itself here: what it answers, it was told of."""
    workspace.configure("sends_bundles = true", "sends_bundles = false")
    monkeypatch.setattr("edi.app.playing.POLL_SECONDS", 3600.0)
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("enabled = true", "enabled = false"), "utf-8")
    receipts = workspace.home / "customs" / "out"
    for name in ("01-BROKER.xml", "02-TRADER.xml"):
        workspace.drop(workspace.sample(name))

    def file_then_stop():
        try:
            wait_for(receipts.is_dir)
            workspace.run()
            wait_for(lambda: len(list(receipts.glob("*.xml"))) == 6)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    receipts.rmdir()
    with Stop().listening() as stopping, closing(open_customs(workspace.home)) as customs:
        filer = Thread(target=file_then_stop)
        filer.start()
        play(customs, stopping)
        filer.join()
    assert len(list(receipts.glob("*.xml"))) == 6


def test_customs_staff_decide_by_hand(workspace):
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace('review = "auto"', 'review = "manual"'), "utf-8")
    for name in ("01-BROKER.xml", "02-TRADER.xml"):
        workspace.drop(workspace.sample(name))
    workspace.run()
    queue = json.loads(workspace.edi("customs", "queue", "--json"))
    assert [one["clientSeqNo"] for one in queue] == ["DEMO-2026-0001", "DEMO-2026-0002"]
    workspace.edi("customs", "decide", "DEMO-2026-0001", "approve")
    workspace.edi("customs", "decide", queue[1]["applicationNo"], "disapprove", "--opinion", "材料不清晰")
    workspace.run()
    assert statuses(workspace) == {"01-BROKER.xml": "APPROVED", "02-TRADER.xml": "DISAPPROVED"}
    assert workspace.show("DEMO-2026-0002")["opinion"] == "材料不清晰"


def test_three_working_days_pass_in_a_second(workspace):
    config = workspace.home / "config.toml"
    text = config.read_text("utf-8").replace("decision_delay_seconds = 0.0", "decision_delay_seconds = 259200")
    config.write_text(text, "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "UNDER_REVIEW"}
    workspace.edi("customs", "advance", "3d")
    workspace.run()
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}


def take_away(box):
    """All at once: the service may be at work in it, and would fill what is being emptied."""
    shutil.rmtree(box.rename(box.with_name("taken-away")), ignore_errors=True)


def made_anew(box):
    shutil.rmtree(box)
    box.mkdir()


def mounted_over(box):
    """What a network drive does: another folder stands under the name, and the first one lives on beneath."""
    box.rename(box.with_name("beneath"))
    box.mkdir()


@pytest.mark.parametrize("happens", [made_anew, mounted_over])
def test_a_folder_that_comes_again_is_watched_again(tmp_path, happens):
    told = []
    box = tmp_path / "box"
    box.mkdir()
    with watching({box: told.append}) as look_again:
        (box / "1.xml").touch()
        wait_for(lambda: told == ["1.xml"])
        look_again()
        happens(box)
        look_until_told(look_again, told, box, "2.xml")
        shutil.rmtree(box)
        look_again()
        box.mkdir()
        look_until_told(look_again, told, box, "3.xml")


def look_until_told(look_again, told, box, name):
    """That a folder is gone is known a moment later; then one look is enough."""

    def looked():
        look_again()
        (box / name).write_bytes(b"")  # a touch would open a file that exists no second time, which tells nobody
        return name in told

    wait_for(looked)


def test_a_folder_that_was_missing_is_watched_once_it_is_there(tmp_path):
    told = []
    box, other = tmp_path / "box", tmp_path / "other"
    other.mkdir()
    with watching({box: told.append, other: told.append}) as look_again:
        look_again()
        box.mkdir()
        look_again()
        (box / "1.xml").touch()
        (other / "2.xml").touch()
        wait_for(lambda: sorted(told) == ["1.xml", "2.xml"])


def test_the_service_watches_an_outbox_that_was_removed_and_made_anew(workspace):
    """All that sweeps is put off for an hour, so that only the watcher can have seen the second file."""
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("every_seconds = 5.0", "every_seconds = 3600.0"), "utf-8")
    box = workspace.home / "inbox" / "demo"
    with running(workspace) as process:
        wait_for((workspace.home / "var" / "health.json").exists)
        workspace.drop(workspace.sample("02-TRADER.xml"))
        wait_for(lambda: statuses(workspace).get("02-TRADER.xml") == "APPROVED")
        take_away(box)
        box.mkdir()
        wait_for(lambda: "重新监视" in process.told())
        workspace.drop(workspace.sample("01-BROKER.xml"))
        wait_for(lambda: statuses(workspace).get("01-BROKER.xml") == "APPROVED")
        assert stop(process) == 0
