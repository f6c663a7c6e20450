"""The simulated customs as one object: files in, applications carried on, receipts out.

A round: take a batch of files and enter them (one transaction), remove them, give every application
that is due its turn (short transactions), write the receipts. Every step may be cut off anywhere and
done again: nothing is lost, nothing counted twice, the same bytes go out under the same names.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from edi.adapters.clock import Clock
from edi.adapters.files import read_regular
from edi.adapters.lock import only_one
from edi.checks.trust import TrustPolicy
from edi.core.form import Forms
from edi.customs import review, seeding
from edi.customs.desk import Desk
from edi.customs.docket import Docket
from edi.customs.envelope import ENVELOPE_LIMITS
from edi.customs.intake import Claim, Inbox
from edi.customs.reading import Contract, Read, Reader, Unreadable
from edi.customs.receipts import ReceiptDesk
from edi.customs.review import Case
from edi.customs.settings import Settings
from edi.customs.store import Store
from edi.errors import TryLater, UserError
from edi.messages.dsig import SigningKey


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
    ) -> None:
        self._settings = settings
        self._forms = forms
        self._clock = clock
        self._reader = Reader(settings.node_id, forms, contract, trust)
        self._inbox = Inbox(settings.collect_from)
        self._receipts = ReceiptDesk(settings, key)
        self._store = Store(settings.register)
        self._held = contextlib.ExitStack()
        self._at_work = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up the lock and the register."""
        self._held.close()
        self._at_work = False
        self._store.close()

    # The round

    def step(self) -> int:
        """One round; how much was done, 0 if there is nothing to do now.

        Raises TryLater while another receiver is at work on the register, or disk or register are out of reach.
        """
        try:
            self._go_to_work()
            taken = self._take_in()
            return taken + self._carry_on() + self._receipts.deliver(self._store)
        except OSError as error:
            raise TryLater(
                f"模拟海关的文件夹暂时无法使用：{error}；请检查磁盘空间、权限和网络盘",
                f"A folder of the simulated customs cannot be used at the moment: {error}; look at free disk space, "
                "permissions and network drives",
            ) from error

    def _go_to_work(self) -> None:
        if self._at_work:
            return
        lock = self._settings.register.with_name(f"{self._settings.register.name}.lock")
        self._held.enter_context(only_one(lock, "该登记库上的模拟海关", "The simulated customs on this register"))
        self._inbox.open()
        self._receipts.open_folder()
        self._at_work = True

    def _take_in(self) -> int:
        claims = self._inbox.take(self._settings.batch)
        if not claims:
            return 0
        reads = {claim: read for claim in claims if (read := self._read(claim))}
        unreadable = {claim: read.reason for claim, read in reads.items() if isinstance(read, Unreadable)}
        self._enter({claim: read for claim, read in reads.items() if claim not in unreadable}, unreadable)
        self._inbox.finish(claim for claim in reads if claim not in unreadable)
        for claim, reason in unreadable.items():
            self._inbox.quarantine(claim, reason)
        return len(claims)
