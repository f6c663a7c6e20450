"""Asks a receiver again that says nothing for too long: the same envelope once more, byte for byte (exchange 9).

Whether it got the filing, or we lost its receipt, is uncertain, and is never guessed: receivers drop what
they have and say again what they said. The pause doubles each time.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

from edi.adapters.config import ReceiverConfig
from edi.adapters.ledger import Entry
from edi.app.office import Office
from edi.app.ops.silence import WITH_CUSTOMS
from edi.core.status import Status
from edi.core.times import iso
from edi.gateway import dispatch

AT_ONCE = 200
"""Messages of one transaction: the exchange waits no longer than that for its turn."""
MOST_DOUBLINGS = 6
"""The pause grows no further, so that nobody is given up."""
_AWAITED = json.dumps([Status.SUBMITTED.token, *WITH_CUSTOMS])

_SILENT = """
    select digest, dispatch, asked from messages m
    where receiver = :receiver and dispatch <> '' and ask_after <= :now
      and digest in (select message from applications
                     where status in (select value from json_each(:awaited)) and updated_at <= :since)
      and not exists (select 1 from outgoing where done_at is null and content = m.dispatch)
    order by digest limit :limit"""
_APPLICATIONS = """
    select guid from applications where message = ? and status in (select value from json_each(?)) order by application_no"""


def ask_again(office: Office) -> dict[str, int]:
    """Put on the list for sending what is to be asked for again; how many messages that were."""
    receivers = office.config.receivers.items()
    return {"messages": sum(_ask(office, name, one) for name, one in receivers if one.ask_again_hours)}


def _ask(office: Office, name: str, receiver: ReceiverConfig) -> int:
    asked = 0
    while some := _ask_some(office, name, receiver):
        asked += some
    return asked


def _ask_some(office: Office, name: str, receiver: ReceiverConfig) -> int:
    now, pause = office.clock(), timedelta(hours=receiver.ask_again_hours)
    wanted = {
        "receiver": name, "now": iso(now), "since": iso(now - pause), "awaited": _AWAITED, "limit": AT_ONCE,
    }  # fmt: skip
    with office.ledger.transaction(now) as entry:
        silent = entry.rows(_SILENT, wanted)
        for message in silent:
            _send_again(entry, message, name, receiver, now + pause * 2 ** min(message["asked"], MOST_DOUBLINGS))
    return len(silent)


def _send_again(entry: Entry, message: sqlite3.Row, name: str, receiver: ReceiverConfig, next_time: datetime) -> None:
    digest = message["digest"]
    for row in entry.rows(_APPLICATIONS, (digest, _AWAITED)):
        entry.event("ask_again", row["guid"], receiver=name)
    entry.update("messages", "digest", digest, {"asked": message["asked"] + 1, "ask_after": iso(next_time)})
    entry.task(dispatch.delivery(entry, name, receiver.send, digest, message["dispatch"]))
