"""Customs' docket: messages received, applications, their claims and their statuses, as rows.

Everything here runs inside a transaction of the caller. An application's status moves only along
the status table (`edi.core.status`); the docket refuses any other move.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from edi.core.form import Form
from edi.core.node import Node
from edi.core.status import Status, check_transition
from edi.core.times import from_iso, iso
from edi.messages.business import business_nodes
from edi.messages.canonical import parsed

_STAGES = {Status.SUBMITTED: 0, Status.LODGED: 1, Status.UNDER_REVIEW: 2}
"""Of turns due at one moment the earlier stages come first: a batch is lodged as a whole before any of it is
checked, so that two filings for one type meet as 申请中 (QLF-102)."""

_SELECT = (
    "SELECT id, message, position, guid, application_no, client_seq_no, form, applicant, applicant_name, customs, "
    "sender, status, since, due, trouble FROM applications"
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An application on the docket."""

    id: int
    """Order of arrival."""
    message: int
    position: int
    """Which business node of its message, from 0."""
    guid: str
    application_no: str
    client_seq_no: str
    form: str
    applicant: str
    applicant_name: str
    customs: str
    sender: str
    """DXP id of the node that sent it; its receipts go there."""
    status: Status
    since: datetime
    """When it entered the status."""
    due: datetime | None
    """Its next turn; None where a person or nobody moves it on."""
    trouble: str
    """What went wrong on our side; then it waits for a person."""


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """A message about to be entered."""

    message_id: str
    sender: str
    form: str
    signed_by: str
    """USCC of the signer's enterprise."""
    content: bytes
    """The signed content."""


