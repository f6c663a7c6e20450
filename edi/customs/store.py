"""The SQLite file of customs: opening it, short write transactions, and our outages told as such.

Other processes (`edi customs decide`, `advance`) write beside the running receiver; so every write
begins IMMEDIATE and is short. A failed commit is unknown: whoever gets `TryLater` from here reads
again before doing anything twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from edi.adapters.transactions import transaction
from edi.customs.migrations import MIGRATIONS
from edi.errors import Broken, TryLater

PATIENCE = 10.0
"""Seconds to wait for another writer before giving up."""


class Store:
    """An open register file. One thread uses one store; opening another is cheap."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._outages():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA temp_store = MEMORY")  # what may be undone is copied into no other folder
            self._connection.execute("PRAGMA foreign_keys = ON")
        self._migrate()
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, on any exception, nothing."""
        with self._outages(), transaction(self._connection):
            yield self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        with self._outages():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _migrate(self) -> None:
        """Bring an older or new file up to date; a second process that opens it meanwhile waits."""
        database = Database(self._connection, execute_plugins=False)
        with self._outages():
            if not MIGRATIONS.pending(database):
                return
        with self.writing():
            MIGRATIONS.apply(database)

    @contextmanager
    def _outages(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise TryLater(
                f"海关登记库 {self.path} 暂时无法使用（{error}）；请稍后重试，并检查磁盘空间和其他正在使用它的程序",
                f"Customs' register {self.path} cannot be used at the moment ({error}); try again later, and look at "
                "free disk space and at other programs that use it",
            ) from error
        except sqlite3.DatabaseError as error:
            raise Broken(
                f"海关登记库 {self.path} 的内容不一致：{error}",
                f"Customs' register {self.path} contradicts itself: {error}",
            ) from error


def attempt(connection: sqlite3.Connection, work: Callable[[], None]) -> str:
    """Do `work` wholly or not at all within the transaction; empty, or what went wrong in it.

    Our outages go on upwards. What a form's code raises stays here: one bad case never stops the others.
    """
    connection.execute("SAVEPOINT attempt")
    try:
        work()
    except (sqlite3.OperationalError, OSError, TryLater):
        raise
    except Exception as error:  # noqa: BLE001 - the rules of a form may raise anything
        connection.execute("ROLLBACK TO attempt")
        return f"{type(error).__name__}: {error}"
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE attempt")
    return ""
