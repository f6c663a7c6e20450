"""Carries out what the ledger says is to be done: answer queries, write files, move originals, show statuses.

Every task may be carried out again after a crash and does the same again. What fails is tried later
with growing delays and holds nothing else back. Successors are written before originals move.
"""

from __future__ import annotations

import json
import logging
import random
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from edi.adapters.boxes import release
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import move_without_overwriting, sync_folders, write_whole
from edi.adapters.ledger import Due, Task
from edi.core.chain import Head
from edi.core.status import Status
from edi.errors import TryLater
from edi.gateway import names
from edi.gateway.held import tell_of_boxes
from edi.gateway.parts import Parts
from edi.gateway.reply import reply

log = logging.getLogger(__name__)

MOST_BYTES = 64 << 20
"""Bytes held in memory for files that are about to be written."""


def settle(parts: Parts, jitter: Callable[[], float] = random.random) -> int:
    """Carry out the tasks that are due, one batch after the other; how many were done."""
    done = 0
    tried: set[int] = set()
    while due := [one for one in parts.ledger.due(parts.clock(), parts.batch * 8) if one.id not in tried]:
        tried.update(one.id for one in due)
        done += _Batch(parts, due).carry_out(jitter)
    return done


class _Batch:
    """Some tasks that are due, and what went wrong with which."""

    def __init__(self, parts: Parts, due: Sequence[Due]) -> None:
        self._parts = parts
        self._due = due
        self._troubles: dict[int, str] = {}

    def carry_out(self, jitter: Callable[[], float]) -> int:
        """Do the tasks, then record which were done and which wait; how many were done."""
        self._reply(self._of_kind("reply"))
        self._write(self._of_kind("write"), lambda task: self._parts.ledger.content(task.content))
        self._move(self._of_kind("move"))
        head = self._parts.ledger.head()
        self._write(self._of_kind("status"), lambda task: status_file(self._parts, task, head))
        now = self._parts.clock()
        held = [one for one in self._due if one.id in self._troubles]
        done = [one for one in self._due if one.id not in self._troubles]
        with self._parts.ledger.transaction(now) as entry:
            entry.done(one.id for one in done)
            for one in held:  # held, never refused (exchange 7)
                next_try = self._parts.retry.next_try(one.attempts + 1, now, jitter())
                entry.postpone(one.id, one.attempts + 1, next_try, self._troubles[one.id])
            tell_of_boxes(
                entry,
                self._parts.quarantine,
                troubled=[(one.task, self._troubles[one.id]) for one in held],
                done=[one.task for one in done if one.attempts],
            )
        return len(done)

    def _of_kind(self, kind: str) -> list[Due]:
        return [one for one in self._due if one.task.kind == kind]

    def _reply(self, due: Iterable[Due]) -> None:
        """Queries that the gateway answers itself; what they bring is written with the next batch."""
        for one in due:
            try:
                reply(self._parts, one.task)
            except TryLater:
                raise  # the ledger is out of reach: so is everything else
            except Exception as error:
                log.exception("查询未能答复 / a query could not be answered")
                self._troubles[one.id] = (
                    f"查询未能答复 / the query could not be answered: {type(error).__name__}: {error}"
                )

    def _write(self, due: Iterable[Due], content: Callable[[Task], bytes]) -> None:
        """A handful of files at a time, so that big attachments never fill the memory."""
        files: dict[int, tuple[Path, bytes]] = {}
        held = 0
        for one in due:
            try:
                files[one.id] = (Path(one.task.target), content(one.task))
            except LookupError:  # must not be; and if it is, it must not hold back the others
                self._troubles[one.id] = "台账中没有要写的内容 / the ledger lacks what is to be written"
                continue
            held += len(files[one.id][1])
            if held > MOST_BYTES:
                self._write_files(files)
                files, held = {}, 0
        self._write_files(files)

    def _write_files(self, files: dict[int, tuple[Path, bytes]]) -> None:
        """All in one go; if that fails one by one, so that a bad place holds back its own files only."""
        try:
            self._make_room([target for target, _ in files.values()])
            write_whole(dict(files.values()))
        except OSError:
            for one, (target, data) in files.items():
                try:
                    write_whole({target: data})
                except OSError as error:
                    self._troubles[one] = _cause(error)

    def _move(self, due: Iterable[Due]) -> None:
        touched = set()
        for one in due:
            source, target = Path(one.task.source), Path(one.task.target)
            folder = target.parent
            try:
                if folder not in touched:
                    self._make_room([target])
                self._put_away(source, target, one.task.subject)
                release(source)
                touched.add(folder)
            except OSError as error:
                self._troubles[one.id] = _cause(error)
        sync_folders(touched)

    def _put_away(self, source: Path, target: Path, claim: str) -> None:
        """The original into its box; under a name of its own if the box holds another of that name."""
        if move_without_overwriting(source, target):
            return
        other = target.with_name(names.with_mark(target.name, claim))
        if move_without_overwriting(source, other):
            return
        # Someone removed the claimed file: the ledger has its bytes.
        rows = self._parts.ledger.rows("select content from files where claim = ? and content <> ''", (claim,))
        if rows:
            write_whole({target if not target.exists() else other: self._parts.ledger.content(rows[0]["content"])})

    def _make_room(self, targets: Iterable[Path]) -> None:
        """Quarantine has a folder per file; a box that is missing is an outage and is not made anew."""
        for folder in {target.parent for target in targets}:
            if folder.is_relative_to(self._parts.quarantine):
                folder.mkdir(parents=True, exist_ok=True)


def _cause(error: OSError) -> str:
    return f"{cause_zh(error)} / {cause_en(error)}"


def status_file(parts: Parts, task: Task, head: Head) -> bytes:
    """The present status of what came under one file name, of the newest message if there were several."""
    newest = parts.ledger.rows(
        "select m.* from messages m join messages asked on asked.channel = m.channel and asked.file_name = m.file_name "
        "where asked.digest = ? order by m.received_at desc limit 1",
        (task.subject,),
    )[0]
    rows = parts.ledger.rows(
        "select * from applications where message = ? order by application_no", (newest["digest"],)
    )
    file = newest["file_name"]
    applications = [_shown(row) for row in rows]
    name = Path(task.target).name
    if name != names.status_file(file):  # the same message came again under another name, and is shown there
        file, applications = name.removesuffix(names.STATUS_ENDING), []
    alone = applications[0] if len(applications) == 1 else {}
    if not applications:  # a draft that was deleted, or submitted with another file
        alone = {"status": "SUPERSEDED", "statusText": "已由后来的报文取代或删除"}
    shown = {
        "file": file,
        "messageGuid": newest["guid"],
        **alone,
        "applications": applications,
        "chain": {"seq": head.seq, "head": head.hash},
    }
    return json.dumps(shown, ensure_ascii=False).encode("utf-8") + b"\n"


def _shown(row: sqlite3.Row) -> dict[str, object]:
    return {
        "guid": row["guid"],
        "applicationNo": row["application_no"],
        "clientSeqNo": row["client_seq_no"] or "",
        "status": row["status"],
        "statusText": Status[row["status"]].text,
        "info": row["info"] or "",
        "opinion": row["opinion"] or "",
        "results": json.loads(row["results"] or "{}"),
        "findings": json.loads(row["findings"] or "[]"),
        "updatedAt": row["updated_at"],
    }
