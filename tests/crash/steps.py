"""Kills the program at every durable step, before it and after it, starts it again, and counts.

Nobody writes the list of steps: one undisturbed run is watched, and every call that makes something last
(fsync, rename, link, unlink, folders made and removed, commits) is a step, named after the code that makes
it. A step that is added later is killed at without a word here. Works in forked processes; the short form
kills at the first occasion of each step, the long form (`--all`) at every one.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from edi.app.composition import open_app
from edi.app.service import run_once
from edi.app.workspace import create_workspace
from tests.crash.kill import count_faults
from tools.filings import Filing, filings

FILINGS = 3
AGAIN = "again.xml"
"""The first filing once more, under another name."""
REFUSED = "refused.xml"
LASTING = ("fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir")
"""Functions of `os` after which the disk is another."""


@dataclass(frozen=True)
class Point:
    """One moment at which the program is killed."""

    step: str
    occasion: int
    """From 1."""
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.step} ({self.occasion})"


@dataclass
class Report:
    """What was done and what was found."""

    steps: int = 0
    points: int = 0
    kills: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        found = "; ".join(self.faults[:10]) or "0 lost, 0 doubled"
        return f"{self.steps} durable steps, {self.points} points, {self.kills} killed; {found}"


# ---- watching the steps ------------------------------------------------------------------------


def _name(operation: str) -> str:
    """The code that makes the step: its place, and who of gateway, customs or app wanted it."""
    frame: FrameType | None = sys._getframe(2)
    places: list[tuple[str, str]] = []
    while frame:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("edi."):
            places.append((module.removeprefix("edi."), frame.f_code.co_name))
        frame = frame.f_back
    if not places:
        return f"{operation} in a thread"
    wanted = next((one for one in places if not one[0].startswith("adapters.")), places[0])
    return f"{operation} by {'.'.join(places[0])} for {'.'.join(wanted)}"


def _watch(tell: Callable[[str, Callable[[], Any]], Any]) -> None:
    """Hand every durable step of this process to `tell`, by name, with what carries it out."""
    for operation in LASTING:
        setattr(os, operation, _told(operation, getattr(os, operation), tell))

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql.lower() != "commit":
                return super().execute(sql, *rest)
            return tell(_name("commit"), functools.partial(super().execute, sql, *rest))

    sqlite3.connect = functools.partial(sqlite3.connect, factory=Connection)  # type: ignore[assignment]


def _told(operation: str, function: Callable[..., Any], tell: Callable[[str, Callable[[], Any]], Any]) -> Any:
    def told(*args: Any, **kwargs: Any) -> Any:
        return tell(_name(operation), lambda: function(*args, **kwargs))

    return told


def _work(home: Path) -> None:
    with open_app(home) as app:
        run_once(app)


def _in_a_process(work: Callable[[], None]) -> int:
    """Run `work` in a forked process; its exit code, negative for a signal."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _list_steps(home: Path, listed: Path) -> None:
    with listed.open("w") as file:

        def tell(name: str, carry_out: Callable[[], Any]) -> Any:
            print(name, file=file)
            return carry_out()

        _watch(tell)
        _work(home)


def _die_at(home: Path, point: Point) -> None:
    met: Counter[str] = Counter()

    def tell(name: str, carry_out: Callable[[], Any]) -> Any:
        met[name] += 1
        here = (name, met[name]) == (point.step, point.occasion)
        if here and not point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return carry_out()
        finally:
            if here:
                os.kill(os.getpid(), signal.SIGKILL)

    _watch(tell)
    _work(home)


# ---- killing and counting ----------------------------------------------------------------------


def prepare(home: Path) -> list[Filing]:
    """A workspace with filings, one of them twice, and a file that is to be refused, all in the OutBox."""
    create_workspace(home)
    config = home / "config.toml"
    text = config.read_text("utf-8").replace("settle_seconds = 1.0", "settle_seconds = 0.0")
    config.write_text(text.replace("workers = 0", "workers = 1"), "utf-8")
    sent = list(filings(home, FILINGS, "STEP"))
    box = home / "inbox" / "demo"
    for filing in sent:
        (box / filing.name).write_bytes(filing.data)
    (box / AGAIN).write_bytes(sent[0].data)
    (box / REFUSED).write_bytes(b"<no-message/>")
    return sent


def count(home: Path, sent: Sequence[Filing]) -> list[str]:
    """What was lost, doubled or altered; reads files and both databases by itself."""
    out = home / "outbox" / "demo"
    names = [path.name for path in (out / "InBox").iterdir()]
    answers = Counter(name.split("_")[1] for name in names if name.startswith(("Successed_", "Failed_")))
    faults = [f"{stem}: {answers[stem]} answers" for stem in ("again", "refused") if answers[stem] != 1]
    faults += [
        f"{path} is not there" for path in (out / "SentBox" / AGAIN, out / "FailBox" / REFUSED) if not path.exists()
    ]
    with sqlite3.connect(home / "var" / "ledger.sqlite") as ledger:
        outcomes = dict(ledger.execute("select outcome, count(*) from files group by outcome").fetchall())
    if outcomes != {"ACCEPTED": len(sent), "DUPLICATE": 1, "REFUSED": 1}:
        faults.append(f"files came to {outcomes}")
    return faults + count_faults(home, sent)


def kill_everywhere(folder: Path, *, everywhere: bool = False) -> Report:
    """Kill at every step, work on, count; `everywhere`: at every occasion of each."""
    template = folder / "template"
    sent = prepare(template)
    listed = folder / "steps"
    shutil.copytree(template, folder / "watched")
    if _in_a_process(lambda: _list_steps(folder / "watched", listed)):
        return Report(faults=["the run that is watched fails"])
    occasions = Counter(listed.read_text().splitlines())
    points = [
        Point(step, number, after)
        for step, times in occasions.items()
        for number in range(1, (times if everywhere else 1) + 1)
        for after in (False, True)
    ]
    report = Report(steps=len(occasions), points=len(points))
    for point in points:
        home = folder / "home"
        shutil.copytree(template, home)
        code = _in_a_process(lambda home=home, point=point: _die_at(home, point))
        report.kills += code == -signal.SIGKILL
        if _in_a_process(lambda home=home: _work(home)):
            report.faults.append(f"{point}: it does not start again")
        report.faults += [f"{point}: {fault}" for fault in count(home, sent)]
        shutil.rmtree(home)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill at every step and print the report; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="edi-steps-") as folder:
        report = kill_everywhere(Path(folder), everywhere=options.all)
    print(report)
    return int(bool(report.faults) or report.kills < report.points)


if __name__ == "__main__":
    sys.exit(main())
