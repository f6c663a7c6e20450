"""Promise 1 at every durable step of the code, and at calls of the system that fail."""

import random
import shutil
import signal
import subprocess
import sys

import pytest

from tests.crash.inject import CALLS, FAULTS, LYING, SLOW, Report, fail_at, make_rig, order_faults, order_of_a_run
from tests.crash.steps import count, prepare

SEED = 20261122


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    assert shutil.which("strace"), "tools/setup.sh test installs it"
    return make_rig(tmp_path_factory.mktemp("inject"))


def test_killed_before_and_after_every_durable_step():
    done = subprocess.run([sys.executable, "-m", "tests.crash.steps"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) >= 30, "the steps were found"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("calls", CALLS)
def test_a_call_that_fails(rig, calls, fault):
    number = random.Random(f"{SEED} {calls} {fault}").randint(1, 5)
    report = fail_at(rig, calls, fault, [number])
    assert report.faults == [], f"{fault} at {calls} {number}: {report}"
    assert report.met == 1


@pytest.mark.parametrize("fault", [SLOW, LYING], ids=["slow", "lying"])
def test_a_disk_that_is(rig, fault):
    report = Report()
    assert rig.run(report, fault, "sync", fault)
    assert report.faults == []


def test_a_receiver_that_dies_after_storing(tmp_path):
    sent = prepare(tmp_path / "home")
    config = tmp_path / "home" / "config.toml"
    sound = config.read_text("utf-8")
    config.write_text(sound.replace("death_after_storing = 0.0", "death_after_storing = 1.0"), "utf-8")
    run = [sys.executable, "-m", "edi", "run", "--once", "--home", tmp_path / "home"]
    assert subprocess.run(run, check=False).returncode == -signal.SIGKILL
    config.write_text(sound, "utf-8")
    assert subprocess.run(run, check=False).returncode == 0
    assert count(tmp_path / "home", sent) == []


def test_what_was_left_half_written_is_swept(workspace):
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    folders = ("var", "var/crls", "outbox/demo/InBox", "outbox/demo/SentBox", "customs/in", "customs/out")
    left = [workspace.home / folder / ".edi-0123456789abcdef-0.tmp" for folder in folders]
    for file in left:
        file.write_bytes(b"half")
    workspace.run()
    assert [file for file in left if file.exists()] == []


def test_what_is_acknowledged_is_on_the_disk(rig):
    renames, faults = order_of_a_run(rig)
    assert faults == []
    assert renames > 30


TRACE = """\
7 write(3</h/.a.tmp>, "x", 1) = 1
7 fsync(3</h/.a.tmp> <unfinished ...>
8 fsync(4</h/other>) = 0
7 <... fsync resumed>) = 0
7 rename("/h/.a.tmp", "/h/box/a") = 0
7 fsync(5</h/box>) = 0
7 fdatasync(6</h/ledger.sqlite-wal>) = 0
"""


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("", []),
        ("7 <... fsync resumed>) = 0\n", ["/h/box/a renamed before it was synced"]),
        ("7 fsync(5</h/box>) = 0\n", ["/h/box/a acknowledged before its folder was synced"]),
    ],
)
def test_the_judge_of_the_order_sees_what_is_missing(tmp_path, left_out, said):
    assert order_faults(TRACE.replace(left_out, "").splitlines(), "/h") == (1, said)
