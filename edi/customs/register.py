"""Customs' register: who holds what, what approval changes, and the numbers customs gives.

`Register` is the register as of one day within one transaction; forms see it as a `RegisterView`.
Numbers follow from the seed and from counters kept in the register itself, so the same filings in
the same order get the same numbers.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from edi.core.qualification import Qualification, excluded_pairs, years_after
from edi.core.register import (
    Effect,
    EndQualification,
    EnrolDeclarant,
    ExtendQualification,
    GrantQualification,
    Held,
    RecordEnterprise,
)
from edi.core.results import Enrolled, Granted
from edi.errors import Broken, UserError

SERIAL_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Characters of a filing code's serial: digits and the capitals of GB 32100, which leaves out I, O, S, V, Z."""
SERIAL_LENGTH = 4
PREFIX_LENGTH = 6
DECLARANT_DIGITS = 8

_SELECT = "SELECT id, type, filing_code, valid_from, valid_until FROM qualifications"


@dataclass(frozen=True)
class Register:
    """The register as of `today`, as the application `before` may see it."""

    connection: sqlite3.Connection
    today: date
    seed: int
    before: int | None = None
    """An application sees claims of earlier ones, not its own and not those of later ones."""

    def held(self, uscc: str) -> tuple[Held, ...]:
        """Qualifications of the enterprise that are valid today."""
        rows = self.connection.execute(
            f"{_SELECT} WHERE uscc = ? AND ended_on IS NULL AND valid_from <= ? AND valid_until >= ? ORDER BY id",
            (uscc, self.today.isoformat(), self.today.isoformat()),
        )
        return tuple(_held(row) for row in rows)

    def pending(self, uscc: str) -> frozenset[str]:
        """Tokens claimed by applications of the enterprise that are under way (申请中)."""
        rows = self.connection.execute(
            "SELECT token FROM claims WHERE uscc = ? AND (application IS NULL OR ? IS NULL OR application < ?)",
            (uscc, self.before, self.before),
        )
        return frozenset(row["token"] for row in rows)

    def carry_out(self, effect: Effect) -> Granted | Enrolled | None:
        """Change the register; the answer is what the receipt tells of it.

        Raises UserError where that has become impossible since the application was checked.
        """
        match effect:
            case RecordEnterprise():
                self._record(effect)
                return None
            case GrantQualification():
                return self._grant(effect)
            case EnrolDeclarant():
                return self._enrol(effect)
            case EndQualification():
                return self._end(effect)
            case ExtendQualification():
                return self._extend(effect)

    def _record(self, effect: RecordEnterprise) -> None:
        self.connection.execute(
            "INSERT INTO enterprises (uscc, name, customs, division, record, recorded_on) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (uscc) DO UPDATE SET name = excluded.name, customs = excluded.customs, "
            "division = excluded.division, record = excluded.record, recorded_on = excluded.recorded_on",
            (effect.uscc, effect.name, effect.customs, effect.division, effect.record, self.today.isoformat()),
        )

    def _grant(self, effect: GrantQualification) -> Granted:
        """Give the qualification. One that is valid stands as it is: nobody gets a second code for it."""
        standing = self._valid(effect.uscc, effect.qualification)
        held = standing or Held(
            qualification=effect.qualification,
            filing_code=self._new_filing_code(effect.code_prefix) if effect.code_prefix else "",
            valid_from=self.today,
            valid_until=effect.valid_until,
        )
        if not standing:
            self.add_qualification(effect.uscc, held)
        return _told(held)

    def _end(self, effect: EndQualification) -> Granted | None:
        """End the qualification today; its row stays as history. What is not valid any more has ended by itself."""
        held = self._valid(effect.uscc, effect.qualification)
        if held is None:
            return None
        self.connection.execute(
            "UPDATE qualifications SET ended_on = ?, ended_because = 'CANCELLED' "
            "WHERE uscc = ? AND type = ? AND ended_on IS NULL",
            (self.today.isoformat(), effect.uscc, held.qualification.token),
        )
        return _told(replace(held, valid_until=self.today))

    def _extend(self, effect: ExtendQualification) -> Granted:
        """Prolong what stands, expired or not: customs may decide after the day on which it expired."""
        row = self.connection.execute(
            f"{_SELECT} WHERE uscc = ? AND type = ? AND ended_on IS NULL", (effect.uscc, effect.qualification.token)
        ).fetchone()
        standing = _held(row) if row else None
        if standing is None or self._overtaken(effect.uscc, standing):
            raise UserError(
                f"“{effect.qualification.value}”资质已注销，或到期后企业已备案与其互斥的资质，不能延续；请审批不通过",
                f"{effect.qualification.token} was cancelled, or it expired and the enterprise now holds what excludes "
                "it; it cannot be prolonged, disapprove the application",
            )
        held = replace(standing, valid_until=years_after(standing.valid_until, effect.years))
        self.connection.execute(
            "INSERT INTO renewals (qualification, renewed_on, valid_until_before, valid_until) VALUES (?, ?, ?, ?)",
            (row["id"], self.today.isoformat(), standing.valid_until.isoformat(), held.valid_until.isoformat()),
        )
        self.connection.execute(
            "UPDATE qualifications SET valid_until = ? WHERE id = ?", (held.valid_until.isoformat(), row["id"])
        )
        return _told(held)

    def _valid(self, uscc: str, qualification: Qualification) -> Held | None:
        return next((one for one in self.held(uscc) if one.qualification is qualification), None)

    def _overtaken(self, uscc: str, standing: Held) -> bool:
        """True if it expired and something that excludes it came in its place."""
        others = {one.qualification for one in self.held(uscc)}
        return standing.valid_until < self.today and bool(excluded_pairs({standing.qualification}, others))

    def add_qualification(self, uscc: str, held: Held) -> None:
        """Enter a qualification; one of the same type that is not valid today becomes history."""
        token = held.qualification.token
        self.connection.execute(
            "UPDATE qualifications SET ended_on = ?, ended_because = 'SUCCEEDED' "
            "WHERE uscc = ? AND type = ? AND ended_on IS NULL",
            (self.today.isoformat(), uscc, token),
        )
        self.connection.execute(
            "INSERT INTO qualifications (uscc, type, filing_code, valid_from, valid_until) VALUES (?, ?, ?, ?, ?)",
            (uscc, token, held.filing_code or None, held.valid_from.isoformat(), held.valid_until.isoformat()),
        )

    def _enrol(self, effect: EnrolDeclarant) -> Enrolled:
        """Give the declarant a number; whoever has one at this enterprise keeps it."""
        known = self.connection.execute(
            "SELECT declarant_no FROM declarants WHERE uscc = ? AND doc_type = ? AND doc_no = ?",
            (effect.uscc, effect.doc_type, effect.doc_no),
        ).fetchone()
        number = known["declarant_no"] if known else self._new_declarant_no()
        self.connection.execute(
            "INSERT INTO declarants (declarant_no, uscc, name, doc_type, doc_no, mobile) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (declarant_no) DO UPDATE SET name = excluded.name, mobile = excluded.mobile",
            (number, effect.uscc, effect.name, effect.doc_type, effect.doc_no, effect.mobile),
        )
        return Enrolled(name=effect.name, doc_no=effect.doc_no, declarant_no=number)

    def _new_filing_code(self, prefix: str) -> str:
        """Ten characters: division, zone and nature from the form, then a serial of ours (domain 1.5)."""
        start = prefix.ljust(PREFIX_LENGTH, "0")[:PREFIX_LENGTH]
        return self._new_number(
            f"filing code {start}",
            len(SERIAL_ALPHABET) ** SERIAL_LENGTH,
            lambda number: start + _serial(number),
            "SELECT 1 FROM qualifications WHERE filing_code = ?",
        )

    def _new_declarant_no(self) -> str:
        return self._new_number(
            "declarant number",
            10**DECLARANT_DIGITS,
            lambda number: f"{number:0{DECLARANT_DIGITS}d}",
            "SELECT 1 FROM declarants WHERE declarant_no = ?",
        )

    def _new_number(self, name: str, room: int, write: Callable[[int], str], taken: str) -> str:
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


def _held(row: sqlite3.Row) -> Held:
    return Held(
        qualification=Qualification[row["type"]],
        filing_code=row["filing_code"] or "",
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=date.fromisoformat(row["valid_until"]),
    )


def _told(held: Held) -> Granted:
    """A qualification as the receipt tells it; of one that was cancelled the last day is the day of the decision."""
    return Granted(
        type=held.qualification.token,
        filing_code=held.filing_code,
        valid_from=held.valid_from.isoformat(),
        valid_until=held.valid_until.isoformat(),
    )


def _serial(number: int) -> str:
    characters = []
    for _ in range(SERIAL_LENGTH):
        number, rest = divmod(number, len(SERIAL_ALPHABET))
        characters.append(SERIAL_ALPHABET[rest])
    return "".join(reversed(characters))
