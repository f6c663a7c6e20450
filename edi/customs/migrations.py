"""The schema of customs' register, and every change of it, in order. A released migration never changes.

What must never be doubled or contradict itself is held by keys and unique indexes, not by care.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("customs")

_FIRST = (
    # One row: how far customs' clock runs ahead of the real one.
    """
    CREATE TABLE clock (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        offset_seconds INTEGER NOT NULL CHECK (offset_seconds >= 0)
    ) STRICT
    """,
    "INSERT INTO clock (id, offset_seconds) VALUES (1, 0)",
    # Sources of all numbers customs gives; they only grow.
    """
    CREATE TABLE counters (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL CHECK (value > 0)
    ) STRICT, WITHOUT ROWID
    """,
    # Files taken whose claimed copy may still lie in the folder: after a crash they are not read twice.
    """
    CREATE TABLE arrivals (
        token TEXT PRIMARY KEY
    ) STRICT, WITHOUT ROWID
    """,
    # Messages of which at least one application was stored, as their signer signed them.
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        received_at TEXT NOT NULL,
        sender TEXT NOT NULL,
        message_id TEXT NOT NULL,
        form TEXT NOT NULL,
        signed_by TEXT NOT NULL,
        content BLOB NOT NULL,
        raw_digest TEXT
    ) STRICT
    """,
    # raw_digest is set while every application of the message stands: the same bytes are then dropped.
    "CREATE UNIQUE INDEX message_stands ON messages (raw_digest) WHERE raw_digest IS NOT NULL",
    # The life of each application that arrived in good order; `due` is its next turn, `trouble` our own fault.
    """
    CREATE TABLE applications (
        id INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES messages (id),
        position INTEGER NOT NULL,
        guid TEXT NOT NULL,
        application_no TEXT NOT NULL,
        client_seq_no TEXT NOT NULL,
        form TEXT NOT NULL,
        applicant TEXT NOT NULL,
        applicant_name TEXT NOT NULL,
        customs TEXT NOT NULL,
        sender TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN
            ('SUBMITTED', 'LODGED', 'LODGE_FAILED', 'REFUSED', 'UNDER_REVIEW', 'APPROVED', 'DISAPPROVED')),
        stage INTEGER NOT NULL,
        since TEXT NOT NULL,
        due TEXT,
        trouble TEXT NOT NULL DEFAULT '',
        CHECK (due IS NULL OR status IN ('SUBMITTED', 'LODGED', 'UNDER_REVIEW'))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX application_in_message ON applications (message, position)",
    "CREATE INDEX application_by_guid ON applications (guid)",
    "CREATE INDEX application_by_no ON applications (application_no)",
    "CREATE INDEX application_by_client ON applications (client_seq_no)",
    "CREATE INDEX application_turn ON applications (due, stage, id) WHERE due IS NOT NULL",
    """
    CREATE INDEX application_waiting ON applications (id)
        WHERE due IS NULL AND status IN ('LODGED', 'UNDER_REVIEW')
    """,
    # Every status an application entered; none twice.
    """
    CREATE TABLE history (
        application INTEGER NOT NULL REFERENCES applications (id),
        status TEXT NOT NULL,
        entered_at TEXT NOT NULL,
        PRIMARY KEY (application, status)
    ) STRICT, WITHOUT ROWID
    """,
    # What customs has: one content for each guid (QLF-130). A failed application leaves it again.
    """
    CREATE TABLE stored (
        guid TEXT PRIMARY KEY,
        digest TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # Tokens occupied while an application is under way (申请中); without application: seeded.
    """
    CREATE TABLE claims (
        uscc TEXT NOT NULL,
        token TEXT NOT NULL,
        application INTEGER REFERENCES applications (id)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX claim_once ON claims (uscc, token, coalesce(application, 0))",
    "CREATE INDEX claim_of ON claims (application)",
    """
    CREATE TABLE enterprises (
        uscc TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        customs TEXT NOT NULL,
        division TEXT NOT NULL,
        record TEXT NOT NULL,
        recorded_on TEXT NOT NULL
    ) STRICT
    """,
    # ended_on is set when a qualification is replaced after its expiry; the row stays as history.
    """
    CREATE TABLE qualifications (
        id INTEGER PRIMARY KEY,
        uscc TEXT NOT NULL REFERENCES enterprises (uscc),
        type TEXT NOT NULL,
        filing_code TEXT UNIQUE CHECK (length(filing_code) = 10),
        valid_from TEXT NOT NULL,
        valid_until TEXT NOT NULL,
        ended_on TEXT
    ) STRICT
    """,
    "CREATE UNIQUE INDEX qualification_once ON qualifications (uscc, type) WHERE ended_on IS NULL",
    """
    CREATE TABLE declarants (
        declarant_no TEXT PRIMARY KEY,
        uscc TEXT NOT NULL REFERENCES enterprises (uscc),
        name TEXT NOT NULL,
        doc_type TEXT NOT NULL,
        doc_no TEXT NOT NULL,
        mobile TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX declarant_once ON declarants (uscc, doc_type, doc_no)",
    # Signed receipts as they go out; written to the folder after the commit, so that a crash repeats the same bytes.
    """
    CREATE TABLE receipts (
        id INTEGER PRIMARY KEY,
        guid TEXT NOT NULL,
        application INTEGER REFERENCES applications (id),
        code INTEGER NOT NULL,
        said_at TEXT NOT NULL,
        file_name TEXT NOT NULL UNIQUE,
        body BLOB NOT NULL,
        delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX receipt_once ON receipts (application, code) WHERE application IS NOT NULL",
    "CREATE INDEX receipt_by_guid ON receipts (guid, said_at)",
    "CREATE INDEX receipt_to_deliver ON receipts (id) WHERE delivered = 0",
)


@MIGRATIONS()
def m001_register(database: Database) -> None:
    """The register as first released."""
    for statement in _FIRST:
        database.execute(statement)


_SECOND = (
    # Why a qualification ended. A successor replaces what had expired; until now there was no other reason.
    """
    ALTER TABLE qualifications ADD COLUMN ended_because TEXT
        CHECK (ended_because IS NULL OR ended_on IS NOT NULL AND ended_because IN ('CANCELLED', 'SUCCEEDED'))
    """,
    "UPDATE qualifications SET ended_because = 'SUCCEEDED' WHERE ended_on IS NOT NULL",
    # Validity as it was before each renewal; nothing is prolonged twice from the same day.
    """
    CREATE TABLE renewals (
        qualification INTEGER NOT NULL REFERENCES qualifications (id),
        renewed_on TEXT NOT NULL,
        valid_until_before TEXT NOT NULL,
        valid_until TEXT NOT NULL CHECK (valid_until > valid_until_before),
        PRIMARY KEY (qualification, valid_until_before)
    ) STRICT, WITHOUT ROWID
    """,
)


@MIGRATIONS()
def m002_endings_and_renewals(database: Database) -> None:
    """Qualifications end by cancellation and are prolonged by renewal."""
    for statement in _SECOND:
        database.execute(statement)


_THIRD = (
    # Statuses of certificates and queries. SQLite cannot widen a CHECK: the table is made anew around its rows, and
    # what points at them is checked at the end of the transaction.
    "PRAGMA defer_foreign_keys = ON",
    "CREATE TEMPORARY TABLE applications_before AS SELECT * FROM applications",
    "DROP TABLE applications",
    """
    CREATE TABLE applications (
        id INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES messages (id),
        position INTEGER NOT NULL,
        guid TEXT NOT NULL,
        application_no TEXT NOT NULL,
        client_seq_no TEXT NOT NULL,
        form TEXT NOT NULL,
        applicant TEXT NOT NULL,
        applicant_name TEXT NOT NULL,
        customs TEXT NOT NULL,
        sender TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN
            ('SUBMITTED', 'LODGED', 'LODGE_FAILED', 'REFUSED', 'UNDER_REVIEW', 'APPROVED', 'DISAPPROVED',
             'ISSUED', 'VOID', 'ANSWERED')),
        stage INTEGER NOT NULL,
        since TEXT NOT NULL,
        due TEXT,
        trouble TEXT NOT NULL DEFAULT '',
        CHECK (due IS NULL OR status IN ('SUBMITTED', 'LODGED', 'UNDER_REVIEW'))
    ) STRICT
    """,
    """
    INSERT INTO applications (id, message, position, guid, application_no, client_seq_no, form, applicant,
        applicant_name, customs, sender, status, stage, since, due, trouble)
    SELECT id, message, position, guid, application_no, client_seq_no, form, applicant,
        applicant_name, customs, sender, status, stage, since, due, trouble FROM applications_before
    """,
    "DROP TABLE applications_before",
    "CREATE UNIQUE INDEX application_in_message ON applications (message, position)",
    "CREATE INDEX application_by_guid ON applications (guid)",
    "CREATE INDEX application_by_no ON applications (application_no)",
    "CREATE INDEX application_by_client ON applications (client_seq_no)",
    "CREATE INDEX application_of ON applications (applicant)",
    "CREATE INDEX application_turn ON applications (due, stage, id) WHERE due IS NOT NULL",
    # A query in trouble waits for a person as well, though it is not lodged.
    """
    CREATE INDEX application_waiting ON applications (id)
        WHERE due IS NULL AND (status IN ('LODGED', 'UNDER_REVIEW') OR trouble <> '')
    """,
    # A declarant who was struck off stays as history, and may come back under another number.
    "ALTER TABLE declarants ADD COLUMN nationality TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE declarants ADD COLUMN struck_on TEXT",
    "DROP INDEX declarant_once",
    "CREATE UNIQUE INDEX declarant_once ON declarants (uscc, doc_type, doc_no) WHERE struck_on IS NULL",
    # Certificates issued, at most one of an enterprise in force; without application: seeded.
    """
    CREATE TABLE certificates (
        id INTEGER PRIMARY KEY,
        certificate_no TEXT NOT NULL UNIQUE,
        uscc TEXT NOT NULL REFERENCES enterprises (uscc),
        application INTEGER UNIQUE REFERENCES applications (id),
        issued_on TEXT NOT NULL,
        valid_until TEXT NOT NULL,
        verification_code TEXT NOT NULL,
        voided_on TEXT CHECK (voided_on IS NULL OR voided_on >= issued_on)
    ) STRICT
    """,
    "CREATE INDEX certificate_of ON certificates (uscc)",
    "CREATE UNIQUE INDEX certificate_in_force ON certificates (uscc) WHERE voided_on IS NULL",
)


@MIGRATIONS()
def m003_certificates_changes_and_queries(database: Database) -> None:
    """Certificates, statuses of certificates and queries, declarants that are changed and struck off."""
    for statement in _THIRD:
        database.execute(statement)


@MIGRATIONS()
def m004_receipts_repeated(database: Database) -> None:
    """How often a receipt was put out again because the same filing came again."""
    database.execute("ALTER TABLE receipts ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0")


_FIFTH = (
    # Signed letters as they go out, each about one or more applications; written to the folder after the commit, so that
    # a crash repeats the same bytes. Until now every letter spoke of one application and stood in the row of its receipt.
    """
    CREATE TABLE letters (
        id INTEGER PRIMARY KEY,
        file_name TEXT NOT NULL UNIQUE,
        body BLOB NOT NULL,
        delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1)),
        repeats INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "INSERT INTO letters SELECT id, file_name, body, delivered, repeats FROM receipts",
    "CREATE INDEX letter_to_deliver ON letters (id) WHERE delivered = 0",
    # What was said of which application. There is no letter 0: a word cannot be committed before it stands in one.
    "CREATE TEMPORARY TABLE receipts_before AS SELECT * FROM receipts",
    "DROP TABLE receipts",
    """
    CREATE TABLE receipts (
        id INTEGER PRIMARY KEY,
        guid TEXT NOT NULL,
        application INTEGER REFERENCES applications (id),
        code INTEGER NOT NULL,
        said_at TEXT NOT NULL,
        letter INTEGER NOT NULL DEFAULT 0 REFERENCES letters (id) DEFERRABLE INITIALLY DEFERRED
    ) STRICT
    """,
    "INSERT INTO receipts SELECT id, guid, application, code, said_at, id FROM receipts_before",
    "DROP TABLE receipts_before",
    "CREATE UNIQUE INDEX receipt_once ON receipts (application, code) WHERE application IS NOT NULL",
    "CREATE INDEX receipt_by_guid ON receipts (guid, said_at)",
    "CREATE INDEX receipt_in_letter ON receipts (letter)",
)


@MIGRATIONS()
def m005_letters_about_several_applications(database: Database) -> None:
    """A letter may speak of several applications of one message."""
    for statement in _FIFTH:
        database.execute(statement)


_SIXTH = (
    """
    CREATE TRIGGER application_arrives AFTER INSERT ON applications BEGIN
        INSERT INTO history (application, status, entered_at) VALUES (new.id, new.status, new.since);
    END
    """,
    """
    CREATE TRIGGER application_moves AFTER UPDATE OF status ON applications BEGIN
        INSERT INTO history (application, status, entered_at) VALUES (new.id, new.status, new.since);
    END
    """,
)


@MIGRATIONS()
def m006_history_by_itself(database: Database) -> None:
    """Every status an application enters is noted by the register itself."""
    for statement in _SIXTH:
        database.execute(statement)
