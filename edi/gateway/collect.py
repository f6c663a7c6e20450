"""Collects receipts from the receivers: claims their files, has them opened, enters what they say.

What is not believed, or fits nothing, is kept aside and told; it never holds back the others.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from edi.adapters.boxes import CLAIMED, Claim, Settled, claim_together, claims, release, sightings
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import read_regular, sync_folders, within_bytes
from edi.adapters.ledger import Entry, Task
from edi.core.findings import Finding
from edi.gateway import names
from edi.gateway.collected import Collected
from edi.gateway.parts import Parts, Receiver, for_transaction
from edi.gateway.settlement import Settlement
from edi.gateway.stumble import enter_batch, stumbled
from edi.messages.bundle import unpack
from edi.messages.receipt import Receipt

log = logging.getLogger(__name__)

LARGEST_ENVELOPE = 64 << 20
"""Bytes of a receiver's file; one that is bigger is put aside unread."""
MOST_FILES = 2_000
"""Files of one batch: big, so that the three receipts of a filing mostly come together and its status is shown once."""
MOST_BYTES = 16 << 20
"""Bytes of one batch, however many envelopes they hold; a single bigger file is a batch of its own."""


class Collector:
    """One receiver's folder as this process has seen it so far."""

    def __init__(self, receiver: Receiver, settle_seconds: float) -> None:
        self.receiver = receiver
        self.settled = Settled(0.0 if receiver.renames_into_place else settle_seconds)
        self.later: set[Path] = set()
        """Claimed files that the system would not let us read for now."""

    def collect(self, parts: Parts) -> int:
        """Take in a batch of what the receiver has put out; how many receipt messages that were.

        Raises OSError if its folder is out of reach, TryLater if the ledger is.
        """
        taken = self._take(parts)
        data = {one: content for one in taken if (content := self._read(one)) is not None}
        if not data:
            return 0
        envelopes = [(one, envelope) for one, content in data.items() for envelope in _envelopes(one, content)]
        opened = parts.open(self.receiver, [envelope for _, envelope in envelopes])
        results = for_transaction(opened, sum(map(len, data.values())))
        letters = (_Letter(*one, collected) for one, collected in zip(envelopes, results, strict=True))
        entered = enter_batch(
            parts,
            letters,
            together=lambda entry, letter: _Desk(parts, entry, self.receiver.name).enter(letter),
            alone=lambda entry, letter: _Desk(parts, entry, self.receiver.name).enter_alone(letter),
        )
        for receipt in itertools.chain.from_iterable(entered):
            log.info("回执 receipt %s", receipt.code, extra={"guid": receipt.guid, "event": "receipt"})
        self._clear(data)  # only now that the ledger has them
        return len(envelopes)

    def waiting(self) -> bool:
        """True if the last look saw files that their writer had not finished, or that could not be read."""
        return bool(self.later) or self.settled.unsettled() > 0

    def _take(self, parts: Parts) -> list[Claim]:
        folder = self.receiver.collect
        there = ((one, one.path.lstat().st_size) for one in itertools.islice(claims(folder), MOST_FILES))
        left = within_bytes(there, MOST_BYTES)
        if any(one.path not in self.later for one in left):
            return left
        ready = sorted(self.settled.ready(sightings(folder), time.monotonic()), key=lambda one: one.name)
        chosen = within_bytes(((one.name, one.size) for one in ready[:MOST_FILES]), MOST_BYTES)
        fresh = claim_together(folder, chosen, parts.clock()).claims if chosen else []
        sync_folders([*(one.path.parent for one in fresh), folder / CLAIMED, folder] if fresh else [])
        return [*left, *fresh]

    def _read(self, taken: Claim) -> bytes | None:
        """The bytes of a claimed file; None if the system will not give them now: then it stays claimed."""
        try:
            data = read_regular(taken.path, LARGEST_ENVELOPE)
        except OSError as error:
            if taken.path not in self.later:
                log.warning("回执暂时读不了：%s / a receipt cannot be read now: %s", cause_zh(error), cause_en(error))
            self.later.add(taken.path)
            return None
        self.later.discard(taken.path)
        return data

    def _clear(self, taken: Collection[Claim]) -> None:
        """Remove files that were entered; one that will not go comes again and is known by its receipt."""
        for one in taken:
            with contextlib.suppress(OSError):
                one.path.unlink(missing_ok=True)
        for folder in {one.path.parent for one in taken}:
            release(folder / "gone")


def _envelopes(taken: Claim, data: bytes) -> list[bytes]:
    """The envelopes in a file; a bundle beyond all bounds is put aside as it is."""
    try:
        return unpack(taken.name, data, LARGEST_ENVELOPE)
    except ValueError:
        return [data]


_Settle = Callable[[Settlement, Sequence[Receipt]], list[Finding]]
"""Enters the receipts of a message; why some were not."""


@dataclass(frozen=True)
class _Letter:
    """An envelope from a receiver, the file it came in, and what it holds."""

    taken: Claim
    data: bytes
    collected: Collected


@dataclass(frozen=True)
class _Desk:
    """Enters what a receiver says into one open transaction of the ledger."""

    parts: Parts
    entry: Entry
    receiver: str

    def enter(self, letter: _Letter) -> Sequence[Receipt]:
        """Enter the receipts of a letter; they come back for the log."""
        return self._enter(letter, _settle)

    def enter_alone(self, letter: _Letter) -> Sequence[Receipt]:
        """The same; a receipt that the program stumbles over is put aside and the others are entered."""
        return self._enter(letter, _settle_apart)

    def _enter(self, letter: _Letter, settle: _Settle) -> Sequence[Receipt]:
        collected = letter.collected
        reasons: Sequence[Finding] = collected.trouble
        if not reasons:
            content = self.entry.keep(collected.message)
            settlement = Settlement(self.parts, self.entry, self.receiver, collected.guid, content)
            reasons = list(dict.fromkeys(settle(settlement, collected.receipts)))
        if reasons:
            self._put_aside(letter, reasons)
        return collected.receipts

    def _put_aside(self, letter: _Letter, reasons: Sequence[Finding]) -> None:
        """Never lost, never used: kept in quarantine with the reason, and an alarm."""
        name = names.aside(letter.taken.name, hashlib.sha256(letter.data).hexdigest()[:12])
        folder = self.parts.quarantine / self.receiver / name
        text = "".join(f"{one.code} {one.zh}\n{one.code} {one.en}\n{one.found}\n" for one in reasons)
        for file, content in (("receipt.xml", letter.data), ("reason.txt", text.encode("utf-8"))):
            digest = self.entry.keep(content)
            self.entry.task(Task(kind="write", place=self.receiver, target=str(folder / file), content=digest))
        told = list(dict.fromkeys(one.en for one in reasons))
        self.entry.event("alarm_receipt", letter.taken.name, receiver=self.receiver, reasons=told)


def _settle(settlement: Settlement, receipts: Sequence[Receipt]) -> list[Finding]:
    return [reason for one in receipts if (reason := settlement.enter(one))]


def _settle_apart(settlement: Settlement, receipts: Sequence[Receipt]) -> list[Finding]:
    """If one of several stumbles all are undone and go one by one."""
    try:
        with settlement.entry.attempt():
            return _settle(settlement, receipts)
    except (sqlite3.OperationalError, OSError):
        raise  # an outage: the whole batch is tried again
    except Exception as error:  # noqa: BLE001 - whatever it is, the other receipts go on
        if len(receipts) == 1:
            return [stumbled(f"{type(error).__name__}: {error}")]
    settlement.ticks.clear()
    return [reason for one in receipts for reason in _settle_apart(settlement, [one])]
