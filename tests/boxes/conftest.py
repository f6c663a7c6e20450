"""Boxes on disks of their own, users without power, and services that cannot watch."""

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.office import Hand, Night
from tests.system.test_watch import PATIENCE, statuses, wait_for

ROOT = os.geteuid() == 0
TROUBLES = ("read-only", "full") if ROOT else ("read-only",)
NOBODY = 65534
SHOW_ALL = "select subject, detail from events where kind = ? order by seq"


class Box(Night):
    """A workspace on its own clock, seen from the OutBox of `demo`."""

    @property
    def outbox(self) -> Path:
        return self.home / "inbox" / "demo"

    def told(self, kind: str) -> list[list[str]]:
        """The names each alarm of a kind told of."""
        return [json.loads(detail)["names"] for _, detail in self.sql(SHOW_ALL, kind)]

    def troubled(self) -> list[str]:
        """What alarms were about: channels, and folders that files waited for."""
        return self.events("alarm_box") + [subject.removeprefix("held:") for subject in self.events("alarm_held")]

    def alarms(self) -> list[dict]:
        """What alarms are open and not told by the files that wait."""
        return json.loads(self.edi("status", "--held", "--json"))["alarms"]


def clock():
    """The workspace is made now, so that is where its clock starts."""
    return Hand(datetime.now(UTC))


@pytest.fixture
def night(home):
    return Box(home, clock())


# ---- disks


class Disk:
    """A folder as a disk of its own where we are root, else a folder that may not be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def spoil(self, trouble: str) -> None:
        if not ROOT:
            for folder in (self.folder, *self.folder.glob(".claimed")):
                folder.chmod(0o500)
        elif trouble == "read-only":
            self._remount("ro")
        else:
            (self.folder / ".ballast").write_bytes(b"")
            with contextlib.suppress(OSError), (self.folder / ".ballast").open("wb", buffering=0) as ballast:
                while True:
                    ballast.write(bytes(4096))
            with contextlib.suppress(OSError):
                for number in range(1000):
                    (self.folder / f".node{number}").touch()

    def mend(self) -> None:
        if ROOT:
            self._remount("rw")
            for file in (*self.folder.glob(".ballast"), *self.folder.glob(".node*")):
                file.unlink()
            return
        for folder in (self.folder, *self.folder.glob(".claimed")):
            folder.chmod(0o700)

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.folder], check=True)


@pytest.fixture
def disk():
    """Makes a folder a disk of its own, of one megabyte and a hundred names."""

    @contextlib.contextmanager
    def make(folder: Path):
        made = Disk(folder)
        if ROOT:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=100", "tmpfs", folder], check=True)
            if folder.parent.name == "inbox":
                (folder / ".claimed").mkdir()
        try:
            yield made
        finally:
            made.mend()
            if ROOT:
                subprocess.run(["umount", folder], check=True)

    return make


# ---- users


class Ordinary:
    """A workspace of a user without power, into whose OutBox somebody else writes where we can be two."""

    def __init__(self, night: Box) -> None:
        self.night = night

    @contextlib.contextmanager
    def acting(self):
        """As that user."""
        if not ROOT:
            yield
            return
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)

    def own(self, path: Path) -> None:
        if ROOT:
            os.chown(path, NOBODY, NOBODY)

    def fix(self, path: Path) -> None:
        """Make a file one that may not be moved out of its folder."""
        path.parent.chmod(0o1777)
        os.chown(path.parent, 0, 0)


@pytest.fixture
def ordinary(template):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(template, home)
        if ROOT:
            for path in (Path(folder), home, *home.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        yield Ordinary(Box(home, clock()))


# ---- services


class Running:
    """A service at work."""

    def __init__(self, box: Box, process: subprocess.Popen) -> None:
        self.box, self.process = box, process

    def until(self, name: str) -> None:
        wait_for(lambda: statuses(self.box).get(name) == "APPROVED")

    def until_told(self, kind: str) -> None:
        wait_for(lambda: self.box.events(kind))

    def stop(self) -> str:
        self.process.terminate()
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0
        assert "Traceback" not in errors
        return errors


BLIND = """
import os, sys
from watchdog.observers import inotify_c
def refuse(*_):
    import ctypes
    ctypes.set_errno({number})
    return -1
inotify_c.inotify_{call} = refuse
from edi.cli.main import main
main(sys.argv[1:])
"""


class Watched(Box):
    @contextlib.contextmanager
    def running(self, without_inotify: str = ""):
        program = ["-m", "edi"]
        if without_inotify:
            call = "add_watch" if without_inotify == "ENOSPC" else "init"
            program = ["-c", BLIND.format(number=getattr(errno, without_inotify), call=call)]
        command = [sys.executable, *program, "run", "--home", str(self.home)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            wait_for((self.home / "var" / "run.lock").exists)
            yield Running(self, process)
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def watched(home):
    box = Watched(home, clock())
    box.configure("every_seconds = 5.0", "every_seconds = 0.2")
    return box
