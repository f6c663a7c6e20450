"""What the scheduled jobs did, kept in the ledger (table `job_runs`): moment, duration, counts, error.

A job that runs every few seconds mostly finds nothing to do. Such idle runs are added up in memory for
a minute and in one row for a day, so that the book stays short; a crash loses a minute of their count.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from edi.adapters.ledger import Entry, Ledger
from edi.core.times import CHINA, from_iso, iso

ADDED_UP_FOR = timedelta(seconds=60)
LATEST = "select * from job_runs where id in (select max(id) from job_runs group by name)"


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One run of a job, or several idle ones that followed each other."""

    name: str
    first_at: datetime
    """Start of the first of them."""
    started_at: datetime
    """Start of the last of them."""
    seconds: float = 0.0
    """How long the last one took."""
    runs: int = 1
    """How many; 0 notes that the job was scheduled and has not run yet."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What it did, by kind."""
    error_zh: str = ""
    error_en: str = ""

    @property
    def good(self) -> bool:
        """True if it came to its end."""
        return not self.error_en

    @property
    def idle(self) -> bool:
        """True if it found nothing to do."""
        return self.good and not any(self.counts.values())

    def joined(self, later: JobRun) -> JobRun:
        """One run for an idle one and a later idle one."""
        return replace(later, first_at=self.first_at, runs=self.runs + later.runs)


class JobBook:
    """Enters runs of jobs; has a connection of its own, so that threads may use it beside other work."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._idle: dict[str, JobRun] = {}
        self._lock = threading.Lock()

    def enter(self, run: JobRun) -> None:
        """Keep a run. Raises TryLater if the ledger is out of reach."""
        with self._lock:
            added = self._idle.pop(run.name, None)
            if not run.idle:
                self._write(*([added] if added and added.runs else []), run)
                return
            whole = added.joined(run) if added else run
            if added and run.started_at - added.first_at < ADDED_UP_FOR:
                self._idle[run.name] = whole
            else:
                self._write(whole)
                self._idle[run.name] = replace(run, first_at=run.started_at, runs=0)

    def note(self, name: str, now: datetime) -> None:
        """Remember since when a job is scheduled, so that its first run can be missed, too."""
        with self._lock:
            if name not in latest_runs(self._ledger.rows(LATEST)):
                self._write(JobRun(name=name, first_at=now, started_at=now, runs=0))

    def latest(self) -> dict[str, JobRun]:
        """The latest run of every job, those not yet written included."""
        with self._lock:
            waiting = {name: one for name, one in self._idle.items() if one.runs}
            return latest_runs(self._ledger.rows(LATEST)) | waiting

    def close(self) -> None:
        """Write what was added up and let go of the ledger."""
        with self._lock:
            try:
                self._write(*(one for one in self._idle.values() if one.runs))
            finally:
                self._ledger.close()

    def _write(self, *runs: JobRun) -> None:
        if runs:
            with self._ledger.transaction(runs[-1].started_at) as entry:
                for run in runs:
                    _enter(entry, run)


def latest_runs(rows: list[sqlite3.Row]) -> dict[str, JobRun]:
    """Rows of `LATEST`, by the name of the job."""
    return {row["name"]: _run(row) for row in rows}


def _enter(entry: Entry, run: JobRun) -> None:
    rows = entry.rows("select * from job_runs where name = ? order by id desc limit 1", (run.name,))
    before = _run(rows[0]) if rows else None
    if before and not before.runs:
        entry.update("job_runs", "id", rows[0]["id"], _row(run))
    elif before and before.idle and run.idle and _day(before.first_at) == _day(run.started_at):
        entry.update("job_runs", "id", rows[0]["id"], _row(before.joined(run)))
    else:
        entry.insert("job_runs", _row(run))


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d}"


def _row(run: JobRun) -> dict[str, object]:
    return {
        "name": run.name,
        "first_at": iso(run.first_at),
        "started_at": iso(run.started_at),
        "seconds": run.seconds,
        "runs": run.runs,
        "counts": json.dumps(run.counts),
        "error_zh": run.error_zh,
        "error_en": run.error_en,
    }


def _run(row: sqlite3.Row) -> JobRun:
    return JobRun(
        name=row["name"],
        first_at=from_iso(row["first_at"]),
        started_at=from_iso(row["started_at"]),
        seconds=row["seconds"],
        runs=row["runs"],
        counts=json.loads(row["counts"]),
        error_zh=row["error_zh"],
        error_en=row["error_en"],
    )
