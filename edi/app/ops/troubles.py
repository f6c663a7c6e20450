"""Troubles that last: one alarm when one begins, one `healed` when it is over, however often it is looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from edi.adapters.ledger import Entry
from edi.app.office import Office

_OPEN = """
    select subject, kind, max(seq) from events
    where (kind like 'alarm%' or kind = 'healed') and substr(subject, 1, ?) = ? group by subject"""
"""The last word on each subject that begins so; SQLite takes the other columns from the row of the maximum."""


@dataclass(frozen=True)
class Trouble:
    """Something that asks for a person's attention until it is over."""

    kind: str
    """Kind of the event, `alarm_…`."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What the sentence about it needs."""


def reconcile(office: Office, family: str, current: Mapping[str, Trouble]) -> dict[str, int]:
    """Bring the alarms whose subject begins with `family` in line with the troubles there are now, by subject."""
    now = office.clock()
    with office.reader.view() as ledger:
        known = ledger.execute(_OPEN, (len(family), family)).fetchall()
    told = {row["subject"] for row in known if row["kind"] != "healed"}
    fresh, over = sorted(current.keys() - told), sorted(told - current.keys())
    if fresh or over:
        with office.ledger.transaction(now) as entry:
            _tell(entry, current, fresh, over)
    return {"alarms": len(fresh), "healed": len(over)}


def _tell(entry: Entry, current: Mapping[str, Trouble], fresh: Collection[str], over: Collection[str]) -> None:
    for subject in fresh:
        entry.event(current[subject].kind, subject, **current[subject].detail)
    for subject in over:
        entry.event("healed", subject)
