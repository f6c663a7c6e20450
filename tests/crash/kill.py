"""Kills `edi run` with SIGKILL at random moments, starts it again, and counts what came of the filings.

The counting shares no code with the pipeline: it reads the boxes and both databases by itself. The
long form runs from the command line: `python -m tests.crash.kill --filings 2000 --kills 200`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from edi.app.workspace import create_workspace
from tools.filings import Filing, filings, messages_of, operator_of

RUN = (sys.executable, "-m", "edi", "run", "--once", "--home")
RECEIPTS = ("120", "300", "399")
"""Return codes of a filing that is approved."""


@dataclass
class Report:
    """What was done and what was found."""

    seed: int
    filings: int
    kills: int = 0
    runs: int = 0
    faults: list[str] = field(default_factory=list)

    per_message: int = 1

    def __str__(self) -> str:
        lost = "; ".join(self.faults[:10]) or "0 lost, 0 doubled"
        sent = f"{self.filings} filings, {self.per_message} a message"
        return f"seed {self.seed}: {sent}, {self.runs} runs, {self.kills} killed; {lost}"


def torture(home: Path, count: int, kills: int, seed: int, per_message: int = 1) -> Report:
    """Drop filings while killing the program, run it to the end, and count. Returns the report."""
    rng = random.Random(seed)
    report = Report(seed, count, per_message=per_message)
    made = filings(home, count, f"KILL-{seed}")
    sent = list(messages_of(made, per_message, f"KILL-{seed}", operator_of(home)) if per_message > 1 else made)
    chunk = -(-len(sent) // (kills + 1))
    duration = _undisturbed(home, sent[:chunk], report)
    for start in range(chunk, len(sent), chunk):
        for filing in sent[start : start + chunk]:
            _drop(home, filing)
        report.runs += 1
        killed, seconds = _run_and_kill(home, rng.uniform(0.05, 0.75) * duration)
        report.kills += killed
        if not killed:  # machines are shared: what was slow when it was measured may be fast by now
            duration = min(duration, seconds)
    _undisturbed(home, [], report)
    report.faults += count_faults(home, sent)
    return report


def _undisturbed(home: Path, batch: Sequence[Filing], report: Report) -> float:
    """A whole run, which must succeed; how many seconds it took."""
    for filing in batch:
        _drop(home, filing)
    report.runs += 1
    started = time.monotonic()
    done = subprocess.run([*RUN, home], check=False, capture_output=True)
    if done.returncode:
        report.faults.append(f"an undisturbed run left with {done.returncode}: {done.stderr.decode()}")
    return time.monotonic() - started


def _drop(home: Path, filing: Filing) -> None:
    temporary = home / "inbox" / "demo" / f".{filing.name}"
    temporary.write_bytes(filing.data)
    temporary.rename(home / "inbox" / "demo" / filing.name)


def _run_and_kill(home: Path, seconds: float) -> tuple[bool, float]:
    """Start the program and kill it after `seconds`; whether it lived until then, and how long it ran."""
    started = time.monotonic()
    process = subprocess.Popen([*RUN, home], stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        pass
    else:
        return False, time.monotonic() - started
    process.kill()
    process.wait()
    return True, time.monotonic() - started


# ---- the independent count ----------------------------------------------------------------------


def count_faults(home: Path, sent: Sequence[Filing]) -> list[str]:
    """Every filing exactly once in the ledger, at customs and in the boxes; empty if all is well."""
    return [*ledger_faults(home, sent), *customs_faults(home, sent), *_box_faults(home, sent)]


def guids_of(sent: Iterable[Filing]) -> list[str]:
    """Of all applications."""
    return [guid for filing in sent for guid in filing.guids]


def ledger_faults(home: Path, sent: Sequence[Filing]) -> list[str]:
    with sqlite3.connect(home / "var" / "ledger.sqlite") as ledger:
        statuses = dict(ledger.execute("select guid, status from applications").fetchall())
        rows = ledger.execute("select count(*) from applications").fetchone()[0]
        receipts = Counter(guid for (guid,) in ledger.execute("select application from receipts"))
        open_tasks = ledger.execute("select count(*) from outgoing where done_at is null").fetchone()[0]
        events = Counter(ledger.execute("select subject, new from events where new is not null").fetchall())
    guids = guids_of(sent)
    faults = [f"{guid} is {statuses.get(guid)}" for guid in guids if statuses.get(guid) != "APPROVED"]
    faults += [f"{guid} has {number} receipts" for guid, number in receipts.items() if number != len(RECEIPTS)]
    faults += [f"{subject} became {new} {times} times" for (subject, new), times in events.items() if times != 1]
    if rows != len(guids):
        faults.append(f"{rows} applications in the ledger, {len(guids)} sent")
    if open_tasks:
        faults.append(f"{open_tasks} tasks left undone")
    return faults


def table_of(home: Path) -> dict[str, str]:
    """Where the ledger has each application."""
    with sqlite3.connect(home / "var" / "ledger.sqlite") as ledger:
        return dict(ledger.execute("select guid, status from applications").fetchall())


def register_of(home: Path) -> dict[str, str]:
    """Where customs has each application; the last word on one that came again after it had failed."""
    with sqlite3.connect(home / "customs" / "register.sqlite") as register:
        return dict(register.execute("select guid, status from applications order by id").fetchall())


def customs_faults(home: Path, sent: Sequence[Filing]) -> list[str]:
    with sqlite3.connect(home / "customs" / "register.sqlite") as register:
        stored = Counter(guid for (guid,) in register.execute("select guid from applications"))
    return [f"customs has {guid} {stored[guid]} times" for guid in guids_of(sent) if stored[guid] != 1]


def _box_faults(home: Path, sent: Sequence[Filing]) -> list[str]:
    out = home / "outbox" / "demo"
    faults = []
    inbox = [path.name for path in (out / "InBox").iterdir()]
    for filing in sent:
        stem = filing.name.removesuffix(".xml")
        answers = [name for name in inbox if name.startswith(f"Successed_{stem}_")]
        receipts = [out / "InBox" / name for name in inbox if name.startswith(f"Receipt_{stem}_")]
        told = Counter(guid for file in receipts for guid in _told_of(file))
        if len(answers) != 1 or told != dict.fromkeys(filing.guids, len(RECEIPTS)):
            faults.append(f"{filing.name}: {len(answers)} answers, receipts in InBox: {told}")
        if (out / "SentBox" / filing.name).read_bytes() != filing.data:
            faults.append(f"{filing.name} was altered")
    left = [path for path in (home / "inbox" / "demo").rglob("*") if path.is_file()]
    left += home.rglob("*.tmp")
    left += [path for box in ("in", "out") for path in (home / "customs" / box).rglob("*") if path.is_file()]
    return faults + [f"left behind: {path.relative_to(home)}" for path in left]


def _told_of(receipt: Path) -> list[str]:
    """The guids of the applications of which a receipt speaks, one for each node."""
    return [guid.text or "" for guid in etree.parse(receipt).findall("{*}QLF102/{*}guid")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the long form and print its report; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filings", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--per-message", type=int, default=1, help="applications of a message")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="edi-crash-"))
    create_workspace(folder / "home")
    report = torture(folder / "home", options.filings, options.kills, options.seed, options.per_message)
    print(report)
    if report.faults:
        print(f"kept for inspection: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
