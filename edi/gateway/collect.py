"""Collects receipts from the receivers and moves applications through the status table (domain 1.6).

A receipt counts once, however often, late or out of order it arrives; the table never moves back; a
contradiction raises an alarm and changes nothing. The sender gets the receipt byte for byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from edi.adapters.boxes import CLAIMED, Claim, Settled, claim, claims, release, sightings
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import read_regular, sync_folders
from edi.adapters.ledger import Entry, Task
from edi.core.findings import Dxp, Finding
from edi.core.status import Status, Verdict, advance, status_of_code
from edi.core.times import iso
from edi.gateway import names
from edi.gateway.collected import Collected
from edi.gateway.parts import Parts, Receiver
from edi.gateway.stumble import stumbled
from edi.messages.receipt import Receipt

log = logging.getLogger(__name__)

LARGEST_ENVELOPE = 64 << 20
"""Bytes of a receiver's file; one that is bigger is put aside unread."""
MOST_FILES = 400
"""Files of one batch; receipts are small."""


class Collector:
    """One receiver's folder as this process has seen it so far."""

    def __init__(self, receiver: Receiver, settle_seconds: float) -> None:
        self.receiver = receiver
        self.settled = Settled(0.0 if receiver.renames_into_place else settle_seconds)
        self.later: set[str] = set()
        """Claims that the system would not let us read for now."""

    def collect(self, parts: Parts) -> int:
        """Take in a batch of what the receiver has put out; how many files that were.

        Raises OSError if its folder is out of reach, TryLater if the ledger is.
        """
        taken = self._take(parts)
        data = {one: content for one in taken if (content := self._read(one)) is not None}
        if not data:
            return 0
        opened = parts.open(self.receiver, list(data.values()))
        with parts.ledger.transaction(parts.clock()) as entry:
            for (one, content), collected in zip(data.items(), opened, strict=True):
                _enter(parts, entry, self.receiver, one, content, collected)
        for receipt in (receipt for collected in opened for receipt in collected.receipts):
            log.info("回执 receipt %s", receipt.code, extra={"guid": receipt.guid, "event": "receipt"})
        for one in data:  # only now that the ledger has them
            with contextlib.suppress(OSError):
                one.path.unlink(missing_ok=True)
                release(one.path)
        return len(data)

    def waiting(self) -> bool:
        """True if the last look saw files that their writer had not finished, or that could not be read."""
        return bool(self.later) or self.settled.unsettled() > 0

    def _take(self, parts: Parts) -> list[Claim]:
        folder = self.receiver.collect
        left = list(itertools.islice(claims(folder), MOST_FILES))
        if any(one.id not in self.later for one in left):
            return left
        ready = self.settled.ready(sightings(folder), time.monotonic())
        chosen = sorted(one.name for one in ready)[:MOST_FILES]
        fresh = [one for one in (claim(folder, name, parts.clock()) for name in chosen) if one]
        sync_folders([*(one.path.parent for one in fresh), folder / CLAIMED, folder] if fresh else [])
        return [*left, *fresh]

    def _read(self, taken: Claim) -> bytes | None:
        """The bytes of a claimed file; None if the system will not give them now: then it stays claimed."""
        try:
            data = read_regular(taken.path, LARGEST_ENVELOPE)
        except OSError as error:
            if taken.id not in self.later:
                log.warning("回执暂时读不了：%s / a receipt cannot be read now: %s", cause_zh(error), cause_en(error))
            self.later.add(taken.id)
            return None
        self.later.discard(taken.id)
        return data


def _enter(parts: Parts, entry: Entry, receiver: Receiver, taken: Claim, data: bytes, collected: Collected) -> None:
    if collected.trouble:
        _put_aside(parts, entry, receiver, taken, data, collected.trouble)
        return
    content = entry.keep(collected.message)
    settlement = Settlement(parts, entry, receiver, collected.guid, content)
    for receipt in collected.receipts:
        try:
            with entry.attempt():
                settlement.enter(receipt, taken, data)
        except (sqlite3.OperationalError, OSError):
            raise  # an outage: the whole batch is tried again
        except Exception as error:  # noqa: BLE001 - whatever it is, the other receipts go on
            _put_aside(parts, entry, receiver, taken, data, (stumbled(f"{type(error).__name__}: {error}"),))


_OTHER_CONTENT = Finding(
    code=Dxp.OTHER_LOGIC,
    zh="同一回执编号先后收到内容不同的两份，以先到者为准；后到的原件已另存，请人工核对",
    en="A receipt of this guid with other content came before and stands; the later one is kept aside, look at it",
)


