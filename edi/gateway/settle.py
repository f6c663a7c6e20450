"""Carries out what the ledger says is to be done: answer queries, write files, move originals, show statuses.

Every task may be carried out again after a crash and does the same again. What fails is tried later
with growing delays and holds nothing else back. Successors are written before originals move.
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from edi.adapters.boxes import release
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import move_without_overwriting, sync_folders, write_whole
from edi.adapters.ledger import Due
from edi.errors import TryLater
from edi.gateway import names
from edi.gateway.held import tell_of_boxes
from edi.gateway.parts import Parts
from edi.gateway.reply import reply
from edi.gateway.statuses import status_files
from edi.messages.bundle import pack

log = logging.getLogger(__name__)

MOST_BYTES = 8 << 20
"""Bytes held in memory for files that are about to be written."""

Files = Mapping[int, tuple[str, bytes]]
"""What is to be written where, by the number of its task."""
Put = Callable[[Files], None]


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
        self._write(self._of_kind("write"))
        self._dispatch(self._of_kind("dispatch"))
        self._move(self._of_kind("move"))
        head = self._parts.ledger.head()
        statuses = self._of_kind("status")
        self._put(statuses, status_files(self._parts.ledger, statuses, head), self._write_files)
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

    def _dispatch(self, due: Sequence[Due]) -> None:
        """Envelopes to their receivers, many in one file where the receiver takes bundles."""
        for place in dict.fromkeys(one.task.place for one in due):
            receiver = self._parts.receivers.get(place)
            theirs = [one for one in due if one.task.place == place]
            if receiver and receiver.takes_bundles:
                self._put(theirs, self._kept(theirs), self._write_bundles)
            else:
                self._write(theirs)

    def _write(self, due: Sequence[Due]) -> None:
        self._put(due, self._kept(due), self._write_files)

    def _kept(self, due: Sequence[Due]) -> Iterator[tuple[int, bytes]]:
        return self._parts.ledger.contents(one.id for one in due)

    def _put(self, due: Sequence[Due], contents: Iterator[tuple[int, bytes]], put: Put) -> None:
        """A handful of files at a time, so that big attachments never fill the memory; contents by the number of the task."""
        lacking = {one.id: one.task.target for one in due}
        files: dict[int, tuple[str, bytes]] = {}
        held = 0
        for number, data in contents:
            files[number] = (lacking.pop(number), data)
            held += len(data)
            if held > MOST_BYTES:
                put(files)
                files, held = {}, 0
        put(files)
        # Must not be; and if it is, it must not hold back the others.
        self._troubles |= dict.fromkeys(lacking, "台账中没有要写的内容 / the ledger lacks what is to be written")

    def _write_bundles(self, files: Files) -> None:
        """A receiver drops what it has, so what a crash leaves uncertain may go again in another bundle."""
        placed = {one: (*os.path.split(target), data) for one, (target, data) in files.items()}
        for folder in {one[0] for one in placed.values()}:
            theirs = {one: (name, data) for one, (place, name, data) in placed.items() if place == folder}
            try:
                write_whole({f"{folder}/{parcel.name}": parcel.data for parcel in pack(theirs.values())})
            except OSError as error:
                self._troubles |= dict.fromkeys(theirs, _cause(error))

    def _write_files(self, files: Files) -> None:
        """All in one go; if that fails one by one, so that a bad place holds back its own files only."""
        try:
            self._make_room(target for target, _ in files.values())
            write_whole(dict(files.values()))
        except OSError:
            for one, (target, data) in files.items():
                try:
                    write_whole({target: data})
                except OSError as error:
                    self._troubles[one] = _cause(error)

    def _move(self, due: Iterable[Due]) -> None:
        moved: dict[Path, list[int]] = {}
        emptied: dict[Path, Path] = {}
        for one in due:
            source, target = Path(one.task.source), Path(one.task.target)
            folder = target.parent
            try:
                if folder not in moved:
                    self._make_room([one.task.target])
                self._put_away(source, target, one.task.subject)
                emptied[source.parent] = source
                moved.setdefault(folder, []).append(one.id)
            except OSError as error:
                self._troubles[one.id] = _cause(error)
        for source in emptied.values():
            release(source)
        self._sync(moved)

    def _sync(self, moved: Mapping[Path, Sequence[int]]) -> None:
        """What was moved is done once its folder is synced; one that cannot be holds back its own files only."""
        try:
            sync_folders(moved)
        except OSError:
            for folder, tasks in moved.items():
                try:
                    sync_folders([folder])
                except OSError as error:
                    self._troubles |= dict.fromkeys(tasks, _cause(error))

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

    def _make_room(self, targets: Iterable[str]) -> None:
        """Quarantine has a folder per file; a box that is missing is an outage and is not made anew."""
        for folder in {os.path.dirname(target) for target in targets}:  # noqa: PTH120 - as plain strings, there are many
            if Path(folder).is_relative_to(self._parts.quarantine):
                Path(folder).mkdir(parents=True, exist_ok=True)


def _cause(error: OSError) -> str:
    return f"{cause_zh(error)} / {cause_en(error)}"
