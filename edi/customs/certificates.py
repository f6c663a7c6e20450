"""Filing certificates (备案证明): issued on what is held, void once a newer one is issued or nothing is held.

The paper itself is the press's work: it is made when the certificate is issued, goes out with the receipt, and is
not kept here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from edi.core.results import Granted, Issued, KeptCertificate
from edi.core.times import LONG_TERM
from edi.customs.numbers import Numbers


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """All that a certificate says. Days are ISO dates."""

    number: str
    issued_on: str
    valid_until: str
    """Last day on which all types it names are valid."""
    uscc: str
    name: str
    customs: str
    """The customs that issues it: the competent one on record."""
    qualifications: tuple[Granted, ...]


Press = Callable[[CertificateFacts], Issued]
"""Makes the paper and its verification code, inside the turn that issues the certificate."""


@dataclass(frozen=True)
class Certificates:
    """The certificates within one transaction, as of one day."""

    connection: sqlite3.Connection
    today: date
    numbers: Numbers
    press: Press

    def of(self, uscc: str) -> tuple[KeptCertificate, ...]:
        """The certificates ever issued to the enterprise, newest first."""
        rows = self.connection.execute(
            "SELECT certificate_no, issued_on, voided_on FROM certificates WHERE uscc = ? ORDER BY id DESC", (uscc,)
        )
        return tuple(
            KeptCertificate(
                certificate_no=row["certificate_no"],
                issued_on=row["issued_on"],
                void=row["voided_on"] is not None,
            )
            for row in rows
        )

    def issue(self, enterprise: sqlite3.Row, held: tuple[Granted, ...], application: int | None) -> Issued:
        """Issue a certificate on `held`, asked for by `application`; the one before it becomes void (QLF-121)."""
        issued = self.press(
            CertificateFacts(
                number=self.numbers.certificate_no(enterprise["customs"], self.today),
                issued_on=self.today.isoformat(),
                valid_until=min(one.valid_until for one in held),
                uscc=enterprise["uscc"],
                name=enterprise["name"],
                customs=enterprise["customs"],
                qualifications=held,
            )
        )
        self.void(enterprise["uscc"])
        self._enter(enterprise["uscc"], issued, application)
        return issued

    def void(self, uscc: str) -> None:
        """Make the certificate in force void, if there is one."""
        self.connection.execute(
            "UPDATE certificates SET voided_on = ? WHERE uscc = ? AND voided_on IS NULL", (self.today.isoformat(), uscc)
        )

    def seed(self, uscc: str, number: str, issued_on: date) -> None:
        """Enter a certificate of before; it is the one in force. One that is there already stands as it is."""
        if self.connection.execute("SELECT 1 FROM certificates WHERE certificate_no = ?", (number,)).fetchone():
            return
        self.void(uscc)
        issued = Issued(
            certificate_no=number,
            issued_on=issued_on.isoformat(),
            valid_until=LONG_TERM,
            verification_code="",
            file_name="",
            content=b"",
        )
        self._enter(uscc, issued, None)

    def _enter(self, uscc: str, issued: Issued, application: int | None) -> None:
        self.connection.execute(
            "INSERT INTO certificates (certificate_no, uscc, application, issued_on, valid_until, verification_code) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                issued.certificate_no,
                uscc,
                application,
                issued.issued_on,
                issued.valid_until,
                issued.verification_code,
            ),
        )
