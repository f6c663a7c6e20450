"""A real pcscd with virtual readers, and virtual cards put into them: everything goes through the PC/SC stack.

Each test process has a pcscd of its own in namespaces of its own: its own socket, its own loopback network for vpcd. So
neither a pcscd of the machine nor another test process is in the way. Where namespaces are not permitted, the pcscd of
the machine is used, or started, by one test process at a time.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edi.adapters.cards.readers import list_readers
from tests.cli.conftest import edi  # noqa: F401 - a fixture for the tests of this folder

HERE = Path(__file__).parent
PIN, PUK = "84210735", "97531862"
"""Of the cards in these tests: to be found in no file afterwards."""
PCSCD = "/usr/sbin/pcscd"
SYSTEM_SOCKET = Path("/run/pcscd/pcscd.comm")
PATIENCE = 20.0
READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)


def accepts(path):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        return probe.connect_ex(str(path)) == 0


@dataclass
class Rig:
    """A pcscd with its two virtual readers."""

    folder: Path
    socket: Path
    daemon: subprocess.Popen | None = None
    """None if it is the machine's own."""
    private: bool = True
    cards: dict[int, subprocess.Popen] = field(default_factory=dict)

    def start(self):
        command = [PCSCD, "--foreground", "--critical"]
        if self.private:
            command = [*unshare(), sys.executable, HERE / "alone.py", self.folder, *command]
        log = (self.folder / "pcscd.log").open("ab")
        with log:
            self.daemon = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: accepts(self.socket), (self.folder / "pcscd.log").read_text())

    def stop(self):
        for slot in list(self.cards):
            self.pull(slot)
        if self.daemon:
            end(self.daemon)
            self.daemon = None

    def insert(self, key, slot=0, **environment):
        """Put a card with the key pair `key`.key, `key`.pem into a reader."""
        command = [sys.executable, "-m", "edi", "card", "simulate", "--key", f"{key}.key", "--cert", f"{key}.pem"]
        if self.private:
            command = ["nsenter", *("--user", "--preserve-credentials") * bool(os.getuid()), "--net",
                       "--target", str(self.daemon.pid), *command]  # fmt: skip
        secrets = {"EDI_CARD_PIN": PIN, "EDI_CARD_PUK": PUK, "PYTHONUNBUFFERED": "1"} | environment
        process = subprocess.Popen(
            [*command, "--port", str(35963 + slot)], env=os.environ | secrets, stdout=subprocess.PIPE, text=True
        )
        self.cards[slot] = process
        line = process.stdout.readline()
        assert "已插入" in line, line
        wait_for(lambda: self.present(slot), "the reader saw the card")

    def pull(self, slot=0):
        """Take a card out, without a word to it."""
        process = self.cards.pop(slot)
        process.kill()
        process.communicate()
        if self.daemon and self.daemon.poll() is None:
            wait_for(lambda: not self.present(slot), "the reader saw the card go")

    def present(self, slot):
        return any(one.has_card for one in list_readers() if one.name == READERS[slot])


def unshare():
    """The command that gives a process namespaces of its own, as root or as another user."""
    return ["unshare", "--mount", "--net", *("--user", "--map-root-user") * bool(os.getuid())]


def namespaces_are_permitted():
    return subprocess.run([*unshare(), "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def rig():
    """The pcscd of this test process. Its folder has a short name: that of a socket is limited."""
    folder = Path(tempfile.mkdtemp(prefix="pcsc"))
    private = namespaces_are_permitted()
    rig = Rig(folder, folder / "run" / "pcscd.comm" if private else SYSTEM_SOCKET, private=private)
    with contextlib.ExitStack() as inside:
        inside.callback(shutil.rmtree, folder)
        if private:
            os.environ["PCSCLITE_CSOCK_NAME"] = str(rig.socket)
            inside.callback(os.environ.pop, "PCSCLITE_CSOCK_NAME")
        else:
            lock = inside.enter_context((Path(tempfile.gettempdir()) / "edi-test-cards.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        if private or not accepts(rig.socket):
            rig.start()
        inside.callback(rig.stop)
        yield rig


@pytest.fixture
def reader(rig):
    """The rig with both readers empty, also afterwards."""
    yield rig
    for slot in list(rig.cards):
        rig.pull(slot)


@pytest.fixture
def pin(monkeypatch):
    """The right PIN in the environment, as a service has it."""
    monkeypatch.setenv("EDI_CARD_PIN", PIN)
