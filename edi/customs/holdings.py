"""The qualifications enterprises hold: given, ended, prolonged. What ended stays as history."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import date

from edi.core.qualification import Qualification, excluded_pairs, years_after
from edi.core.register import EndQualification, ExtendQualification, GrantQualification, Held
from edi.core.results import Granted, Kept, Standing
from edi.customs.numbers import Numbers
from edi.errors import UserError

_SELECT = "SELECT id, type, filing_code, valid_from, valid_until, ended_on, ended_because FROM qualifications"


@dataclass(frozen=True)
class Holdings:
    """The qualifications within one transaction, as of one day."""

    connection: sqlite3.Connection
    today: date
    numbers: Numbers

    def held(self, uscc: str) -> tuple[Held, ...]:
        """Qualifications of the enterprise that are valid today."""
        rows = self.connection.execute(
            f"{_SELECT} WHERE uscc = ? AND ended_on IS NULL AND valid_from <= ? AND valid_until >= ? ORDER BY id",
            (uscc, self.today.isoformat(), self.today.isoformat()),
        )
        return tuple(_held(row) for row in rows)

    def kept(self, uscc: str, only: str = "") -> tuple[Kept, ...]:
        """All that the enterprise was ever given, past ones included, oldest first; of one type if `only` names it."""
        rows = self.connection.execute(f"{_SELECT} WHERE uscc = ? ORDER BY id", (uscc,))
        return tuple(self._kept(row) for row in rows if only in ("", row["type"]))

    def grant(self, effect: GrantQualification) -> Granted:
        """Give the qualification. One that is valid stands as it is: nobody gets a second code for it."""
        standing = self._valid(effect.uscc, effect.qualification)
        held = standing or Held(
            qualification=effect.qualification,
            filing_code=self.numbers.filing_code(effect.code_prefix) if effect.code_prefix else "",
            valid_from=self.today,
            valid_until=effect.valid_until,
        )
        if not standing:
            self.add(effect.uscc, held)
        return granted(held)

    def end(self, effect: EndQualification) -> Granted | None:
        """End the qualification today; its row stays as history. What is not valid any more has ended by itself."""
        held = self._valid(effect.uscc, effect.qualification)
        if held is None:
            return None
        self.connection.execute(
            "UPDATE qualifications SET ended_on = ?, ended_because = 'CANCELLED' "
            "WHERE uscc = ? AND type = ? AND ended_on IS NULL",
            (self.today.isoformat(), effect.uscc, held.qualification.token),
        )
        return granted(replace(held, valid_until=self.today))

    def extend(self, effect: ExtendQualification) -> Granted:
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
        return granted(held)

    def _valid(self, uscc: str, qualification: Qualification) -> Held | None:
        return next((one for one in self.held(uscc) if one.qualification is qualification), None)

    def _overtaken(self, uscc: str, standing: Held) -> bool:
        """True if it expired and something that excludes it came in its place."""
        others = {one.qualification for one in self.held(uscc)}
        return standing.valid_until < self.today and bool(excluded_pairs({standing.qualification}, others))

    def add(self, uscc: str, held: Held) -> None:
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

    def _kept(self, row: sqlite3.Row) -> Kept:
        """How a qualification stands today; of one that was cancelled the last day is the day of that."""
        told = granted(_held(row))
        if row["ended_because"] == "CANCELLED":
            return Kept(granted=replace(told, valid_until=row["ended_on"]), standing=Standing.CANCELLED)
        valid = not row["ended_on"] and told.valid_from <= self.today.isoformat() <= told.valid_until
        return Kept(granted=told, standing=Standing.VALID if valid else Standing.EXPIRED)


def granted(held: Held) -> Granted:
    """A qualification as the receipt tells it; of one that was cancelled the last day is the day of the decision."""
    return Granted(
        type=held.qualification.token,
        filing_code=held.filing_code,
        valid_from=held.valid_from.isoformat(),
        valid_until=held.valid_until.isoformat(),
    )


def _held(row: sqlite3.Row) -> Held:
    return Held(
        qualification=Qualification[row["type"]],
        filing_code=row["filing_code"] or "",
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=date.fromisoformat(row["valid_until"]),
    )
