"""The declarants on record: put there, changed, struck off. A number belongs to one person for good."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date

from edi.core.register import AmendDeclarant, EnrolDeclarant, StrikeDeclarant
from edi.core.results import Enrolled, KeptDeclarant
from edi.customs.numbers import Numbers
from edi.errors import UserError

_SELECT = (
    "SELECT declarant_no, name, doc_type, doc_no, mobile, nationality FROM declarants "
    "WHERE uscc = ? AND struck_on IS NULL"
)


@dataclass(frozen=True)
class People:
    """The declarants within one transaction, as of one day."""

    connection: sqlite3.Connection
    today: date
    numbers: Numbers

    def of(self, uscc: str) -> tuple[KeptDeclarant, ...]:
        """The declarants of the enterprise on record, in the order of their numbers."""
        rows = self.connection.execute(f"{_SELECT} ORDER BY declarant_no", (uscc,))
        return tuple(KeptDeclarant(**dict(row)) for row in rows)

    def add(self, uscc: str, one: KeptDeclarant) -> None:
        """Put a declarant on record under the number given, or replace what is told of the one who has it."""
        self.connection.execute(
            "INSERT INTO declarants (declarant_no, uscc, name, doc_type, doc_no, mobile, nationality) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (declarant_no) DO UPDATE SET name = excluded.name, "
            "doc_type = excluded.doc_type, doc_no = excluded.doc_no, mobile = excluded.mobile, "
            "nationality = excluded.nationality",
            (one.declarant_no, uscc, one.name, one.doc_type, one.doc_no, one.mobile, one.nationality),
        )

    def enrol(self, effect: EnrolDeclarant) -> Enrolled:
        """Give the declarant a number; whoever is on record at this enterprise keeps the one there."""
        number = self._number_of(effect.uscc, effect.doc_type, effect.doc_no) or self.numbers.declarant_no()
        return self._write(effect, number)

    def amend(self, effect: AmendDeclarant) -> Enrolled:
        """Change what is told of a declarant. Raises UserError where that has become impossible."""
        self._check_on_record(effect.uscc, effect.declarant_no)
        other = self._number_of(effect.uscc, effect.doc_type, effect.doc_no)
        if other not in ("", effect.declarant_no):
            raise UserError(
                f"身份证件号码 {effect.doc_no} 现已属于报关人员 {other}，不能再用于 {effect.declarant_no}；请审批不通过",
                f"Document {effect.doc_no} is that of declarant {other} by now and cannot be that of "
                f"{effect.declarant_no}; disapprove the application",
            )
        return self._write(effect, effect.declarant_no)

    def strike(self, effect: StrikeDeclarant) -> None:
        """Take a declarant off the record; the row stays as history, and the number is never given again."""
        self._check_on_record(effect.uscc, effect.declarant_no)
        self.connection.execute(
            "UPDATE declarants SET struck_on = ? WHERE declarant_no = ?", (self.today.isoformat(), effect.declarant_no)
        )

    def _write(self, effect: EnrolDeclarant | AmendDeclarant, number: str) -> Enrolled:
        kept = KeptDeclarant(
            declarant_no=number,
            name=effect.name,
            doc_type=effect.doc_type,
            doc_no=effect.doc_no,
            mobile=effect.mobile,
            nationality=effect.nationality,
        )
        self.add(effect.uscc, kept)
        return Enrolled(name=effect.name, doc_no=effect.doc_no, declarant_no=number)

    def _number_of(self, uscc: str, doc_type: str, doc_no: str) -> str:
        row = self.connection.execute(f"{_SELECT} AND doc_type = ? AND doc_no = ?", (uscc, doc_type, doc_no)).fetchone()
        return str(row["declarant_no"]) if row else ""

    def _check_on_record(self, uscc: str, number: str) -> None:
        if not self.connection.execute(f"{_SELECT} AND declarant_no = ?", (uscc, number)).fetchone():
            raise UserError(
                f"报关人员 {number} 已不在企业 {uscc} 的备案中，不能修改或注销；请审批不通过",
                f"Declarant {number} is no longer on record of the enterprise {uscc} and can be neither changed nor "
                "cancelled; disapprove the application",
            )
