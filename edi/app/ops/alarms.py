"""Tells people of alarms, each sender at its own pace: what one cannot tell now waits and holds no other up.

The ledger remembers how far each sender has come, so that nothing is forgotten over a restart. A sender
that fails is tried again with growing delays and is itself one alarm, which the others tell.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

from edi.adapters.ledger_reader import ALARM_EVENTS
from edi.adapters.ledger_records import alarms
from edi.adapters.senders import Notice, NotTold, Sender, configured
from edi.app.office import Office
from edi.app.ops.troubles import Trouble, reconcile
from edi.app.words import alarm_words
from edi.core.characters import plain
from edi.core.times import from_iso, iso

MOST = 200
"""Events told in one go."""

_LAST_ALARM = "select max(seq) from events where kind like 'alarm%' and subject = ? and seq < ?"


def tell_alarms(office: Office, jitter: Callable[[], float] = random.random) -> dict[str, int]:
    """Tell what is new; how many notices each sender told."""
    told: dict[str, int] = {}
    failing: dict[str, Trouble] = {}
    for sender in configured(office.config.alarms, os.environ):
        turn = _Turn(office, sender)
        told[sender.name] = turn.take(jitter)
        if turn.trouble:
            zh, en = turn.trouble
            failing[f"sender:{sender.name}"] = Trouble("alarm_sender", {"sender": sender.name, "zh": zh, "en": en})
    reconcile(office, "sender:", failing)
    return told


class _Turn:
    """One sender and how far it has come."""

    def __init__(self, office: Office, sender: Sender) -> None:
        self._office = office
        self._sender = sender
        self.trouble: tuple[str, str] | None = None
        """Why it cannot tell now, in Chinese and English; None if it can."""
        rows = office.ledger.rows("select * from alarm_senders where name = ?", (sender.name,))
        self._told = int(rows[0]["told"]) if rows else 0
        self._attempts = int(rows[0]["attempts"]) if rows else 0
        self._due_at: datetime | None = from_iso(rows[0]["due_at"]) if rows else None

    def take(self, jitter: Callable[[], float]) -> int:
        """Tell what is new, unless it is not yet time to try again; how many notices."""
        now = self._office.clock()
        if self._attempts and self._due_at and now < self._due_at:
            self.trouble = "尚未到重试时间", "it waits for its next try"
            return 0
        done = 0
        while (batch := _news(self._office, self._told))[0] > self._told:
            last, notices = batch
            try:
                if notices:
                    self._sender.send(notices)
            except NotTold as error:
                self.trouble = error.zh, error.en
                self._attempts += 1
                retry = self._office.config.retry.next_try(self._attempts, now, jitter())
                self._keep(self._told, self._attempts, retry)
                return done
            self._keep(last, 0, now)
            done += len(notices)
        return done

    def _keep(self, told: int, attempts: int, due: datetime) -> None:
        self._told, self._attempts = told, attempts
        row = {"name": self._sender.name, "told": told, "attempts": attempts, "due_at": iso(due)}
        with self._office.ledger.transaction(self._office.clock()) as entry:
            entry.delete("alarm_senders", "name", self._sender.name)
            entry.insert("alarm_senders", row)


def _news(office: Office, told: int) -> tuple[int, list[Notice]]:
    """The last event looked at and what to tell of it and those before. A new sender is told of what is still open only."""
    with office.reader.view() as ledger:
        if not told:
            records = [one for one in alarms(ledger.execute(f"{ALARM_EVENTS} order by e.seq")) if not one["over"]]
            last = ledger.execute("select max(seq) from events").fetchone()[0] or 0
            return last, [_notice(one, over=False) for one in records]
        rows = ledger.execute(f"{ALARM_EVENTS} and e.seq > ? order by e.seq limit ?", (told, MOST)).fetchall()
        return (rows[-1]["seq"] if rows else told), [one for row in rows if (one := _of_row(ledger, row))]


def _of_row(ledger: sqlite3.Connection, row: sqlite3.Row) -> Notice | None:
    """What to tell of an event; of an end of trouble the words of the alarm it ends, nothing if there was none."""
    if row["kind"] != "healed":
        return _notice(alarms([row])[0], over=False)
    before = ledger.execute(_LAST_ALARM, (row["subject"], row["seq"])).fetchone()[0]
    if before is None:
        return None
    alarm = ledger.execute(f"{ALARM_EVENTS} and e.seq = ?", (before,)).fetchone()
    return _notice(alarms([alarm])[0] | {"seq": row["seq"], "at": row["at"]}, over=True)


def _notice(record: dict[str, Any], *, over: bool) -> Notice:
    words = alarm_words(record)
    return Notice(
        seq=record["seq"],
        at=record["at"],
        kind=record["kind"],
        subject=plain(record["subject"]),
        over=over,
        zh=words.zh,
        en=words.en,
    )
