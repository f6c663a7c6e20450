"""Faults on purpose (exchange 8): what goes wrong with receipts on their way, and with the receiver itself.

Every draw follows from the seed and from what is drawn for, never from a state: the same filings in the
same order meet the same faults, also after a restart. A receipt that is repeated is drawn for anew.
What customs has decided and stored is never touched; only its words get lost or garbled.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import sqlite3
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lxml import etree

from edi.adapters.config_faults import DELIVERIES, FaultsConfig
from edi.checks.parse import parse
from edi.core.status import CODE_OF, Status, status_of_code
from edi.core.times import from_iso
from edi.customs.numbers import next_count
from edi.customs.store import Store
from edi.errors import Broken, TryLater
from edi.messages.dsig import SigningKey, sign_message
from edi.messages.dxp import read_dxp_msg, write_dxp_msg

WORDS: dict[str, tuple[str, str]] = {
    "lost": ("回执丢失：海关视为已发出", "the receipt never appears; customs takes it for sent"),
    "doubled": ("回执发出两份，文件名不同", "the receipt appears twice, under two names"),
    "late": (
        "回执在其时间 `late_seconds` 之后才发出（按海关时钟）",
        "the receipt appears `late_seconds` after its time, by customs' clock",
    ),
    "out_of_order": (
        "回执的文件名排在同批其他回执之后",
        "the receipt's name sorts after all others, so that later ones are read first",
    ),
    "truncated": ("只写出回执文件的前一半", "only the first half of the receipt's file appears"),
    "wrongly_signed": ("回执的签名值被改动", "the receipt's signature value is altered"),
    "contradictory": (
        "回执之后又来一份签名正确、结论相反的回执",
        "after the receipt comes another, rightly signed, that says the opposite",
    ),
    "receiver_down": ("模拟海关本轮不工作", "the receiver does no work in this round"),
    "death_after_storing": (
        "申报入库后、收到的文件移走前，所在进程被 SIGKILL 终止（`edi run` 一并终止）",
        "filings are stored and the process, `edi run` included, dies by SIGKILL before their files are removed",
    ),
}
"""Each fault of the configuration, in words; `docs/simulator.md` shows them."""

_LAST_NAME = "9"
"""Names of receipts begin with a number of twelve digits that never gets so far."""
_SIGNATURE_VALUE = re.compile(rb"(<ds:SignatureValue>)([^<]+)")
_OPPOSITE = {
    Status.LODGED: Status.LODGE_FAILED,
    Status.LODGE_FAILED: Status.LODGED,
    Status.UNDER_REVIEW: Status.REFUSED,
    Status.REFUSED: Status.APPROVED,
    Status.DISAPPROVED: Status.APPROVED,
    Status.ANSWERED: Status.LODGE_FAILED,
}
"""What denies a status; whatever is not listed is denied by `DISAPPROVED`."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A receipt that is to go out."""

    id: int
    name: str
    body: bytes
    said_at: datetime
    repeats: int
    """How often it was asked for again."""


@dataclass
class Post:
    """What really happens to some letters."""

    files: dict[str, bytes] = field(default_factory=dict)
    """By name, in the order in which they appear."""
    sent: list[int] = field(default_factory=list)
    """Letters that customs takes for sent."""


@dataclass(frozen=True)
class Faults:
    """The faults as configured."""

    rates: FaultsConfig = field(default_factory=FaultsConfig)

    def post(self, letters: Iterable[Letter], now: datetime, key: SigningKey) -> Post:
        """What becomes of letters that go out at `now`, by customs' clock."""
        post = Post()
        any_fault = any(getattr(self.rates, name) for name in DELIVERIES)
        for letter in letters:
            fault = self._fault_of(letter) if any_fault else ""
            if fault == "late" and now < letter.said_at + timedelta(seconds=self.rates.late_seconds):
                continue
            post.files |= _garbled(fault, letter, key)
            post.sent.append(letter.id)
        return post

    def come_to_work(self, store: Store) -> None:
        """Raise TryLater in a round in which the receiver is down."""
        if self._strikes("receiver_down", store):
            raise TryLater(
                "模拟海关按设定的故障停机一轮（simulator.faults.receiver_down），下一轮再试",
                "The simulated customs is down for a round, as configured (simulator.faults.receiver_down); try again",
            )

    def live_after_storing(self, store: Store) -> None:
        """Kill this process if so configured: what came is stored, its files are still there."""
        if self._strikes("death_after_storing", store):
            os.kill(os.getpid(), signal.SIGKILL)

    def _fault_of(self, letter: Letter) -> str:
        """The one fault that befalls a letter on this way, empty if none does."""
        drawn, reached = self._draw("receipt", letter.id, letter.repeats), 0.0
        for name in DELIVERIES:
            reached += getattr(self.rates, name)
            if drawn < reached:
                return name
        return ""

    def _strikes(self, name: str, store: Store) -> bool:
        """Occasions are counted in the register: who is down, or dies, meets another draw after a restart."""
        rate: float = getattr(self.rates, name)
        if not rate:
            return False
        with store.writing() as connection:
            occasion = next_count(connection, f"fault {name}")
        return self._draw(name, occasion) < rate

    def _draw(self, *what: object) -> float:
        """A number from 0 up to 1 that follows from the seed and from what is drawn for."""
        text = " ".join(map(str, (self.rates.seed, *what)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / (1 << 56)


def letter_of(row: sqlite3.Row) -> Letter:
    """The letter in a row of the receipts."""
    return Letter(
        id=row["id"],
        name=row["file_name"],
        body=row["body"],
        said_at=from_iso(row["said_at"]),
        repeats=row["repeats"],
    )


def _garbled(fault: str, letter: Letter, key: SigningKey) -> dict[str, bytes]:
    """The files that appear in place of a letter's one."""
    name, body = letter.name, letter.body
    other = f"{_LAST_NAME}{name}"
    if fault == "contradictory":  # never without the true word before it
        return {name: body, other: _contradiction(body, key)}
    garbled: dict[str, dict[str, bytes]] = {
        "": {name: body},
        "late": {name: body},
        "lost": {},
        "doubled": {name: body, other: body},
        "out_of_order": {other: body},
        "truncated": {name: body[: len(body) // 2]},
    }
    return garbled[fault] if fault in garbled else {name: _wrongly_signed(body)}


def _wrongly_signed(body: bytes) -> bytes:
    """Still base64, another signature."""
    envelope = read_dxp_msg(_parsed(body))
    garbled = _SIGNATURE_VALUE.sub(lambda found: found[1] + found[2].swapcase(), envelope.data)
    return write_dxp_msg(replace(envelope, data=garbled))


def _contradiction(body: bytes, key: SigningKey) -> bytes:
    """A receipt message of its own that denies the one in `body`."""
    envelope = read_dxp_msg(_parsed(body))
    root = _parsed(envelope.data)
    guid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"contradiction {root.get('guid')}")).upper()
    root.set("guid", guid)
    for element in root.iter("{*}returnStatus"):
        said = status_of_code(int(element.text or "0"))
        element.text = str(CODE_OF[_OPPOSITE.get(said, Status.DISAPPROVED) if said else Status.DISAPPROVED])
    return write_dxp_msg(replace(envelope, message_id=guid, data=sign_message(root, key)))


def _parsed(data: bytes) -> etree._Element:
    root = parse(data)
    if isinstance(root, list):
        raise Broken("模拟海关自己的回执无法读取", "A receipt of the simulated customs' own cannot be read")
    return root
