"""Carries out what the ledger says is to be done: write files, move originals, show statuses.

Every task may be carried out again after a crash and does the same again. What fails is tried later
with growing delays and holds nothing else back. Successors are written before originals move.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from edi.adapters.boxes import release
from edi.adapters.files import move_without_overwriting, sync_folders, write_whole
from edi.adapters.ledger import Due, Entry, Task
from edi.core.chain import Head
from edi.core.status import Status
from edi.gateway import names
from edi.gateway.parts import Parts


def settle(parts: Parts, jitter: Callable[[], float] = random.random) -> int:
    """Carry out the tasks that are due, one batch after the other; how many were done."""
    done = 0
    while due := parts.ledger.due(parts.clock(), parts.batch * 8):
        finished = _batch(parts, due, jitter)
        done += finished
        if not finished:
            break
    return done


def _batch(parts: Parts, due: Sequence[Due], jitter: Callable[[], float]) -> int:
    troubles: dict[int, str] = {}
    _write([one for one in due if one.task.kind == "write"], parts, troubles)
    _move([one for one in due if one.task.kind == "move"], troubles)
    _show([one for one in due if one.task.kind == "status"], parts, troubles)
    now = parts.clock()
    with parts.ledger.transaction(now) as entry:
        entry.done(one.id for one in due if one.id not in troubles)
        for one in due:
            if one.id in troubles:
                _postpone(entry, one, troubles[one.id], parts.retry.next_try(one.attempts + 1, now, jitter()))
    return len(due) - len(troubles)


def _postpone(entry: Entry, one: Due, trouble: str, next_try: datetime) -> None:
    """Held, never refused; one alarm when the trouble begins, not one per try (exchange 7)."""
    entry.postpone(one.id, one.attempts + 1, next_try, trouble)
    if one.attempts == 0:
        entry.event("alarm_held", one.task.subject, place=one.task.place, target=one.task.target, trouble=trouble)


def _write(due: Iterable[Due], parts: Parts, troubles: dict[int, str]) -> None:
    files = {one.id: (Path(one.task.target), parts.ledger.content(one.task.content)) for one in due}
    _write_files(files, troubles)


def _show(due: Iterable[Due], parts: Parts, troubles: dict[int, str]) -> None:
    files = {one.id: (Path(one.task.target), _status_file(parts, one.task)) for one in due}
    _write_files(files, troubles)


def _write_files(files: dict[int, tuple[Path, bytes]], troubles: dict[int, str]) -> None:
    """All in one go; if that fails one by one, so that a bad place holds back its own files only."""
    try:
        write_whole(dict(files.values()))
    except OSError:
        for one, (target, data) in files.items():
            try:
                write_whole({target: data})
            except OSError as error:
                troubles[one] = str(error)


def _move(due: Iterable[Due], troubles: dict[int, str]) -> None:
    touched = []
    for one in due:
        source, target = Path(one.task.source), Path(one.task.target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not move_without_overwriting(source, target):
                target = target.with_name(names.with_mark(target.name, one.task.subject))
                move_without_overwriting(source, target)
            release(source)
            touched.append(target.parent)
        except OSError as error:
            troubles[one.id] = str(error)
    sync_folders(touched)


def _status_file(parts: Parts, task: Task) -> bytes:
    """The present status of the applications that came with one file (exchange 7)."""
    rows = parts.ledger.rows(
        "select a.*, m.file_name, m.guid as message_guid from applications a join messages m on m.digest = a.message "
        "where a.message = ? order by a.application_no",
        (task.subject,),
    )
    head = parts.ledger.rows("select seq, hash from events order by seq desc limit 1")
    last = Head(head[0]["seq"], head[0]["hash"]) if head else Head()
    applications = [
        {
            "guid": row["guid"],
            "applicationNo": row["application_no"],
            "clientSeqNo": row["client_seq_no"] or "",
            "status": row["status"],
            "statusText": Status[row["status"]].text,
            "info": row["info"] or "",
            "opinion": row["opinion"] or "",
            "updatedAt": row["updated_at"],
        }
        for row in rows
    ]
    shown = {
        "file": rows[0]["file_name"] if rows else "",
        "messageGuid": rows[0]["message_guid"] if rows else "",
        **(applications[0] if len(applications) == 1 else {}),
        "applications": applications,
        "chain": {"seq": last.seq, "head": last.hash},
    }
    return json.dumps(shown, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"
