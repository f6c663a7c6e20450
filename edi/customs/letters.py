"""Letters: what customs says in one transaction, gathered into receipt messages and signed.

What is said of the applications of one received message goes into one letter, a node for each: one
signature, one envelope, one file. Words are kept until they are written, all at once; who undoes what
was done takes back what was said of it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lxml import etree

from edi.core.form import Form
from edi.core.status import Status, status_of_code
from edi.core.times import from_iso, iso
from edi.customs.settings import Settings
from edi.messages.dsig import SigningKey, sign_message
from edi.messages.dxp import DxpMsg, creation_time, write_dxp_msg
from edi.messages.receipt import MOST_NODES, Receipt, receipt_message, receipt_node

MOST_BYTES = 256 << 10
"""Bytes of the nodes of one letter, unless one node alone has more: certificates and long lists of findings would else
add up to what no reader takes."""
_TICK = timedelta(milliseconds=1)  # returnTime has milliseconds


@dataclass(frozen=True, kw_only=True)
class Word:
    """What was said of one application and stands in no letter yet."""

    form: Form
    receipt: Receipt
    to: str
    message: int | None
    application: int | None
    node: etree._Element
    size: int
    """Bytes of the node."""

    @property
    def letter(self) -> tuple[int | None, bool]:
        """Words of which this is the same may share a letter.

        Failures to lodge stand apart: what was stored since is asked for again without them (`Letters.repeat`).
        """
        return self.message, status_of_code(self.receipt.code) is Status.LODGE_FAILED


@dataclass(frozen=True)
class Letters:
    """Says things and writes them down, within one transaction. `write` comes before its end."""

    connection: sqlite3.Connection
    settings: Settings
    key: SigningKey
    _words: list[Word] = field(default_factory=list)
    _last: dict[str, datetime | None] = field(default_factory=dict)
    """When the last word was said of an application, by guid; None: nothing was said."""

    def recall(self, guids: Iterable[str]) -> None:
        """Look up when something was last said of these applications: at once, for many of them are to be told of."""
        rows = self.connection.execute(
            "SELECT value AS guid, (SELECT max(said_at) FROM receipts WHERE guid = value) AS last FROM json_each(?)",
            (json.dumps(list(guids)),),
        )
        self._last.update((row["guid"], from_iso(row["last"]) if row["last"] else None) for row in rows)
        self._last.update((one.receipt.guid, one.receipt.time) for one in self._words)

    def say(
        self, form: Form, receipt: Receipt, *, to: str, message: int | None = None, application: int | None = None
    ) -> None:
        """Say this of an application of a received message to the node `to`; of what was not stored neither has a number.

        Its time becomes later than that of whatever was said of the application before.
        """
        said = self._timed(receipt)
        node = receipt_node(form, said)
        word = Word(
            form=form, receipt=said, to=to, message=message, application=application, node=node,
            size=len(etree.tostring(node)),
        )  # fmt: skip
        self._words.append(word)
        self._last[said.guid] = said.time

    @property
    def said(self) -> int:
        """How many words are to be written."""
        return len(self._words)

    def take_back(self, said: int) -> None:
        """Forget what was said since there were `said` words."""
        del self._words[said:]
        self._last.clear()

    def write(self) -> None:
        """Put everything that was said, and not taken back since, into letters on the list of those to deliver."""
        if not self._words:
            return
        query = "SELECT coalesce(max(id), 0) + 1 AS number FROM letters"
        first: int = self.connection.execute(query).fetchone()["number"]
        letters = list(enumerate(map(_by_arrival, gathered(self._words)), first))
        self.connection.executemany(
            "INSERT INTO letters (id, file_name, body) VALUES (?, ?, ?)",
            (self._letter(number, words) for number, words in letters),
        )
        self.connection.executemany(
            "INSERT INTO receipts (guid, application, code, said_at, letter) VALUES (?, ?, ?, ?, ?)",
            (
                (one.receipt.guid, one.application, one.receipt.code, iso(one.receipt.time), number)
                for number, words in letters
                for one in words
            ),
        )
        self._words.clear()

    def repeat(self, guid: str) -> None:
        """Put on the list again what was said of the stored application of this guid; the same bytes go out."""
        self.connection.execute(
            "UPDATE letters SET delivered = 0, repeats = repeats + 1 WHERE delivered = 1 AND id IN "
            "(SELECT r.letter FROM receipts r JOIN applications a ON a.id = r.application "
            "WHERE r.guid = ? AND a.guid = r.guid AND a.status <> 'LODGE_FAILED')",
            (guid,),
        )

    def _timed(self, receipt: Receipt) -> Receipt:
        if receipt.guid not in self._last:
            self.recall([receipt.guid])
        last = self._last[receipt.guid]
        return replace(receipt, time=max(receipt.time, last + _TICK)) if last else receipt

    def _letter(self, number: int, words: Sequence[Word]) -> tuple[int, str, bytes]:
        """The row of a letter."""
        guid = self._guid(number, words)
        return number, f"{number:012d}-{words[0].form.receipt_code}-{guid[:8]}.xml", self._envelope(words, guid)

    def _guid(self, number: int, words: Sequence[Word]) -> str:
        """An identity that follows from seed, number and content; another register never repeats it by chance."""
        said = " ".join(f"{one.receipt.guid} {one.receipt.code} {iso(one.receipt.time)}" for one in words)
        text = f"{self.settings.seed} {self.settings.node_id} {number} {said}"
        return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=5)).upper()

    def _envelope(self, words: Sequence[Word], guid: str) -> bytes:
        """Of several applications the envelope names the first, as the one they came in does."""
        form, first = words[0].form, words[0].receipt
        return write_dxp_msg(
            DxpMsg(
                message_id=guid,
                sender=self.settings.node_id,
                receivers=(words[0].to,),
                created=creation_time(max(one.receipt.time for one in words)),
                message_type=form.receipt_code,
                data=sign_message(receipt_message(form, [one.node for one in words], guid), self.key),
                file_name=f"Receipt_{first.guid}_{first.code}.xml",
                keys={"applicationNo": first.application_no} if first.application_no else {},
            )
        )


def gathered(words: Iterable[Word]) -> list[list[Word]]:
    """The words letter by letter, in the order of their first words; no letter speaks twice of one application."""
    letters: list[list[Word]] = []
    open_letters: dict[tuple[int | None, bool], list[Word]] = {}
    spoken_of: set[str] = set()
    for word in words:
        if word.receipt.guid in spoken_of:  # a later word stands in a later letter
            open_letters.clear()
            spoken_of.clear()
        spoken_of.add(word.receipt.guid)
        letter = open_letters.get(word.letter)
        if letter is None or not _has_room(letter, word):
            letter = open_letters[word.letter] = []
            letters.append(letter)
        letter.append(word)
    return letters


def _by_arrival(words: Iterable[Word]) -> list[Word]:
    """The words in the order in which the applications came."""
    return sorted(words, key=lambda one: one.application or 0)


def _has_room(letter: Sequence[Word], word: Word) -> bool:
    return len(letter) < MOST_NODES and sum(one.size for one in letter) + word.size <= MOST_BYTES