@dataclass(frozen=True, kw_only=True)
class NewApplication:
    """An application about to be entered."""

    position: int
    guid: str
    digest: str
    application_no: str
    client_seq_no: str
    applicant: str
    applicant_name: str
    customs: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Docket:
    """The docket within one transaction."""

    connection: sqlite3.Connection

    # Arrivals

    def arrived(self, tokens: Iterable[str]) -> frozenset[str]:
        """Those of the claimed files that were entered before; all others are forgotten, they are gone for good."""
        present = json.dumps(list(tokens))
        self.connection.execute("DELETE FROM arrivals WHERE token NOT IN (SELECT value FROM json_each(?))", (present,))
        return frozenset(row["token"] for row in self.connection.execute("SELECT token FROM arrivals"))

    def note_arrival(self, token: str) -> None:
        """Remember, with everything the file brought, that it was read."""
        self.connection.execute("INSERT INTO arrivals (token) VALUES (?)", (token,))

    def stands(self, raw_digest: str) -> bool:
        """True if these very bytes were received and every application in them was stored."""
        return self._one("SELECT 1 FROM messages WHERE raw_digest = ?", raw_digest) is not None

    def stored_digests(self, guids: Iterable[str]) -> dict[str, str]:
        """Of the stored applications among these the digest of the message that each came in, by guid."""
        query = "SELECT guid, digest FROM stored WHERE guid IN (SELECT value FROM json_each(?))"
        return {row["guid"]: row["digest"] for row in self.connection.execute(query, (json.dumps(list(guids)),))}

    def failed_before(self, guid: str, code: int) -> bool:
        """True if a receipt of this code was given for an application of this guid."""
        return self._one("SELECT 1 FROM receipts WHERE guid = ? AND code = ?", guid, code) is not None

    def enter_message(self, message: NewMessage, at: datetime, raw_digest: str | None = None) -> int:
        """Enter a message and return its number. With `raw_digest` it stands: from now on the same bytes are dropped."""
        number = self.connection.execute(
            "INSERT INTO messages (received_at, sender, message_id, form, signed_by, content, raw_digest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (iso(at), message.sender, message.message_id, message.form, message.signed_by, message.content, raw_digest),
        ).lastrowid
        assert number is not None, "an INSERT gives a row number"
        return number

    def enter(self, new: Sequence[tuple[NewApplication, datetime]], message: int, *, at: datetime) -> None:
        """Enter applications of a message as SUBMITTED, each with what it claims and with the moment of its first turn."""
        self.connection.executemany(
            "INSERT INTO stored (guid, digest) VALUES (?, ?)", [(one.guid, one.digest) for one, _ in new]
        )
        self.connection.executemany(
            "INSERT INTO applications (message, position, guid, application_no, client_seq_no, applicant, "
            "applicant_name, customs, form, sender, status, stage, since, due) "
            "SELECT id, ?, ?, ?, ?, ?, ?, ?, form, sender, ?, ?, ?, ? FROM messages WHERE id = ?",
            [
                (
                    one.position, one.guid, one.application_no, one.client_seq_no, one.applicant, one.applicant_name,
                    one.customs, Status.SUBMITTED.token, _STAGES[Status.SUBMITTED], iso(at), iso(due), message,
                )
                for one, due in new
            ],
        )  # fmt: skip
        self.connection.executemany(
            "INSERT INTO claims (uscc, token, application) "
            "SELECT applicant, ?, id FROM applications WHERE message = ? AND position = ?",
            [(token, message, one.position) for one, _ in new for token in one.claims],
        )

    # Turns

    def next_turns(self, now: datetime, limit: int) -> list[Entry]:
        """The applications whose turn is next, of one stage and due at one moment; empty if none is.

        They are up to `limit` and the rest of the last one's message, so that customs speaks of them together. What
        becomes due by their turns is of a later moment or a later stage: it never comes between them.
        """
        first = "SELECT due, stage FROM applications WHERE due <= ? ORDER BY due, stage, id LIMIT 1"
        rows = self.connection.execute(
            f"{_SELECT} WHERE due IS NOT NULL AND (due, stage) = ({first}) ORDER BY id LIMIT ?", (iso(now), limit)
        ).fetchall()
        if len(rows) == limit:
            rows += self.connection.execute(
                f"{_SELECT} INDEXED BY application_in_message WHERE message = ?1 AND id > ?2 "  # noqa: S608
                "AND (due, stage) = (SELECT due, stage FROM applications WHERE id = ?2) ORDER BY id",
                (rows[-1]["message"], rows[-1]["id"]),
            )
        return [_entry(row) for row in rows]

    def nodes(self, message: int, form: Form) -> list[Node]:
        """The business nodes of the message, as signed."""
        query = "SELECT content FROM messages WHERE id = ?"
        (signed,) = self.connection.execute(query, (message,)).fetchone()
        return business_nodes(parsed(signed), form)

    def move(self, entry: Entry, status: Status, *, at: datetime, due: datetime | None) -> None:
        """Let the application enter `status`; what it claims ends with its last status."""
        check_transition(entry.status, status)
        self.connection.execute(
            "UPDATE applications SET status = ?, stage = ?, since = ?, due = ?, trouble = '' WHERE id = ?",
            (status.token, _STAGES.get(status, 0), iso(at), iso(due) if due else None, entry.id),
        )
        if status.final or status is Status.LODGE_FAILED:
            self.connection.execute("DELETE FROM claims WHERE application = ?", (entry.id,))
        if status is Status.LODGE_FAILED:
            self._forget(entry)

    def stop(self, entry: Entry, trouble: str = "") -> None:
        """Leave the application where it is, with no turn to come by itself."""
        self.connection.execute("UPDATE applications SET due = NULL, trouble = ? WHERE id = ?", (trouble, entry.id))

    def _forget(self, entry: Entry) -> None:
        """What failed is not stored: guid and message may come again."""
        self.connection.execute("DELETE FROM stored WHERE guid = ?", (entry.guid,))
        self.connection.execute("UPDATE messages SET raw_digest = NULL WHERE id = ?", (entry.message,))

    # Looking up

    def waiting(self) -> Iterator[Entry]:
        """Open applications with no turn to come by itself, oldest first."""
        rows = self.connection.execute(
            f"{_SELECT} WHERE due IS NULL AND (status IN ('LODGED', 'UNDER_REVIEW') OR trouble <> '') ORDER BY id"
        )
        return map(_entry, rows)

    def outlived(self, uscc: str) -> list[Entry]:
        """Applications of the enterprise that still say ISSUED while their certificate is void, oldest first."""
        void = "SELECT application FROM certificates WHERE uscc = ?1 AND voided_on IS NOT NULL"
        rows = self.connection.execute(
            f"{_SELECT} WHERE applicant = ?1 AND status = 'ISSUED' AND id IN ({void}) ORDER BY id", (uscc,)
        )
        return [_entry(row) for row in rows]

    def find(self, key: str) -> list[Entry]:
        """Applications by applicationNo, guid or clientSeqNo, oldest first; failed ones are not stored."""
        rows = self.connection.execute(
            f"{_SELECT} WHERE (application_no = ?1 OR guid = upper(?1) OR client_seq_no = ?1) "
            "AND status <> 'LODGE_FAILED' ORDER BY id",
            (key,),
        )
        return [_entry(row) for row in rows]

    def get(self, application: int) -> Entry:
        """The application as it stands now."""
        return _entry(self.connection.execute(f"{_SELECT} WHERE id = ?", (application,)).fetchone())

    def claims_of(self, entry: Entry) -> list[str]:
        """Tokens the application occupies."""
        rows = self.connection.execute("SELECT token FROM claims WHERE application = ? ORDER BY rowid", (entry.id,))
        return [row["token"] for row in rows]

    # Inside

    def _one(self, statement: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.connection.execute(statement, values).fetchone()
        return row


def _entry(row: sqlite3.Row) -> Entry:
    values = dict(row)
    return Entry(
        **values
        | {
            "status": Status[row["status"]],
            "since": from_iso(row["since"]),
            "due": from_iso(row["due"]) if row["due"] else None,
        }
    )
