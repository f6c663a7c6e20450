"""Receipts on their way: letters signed inside the transaction that decides are written to the folder after it.

The exact bytes are committed before any file appears; a crash therefore repeats the same bytes under
the same name, and the receiver drops what it has (exchange 9).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from edi.adapters.files import sweep_temporaries, write_whole
from edi.customs.faults import letter_of
from edi.customs.settings import Settings
from edi.customs.store import Store
from edi.messages.bundle import pack
from edi.messages.dsig import SigningKey


@dataclass(frozen=True)
class ReceiptDesk:
    """Puts letters out."""

    settings: Settings
    key: SigningKey

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
                    "UPDATE letters SET delivered = 1 WHERE id IN (SELECT value FROM json_each(?))", (ids,)
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
                "SELECT id, file_name, body, repeats, (SELECT max(said_at) FROM receipts WHERE letter = letters.id) AS said_at "
                "FROM letters WHERE delivered = 0 AND id > ? ORDER BY id LIMIT ?",
                (last, self.settings.batch),
            ).fetchall()
