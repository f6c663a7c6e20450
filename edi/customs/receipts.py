"""Receipts: made and signed inside the transaction that decides, written to the folder after it.

The exact bytes are committed before any file appears; a crash therefore repeats the same bytes under
the same name, and the receiver drops what it has (exchange 9).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edi.adapters.files import sweep_temporaries, write_whole
from edi.core.form import Form
from edi.core.times import from_iso, iso
from edi.customs.faults import letter_of
from edi.customs.settings import Settings
from edi.customs.store import Store
from edi.messages.bundle import pack
from edi.messages.dsig import SigningKey, sign_message
from edi.messages.dxp import DxpMsg, creation_time, write_dxp_msg
from edi.messages.receipt import Receipt, receipt_message

_TICK = timedelta(milliseconds=1)  # returnTime has milliseconds


@dataclass(frozen=True)
class ReceiptDesk:
    """Makes receipts and puts them out."""

    settings: Settings
    key: SigningKey

    def give(
        self, connection: sqlite3.Connection, form: Form, receipt: Receipt, *, to: str, application: int | None = None
    ) -> None:
        """Sign a receipt for the node `to` and put it on the list of those to deliver."""
        number, time = _place_of(connection, receipt)
        said = replace(receipt, time=time)
        guid = self._message_guid(number, said)
        connection.execute(
            "INSERT INTO receipts (id, guid, application, code, said_at, file_name, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                said.guid,
                application,
                said.code,
                iso(said.time),
                f"{number:012d}-{form.receipt_code}-{guid[:8]}.xml",
                self._envelope(form, said, guid, to),
            ),
        )

    def repeat(self, connection: sqlite3.Connection, guid: str) -> None:
        """Put on the list again what was said of the stored application of this guid; the same bytes go out."""
        connection.execute(
            "UPDATE receipts SET delivered = 0, repeats = repeats + 1 WHERE delivered = 1 AND guid = ? AND application IN "
            "(SELECT id FROM applications WHERE guid = receipts.guid AND status <> 'LODGE_FAILED')",
            (guid,),
        )

    def deliver(self, store: Store, now: datetime) -> int:
        """Write what was not yet delivered, oldest first, batch by batch; the answer is how many."""
        delivered = last = 0
        while batch := self._undelivered(store, last):
            last = batch[-1]["id"]
            post = self.settings.faults.post(map(letter_of, batch), now, self.key)
            if not post.sent:
                continue
            write_whole({self.settings.deliver_to / name: body for name, body in self._parcels(post.files)})
            with store.writing() as connection:
                ids = json.dumps(list(post.sent))
                connection.execute(
                    "UPDATE receipts SET delivered = 1 WHERE id IN (SELECT value FROM json_each(?))", (ids,)
                )
            delivered += len(post.sent)
        return delivered

    def _parcels(self, files: Mapping[str, bytes]) -> Iterable[tuple[str, bytes]]:
        """The files that really go out; in a bundle the receipts stand in the order of their names, as they would be read."""
        if not self.settings.sends_bundles:
            return files.items()
        return ((one.name, one.data) for one in pack(sorted(files.items())))

    def open_folder(self) -> None:
        """Make sure the folder is there and free of what a crash left half written."""
        self.settings.deliver_to.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(self.settings.deliver_to)

    def _undelivered(self, store: Store, last: int) -> list[sqlite3.Row]:
        with store.reading() as connection:
            return connection.execute(
                "SELECT id, file_name, body, said_at, repeats FROM receipts WHERE delivered = 0 AND id > ? ORDER BY id "
                "LIMIT ?",
                (last, self.settings.batch),
            ).fetchall()

    def _message_guid(self, number: int, receipt: Receipt) -> str:
        """An identity that follows from seed, number and content; another register never repeats it by chance."""
        text = (
            f"{self.settings.seed} {self.settings.node_id} {number} {receipt.guid} {receipt.code} {iso(receipt.time)}"
        )
        return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=5)).upper()

    def _envelope(self, form: Form, receipt: Receipt, guid: str, to: str) -> bytes:
        return write_dxp_msg(
            DxpMsg(
                message_id=guid,
                sender=self.settings.node_id,
                receivers=(to,),
                created=creation_time(receipt.time),
                message_type=form.receipt_code,
                data=sign_message(receipt_message(form, receipt, guid), self.key),
                file_name=f"Receipt_{receipt.guid}_{receipt.code}.xml",
                keys={"applicationNo": receipt.application_no} if receipt.application_no else {},
            )
        )


def _place_of(connection: sqlite3.Connection, receipt: Receipt) -> tuple[int, datetime]:
    """The receipt's number, the next one, and its time: always later than the one before it on the same application."""
    row = connection.execute(
        "SELECT (SELECT max(id) FROM receipts) AS number, (SELECT max(said_at) FROM receipts WHERE guid = ?) AS last",
        (receipt.guid,),
    ).fetchone()
    earliest = from_iso(row["last"]) + _TICK if row["last"] else receipt.time
    return (row["number"] or 0) + 1, max(receipt.time, earliest)
