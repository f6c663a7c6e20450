"""Reading the ledger for people and programs that ask: never writes, works beside a running gateway."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from edi.adapters.ledger_records import (
    Record,
    alarms,
    application,
    application_details,
    file_record,
    history,
    waiting_task,
)
from edi.adapters.ledger_search import search
from edi.adapters.transactions import BUSY_SECONDS
from edi.core.chain import Event, Head, first_break
from edi.core.enquiry import Filter
from edi.core.results import ListedApplication
from edi.errors import TryLater, UserError

OUTCOMES = ("ACCEPTED", "REFUSED", "CONFLICT", "DUPLICATE", "QUARANTINED")
"""What may become of a file."""

_STATUS = """
    select a.guid, a.application_no, a.client_seq_no, a.form, a.applicant, a.applicant_name, a.customs, a.status,
           a.info, a.opinion, a.results, a.findings, a.created_at, a.updated_at, m.channel, m.file_name, m.signer,
           m.digest as message_digest, m.guid as message_guid, m.claim
    from applications a join messages m on m.digest = a.message"""

_WAITING = """
    select o.*, m.dispatch, f.answer, f.outcome, coalesce(f.name, m.file_name) as file,
           (select json_group_array(application_no) from applications where message = m.digest) as numbers
    from outgoing o
    left join files f on f.claim = o.subject
    left join messages m on m.digest = coalesce(nullif(f.message, ''), o.subject)
    where o.done_at is null and o.attempts > 0"""

ALARM_EVENTS = """
    select e.*, a.application_no, coalesce(f.name, m.file_name) as file
    from events e
    left join applications a on a.guid = e.subject
    left join files f on f.claim = e.subject
    left join messages m on m.digest = e.subject
    where (e.kind like 'alarm%' or e.kind = 'healed')"""
"""Alarms and the ends of troubles, with what they are about."""

_UNPROVEN = """
    select (select count(*) from files f where f.outcome = 'ACCEPTED'
              and not exists (select 1 from messages where digest = f.message))
         + (select count(*) from files f where f.outcome <> 'ACCEPTED'
              and 1 <> (select count(*) from events where subject = f.claim and kind = case f.outcome
                    when 'DUPLICATE' then 'duplicate' when 'QUARANTINED' then 'alarm_quarantined' else 'refused' end))
         + (select count(*) from events where kind in ('refused', 'duplicate', 'alarm_quarantined')
              and subject not in (select claim from files))"""


class LedgerReader:
    """Questions to the ledger, each answered from one consistent view of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def applications(self) -> list[Record]:
        """All applications, in the order of their numbers."""
        with self.view() as connection:
            return [application(row) for row in connection.execute(f"{_STATUS} order by a.application_no")]

    def find(self, key: str) -> list[Record]:
        """Applications whose guid, application number or client sequence number is `key`, with all about them."""
        where = "where a.guid = ? or a.application_no = ? or a.client_seq_no = ?"
        with self.view() as connection:
            return _whole_applications(connection, where, (key.upper(), key, key))

    def search(self, wanted: Filter, forms: Collection[str], limit: int) -> tuple[ListedApplication, ...]:
        """Applications of these forms (empty: of all), newest first, at most `limit`."""
        with self.view() as connection:
            return search(
                lambda sql, values: connection.execute(sql, values).fetchall(), wanted, forms=forms, limit=limit
            )

    def message(self, digest: str) -> bytes:
        """The accepted message of that signed digest, as it was signed. Raises UserError if the ledger lacks it."""
        with self.view() as connection:
            row = connection.execute(
                "select c.bytes from messages m join content c on c.digest = m.content where m.digest = ?", (digest,)
            ).fetchone()
        if row is None:
            raise UserError(f"台账中没有报文 {digest}", f"The ledger holds no message {digest}")
        return bytes(row["bytes"])

    def files(self, key: str) -> list[Record]:
        """Files of that name, newest first: outcome, findings, applications; of a duplicate those of the first."""
        with self.view() as connection:
            rows = connection.execute("select * from files where name = ? order by seen_at desc", (key,)).fetchall()
            return [_whole_file(connection, row) for row in rows]

    def all_files(self) -> list[Record]:
        """All files ever claimed, with outcome and findings, in order of arrival."""
        with self.view() as connection:
            return [file_record(row) for row in connection.execute("select * from files order by seen_at, rowid")]

    def refused_files(self) -> list[Record]:
        """Files that were refused or put into quarantine, in order of arrival."""
        return [one for one in self.all_files() if one["outcome"] not in ("ACCEPTED", "DUPLICATE")]

    def outcomes(self) -> dict[str, int]:
        """How many files came to which end, in the order of `OUTCOMES`."""
        with self.view() as connection:
            return _outcomes(connection)

    def balance(self, claims: Iterable[str] = ()) -> Record:
        """Files seen and what became of them (exchange 10); `claims` are those that lie claimed on the disk.

        `unproven` counts files whose outcome is not borne out by exactly one event or message, and the reverse.
        """
        with self.view() as connection:
            query = "select count(*) as n from json_each(?) where value not in (select claim from files)"
            in_hand = connection.execute(query, (json.dumps(list(claims)),)).fetchone()["n"]
            rows = connection.execute("select count(*) as n from files").fetchone()["n"]
            outcomes = _outcomes(connection)
            unproven = int(connection.execute(_UNPROVEN).fetchone()[0])
        balanced = rows == sum(outcomes[one] for one in OUTCOMES) and not unproven
        return {
            "seen": rows + in_hand, "claimed": rows + in_hand, **outcomes, "inHand": in_hand, "unproven": unproven,
            "balanced": balanced,
        }  # fmt: skip

    def waiting(self) -> list[Record]:
        """Tasks held back by an outage: what, of which file, where to, why, how often tried, when next."""
        with self.view() as connection:
            return [waiting_task(row) for row in connection.execute(f"{_WAITING} order by o.due_at, o.id")]

    def alarms(self) -> list[Record]:
        """Events that ask for a person's attention; `over` where the trouble has gone by itself."""
        with self.view() as connection:
            return alarms(connection.execute(f"{ALARM_EVENTS} order by e.seq"))

    def chain_break(self) -> tuple[Head, int | None]:
        """The head of the event chain, and the first event that does not fit it (None: all fit)."""
        with self.view() as connection:
            rows = connection.execute("select * from events order by seq")
            broken = first_break((event_of(row), row["hash"]) for row in rows)
            last = connection.execute("select seq, hash from events order by seq desc limit 1").fetchone()
        return (Head(last["seq"], last["hash"]) if last else Head()), broken

    @contextmanager
    def view(self) -> Iterator[sqlite3.Connection]:
        """One consistent, read-only view of the ledger, for questions that go together.

        Raises UserError if there is no ledger or it is damaged, TryLater if it is out of reach.
        """
        if not self._path.exists():
            raise UserError(
                f"还没有台账 {self._path}；请先运行一次 edi run --once，或用 --home 指定工作目录",
                f"There is no ledger at {self._path} yet; run `edi run --once` first, or give the workspace by --home",
            )
        try:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
                connection.row_factory = sqlite3.Row
                connection.execute("begin")  # one view for all queries of an answer
                yield connection
        except sqlite3.OperationalError as error:
            raise TryLater(
                f"台账 {self._path} 暂时读不了：{error}；请检查磁盘和文件权限，稍后再试",
                f"The ledger {self._path} cannot be read now: {error}; check disk and permissions and try again",
            ) from error
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"台账已损坏：{self._path}（{error}）；请停止程序，保留该文件，从备份恢复",
                f"The ledger {self._path} is damaged ({error}); stop the program, keep the file, restore from a backup",
            ) from error


