"""Enters one receipt message into the ledger and moves its applications through the status table (domain 1.6).

A receipt counts once, however often, late or out of order it arrives; the table never moves back; a
contradiction raises an alarm and changes nothing. The sender gets the receipt byte for byte.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field

from edi.adapters.ledger import Entry, Task
from edi.core.findings import Dxp, Finding
from edi.core.status import Advance, Status, Verdict, advance, advance_resent, status_of_code
from edi.core.times import iso
from edi.gateway import names
from edi.gateway.parts import Channel, Parts
from edi.messages.receipt import Receipt

_PDF = b"%PDF-"

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
    receiver: str
    """Who speaks; empty where the gateway itself answers a query."""
    guid: str
    content: str
    ticks: dict[str, int] = field(default_factory=dict)
    """Digests of the messages whose sender gets this receipt message, with the tick in its name there."""

    def enter(self, receipt: Receipt) -> Finding | None:
        """Count the receipt and move its application on, unless it was counted before; why it fits nothing, if so."""
        rows = self.entry.rows(
            "select a.status, a.message, m.asked, m.receiver, m.channel, m.file_name, r.content as counted "
            "from applications a join messages m on m.digest = a.message "
            "left join receipts r on r.guid = ? and r.application = a.guid where a.guid = ?",
            (self.guid, receipt.guid),
        )
        reported = status_of_code(receipt.code)
        if not rows or reported is None or rows[0]["receiver"] != self.receiver:
            return _fits_nothing(receipt)
        if rows[0]["counted"]:  # doubled on its way
            return None if rows[0]["counted"] == self.content else _OTHER_CONTENT
        self._move(receipt, Status[rows[0]["status"]], self._effect(rows[0], receipt, reported), reported)
        self._pass_on(rows[0], receipt)
        return None

    def _effect(self, asked: sqlite3.Row, receipt: Receipt, reported: Status) -> Advance:
        current = Status[asked["status"]]
        if not asked["asked"]:
            return advance(current, reported)
        newest = self.entry.rows("select max(time) as time from receipts where application = ?", (receipt.guid,))
        return advance_resent(current, reported, later=iso(receipt.time) > (newest[0]["time"] or ""))

    def _move(self, receipt: Receipt, current: Status, effect: Advance, reported: Status) -> None:
        told_at = iso(receipt.time)
        self.entry.insert(
            "receipts",
            {
                "guid": self.guid,
                "application": receipt.guid,
                "code": receipt.code,
                "time": told_at,
                "content": self.content,
                "verdict": effect.verdict.value,
                "received_at": self.entry.now,
            },
        )
        if effect.verdict is Verdict.CONTRADICTS:
            self.entry.event(
                "alarm_contradiction", receipt.guid,
                current=current.token, reported=reported.token, code=receipt.code, receipt=self.guid,
            )  # fmt: skip
            return
        said = _said(receipt) if effect.verdict is Verdict.MOVES else {}
        for step in effect.steps:
            self.entry.move(
                receipt.guid, current, step, "receipt" if self.receiver else "reply", said,
                code=receipt.code, info=receipt.info, returnTime=told_at, receipt=self.guid,
            )  # fmt: skip
            current = step

    def _pass_on(self, asked: sqlite3.Row, receipt: Receipt) -> None:
        """The receipt goes to the channel the application came by; status file and papers beside it."""
        digest, file_name = asked["message"], asked["file_name"]
        channel = self.parts.channels.get(asked["channel"])
        if channel is None:
            self.entry.event("alarm_no_channel", digest, channel=asked["channel"])
            return
        inbox = channel.boxes.inbox
        tick = self.ticks.get(digest) or self.parts.ticks.next(self.parts.clock())
        if digest not in self.ticks:  # a message with several applications travels as one file
            self._write(channel, f"{inbox}/{names.receipt(file_name, tick)}", self.content, digest)
            status = f"{inbox}/{names.status_file(file_name)}"
            self.entry.task(Task(kind="status", place=channel.name, target=status, subject=digest))
        for paper in papers_of(receipt):
            target = f"{inbox}/{names.paper(file_name, tick, receipt.guid)}"
            self._write(channel, target, self.entry.keep(paper), digest)
        self.ticks[digest] = tick  # last: what fails on the way is undone and has passed nothing on

    def _write(self, channel: Channel, target: str, content: str, digest: str) -> None:
        self.entry.task(Task(kind="write", place=channel.name, target=target, content=content, subject=digest))


def _said(receipt: Receipt) -> dict[str, str]:
    """What the receipt says; what an earlier one brought stays, so that a void certificate still has its number."""
    findings = json.dumps([one.to_json() for one in receipt.findings], ensure_ascii=False)
    said = {"info": receipt.info, "opinion": receipt.opinion, "findings": findings}
    if receipt.results:
        said["results"] = json.dumps(receipt.results.to_json(), ensure_ascii=False)
    return said


def papers_of(receipt: Receipt) -> list[bytes]:
    """The PDFs a receipt carries: they are put beside it, so that nobody needs a program to take them out."""
    if receipt.results is None:
        return []
    carried = (receipt.results.certificate, receipt.results.document)
    return [one.content for one in carried if one and one.content.startswith(_PDF)]


def _fits_nothing(receipt: Receipt) -> Finding:
    return Finding(
        code=Dxp.OTHER_LOGIC,
        found=f"guid {receipt.guid}, returnStatus {receipt.code}",
        zh="回执对应不上送往该接收方的任何申请，或状态代码未公布；原件已另存，请人工核对",
        en="The receipt fits no application sent to this receiver, or its code is not published; it is kept aside, look at it",
    )
