"""Customs' register: who holds what, and what approval changes.

`Register` is the register as of one day within one transaction; forms see it as a `RegisterView`. Qualifications,
declarants, certificates and numbers have rooms of their own beside it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import date

from edi.core.register import (
    AmendDeclarant,
    Effect,
    EndQualification,
    EnrolDeclarant,
    ExtendQualification,
    GrantQualification,
    Held,
    IssueCertificate,
    RecordEnterprise,
    StrikeDeclarant,
    TellFiling,
)
from edi.core.results import Enrolled, FilingRecord, Granted, Issued, KeptCertificate, KeptDeclarant
from edi.customs.certificates import Certificates, Press
from edi.customs.holdings import Holdings, granted
from edi.customs.numbers import Numbers
from edi.customs.people import People
from edi.errors import UserError
from edi.messages.canonical import parsed

Told = Granted | Enrolled | Issued | FilingRecord
"""What a receipt can tell of an effect."""


@dataclass(frozen=True)
class Register:
    """The register as of `today`, as one application may see it."""

    connection: sqlite3.Connection
    today: date
    seed: int
    press: Press
    application: int | None = None
    """The application that looks: it sees claims of earlier ones, not its own and not those of later ones."""
    _held: dict[str, tuple[Held, ...]] = field(default_factory=dict, compare=False)
    """What was answered, by enterprise: several rules ask the same. It stands until something is carried out."""
    _pending: dict[str, frozenset[str]] = field(default_factory=dict, compare=False)
    """The same of claims; nothing that is carried out changes them."""

    @property
    def numbers(self) -> Numbers:
        """The numbers customs gives."""
        return Numbers(self.connection, self.seed)

    @property
    def people(self) -> People:
        """The declarants on record."""
        return People(self.connection, self.today, self.numbers)

    @property
    def issued(self) -> Certificates:
        """The certificates."""
        return Certificates(self.connection, self.today, self.numbers, self.press)

    @property
    def holdings(self) -> Holdings:
        """The qualifications."""
        return Holdings(self.connection, self.today, self.numbers)

    # What forms see

    def held(self, uscc: str) -> tuple[Held, ...]:
        """Qualifications of the enterprise that are valid today."""
        if uscc not in self._held:
            self._held[uscc] = self.holdings.held(uscc)
        return self._held[uscc]

    def pending(self, uscc: str) -> frozenset[str]:
        """Tokens claimed by applications of the enterprise that are under way (申请中)."""
        if uscc not in self._pending:
            rows = self.connection.execute(
                "SELECT token FROM claims WHERE uscc = ? AND (application IS NULL OR ? IS NULL OR application < ?)",
                (uscc, self.application, self.application),
            )
            self._pending[uscc] = frozenset(row["token"] for row in rows)
        return self._pending[uscc]

    def customs_of(self, uscc: str) -> str:
        """The competent customs on record, empty if the enterprise was never filed."""
        row = self.enterprise(uscc)
        return row["customs"] if row else ""

    def parent_of(self, uscc: str) -> str:
        """USCC of the enterprise's parent on record, empty if there is none."""
        row = self.enterprise(uscc)
        if row is None or not row["record"]:
            return ""
        # In records of the first release the inner elements have lost their namespace.
        return parsed(row["record"]).findtext("{*}enterprise/{*}parentUscc") or ""

    def declarants(self, uscc: str) -> tuple[KeptDeclarant, ...]:
        """The declarants of the enterprise on record."""
        return self.people.of(uscc)

    def certificates(self, uscc: str) -> tuple[KeptCertificate, ...]:
        """The certificates ever issued to the enterprise, newest first."""
        return self.issued.of(uscc)

    def filed_for(self, agent: str, uscc: str) -> bool:
        """True if customs has stored an application about the enterprise that `agent` signed.

        Queries are never LODGED, so they do not count; what customs returned or did not approve neither.
        """
        return bool(
            self.connection.execute(
                "SELECT 1 FROM applications JOIN messages ON messages.id = applications.message "
                "WHERE applicant = ? AND signed_by = ? AND status IN ('LODGED', 'UNDER_REVIEW', 'APPROVED') LIMIT 1",
                (uscc, agent),
            ).fetchone()
        )

    # What is on record

    def enterprise(self, uscc: str) -> sqlite3.Row | None:
        """The row of an enterprise, None if it was never filed."""
        row: sqlite3.Row | None = self.connection.execute(
            "SELECT uscc, name, customs, record, recorded_on FROM enterprises WHERE uscc = ?", (uscc,)
        ).fetchone()
        return row

    def filing(self, uscc: str, only: str = "") -> FilingRecord | None:
        """What is on record of an enterprise; None if it is unknown, or never had the one type asked for."""
        row, kept = self.enterprise(uscc), self.holdings.kept(uscc, only)
        if row is None or (only and not kept):
            return None
        return FilingRecord(
            uscc=uscc,
            name=row["name"],
            customs=row["customs"],
            recorded_on=row["recorded_on"],
            qualifications=kept,
            blocks=row["record"],
            declarants=self.declarants(uscc),
            certificates=self.certificates(uscc),
        )

    # What approval does

    def carry_out(self, effect: Effect) -> Told | None:
        """Change the register; the answer is what the receipt tells of it.

        Raises UserError where that has become impossible since the application was checked.
        """
        told: Told | None = None
        self._held.clear()
        match effect:
            case RecordEnterprise():
                self._record(effect)
            case GrantQualification():
                told = self.holdings.grant(effect)
            case EndQualification():
                told = self._end(effect)
            case ExtendQualification():
                told = self.holdings.extend(effect)
            case EnrolDeclarant():
                told = self.people.enrol(effect)
            case AmendDeclarant():
                told = self.people.amend(effect)
            case StrikeDeclarant():
                self.people.strike(effect)
            case IssueCertificate():
                told = self._issue(effect)
            case TellFiling():
                told = self.filing(effect.uscc, effect.type)
        return told

    def _record(self, effect: RecordEnterprise) -> None:
        self.connection.execute(
            "INSERT INTO enterprises (uscc, name, customs, division, record, recorded_on) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (uscc) DO UPDATE SET name = excluded.name, customs = excluded.customs, "
            "division = excluded.division, record = excluded.record, recorded_on = excluded.recorded_on",
            (effect.uscc, effect.name, effect.customs, effect.division, effect.record, self.today.isoformat()),
        )

    def _end(self, effect: EndQualification) -> Granted | None:
        """End a qualification. With the last one the certificate becomes void: nothing it certifies still stands."""
        told = self.holdings.end(effect)
        if not self.held(effect.uscc):
            self.issued.void(effect.uscc)
        return told

    def _issue(self, effect: IssueCertificate) -> Issued:
        """Certify what is held on the day of the decision."""
        enterprise, held = self.enterprise(effect.uscc), self.held(effect.uscc)
        if enterprise is None or not held:
            raise UserError(
                "企业的资质已全部注销或过期，不能签发备案证明；请审批不通过",
                "All that the enterprise held was cancelled or has expired, so there is nothing to certify; disapprove "
                "the application",
            )
        return self.issued.issue(enterprise, tuple(map(granted, held)), self.application)
