"""The ledger's tables, as migrations: what stands in the file is brought up to date on opening.

Rules of the ledger are constraints here, not ifs elsewhere: no illegal move of a status, no change
of an event, no two applications under one number, one receipt counted once.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from edi.core.status import TRANSITIONS

LEDGER = Migrations("edi-ledger")


@LEDGER(name="001_ledger")
def _ledger(db: Database) -> None:
    """The first shape of the ledger."""
    _files_and_messages(db)
    _applications(db)
    _events(db)
    _outgoing(db)


@LEDGER(name="002_who_and_what")
def _who_and_what(db: Database) -> None:
    """Whose an application is and what it is about, so that queries need not open every message (QLF151)."""
    table = db.table("applications")
    table.add_column("owner", str, not_null_default="")  # USCC of the enterprise that signed it
    table.add_column("types", str, not_null_default="")  # tokens, each between blanks; of old ones not known
    db.execute("""
        update applications set owner = coalesce(
            (select json_extract(signer, '$.uscc') from messages where digest = applications.message), '')""")
    table.create_index(["owner"])


@LEDGER(name="003_jobs")
def _jobs(db: Database) -> None:
    """What the scheduled jobs did, how far each way of telling alarms has come, and what the jobs look up by."""
    db.table("job_runs").create(  # idle runs of one day that follow each other share a row
        {
            "id": int, "name": str, "first_at": str, "started_at": str, "seconds": float, "runs": int, "counts": str,
            "error_zh": str, "error_en": str,
        },
        pk="id",
        not_null={"name", "first_at", "started_at", "seconds", "runs", "counts", "error_zh", "error_en"},
    )  # fmt: skip
    db.table("job_runs").create_index(["name", "id"])
    db.table("alarm_senders").create(
        {"name": str, "told": int, "attempts": int, "due_at": str},
        pk="name",
        not_null={"name", "told", "attempts", "due_at"},
    )
    db.table("files").create_index(["channel", "seen_at"])
    db.table("receipts").create_index(["received_at"])


@LEDGER(name="004_asking_again")
def _asking_again(db: Database) -> None:
    """How often a receiver was asked about a message by sending it again, and when it may be asked next."""
    table = db.table("messages")
    table.add_column("asked", int, not_null_default=0)
    table.add_column("ask_after", str, not_null_default="")


@LEDGER(name="005_newest_first")
def _newest_first(db: Database) -> None:
    """Searches show the newest: an index in that order finds them among a million without sorting all that fit."""
    for column in ("applicant", "status"):
        db.execute(f"drop index idx_applications_{column}")
        db.table("applications").create_index([column, "application_no"])


def _files_and_messages(db: Database) -> None:
    db.table("content").create(  # original bytes, by digest
        {"digest": str, "bytes": bytes}, pk="digest", not_null={"digest", "bytes"}
    )
    db.table("files").create(  # every file ever claimed and what became of it: the balance (exchange 10)
        {
            "claim": str, "channel": str, "name": str, "seen_at": str, "content": str, "outcome": str,
            "message": str, "findings": str, "answer": str,
        },
        pk="claim",
        not_null={"claim", "channel", "name", "seen_at", "outcome"},
    )  # fmt: skip
    db.table("files").create_index(["outcome"])
    db.table("files").create_index(["name"])
    db.table("messages").create(  # accepted messages; the signed digest is what makes two the same (exchange 9)
        {
            "digest": str, "guid": str, "form": str, "channel": str, "claim": str, "file_name": str, "content": str,
            "signer": str, "receiver": str, "answer": str, "dispatch": str, "received_at": str,
        },
        pk="digest",
        not_null={"digest", "guid", "form", "channel", "claim", "content", "signer", "received_at"},
    )  # fmt: skip
    db.table("messages").create_index(["guid"])
    db.table("messages").create_index(["channel", "file_name"])


def _applications(db: Database) -> None:
    db.table("applications").create(
        {
            "guid": str, "application_no": str, "message": str, "form": str, "client_seq_no": str, "applicant": str,
            "applicant_name": str, "customs": str, "status": str, "info": str, "opinion": str, "results": str, "findings": str,
            "created_at": str, "updated_at": str,
        },
        pk="guid",
        not_null={"guid", "application_no", "message", "form", "applicant", "status", "created_at", "updated_at"},
        foreign_keys=[("message", "messages", "digest")],
    )  # fmt: skip
    db.table("applications").create_index(["application_no"], unique=True)
    for column in ("message", "client_seq_no", "applicant", "status"):
        db.table("applications").create_index([column])
    db.table("receipts").create(  # each signed receipt once, however often it arrives
        {"guid": str, "application": str, "code": int, "time": str, "content": str, "verdict": str, "received_at": str},
        pk=("guid", "application"),
        not_null={"guid", "application", "code", "content", "verdict", "received_at"},
    )
    db.table("receipts").create_index(["application"])
    db.table("counters").create({"name": str, "value": int}, pk="name", not_null={"name", "value"})
    db.table("transitions").create({"old": str, "new": str}, pk=("old", "new"))
    db.execute("""
        create trigger applications_move_legally before update of status on applications
        when new.status is not old.status and not exists
             (select 1 from transitions where old = old.status and new = new.status)
        begin select raise(abort, 'illegal move in the status table'); end""")


def _events(db: Database) -> None:
    db.table("events").create(  # append-only and hash-chained (exchange 10)
        {"seq": int, "at": str, "kind": str, "subject": str, "old": str, "new": str, "detail": str, "hash": str},
        pk="seq",
        not_null={"seq", "at", "kind", "subject", "detail", "hash"},
    )
    db.table("events").create_index(["subject"])
    db.execute("create index events_alarms on events (seq) where kind like 'alarm%' or kind = 'healed'")
    for verb in ("update", "delete"):
        db.execute(f"""
            create trigger events_are_for_ever_{verb} before {verb} on events
            begin select raise(abort, 'events are append-only'); end""")


def _outgoing(db: Database) -> None:
    db.table("outgoing").create(  # what is still to be done in the world; recorded before it is done
        {
            "id": int, "kind": str, "place": str, "source": str, "target": str, "content": str, "subject": str,
            "attempts": int, "due_at": str, "trouble": str, "done_at": str,
        },
        pk="id",
        not_null={"kind", "place", "target", "attempts", "due_at"},
        defaults={"attempts": 0},
    )  # fmt: skip
    db.execute("create index outgoing_to_do on outgoing (id) where done_at is null")
    # One waiting status file per place: it will show the latest status anyway.
    db.execute("create unique index outgoing_status on outgoing (target) where done_at is null and kind = 'status'")


def open_database(connection: sqlite3.Connection) -> None:
    """Bring the ledger's schema up to date and its transition table in line with the status table."""
    db = Database(connection)
    LEDGER.apply(db)
    legal = {(old.token, new.token) for old, allowed in TRANSITIONS.items() if old for new in allowed}
    stored = set(connection.execute("select old, new from transitions"))
    if stored != legal:
        with connection:
            connection.execute("delete from transitions")
            connection.executemany("insert into transitions values (?, ?)", sorted(legal))
