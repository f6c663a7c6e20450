"""Lets the system fail at the n-th call, by strace: SIGKILL, EIO, ENOSPC, slow and lying disks; then counts.

The program is started again without the fault and must end as if nothing had happened. The long form goes
on, for n = 1, 2, …, until a run gets through without meeting its fault.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.steps import count, prepare
from tools.filings import Filing

CALLS = {
    "sync": "fsync,fdatasync",
    "rename": "rename,renameat,renameat2,link,linkat",
    "write": "write",
    "page": "pwrite64",  # of a database
    "unlink": "unlink,unlinkat,rmdir",
}
"""System calls that change the disk, by what they do."""
STRACE = ("strace", "-f", "-qq")
ONLY_TRACED = "--seccomp-bpf"
"""Only the calls that are traced stop the program, which runs three times as fast; signals are not sent then."""
FAULTS = {"kill": "signal=SIGKILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}
SLOW = "delay_enter=20000"
"""Microseconds that every sync takes longer."""
LYING = "retval=0"
"""Every sync says it was done and does nothing."""
PATIENT = (0, 75)
"""Exit codes of a run that met an outage: it went on, or says that it is to be tried again."""
MOST = 2000


@dataclass
class Report:
    """What was done and what was found."""

    runs: int = 0
    met: int = 0
    """Runs in which the fault struck."""
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        found = "; ".join(self.faults[:10]) or "0 lost, 0 doubled"
        return f"{self.runs} runs, {self.met} met their fault; {found}"


@dataclass(frozen=True)
class Rig:
    """A workspace that is copied for every run."""

    folder: Path
    sent: Sequence[Filing]

    def run(self, report: Report, name: str, calls: str, fault: str, only: str = "") -> bool:
        """One run with the fault, one without, then the count; whether the fault struck."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        home = place / "home"
        shutil.copytree(self.folder / "template", home)
        struck, code, told = _with_fault(home, CALLS[calls], f"{fault}{only}")
        report.runs += 1
        report.met += struck
        allowed = (-signal.SIGKILL,) if struck and fault == FAULTS["kill"] else PATIENT
        if code not in allowed or list((home / "var").glob("edi-error-*")):
            report.faults.append(f"{name}: left with {code}: {told[-300:]}")
        again = subprocess.run(_program(home), check=False, capture_output=True, text=True)
        if again.returncode:
            report.faults.append(f"{name}: afterwards it leaves with {again.returncode}: {again.stderr[-300:]}")
        report.faults += [f"{name}: {one}" for one in count(home, self.sent)]
        shutil.rmtree(place)
        return struck


def make_rig(folder: Path) -> Rig:
    """The workspace with its filings in the OutBox; retries come at once."""
    sent = prepare(folder / "template")
    config = folder / "template" / "config.toml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("first_seconds = 5.0", "first_seconds = 0.0"), "utf-8")
    return Rig(folder, sent)


def _program(home: Path) -> list[str]:
    return [sys.executable, "-m", "edi", "run", "--once", "--home", str(home)]


def _with_fault(home: Path, calls: str, fault: str) -> tuple[bool, int, str]:
    """Whether the fault struck, the exit code, and what was said."""
    log = home.with_name("strace.log")
    speed = () if fault.startswith("signal") else (ONLY_TRACED,)
    strace = [*STRACE, *speed, "-o", str(log), "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"]
    done = subprocess.run([*strace, *_program(home)], check=False, capture_output=True, text=True)
    struck = done.returncode == -signal.SIGKILL or re.search("INJECTED|DELAYED", log.read_text("utf-8", "replace"))
    return bool(struck), done.returncode, done.stderr


def fail_at(rig: Rig, calls: str, fault: str, numbers: Iterable[int]) -> Report:
    """The fault at the n-th call, for each n until one does not strike any more."""
    report = Report()
    for number in numbers:
        if not rig.run(report, f"{fault} at {calls} {number}", calls, FAULTS[fault], f":when={number}"):
            break
    return report