@dataclass(frozen=True)
class Settlement:
    """One receipt message entered into one open transaction of the ledger."""

    parts: Parts
    entry: Entry
    receiver: Receiver
    guid: str
    content: str
    passed_on: set[str] = field(default_factory=set)
    """Digests of the messages whose sender gets this receipt message."""

    def enter(self, receipt: Receipt, taken: Claim, data: bytes) -> None:
        """Count the receipt and move its application on, unless it was counted before."""
        rows = self.entry.rows(
            "select a.status, a.message, m.receiver from applications a join messages m on m.digest = a.message "
            "where a.guid = ?",
            (receipt.guid,),
        )
        reported = status_of_code(receipt.code)
        if not rows or reported is None or rows[0]["receiver"] != self.receiver.name:
            reason = Finding(
                code=Dxp.OTHER_LOGIC,
                found=f"guid {receipt.guid}, returnStatus {receipt.code}",
                zh="回执对应不上送往该接收方的任何申请，或状态代码未公布；原件已另存，请人工核对",
                en="The receipt fits no application sent to this receiver, or its code is not published; it is kept aside, "
                "look at it",
            )
            _put_aside(self.parts, self.entry, self.receiver, taken, data, (reason,))
            return
        seen = self.entry.rows(
            "select content from receipts where guid = ? and application = ?", (self.guid, receipt.guid)
        )
        if seen:
            if seen[0]["content"] != self.content:
                _put_aside(self.parts, self.entry, self.receiver, taken, data, (_OTHER_CONTENT,))
            return  # doubled on its way
        self._move(receipt, Status[rows[0]["status"]], reported)
        self._pass_on(rows[0]["message"])

    def _move(self, receipt: Receipt, current: Status, reported: Status) -> None:
        effect = advance(current, reported)
        self.entry.insert(
            "receipts",
            {
                "guid": self.guid,
                "application": receipt.guid,
                "code": receipt.code,
                "time": iso(receipt.time),
                "content": self.content,
                "verdict": effect.verdict.value,
                "received_at": iso(self.parts.clock()),
            },
        )
        if effect.verdict is Verdict.CONTRADICTS:
            self.entry.event(
                "alarm_contradiction", receipt.guid,
                current=current.token, reported=reported.token, code=receipt.code, receipt=self.guid,
            )  # fmt: skip
            return
        for step in effect.steps:
            self.entry.move(
                receipt.guid, current, step, "receipt",
                code=receipt.code, info=receipt.info, returnTime=iso(receipt.time), receipt=self.guid,
            )  # fmt: skip
            current = step
        if effect.verdict is Verdict.MOVES:
            self._keep_results(receipt)

    def _keep_results(self, receipt: Receipt) -> None:
        findings = json.dumps([one.to_json() for one in receipt.findings], ensure_ascii=False)
        changes = {"info": receipt.info, "findings": findings}
        changes["opinion"] = receipt.opinion
        changes["results"] = json.dumps(receipt.results.to_json() if receipt.results else {}, ensure_ascii=False)
        self.entry.update("applications", "guid", receipt.guid, changes)

    def _pass_on(self, digest: str) -> None:
        """The receipt goes to the channel the application came by, the status file beside it."""
        row = self.entry.rows("select channel, file_name from messages where digest = ?", (digest,))[0]
        channel = self.parts.channels.get(row["channel"])
        if channel is None:
            self.entry.event("alarm_no_channel", digest, channel=row["channel"])
            return
        if digest not in self.passed_on:  # a message with several applications travels as one file
            self.passed_on.add(digest)
            tick = self.parts.ticks.next(self.parts.clock())
            target = channel.boxes.inbox / names.receipt(row["file_name"], tick)
            self.entry.task(
                Task(kind="write", place=channel.name, target=str(target), content=self.content, subject=digest)
            )
        status = channel.boxes.inbox / names.status_file(row["file_name"])
        self.entry.task(Task(kind="status", place=channel.name, target=str(status), subject=digest))


def _put_aside(
    parts: Parts, entry: Entry, receiver: Receiver, taken: Claim, data: bytes, reasons: Sequence[Finding]
) -> None:
    """Never lost, never used: kept in quarantine with the reason, and an alarm."""
    folder = parts.quarantine / receiver.name / names.aside(taken.name, hashlib.sha256(data).hexdigest()[:12])
    text = "".join(f"{one.code} {one.zh}\n{one.code} {one.en}\n{one.found}\n" for one in reasons)
    for name, content in (("receipt.xml", data), ("reason.txt", text.encode("utf-8"))):
        task = Task(kind="write", place=receiver.name, target=str(folder / name), content=entry.keep(content))
        entry.task(task)
    entry.event("alarm_receipt", taken.name, receiver=receiver.name, reasons=[one.en for one in reasons])
