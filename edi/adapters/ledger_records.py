"""Rows of the ledger as the records that people and programs are shown; keys are camelCase, times UTC."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from edi.core.status import Status

Record = dict[str, Any]

REMINDER = "reminder:"
"""How the subject of a reminder begins."""


def application(row: sqlite3.Row) -> Record:
    """One line of the list of applications."""
    return {
        "guid": row["guid"],
        "applicationNo": row["application_no"],
        "clientSeqNo": row["client_seq_no"] or "",
        "messageType": row["form"],
        "applicant": row["applicant"],
        "applicantName": row["applicant_name"],
        "customs": row["customs"],
        "status": row["status"],
        "statusText": Status[row["status"]].text,
        "updatedAt": row["updated_at"],
        "createdAt": row["created_at"],
        "channel": row["channel"],
        "file": row["file_name"],
    }


def application_details(row: sqlite3.Row) -> Record:
    """What customs said of it, and the message it came with."""
    return {
        "info": row["info"] or "",
        "opinion": row["opinion"] or "",
        "results": json.loads(row["results"] or "{}"),
        "findings": json.loads(row["findings"] or "[]"),
        "signer": json.loads(row["signer"]),
        "messageGuid": row["message_guid"],
        "messageDigest": row["message_digest"],
    }


def history(events: Iterable[sqlite3.Row]) -> list[Record]:
    """Events of one application."""
    return [
        {
            "seq": event["seq"],
            "at": event["at"],
            "event": event["kind"],
            "from": event["old"],
            "to": event["new"],
            "toText": Status[event["new"]].text if event["new"] else "",
            "detail": json.loads(event["detail"]),
        }
        for event in events
    ]


def file_record(row: sqlite3.Row) -> Record:
    """A file and what became of it."""
    return {
        "claim": row["claim"],
        "channel": row["channel"],
        "file": row["name"],
        "seenAt": row["seen_at"],
        "outcome": row["outcome"],
        "findings": json.loads(row["findings"] or "[]"),
    }


def waiting_task(row: sqlite3.Row) -> Record:
    """A task held back by an outage."""
    return {
        "what": _what(row),
        "file": row["file"] or "",
        "applications": json.loads(row["numbers"]),
        "place": row["place"],
        "target": row["target"],
        "cause": row["trouble"] or "",
        "attempts": row["attempts"],
        "nextTryAt": row["due_at"],
    }


def _what(row: sqlite3.Row) -> str:
    """What it is about: dispatch, answer, receipt, reminder, status, original or quarantine."""
    if row["kind"] != "write":
        return "original" if row["kind"] == "move" else str(row["kind"])
    if str(row["subject"]).startswith(REMINDER):
        return "reminder"
    if not row["subject"] or row["outcome"] == "QUARANTINED":
        return "quarantine"
    named = {row["dispatch"]: "dispatch", row["answer"]: "answer"}
    return named.get(row["content"], "receipt")


def alarms(rows: Iterable[sqlite3.Row]) -> list[Record]:
    """Events that ask for a person's attention; an event `healed` of the same subject ends those before it."""
    listed: list[Record] = []
    open_ones: dict[str, list[Record]] = {}
    for row in rows:
        mine = open_ones.setdefault(row["subject"], [])
        if row["kind"] != "healed":
            listed.append(_alarm(row))
            mine.append(listed[-1])
            continue
        for one in mine:
            one["over"] = True
        mine.clear()
    return listed


def _alarm(row: sqlite3.Row) -> Record:
    return {
        "seq": row["seq"],
        "at": row["at"],
        "kind": row["kind"],
        "subject": row["subject"],
        "applicationNo": row["application_no"] or "",
        "file": row["file"] or "",
        "over": False,
        "detail": json.loads(row["detail"]),
    }
