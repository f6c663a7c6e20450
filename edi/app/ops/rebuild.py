"""Writes the boxes of a channel again from the ledger: what was written there and is there no more (exchange 10).

Every file that the ledger remembers having written gets its old name and its old bytes; a status file shows
the present. Nothing is overwritten. What retention has pruned is gone and stays so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from edi.adapters.ledger import Task
from edi.app.office import Office
from edi.errors import UserError
from edi.gateway import names

AT_ONCE = 1000
"""Tasks of one transaction."""

_WRITTEN = """
    select max(o.id) as id, o.kind, o.place, o.target, o.subject, o.content, f.content as original
    from outgoing o left join files f on f.claim = o.subject
    where o.place = ? and o.done_at is not null and o.kind in ('write', 'move', 'status')
    group by o.target having max(o.id) > ? order by max(o.id) limit ?"""


def rebuild(office: Office, channel: str) -> int:
    """Put on the list what is to be written again into a channel's boxes; how many files. Raises UserError."""
    if channel not in office.channels():
        raise UserError(
            f"没有名为 {channel} 的通道；现有：{'、'.join(office.channels())}",
            f"There is no channel {channel}; there are: {', '.join(office.channels())}",
        )
    total = last = 0
    while rows := office.ledger.rows(_WRITTEN, (channel, last, AT_ONCE)):
        last = rows[-1]["id"]
        tasks = list(_missing(office, rows))
        with office.ledger.transaction(office.clock()) as entry:
            for task in tasks:
                entry.task(task)
        total += len(tasks)
    return total


def _missing(office: Office, rows: list[sqlite3.Row]) -> Iterator[Task]:
    """The tasks that bring back what is not there and whose bytes are kept."""
    for row in rows:
        task = Task(
            kind="status" if row["kind"] == "status" else "write", place=row["place"], target=row["target"],
            content=row["original"] or "" if row["kind"] == "move" else row["content"], subject=row["subject"],
        )  # fmt: skip
        target = _free_name(office, task, is_original=bool(task.content) and task.content == row["original"])
        if target:
            yield replace(task, target=str(target))


def _free_name(office: Office, task: Task, *, is_original: bool) -> Path | None:
    """Where it is to be written; None if it is there, or if its bytes are not kept any more.

    An original whose name another file has got meanwhile is marked, as when it was put away.
    """
    target = Path(task.target)
    if task.kind == "status":
        return None if target.exists() else target
    try:
        data = office.ledger.content(task.content)
    except KeyError:
        return None
    marked = target.with_name(names.with_mark(target.name, task.subject))
    for name in (target, marked) if is_original else (target,):
        if not name.exists():
            return name
        if name.read_bytes() == data:
            return None
    return None
