"""What the ferry remembers: cargo under way, cargo delivered, lines in trouble. One small SQLite file.

Cargo is recorded when it lies whole at its target under a temporary name and is about to be renamed.
So after whatever cut, the temporary name tells: there, it was not renamed; gone, it was (exchange 11).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from edi.adapters.ledger import connect
from edi.adapters.transactions import transaction
from edi.errors import TryLater, UserError

MIGRATIONS = Migrations("edi-ferry")


@MIGRATIONS(name="001_journal")
def _journal(db: Database) -> None:
    """The first shape of the journal."""
    db.table("under_way").create(
        {"leg": str, "token": str, "name": bytes, "size": int, "modified": int, "inode": int, "digest": str},
        pk=("leg", "token"),
    )
    db.table("delivered").create({"leg": str, "name": bytes, "digest": str, "line": str, "at": str}, pk=("leg", "name"))
    db.table("delivered").create_index(["at"])
    db.table("told").create({"leg": str, "name": str}, pk=("leg", "name"))
    db.table("trouble").create({"subject": str, "attempts": int, "told": int}, pk="subject")


@MIGRATIONS(name="002_why")
def _why(db: Database) -> None:
    """Trouble tells by itself what it is: others look at it while the program runs."""
    for column in ("since", "due", "zh", "en"):
        db.table("trouble").add_column(column, str, not_null_default="")
    db.table("trouble").add_column("fault", int, not_null_default=0)


@MIGRATIONS(name="003_shelf")
def _shelf(db: Database) -> None:
    """What was carried here and is kept at its source, to be removed there one day."""
    db.table("shelf").create({"leg": str, "token": str, "name": bytes, "at": str}, pk=("leg", "token"))


@dataclass(frozen=True)
class Cargo:
    """A file under way from one place to another."""

    token: str
    """Unique for ever; the temporary names derive from it."""
    name: str
    """At its source."""
    size: int
    modified: int
    inode: int
    digest: str


@dataclass(frozen=True)
class Shelved:
    """A file that was carried here and is kept at its source."""

    token: str
    name: str
    """The one it came with."""


@dataclass(frozen=True)
class Trouble:
    """A line or leg that does not work now."""

    attempts: int = 0
    told: bool = False
    """True once an alarm was raised."""
    since: str = ""
    """When it began; this and the next as `edi.core.times.iso` writes moments."""
    due: str = ""
    """When it is tried again."""
    zh: str = ""
    en: str = ""
    fault: bool = False
    """True if it does not go by itself: a person has to do something."""


_TROUBLES = f"select subject, {', '.join(one.name for one in fields(Trouble))} from trouble"  # noqa: S608


class Journal:
    """The journal of one line. Raises TryLater if the file is out of reach."""

    def __init__(self, path: Path, line: str) -> None:
        self._path = path
        self._line = line
        with self._outage():
            self._connection = connect(path)
            self._connection.row_factory = None
            MIGRATIONS.apply(Database(self._connection))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def under_way(self, leg: str) -> list[Cargo]:
        """Cargo whose end is not known."""
        query = "select token, name, size, modified, inode, digest from under_way where leg = ? order by rowid"
        with self._outage():
            rows = self._connection.execute(query, (leg,)).fetchall()
        return [Cargo(token, _name(raw), *rest) for token, raw, *rest in rows]

    def begin(self, leg: str, cargo: Iterable[Cargo]) -> None:
        """Cargo that is about to be renamed at its target."""
        with self._transaction() as connection:
            connection.executemany(
                "insert into under_way values (?, ?, ?, ?, ?, ?, ?)", [_row(leg, one) for one in cargo]
            )

    def drop(self, leg: str, cargo: Cargo) -> None:
        """Cargo that did not arrive: it is carried again."""
        with self._transaction() as connection:
            connection.execute("delete from under_way where leg = ? and token = ?", (leg, cargo.token))

    def end(self, leg: str, cargo: Iterable[Cargo], *, remember_at: str = "", shelved_at: str = "") -> None:
        """Cargo that arrived and left its source, or was kept there from the moment `shelved_at` on.

        With a moment given it is remembered by name and digest: what a restart writes anew is not
        delivered twice. Without, a file came in: then a file of that name may go out again.
        """
        with self._transaction() as connection:
            for one in cargo:
                connection.execute("delete from under_way where leg = ? and token = ?", (leg, one.token))
                if shelved_at:
                    shelved = (leg, one.token, _raw(one.name), shelved_at)
                    connection.execute("insert or ignore into shelf values (?, ?, ?, ?)", shelved)
                if remember_at:
                    row = (leg, _raw(one.name), one.digest, self._line, remember_at)
                    connection.execute("insert or replace into delivered values (?, ?, ?, ?, ?)", row)
                else:
                    connection.execute(
                        "delete from delivered where line = ? and name = ?", (self._line, _raw(one.name))
                    )

    def delivered(self, leg: str, name: str) -> str:
        """Digest of what was last delivered under a name, empty if that is not remembered."""
        with self._outage():
            row = self._connection.execute(
                "select digest from delivered where leg = ? and name = ?", (leg, _raw(name))
            ).fetchone()
        return str(row[0]) if row else ""

    def forget(self, before: str) -> None:
        """Forget what this line delivered before a moment."""
        with self._transaction() as connection:
            connection.execute("delete from delivered where line = ? and at < ?", (self._line, before))

    def shelved(self, leg: str, before: str) -> list[Shelved]:
        """What has been kept at its source since before a moment, oldest first."""
        query = "select token, name from shelf where leg = ? and at < ? order by at, rowid"
        with self._outage():
            rows = self._connection.execute(query, (leg, before)).fetchall()
        return [Shelved(token, _name(raw)) for token, raw in rows]

    def unshelve(self, leg: str, token: str) -> None:
        """It is kept at its source no longer."""
        with self._transaction() as connection:
            connection.execute("delete from shelf where leg = ? and token = ?", (leg, token))

    def told(self, leg: str) -> set[str]:
        """What was told of as left alone, and was still there at the last look."""
        with self._outage():
            return {name for (name,) in self._connection.execute("select name from told where leg = ?", (leg,))}

    def set_told(self, leg: str, names: Iterable[str]) -> None:
        """Remember what was told, from run to run."""
        with self._transaction() as connection:
            connection.execute("delete from told where leg = ?", (leg,))
            connection.executemany("insert into told values (?, ?)", [(leg, name) for name in names])

    def trouble(self, subject: str) -> Trouble:
        """What is known of the trouble of a line or leg, from this run or an earlier one."""
        with self._outage():
            rows = self._connection.execute(f"{_TROUBLES} where subject = ?", (subject,)).fetchall()
        return _by_subject(rows).get(subject, Trouble())

    def set_trouble(self, subject: str, trouble: Trouble) -> None:
        """Remember trouble; one without attempts is over."""
        with self._transaction() as connection:
            connection.execute("delete from trouble where subject = ?", (subject,))
            if trouble.attempts:
                values = [subject, *(getattr(trouble, one.name) for one in fields(Trouble))]
                connection.execute(f"insert into trouble values ({', '.join('?' * len(values))})", values)  # noqa: S608

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._outage(), transaction(self._connection):
            yield self._connection

    def _outage(self) -> contextlib.AbstractContextManager[None]:
        return _outage(self._path)


def noted_troubles(path: Path) -> dict[str, Trouble]:
    """The troubles of all lines and legs in the journal `path`, by name; only looked at. Raises TryLater, UserError."""
    if not path.exists():
        return {}
    with _outage(path), contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as journal:
        return _by_subject(journal.execute(f"{_TROUBLES} order by subject").fetchall())


def _by_subject(rows: Iterable[tuple[Any, ...]]) -> dict[str, Trouble]:
    found = {subject: Trouble(*values) for subject, *values in rows}
    return {subject: replace(one, told=bool(one.told), fault=bool(one.fault)) for subject, one in found.items()}


@contextlib.contextmanager
def _outage(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise TryLater(
            f"传输记录 {path} 暂时无法使用：{error}；请检查磁盘空间和文件权限，稍后会自动重试",
            f"The journal {path} cannot be used now: {error}; check disk space and permissions; it is tried again",
        ) from error
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"传输记录 {path} 已损坏：{error}；请停止程序，核对双方目录后移走该文件再运行",
            f"The journal {path} is damaged: {error}; stop the program, compare the folders of both sides, move "
            "the file away and start again",
        ) from error


def _row(leg: str, one: Cargo) -> tuple[object, ...]:
    return (leg, one.token, _raw(one.name), one.size, one.modified, one.inode, one.digest)


def _raw(name: str) -> bytes:
    """Names are kept as bytes: not all of them are text."""
    return name.encode("utf-8", "surrogateescape")


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
