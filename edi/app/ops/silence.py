"""Silence that is not golden: no nightly file, no receipt, no word on an application for too long."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from edi.adapters.schedule import latest_two
from edi.app.office import Office
from edi.app.ops.troubles import Trouble, reconcile
from edi.core.status import FINAL, Status
from edi.core.times import iso

WITH_THE_SENDER = frozenset({Status.DRAFT, Status.LODGE_FAILED})
"""Not final, but it is the sender's turn."""
WITH_CUSTOMS = tuple(
    one.token for one in Status if one not in FINAL and one not in WITH_THE_SENDER and one is not Status.SUBMITTED
)

_WAITING = """
    select a.guid, a.application_no, a.status, a.updated_at, m.receiver
    from applications a join messages m on m.digest = a.message
    where a.status in (select value from json_each(?)) and a.updated_at <= ?"""


def watch_silence(office: Office) -> dict[str, int]:
    """Raise an alarm for every silence that is too long, end those that are over; how many of each."""
    return reconcile(office, "silence:", _silent_channels(office) | _silent_receivers(office))


def _silent_channels(office: Office) -> dict[str, Trouble]:
    """Channels whose file was due and did not come, neither in time nor since."""
    found = {}
    now = office.clock()
    for name, channel in office.config.channels.items():
        deadlines = latest_two(channel.expect_by, now) if channel.expect_by else None
        if deadlines and _watched_since(office, now) < deadlines[1] and not _came(office, name, deadlines[0]):
            found[f"silence:channel:{name}"] = Trouble(
                "alarm_silent_channel", {"channel": name, "since": iso(deadlines[0]), "due": iso(deadlines[1])}
            )
    return found


def _watched_since(office: Office, now: datetime) -> datetime:
    """A deadline before the program was set up was nobody's to keep."""
    with office.reader.view() as ledger:
        first = ledger.execute("select min(first_at) from job_runs").fetchone()[0]
    return datetime.fromisoformat(first) if first else now


def _came(office: Office, channel: str, since: datetime) -> bool:
    with office.reader.view() as ledger:
        query = "select 1 from files where channel = ? and seen_at > ? limit 1"
        return ledger.execute(query, (channel, iso(since))).fetchone() is not None


def _silent_receivers(office: Office) -> dict[str, Trouble]:
    """Applications that a receiver says nothing about: no receipt at all, or no last word."""
    limits = office.config.silence
    return _waiting(office, "alarm_overdue", [Status.SUBMITTED.token], limits.receipt_hours) | _waiting(
        office, "alarm_stuck", WITH_CUSTOMS, limits.final_hours
    )


def _waiting(office: Office, kind: str, statuses: Sequence[str], hours: float) -> dict[str, Trouble]:
    if not hours:
        return {}
    since = iso(office.clock() - timedelta(hours=hours))
    with office.reader.view() as ledger:
        rows = ledger.execute(_WAITING, (json.dumps(statuses), since)).fetchall()
    return {
        f"silence:{row['status']}:{row['guid']}": Trouble(
            kind,
            {
                "applicationNo": row["application_no"],
                "status": row["status"],
                "since": row["updated_at"],
                "receiver": row["receiver"] or "",
            },
        )
        for row in rows
    }
