"""One transaction of an SQLite database that this program writes: durable as a whole, or undone as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

BUSY_SECONDS = 10.0
"""How long one connection waits for another: longer than any transaction takes."""


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the right to write from the start, and commit at the end.

    Whatever is raised inside, or by a commit that fails, undoes everything and is passed on. The connection must
    leave transactions to its user (`isolation_level=None`).
    """
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
