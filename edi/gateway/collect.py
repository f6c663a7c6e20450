"""Collects receipts from the receivers and moves applications through the status table (domain 1.6).

A receipt counts once, however often, late or out of order it arrives; the table never moves back; a
contradiction raises an alarm and changes nothing. The sender gets the receipt byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from edi.adapters.boxes import CLAIMED, Claim, claim, claims, release, sightings
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

LARGEST_ENVELOPE = 64 << 20
"""Bytes of a receiver's file; one that is bigger is put aside unread."""


def collect(parts: Parts, receiver: Receiver) -> int:
    """Take in a batch of what a receiver has put out; how many files that were.

    Raises OSError if its folder is out of reach, TryLater if the ledger is.
    """
    taken = _take(parts, receiver)
    if not taken:
        return 0
    data = [read_regular(one.path, LARGEST_ENVELOPE) for one in taken]
    opened = parts.open(receiver, data)
    with parts.ledger.transaction(parts.clock()) as entry:
        for one, content, collected in zip(taken, data, opened, strict=True):
            _enter(parts, entry, receiver, one, content, collected)
    for one in taken:  # only now that the ledger has them
        one.path.unlink(missing_ok=True)
        release(one.path)
    return len(taken)


def _take(parts: Parts, receiver: Receiver) -> list[Claim]:
    (receiver.collect / CLAIMED).mkdir(exist_ok=True)
    left_over = list(claims(receiver.collect))[: parts.batch]
    seen = sorted(one.name for one in sightings(receiver.collect))[: max(parts.batch - len(left_over), 0)]
    now = parts.clock()
    fresh = [one for one in (claim(receiver.collect, name, now) for name in seen) if one]
    sync_folders([receiver.collect] if fresh else [])
    return [*left_over, *fresh]


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


@dataclass(frozen=True)
class Settlement:
    """One receipt message entered into one open transaction of the ledger."""

    parts: Parts
    entry: Entry
    receiver: Receiver
    guid: str
    content: str

    def enter(self, receipt: Receipt, taken: Claim, data: bytes) -> None:
        """Count the receipt and move its application on, unless it was counted before."""
        rows = self.entry.rows("select * from applications where guid = ?", (receipt.guid,))
        reported = status_of_code(receipt.code)
        if not rows or reported is None:
            reason = Finding(
                code=Dxp.OTHER_LOGIC,
                found=f"guid {receipt.guid}, returnStatus {receipt.code}",
                zh="回执对应不上任何申请，或状态代码未公布；原件已另存，请人工核对",
                en="The receipt fits no application here, or its code is not published; it is kept aside, look at it",
            )
            _put_aside(self.parts, self.entry, self.receiver, taken, data, (reason,))
            return
        seen = "select 1 from receipts where guid = ? and application = ?"
        if self.entry.rows(seen, (self.guid, receipt.guid)):
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
        if receipt.opinion:
            changes["opinion"] = receipt.opinion
        if receipt.results:
            changes["results"] = json.dumps(asdict(receipt.results), ensure_ascii=False)
        self.entry.update("applications", "guid", receipt.guid, changes)

    def _pass_on(self, digest: str) -> None:
        """The receipt goes to the channel the application came by, the status file beside it."""
        row = self.entry.rows("select channel, file_name from messages where digest = ?", (digest,))[0]
        channel = self.parts.channels.get(row["channel"])
        if channel is None:
            self.entry.event("alarm_no_channel", digest, channel=row["channel"])
            return
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
    folder = parts.quarantine / receiver.name / f"{taken.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    text = "".join(f"{one.code} {one.zh}\n{one.code} {one.en}\n{one.found}\n" for one in reasons)
    for name, content in ((taken.name, data), ("reason.txt", text.encode("utf-8"))):
        task = Task(kind="write", place=receiver.name, target=str(folder / name), content=entry.keep(content))
        entry.task(task)
    entry.event("alarm_receipt", taken.name, receiver=receiver.name, reasons=[one.en for one in reasons])
