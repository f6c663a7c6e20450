"""Letters: what customs says in one transaction, gathered into receipt messages and signed.

What is said of the applications of one received message goes into one letter, a node for each: one
signature, one envelope, one file. A word is a row from the moment it is said, so that what is undone
takes its words back; a row cannot be committed without its letter.
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

    id: int
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
    _words: dict[int, Word] = field(default_factory=dict)

    def say(
        self, form: Form, receipt: Receipt, *, to: str, message: int | None = None, application: int | None = None
    ) -> None:
        """Say this of an application of a received message to the node `to`; of what was not stored neither has a number.

        Its time becomes later than that of whatever was said of the application before.
        """
        said = replace(receipt, time=self._time(receipt))
        number = self.connection.execute(
            "INSERT INTO receipts (guid, application, code, said_at) VALUES (?, ?, ?, ?)",
            (said.guid, application, said.code, iso(said.time)),
        ).lastrowid
        assert number is not None, "an INSERT gives a row number"
        node = receipt_node(form, said)
        self._words[number] = Word(
            id=number, form=form, receipt=said, to=to, message=message, application=application, node=node,
            size=len(etree.tostring(node)),
        )  # fmt: skip

    def write(self) -> None:
        """Put everything that was said, and not undone since, into letters on the list of those to deliver."""
        rows = self.connection.execute("SELECT id FROM receipts WHERE letter = 0 ORDER BY id").fetchall()
        for words in gathered(self._words[row["id"]] for row in rows):
            self._write(sorted(words, key=lambda one: one.application or 0))
        self._words.clear()

    def repeat(self, guid: str) -> None:
        """Put on the list again what was said of the stored application of this guid; the same bytes go out."""
        self.connection.execute(
            "UPDATE letters SET delivered = 0, repeats = repeats + 1 WHERE delivered = 1 AND id IN "
            "(SELECT r.letter FROM receipts r JOIN applications a ON a.id = r.application "
            "WHERE r.guid = ? AND a.guid = r.guid AND a.status <> 'LODGE_FAILED')",
            (guid,),
        )

    def _time(self, receipt: Receipt) -> datetime:
        query = "SELECT max(said_at) AS last FROM receipts WHERE guid = ?"
        last = self.connection.execute(query, (receipt.guid,)).fetchone()["last"]
        return max(receipt.time, from_iso(last) + _TICK) if last else receipt.time

    def _write(self, words: Sequence[Word]) -> None:
        query = "SELECT coalesce(max(id), 0) + 1 AS number FROM letters"
        number: int = self.connection.execute(query).fetchone()["number"]
        guid = self._guid(number, words)
        self.connection.execute(
            "INSERT INTO letters (id, file_name, body) VALUES (?, ?, ?)",
            (number, f"{number:012d}-{words[0].form.receipt_code}-{guid[:8]}.xml", self._envelope(words, guid)),
        )
        self.connection.execute(
            "UPDATE receipts SET letter = ? WHERE id IN (SELECT value FROM json_each(?))",
            (number, json.dumps([one.id for one in words])),
        )

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


def _has_room(letter: Sequence[Word], word: Word) -> bool:
    return len(letter) < MOST_NODES and sum(one.size for one in letter) + word.size <= MOST_BYTES
