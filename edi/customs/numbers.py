"""The numbers customs gives. They follow from the seed and from counters kept in the register itself."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from edi.errors import Broken

SERIAL_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Characters of a filing code's serial: digits and the capitals of GB 32100, which leaves out I, O, S, V, Z."""
SERIAL_LENGTH = 4
PREFIX_LENGTH = 6
DECLARANT_DIGITS = 8
CERTIFICATE_DIGITS = 10


@dataclass(frozen=True)
class Numbers:
    """Gives numbers within one transaction. The same filings in the same order get the same ones."""

    connection: sqlite3.Connection
    seed: int

    def filing_code(self, prefix: str) -> str:
        """Ten characters: division, zone and nature from the form, then a serial of ours (domain 1.5)."""
        start = prefix.ljust(PREFIX_LENGTH, "0")[:PREFIX_LENGTH]
        return self._new(
            f"filing code {start}",
            len(SERIAL_ALPHABET) ** SERIAL_LENGTH,
            lambda number: start + _serial(number),
            "SELECT 1 FROM qualifications WHERE filing_code = ?",
        )

    def declarant_no(self) -> str:
        """Eight digits."""
        return self._new(
            "declarant number",
            10**DECLARANT_DIGITS,
            lambda number: f"{number:0{DECLARANT_DIGITS}d}",
            "SELECT 1 FROM declarants WHERE declarant_no = ?",
        )

    def certificate_no(self, customs: str, day: date) -> str:
        """Eighteen characters: the customs that issues it, the year, a serial of ours."""
        start = f"{customs}{day.year}"
        return self._new(
            f"certificate number {start}",
            10**CERTIFICATE_DIGITS,
            lambda number: f"{start}{number:0{CERTIFICATE_DIGITS}d}",
            "SELECT 1 FROM certificates WHERE certificate_no = ?",
        )

    def _new(self, name: str, room: int, write: Callable[[int], str], taken: str) -> str:
        """Count on from a start that the seed chooses, past numbers that were seeded."""
        start = int.from_bytes(hashlib.sha256(f"{self.seed} {name}".encode()).digest()[:8], "big")
        while (count := next_count(self.connection, name)) <= room:
            number = write((start + count) % room)
            if not self.connection.execute(taken, (number,)).fetchone():
                return number
        raise Broken(f"编号已用尽：{name}", f"No numbers are left: {name}")


def next_count(connection: sqlite3.Connection, name: str) -> int:
    """Count the counter `name` up by one and return it, from 1."""
    row = connection.execute(
        "INSERT INTO counters (name, value) VALUES (?, 1) "
        "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        (name,),
    ).fetchone()
    return int(row["value"])


def _serial(number: int) -> str:
    characters = []
    for _ in range(SERIAL_LENGTH):
        number, rest = divmod(number, len(SERIAL_ALPHABET))
        characters.append(SERIAL_ALPHABET[rest])
    return "".join(reversed(characters))