def _whole_applications(connection: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[Record]:
    rows = connection.execute(f"{_STATUS} {where} order by a.application_no", values).fetchall()
    return [
        application(row) | application_details(row) | _history(connection, row) | _held(connection, row) for row in rows
    ]


def _history(connection: sqlite3.Connection, row: sqlite3.Row) -> Record:
    events = connection.execute("select * from events where subject = ? order by seq", (row["guid"],))
    return {"history": history(events)}


def _held(connection: sqlite3.Connection, row: sqlite3.Row) -> Record:
    """What an outage holds back of the file the application came with."""
    query = f"{_WAITING} and o.subject in (?, ?) order by o.due_at, o.id"
    rows = connection.execute(query, (row["message_digest"], row["claim"]))
    return {"held": [waiting_task(one) for one in rows]}


def _whole_file(connection: sqlite3.Connection, row: sqlite3.Row) -> Record:
    first = _first_of(connection, row) if row["outcome"] == "DUPLICATE" else None
    message = first["message"] if first else row["message"]
    applications = _whole_applications(connection, "where a.message = ?", (message,)) if message else []
    return file_record(row) | ({"first": file_record(first)} if first else {}) | {"applications": applications}


def _first_of(connection: sqlite3.Connection, row: sqlite3.Row) -> sqlite3.Row | None:
    """The file whose content came once more."""
    query = (
        "select * from files where claim = (select json_extract(detail, '$.first') from events "
        "where subject = ? and kind = 'duplicate')"
    )
    first: sqlite3.Row | None = connection.execute(query, (row["claim"],)).fetchone()
    return first


def _outcomes(connection: sqlite3.Connection) -> dict[str, int]:
    rows = connection.execute("select outcome, count(*) as n from files group by outcome")
    return dict.fromkeys(OUTCOMES, 0) | {row["outcome"]: row["n"] for row in rows}


def event_of(row: sqlite3.Row) -> Event:
    """The event in a row, as it was chained."""
    return Event(**{name: row[name] for name in ("seq", "at", "kind", "subject", "old", "new", "detail")})
