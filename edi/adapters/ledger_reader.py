"""Reading the ledger for people and programs that ask: never writes, works beside a running gateway."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from edi.adapters.ledger import BUSY_SECONDS
from edi.core.chain import Event, Head, first_break
from edi.core.status import Status
from edi.errors import TryLater, UserError

Record = dict[str, Any]

_STATUS = """
    select a.guid, a.application_no, a.client_seq_no, a.form, a.applicant, a.applicant_name, a.customs, a.status,
           a.info, a.opinion, a.results, a.findings, a.created_at, a.updated_at, m.channel, m.file_name, m.signer,
           m.digest as message_digest, m.guid as message_guid
    from applications a join messages m on m.digest = a.message"""


class LedgerReader:
    """Questions to the ledger, each answered from one consistent view of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def applications(self) -> list[Record]:
        """All applications, in the order of their numbers."""
        with self._open() as connection:
            return [_application(row) for row in connection.execute(f"{_STATUS} order by a.application_no")]

    def find(self, key: str) -> list[Record]:
        """Applications whose guid, application number or client sequence number is `key`, with history."""
        sql = f"{_STATUS} where a.guid = ? or a.application_no = ? or a.client_seq_no = ? order by a.application_no"
        with self._open() as connection:
            rows = connection.execute(sql, (key.upper(), key, key)).fetchall()
            return [_application(row) | _details(row) | _history(connection, row) for row in rows]

    def files(self, key: str) -> list[Record]:
        """Files of that name, newest first, with outcome and findings."""
        sql = "select * from files where name = ? order by seen_at desc"
        with self._open() as connection:
            return [_file(row) for row in connection.execute(sql, (key,))]

    def refused_files(self) -> list[Record]:
        """Files that were refused or put into quarantine, in order of arrival."""
        sql = "select * from files where outcome in ('REFUSED', 'CONFLICT', 'QUARANTINED') order by seen_at"
        with self._open() as connection:
            return [_file(row) for row in connection.execute(sql)]

    def balance(self) -> dict[str, int]:
        """How many files were claimed and what became of them."""
        sql = "select outcome, count(*) as n from files group by outcome"
        with self._open() as connection:
            return {row["outcome"]: row["n"] for row in connection.execute(sql)}

    def waiting(self) -> list[Record]:
        """Tasks held back by an outage: what, since when, why, when next."""
        sql = "select * from outgoing where done_at is null and attempts > 0 order by due_at"
        with self._open() as connection:
            return [dict(row) for row in connection.execute(sql)]

    def alarms(self) -> list[Record]:
        """Events that ask for a person's attention."""
        sql = "select * from events where kind like 'alarm%' order by seq"
        with self._open() as connection:
            return [dict(row) | {"detail": json.loads(row["detail"])} for row in connection.execute(sql)]

    def chain_break(self) -> tuple[Head, int | None]:
        """The head of the event chain, and the first event that does not fit it (None: all fit)."""
        with self._open() as connection:
            rows = connection.execute("select * from events order by seq")
            broken = first_break((_event(row), row["hash"]) for row in rows)
            last = connection.execute("select seq, hash from events order by seq desc limit 1").fetchone()
        return (Head(last["seq"], last["hash"]) if last else Head()), broken

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            raise UserError(
                f"还没有台账 {self._path}；请先运行一次 edi run --once，或用 --home 指定工作目录",
                f"There is no ledger at {self._path} yet; run `edi run --once` first, or give the workspace by --home",
            )
        try:
            connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
            connection.row_factory = sqlite3.Row
            connection.execute("select 1 from applications limit 1")
        except sqlite3.OperationalError as error:
            raise TryLater(
                f"台账 {self._path} 暂时读不了：{error}；请检查磁盘和文件权限，稍后再试",
                f"The ledger {self._path} cannot be read now: {error}; check disk and permissions and try again",
            ) from error
        with closing(connection):
            yield connection


def _application(row: sqlite3.Row) -> Record:
    return {
        "guid": row["guid"],
        "applicationNo": row["application_no"],
        "clientSeqNo": row["client_seq_no"] or "",
        "messageType": row["form"],
        "applicant": row["applicant"],
        "applicantName": row["applicant_name"],
        "customs": row["customs"],
        "status": row["status"],
        "statusText": Status[row["status"]].text,
        "updatedAt": row["updated_at"],
        "createdAt": row["created_at"],
        "channel": row["channel"],
        "file": row["file_name"],
    }


def _details(row: sqlite3.Row) -> Record:
    return {
        "info": row["info"] or "",
        "opinion": row["opinion"] or "",
        "results": json.loads(row["results"] or "{}"),
        "findings": json.loads(row["findings"] or "[]"),
        "signer": json.loads(row["signer"]),
        "messageGuid": row["message_guid"],
        "messageDigest": row["message_digest"],
    }


def _history(connection: sqlite3.Connection, row: sqlite3.Row) -> Record:
    events = connection.execute("select * from events where subject = ? order by seq", (row["guid"],))
    return {
        "history": [
            {
                "seq": event["seq"],
                "at": event["at"],
                "event": event["kind"],
                "from": event["old"],
                "to": event["new"],
                "toText": Status[event["new"]].text if event["new"] else "",
                "detail": json.loads(event["detail"]),
            }
            for event in events
        ]
    }


def _file(row: sqlite3.Row) -> Record:
    return {
        "claim": row["claim"],
        "channel": row["channel"],
        "file": row["name"],
        "seenAt": row["seen_at"],
        "outcome": row["outcome"],
        "findings": json.loads(row["findings"] or "[]"),
    }


def _event(row: sqlite3.Row) -> Event:
    return Event(**{name: row[name] for name in ("seq", "at", "kind", "subject", "old", "new", "detail")})