# ---- the order of what is made to last ----------------------------------------------------------

_SYNC = re.compile(r"f(?:data)?sync\(\d+<(?P<path>[^>]*)>\) += 0")
_RENAME = re.compile(
    r'(?:rename|link)\w*\((?:AT_FDCWD<[^>]*>, )?"(?P<old>[^"]+)", (?:AT_FDCWD<[^>]*>, )?"(?P<new>[^"]+)".*\) += 0'
)
_WRITE = re.compile(r"p?write(?:64)?\(\d+<(?P<path>[^>]*)>")
_CUT = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>")


def whole_calls(trace: Iterable[str]) -> Iterator[str]:
    """The calls of a trace as they ended; one that another thread interrupted is put together again."""
    begun: dict[str, str] = {}
    for line in trace:
        process, _, call = line.rstrip("\n").partition(" ")
        if call.endswith(_CUT):
            begun[process] = call.removesuffix(_CUT)
        else:
            resumed = _RESUMED.match(call.strip())
            yield begun.pop(process, "") + call.strip()[resumed.end() :] if resumed else call


def order_faults(trace: Iterable[str], home: Path) -> tuple[int, list[str]]:
    """How many renames there were, and which broke fsync(file) < rename < fsync(folder) < acknowledge.

    The acknowledgement is the next sync of a database: with it the ledger, or customs' register, knows.
    """
    unsynced: set[str] = set()
    folders: dict[str, str] = {}
    renames, faults = 0, []
    for line in whole_calls(trace):
        if written := _WRITE.search(line):
            unsynced.add(written["path"])
        elif synced := _SYNC.search(line):
            unsynced.discard(synced["path"])
            folders.pop(synced["path"], None)
            if ".sqlite" in Path(synced["path"]).name and folders:
                faults += [f"{new} acknowledged before its folder was synced" for new in folders.values()]
                folders.clear()
        elif (moved := _RENAME.search(line)) and moved["new"].startswith(str(home)):
            renames += 1
            if moved["old"] in unsynced:
                faults.append(f"{moved['new']} renamed before it was synced")
            folders[str(Path(moved["new"]).parent)] = moved["new"]
    return renames, faults


def order_of_a_run(rig: Rig) -> tuple[int, list[str]]:
    """One undisturbed run in a trace."""
    home, log = rig.folder / "traced", rig.folder / "order.log"
    shutil.copytree(rig.folder / "template", home)
    calls = ",".join(CALLS.values())
    strace = [*STRACE, ONLY_TRACED, "-y", "-s", "4096", "-o", str(log), "-e", f"trace={calls}", "-e", "write=none"]
    subprocess.run([*strace, *_program(home)], check=True, capture_output=True)
    with log.open(encoding="utf-8", errors="replace") as trace:
        return order_faults(trace, home)


def main(arguments: Sequence[str] | None = None) -> int:
    """The long form: every call, every fault, every n; 1 if anything was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=MOST, help="the greatest n")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="series that run side by side")
    options = parser.parse_args(arguments)
    found = False
    with tempfile.TemporaryDirectory(prefix="edi-inject-") as folder:
        rig = make_rig(Path(folder))
        numbers = range(1, options.most + 1)
        with ThreadPoolExecutor(options.jobs) as pool:
            series = {
                f"{fault} at each {calls}": pool.submit(fail_at, rig, calls, fault, numbers)
                for calls in CALLS
                for fault in FAULTS
            }
            for name, done in series.items():
                print(f"{name}: {done.result()}", flush=True)
                found |= bool(done.result().faults)
        for name, fault in (("slow", SLOW), ("lying", LYING)):
            report = Report()
            rig.run(report, name, "sync", fault)
            print(f"{name} disk: {report}", flush=True)
            found |= bool(report.faults)
        renames, faults = order_of_a_run(rig)
        print(f"order: {renames} renames; {'; '.join(faults) or 'fsync < rename < fsync(folder) < acknowledge'}")
    return int(found or bool(faults))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
