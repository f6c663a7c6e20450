"""The ledger: one SQLite file, the truth for status (exchange 10). This module writes it.

Status and event go into one transaction, and so does every file that is to be written because of
them; durability is bought once per transaction (WAL, synchronous=FULL). A ledger that is locked or
full raises TryLater: our outage, never a sender's refusal.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edi.adapters.ledger_schema import open_database
from edi.adapters.transactions import BUSY_SECONDS, transaction
from edi.core.chain import Event, Head, chain
from edi.core.status import Status, check_transition
from edi.core.times import iso
from edi.errors import TryLater, UserError

CACHE_KIB = 16 << 10
"""Room for the pages that a batch changes: what does not fit is written before its time, read again and written again."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to be done in the world, recorded before it is done."""

    kind: str
    """`write`, `dispatch`, `move`, `status` or `reply`; see `edi.gateway.settle`."""
    place: str
    """Channel or receiver, for messages and alarms."""
    target: str = ""
    """Path of the file that is to appear."""
    source: str = ""
    """Path of the file to be moved."""
    content: str = ""
    """Digest of the bytes to be written."""
    subject: str = ""


@dataclass(frozen=True)
class Due:
    """A task whose time has come."""

    id: int
    task: Task
    attempts: int


def connect(path: Path) -> sqlite3.Connection:
    """A writing connection: WAL, full durability, rows by name, transactions by hand."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # it holds whole filings, identity numbers included
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    connection.execute(f"pragma cache_size = -{CACHE_KIB}")
    connection.execute("pragma temp_store = memory")  # what may be undone is copied into no other folder
    return connection


class Ledger:
    """The writing side. One process writes at a time; readers use `edi.adapters.ledger_reader`."""

    def __init__(self, path: Path) -> None:
        with _outage(path):
            self._connection = connect(path)
            self._connection.row_factory = None
            open_database(self._connection)
            self._connection.row_factory = sqlite3.Row
        self._path = path

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self, now: datetime) -> Iterator[Entry]:
        """Everything entered inside becomes durable together, or not at all. Raises TryLater."""
        with _outage(self._path), transaction(self._connection):
            yield Entry(self._connection, now)

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """Rows of a query, for decisions that precede a transaction. Raises TryLater."""
        with _outage(self._path):
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    def head(self) -> Head:
        """The end of the chain of events. Raises TryLater."""
        with _outage(self._path):
            return _head(self._connection)

    def content(self, digest: str) -> bytes:
        """Bytes kept under a digest. Raises KeyError if there are none."""
        found = self.rows("select bytes from content where digest = ?", (digest,))
        if not found:
            raise KeyError(digest)
        return bytes(found[0]["bytes"])

    def contents(self, tasks: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """What tasks are to write, by their number and one at a time; one whose bytes are gone is left out. Raises TryLater."""
        statement = (  # `cross`: tasks first, in their order; nothing is sorted, so that no bytes wait in memory
            "select o.id, c.bytes from outgoing o cross join content c on c.digest = o.content "
            "where o.id in (select value from json_each(?)) order by o.id"
        )
        with _outage(self._path):
            for row in self._connection.execute(statement, (json.dumps(list(tasks)),)):
                yield row["id"], bytes(row["bytes"])

    def due(self, now: datetime, limit: int) -> list[Due]:
        """Tasks whose time has come, oldest first."""
        rows = self.rows(
            # What was never tried is always due: a clock that is put back must not hold it.
            "select * from outgoing where done_at is null and (attempts = 0 or due_at <= ?) order by id limit ?",
            (iso(now), limit),
        )
        return [Due(row["id"], _task(row), row["attempts"]) for row in rows]


class Entry:
    """One transaction of the ledger, open for writing."""

    def __init__(self, connection: sqlite3.Connection, now: datetime) -> None:
        self._connection = connection
        self.now = iso(now)
        """The moment of the transaction, as the ledger writes it."""
        self.head = _head(connection)

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of the transaction that is undone as a whole if it raises."""
        head = self.head
        self._connection.execute("savepoint attempt")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback to attempt")
            self.head = head
            raise
        finally:
            if self._connection.in_transaction:
                self._connection.execute("release attempt")

    def rows(self, sql: str, parameters: Iterable[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """Rows as this transaction sees them; parameters by place or by name."""
        values = parameters if isinstance(parameters, Mapping) else tuple(parameters)
        return self._connection.execute(sql, values).fetchall()

    def insert(self, table: str, values: Mapping[str, Any], otherwise: str = "") -> None:
        """A new row; a broken constraint raises sqlite3.IntegrityError, unless an `otherwise` clause says else."""
        self._connection.execute(_insertion(table, tuple(values), otherwise), tuple(values.values()))

    def update(self, table: str, key: str, value: Any, changes: Mapping[str, Any]) -> None:
        """Change the rows whose `key` is `value`."""
        self._connection.execute(_change(table, key, tuple(changes)), (*changes.values(), value))

    def delete(self, table: str, key: str, value: Any) -> None:
        """Remove the rows whose `key` is `value`."""
        self._connection.execute(f"delete from {table} where {key} = ?", (value,))  # noqa: S608

    def keep(self, data: bytes) -> str:
        """Keep bytes under their digest, which is returned."""
        digest = hashlib.sha256(data).hexdigest()
        self._connection.execute("insert or ignore into content (digest, bytes) values (?, ?)", (digest, data))
        return digest

    def event(
        self, kind: str, subject: str, *, old: Status | None = None, new: Status | None = None, **detail: Any
    ) -> Head:
        """Append an event to the chain."""
        event = Event(
            seq=self.head.seq + 1,
            at=self.now,
            kind=kind,
            subject=subject,
            old=old.token if old else None,
            new=new.token if new else None,
            detail=json.dumps(detail, ensure_ascii=False, sort_keys=True),
        )
        self.head = chain(self.head, event)
        self.insert("events", vars(event) | {"hash": self.head.hash})
        return self.head

    def move(
        self,
        guid: str,
        old: Status | None,
        new: Status,
        kind: str,
        columns: Mapping[str, Any] = _NOTHING,
        **detail: Any,
    ) -> None:
        """Move an application in the status table, with its event; other columns of its row may change as well."""
        check_transition(old, new)
        self.update("applications", "guid", guid, {"status": new.token, "updated_at": self.now, **columns})
        self.event(kind, guid, old=old, new=new, **detail)

    def task(self, task: Task) -> None:
        """Record what is to be done in the world once this transaction is durable."""
        # A status file that waits already will show the latest status anyway.
        once = "on conflict do nothing" if task.kind == "status" else ""
        self.insert("outgoing", vars(task) | {"due_at": self.now, "attempts": 0}, once)

    def done(self, ids: Iterable[int]) -> None:
        """Tasks that were carried out, durably."""
        statement = "update outgoing set done_at = ? where id in (select value from json_each(?))"
        self._connection.execute(statement, (self.now, json.dumps(list(ids))))

    def postpone(self, task_id: int, attempts: int, due: datetime, trouble: str) -> None:
        """A task that failed: when to try again and why it failed."""
        self.update("outgoing", "id", task_id, {"attempts": attempts, "due_at": iso(due), "trouble": trouble})

    def next_numbers(self, name: str, count: int) -> int:
        """Reserve `count` consecutive numbers of a counter and return the first, from 1."""
        # In three small statements: with `returning` it is one that takes three times as long.
        self.insert("counters", {"name": name, "value": 0}, "on conflict do nothing")
        rows = self.rows("select value from counters where name = ?", (name,))
        self._connection.execute("update counters set value = value + ? where name = ?", (count, name))
        return int(rows[0]["value"]) + 1


@lru_cache
def _insertion(table: str, columns: tuple[str, ...], otherwise: str) -> str:
    """The statement, put together once: there are a score of them for every filing."""
    return f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))}) {otherwise}"  # noqa: S608


@lru_cache
def _change(table: str, key: str, columns: tuple[str, ...]) -> str:
    return f"update {table} set {', '.join(f'{column} = ?' for column in columns)} where {key} = ?"  # noqa: S608


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("select seq, hash from events order by seq desc limit 1").fetchone()
    return Head(row["seq"], row["hash"]) if row else Head()


def _task(row: sqlite3.Row) -> Task:
    return Task(**{name: row[name] or "" for name in ("kind", "place", "target", "source", "content", "subject")})


@contextlib.contextmanager
def _outage(path: Path) -> Iterator[None]:
    """SQLite's troubles are ours: locked, full, unreadable — to be tried again, never a refusal."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise TryLater(
            f"台账 {path} 暂时无法使用：{error}；请检查磁盘空间、文件权限和是否有其他程序占用，稍后会自动重试",
            f"The ledger {path} cannot be used now: {error}; check disk space, permissions and other programs that "
            "hold it; it is tried again",
        ) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        raise UserError(
            f"台账 {path} 已损坏：{error}；请停止程序，保留该文件，从备份恢复",
            f"The ledger {path} is damaged: {error}; stop the program, keep the file and restore a backup",
        ) from error
