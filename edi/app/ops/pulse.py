"""The pulse of the long-running service: a small file, written whole every few seconds, that others look at."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import regular_files, write_whole
from edi.adapters.job_book import LATEST, JobRun, latest_runs
from edi.adapters.ledger_records import Record
from edi.app.channels import channels_of
from edi.app.office import Office
from edi.app.words import still_open
from edi.core.times import iso
from edi.errors import EdiError

log = logging.getLogger(__name__)

PULSE_SECONDS = 5.0
"""The file is written no more often; a service at rest writes it about as often."""
COUNTED = 10_000
"""Files of a box beyond which counting stops."""

_LAST_ALARM = "select max(seq) from events where kind like 'alarm%' or kind = 'healed'"


class Pulse:
    """Writes the health file."""

    def __init__(self, office: Office, held: Mapping[str, str]) -> None:
        self._office = office
        self._held = held
        self._started = iso(office.clock())
        self._last = float("-inf")
        self._troubled = False
        self._alarms: list[Record] = []
        self._alarms_until = 0

    def beat(self) -> None:
        """Write the file, unless it was written just now. What goes wrong is told once and stops nothing."""
        if time.monotonic() - self._last < PULSE_SECONDS:
            return
        self._last = time.monotonic()
        path = self._office.config.health.file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole({path: json.dumps(self._state(), ensure_ascii=False, indent=2).encode("utf-8") + b"\n"})
            self._troubled = False
        except (OSError, EdiError) as error:
            if not self._troubled:
                zh, en = (error.zh, error.en) if isinstance(error, EdiError) else (cause_zh(error), cause_en(error))
                log.warning("运行状况文件未能写入：%s / the health file could not be written: %s", zh, en)
            self._troubled = True

    def end(self) -> None:
        """The service stops as it was told to: nobody shall take the file for that of a service that died."""
        with contextlib.suppress(OSError):
            self._office.config.health.file.unlink(missing_ok=True)

    def _state(self) -> dict[str, Any]:
        with self._office.reader.view() as ledger:
            runs = latest_runs(ledger.execute(LATEST).fetchall())
            until = ledger.execute(_LAST_ALARM).fetchone()[0] or 0
        if until != self._alarms_until:  # a ledger may know many alarms, and new ones are rare
            self._alarms, self._alarms_until = self._office.reader.alarms(), until
        held = self._office.reader.waiting()
        return {
            "pid": os.getpid(),
            "startedAt": self._started,
            "lastRound": iso(self._office.clock()),
            "backlog": backlog(self._office),
            "outOfReach": dict(self._held),
            "held": len(held),
            "alarms": len(still_open(self._alarms, held)),
            "jobs": {name: run_record(run) for name, run in sorted(runs.items())},
        }


def backlog(office: Office) -> dict[str, int]:
    """Files that lie in each OutBox, counted up to `COUNTED`; a box out of reach is left out."""
    found = {}
    for name, channel in channels_of(office.config).items():
        try:
            files = (one for one in regular_files(channel.boxes.outbox) if not one.name.startswith("."))
            found[name] = sum(1 for _ in itertools.islice(files, COUNTED))
        except OSError:
            continue
    return found


def run_record(run: JobRun) -> dict[str, Any] | None:
    """A run of a job for programs; None for one that has not run yet."""
    if not run.runs:
        return None
    error = {"zh": run.error_zh, "en": run.error_en}
    return {
        "startedAt": iso(run.started_at),
        "seconds": round(run.seconds, 3),
        "counts": dict(run.counts),
        "error": None if run.good else error,
    }


def read_pulse(path: Path) -> dict[str, Any] | None:
    """What the health file says, None if there is none. Raises ValueError if it is no such file, OSError."""
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    if not isinstance(told, dict) or not isinstance(told.get("pid"), int) or not isinstance(told.get("lastRound"), str):
        raise ValueError("not a health file")  # noqa: TRY004 - a wrong value in a file, not a wrong call
    return told
