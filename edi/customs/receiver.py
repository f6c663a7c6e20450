"""The simulated customs as one object: files in, applications carried on, receipts out.

A round: take a batch of files and enter them (one transaction), remove them, give every application
that is due its turn (short transactions), write the receipts. Every step may be cut off anywhere and
done again: nothing is lost, nothing counted twice, the same bytes go out under the same names.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edi.adapters.clock import Clock
from edi.adapters.files import read_regular
from edi.adapters.lock import only_one
from edi.checks.contract import Contract
from edi.checks.limits import ENVELOPE_LIMITS
from edi.checks.trust import TrustPolicy
from edi.core.form import Forms
from edi.core.results import FilingRecord
from edi.core.times import CHINA, LONG_TERM
from edi.customs import review, seeding
from edi.customs.certificates import Press
from edi.customs.desk import Desk
from edi.customs.docket import Docket
from edi.customs.intake import Claim, Inbox
from edi.customs.letters import Letters
from edi.customs.reading import Read, Reader, Unreadable
from edi.customs.receipts import ReceiptDesk
from edi.customs.review import Case
from edi.customs.settings import Settings
from edi.customs.store import Store
from edi.errors import TryLater, UserError
from edi.messages.bundle import unpack
from edi.messages.dsig import SigningKey

Letter = tuple[bytes, Read]
"""An envelope and what customs makes of it."""

_END_OF_TIME = datetime.fromisoformat(LONG_TERM).replace(tzinfo=CHINA)  # what is valid long-term must stay so


class Receiver:
    """The simulated customs on one register.

    `step` is for one program at a time and holds a lock from its first call to `close`. The others may
    be called beside it from other processes; a receiver object belongs to one thread.
    """

    def __init__(
        self,
        settings: Settings,
        forms: Forms,
        contract: Contract,
        trust: TrustPolicy,
        key: SigningKey,
        clock: Clock,
        press: Press,
    ) -> None:
        self._settings = settings
        self._forms = forms
        self._clock = clock
        self._press = press
        self._reader = Reader(settings.node_id, forms, contract, trust)
        self._inbox = Inbox(settings.collect_from)
        self._key = key
        self._receipts = ReceiptDesk(settings, key)
        self._store = Store(settings.register)
        self._lock = contextlib.ExitStack()
        self._at_work = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up the lock and the register."""
        self._lock.close()
        self._at_work = False
        self._store.close()

    @property
    def folder(self) -> Path:
        """Where messages for customs arrive. It is there once a round was made."""
        return self._settings.collect_from

    # The round

    def step(self) -> int:
        """One round; how much was done, 0 if there is nothing to do now.

        Raises TryLater while another receiver is at work on the register, or disk or register are out of reach.
        """
        try:
            self._go_to_work()
            self._settings.faults.come_to_work(self._store)
            taken = self._take_in()
            return taken + self._carry_on() + self._receipts.deliver(self._store, self.now())
        except OSError as error:
            raise TryLater(
                f"模拟海关的文件夹暂时无法使用：{error}；请检查磁盘空间、权限和网络盘",
                f"A folder of the simulated customs cannot be used at the moment: {error}; look at free disk space, "
                "permissions and network drives",
            ) from error

    def _go_to_work(self) -> None:
        if self._at_work:
            return
        path = self._settings.register.with_name(f"{self._settings.register.name}.lock")
        with contextlib.ExitStack() as lock:
            lock.enter_context(only_one(path, "该登记库上的模拟海关", "The simulated customs on this register"))
            self._inbox.open()
            self._receipts.open_folder()
            self._lock = lock.pop_all()
        self._at_work = True

    def _take_in(self) -> int:
        claims = self._inbox.take(self._settings.batch)
        if not claims:
            return 0
        opened = {claim: letters for claim in claims if (letters := self._open(claim)) is not None}
        unreadable = self._enter(opened)
        self._settings.faults.live_after_storing(self._store)
        self._put_aside(opened, unreadable)
        self._inbox.finish(opened)
        return len(claims)

    def _open(self, claim: Claim) -> list[Letter] | None:
        """What the file holds; None if somebody took it away. Certificates are judged by the real clock."""
        try:
            data = read_regular(claim.path, ENVELOPE_LIMITS.file)
        except FileNotFoundError:
            return None
        try:
            envelopes = unpack(claim.original_name, data, ENVELOPE_LIMITS.file)
        except ValueError as error:
            return [(data, Unreadable((f"文件过大或信封过多：{error} / too big, or too many envelopes in one file",)))]
        return [(envelope, self._read(envelope)) for envelope in envelopes]

    def _read(self, envelope: bytes) -> Read:
        try:
            return self._reader.read(envelope, self._clock())
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - a form may raise anything; its file is kept, the others go on
            return Unreadable((f"{type(error).__name__}: {error}",))

    def _enter(self, opened: Mapping[Claim, Sequence[Letter]]) -> dict[Claim, dict[int, tuple[str, ...]]]:
        """Enter everything readable in one transaction; the rest comes back with the reasons, by its place in the file.

        A file of which something is unreadable is not noted as read: a crash before that is put aside brings it here
        again, and what was entered of it is known by its bytes.
        """
        unreadable: dict[Claim, dict[int, tuple[str, ...]]] = {}
        with self._store.writing() as connection:
            desk = self._desk(connection)
            entered = desk.docket.arrived(claim.token for claim in opened)
            for claim, letters in opened.items():
                if claim.token in entered:
                    continue
                troubles = self._lodge(desk, letters)
                if troubles:
                    unreadable[claim] = troubles
                else:
                    desk.docket.note_arrival(claim.token)
        return unreadable

    def _lodge(self, desk: Desk, letters: Sequence[Letter]) -> dict[int, tuple[str, ...]]:
        """Enter what one file holds; what went wrong with which. Where one stumbles all are undone and go one by one."""
        troubles = {number: read.reason for number, (_, read) in enumerate(letters) if isinstance(read, Unreadable)}
        readable = {number: read for number, (_, read) in enumerate(letters) if not isinstance(read, Unreadable)}
        if desk.attempt(partial(desk.lodge, readable.values())):
            for number, read in readable.items():
                if trouble := desk.attempt(partial(desk.lodge, [read])):
                    troubles[number] = (trouble,)
        return troubles

    def _put_aside(
        self, opened: Mapping[Claim, Sequence[Letter]], unreadable: Mapping[Claim, Mapping[int, tuple[str, ...]]]
    ) -> None:
        for claim, troubles in unreadable.items():
            for number, reason in troubles.items():
                if len(opened[claim]) == 1:
                    self._inbox.quarantine(claim, reason)
                else:
                    self._inbox.put_aside(claim, number, opened[claim][number][0], reason)

    def _carry_on(self) -> int:
        """Give everyone who is due a turn, one transaction after the other."""
        moved = 0
        while turns := self._some_turns():
            moved += turns
        return moved

    def _some_turns(self) -> int:
        with self._store.writing() as connection:
            return self._desk(connection).take_turns(self._settings.batch)

    # Beside a running receiver

    def now(self) -> datetime:
        """The moment on customs' clock."""
        with self._store.reading() as connection:
            return self._now(connection)

    def advance(self, by: timedelta) -> datetime:
        """Put customs' clock forward by whole seconds; the answer is its new time."""
        seconds = int(by.total_seconds())
        with self._store.writing() as connection:
            if seconds <= 0 or by > _END_OF_TIME - self._now(connection):
                raise UserError(
                    f"海关时钟只能向前拨，且不晚于 {LONG_TERM}",
                    f"Customs' clock only goes forward, and not past {LONG_TERM}",
                )
            connection.execute("UPDATE clock SET offset_seconds = offset_seconds + ?", (seconds,))
            return self._now(connection)

    def queue(self) -> list[Case]:
        """What waits for a person, oldest first."""
        with self._store.reading() as connection:
            return review.queue(Docket(connection))

    def decide(self, key: str, decision: str, opinion: str = "") -> Case:
        """Decide the one waiting application that `key` names: `approve`, `disapprove` or `refuse`.

        The receipts go out with the next `step`, of whichever program. Raises UserError for a key that names no
        waiting application or several, and for a rejection without an opinion.
        """
        words = opinion.strip()
        meant = review.read_decision(decision, words)
        with self._store.writing() as connection:
            desk = self._desk(connection)
            entry = review.the_case(desk.docket, key, meant)
            case = review.case_of(desk.docket, entry)
            desk.decide(entry, meant, words)
            decided = desk.docket.get(entry.id)
            return replace(case, status=decided.status.token, since=decided.since)

    def on_record(self, uscc: str) -> FilingRecord:
        """What is on record of an enterprise. Raises UserError for one that is unknown."""
        with self._store.reading() as connection:
            record = self._desk(connection).register().filing(uscc)
        if record is None:
            raise UserError(
                f"海关没有企业 {uscc} 的备案信息；请核对统一社会信用代码",
                f"Customs has nothing on record of the enterprise {uscc}; check the unified social credit code",
            )
        return record

    def seed_register(self, data: Mapping[str, Any]) -> None:
        """Enter enterprises with all they have on record, claims and stored guids; what is there already stands."""
        with self._store.writing() as connection:
            seeding.seed(self._desk(connection).register(), data)

    # Inside

    def _now(self, connection: sqlite3.Connection) -> datetime:
        offset = connection.execute("SELECT offset_seconds FROM clock").fetchone()["offset_seconds"]
        return self._clock() + timedelta(seconds=offset)

    def _desk(self, connection: sqlite3.Connection) -> Desk:
        letters = Letters(connection, self._settings, self._key)
        return Desk(connection, self._now(connection), self._settings, self._forms, letters, self._press)
