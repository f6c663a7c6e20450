"""Status files: the small files beside the answers that show where a message's applications stand (exchange 7)."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from edi.adapters.ledger import Due, Ledger
from edi.core.chain import Head
from edi.core.status import Status
from edi.gateway import names

AT_ONCE = 50
"""Files for which the ledger is asked together: a message may hold a hundred applications, each with papers."""

_NEWEST = """
    select asked.digest as asked, m.digest, m.guid, m.file_name, max(m.received_at)
    from json_each(?) wanted join messages asked on asked.digest = wanted.value
    join messages m on m.channel = asked.channel and m.file_name = asked.file_name
    group by asked.digest"""
_APPLICATIONS = """
    select applications.* from json_each(?) wanted join applications on applications.message = wanted.value
    order by applications.application_no"""


def status_files(ledger: Ledger, due: Iterable[Due], head: Head) -> Iterator[tuple[int, bytes]]:
    """The present status of what came under one file name, of the newest message if there were several.

    By the number of the task; a task of a message that the ledger does not know is left out. Raises TryLater.
    """
    coming = iter(due)
    while some := list(itertools.islice(coming, AT_ONCE)):
        newest = {row["asked"]: row for row in ledger.rows(_NEWEST, [_listed(one.task.subject for one in some)])}
        applications: dict[str, list[sqlite3.Row]] = {row["digest"]: [] for row in newest.values()}
        for row in ledger.rows(_APPLICATIONS, [_listed(applications)]):
            applications[row["message"]].append(row)
        for one in some:
            if message := newest.get(one.task.subject):
                yield one.id, _status_file(one.task.target, message, applications[message["digest"]], head)


def _listed(digests: Iterable[str]) -> str:
    """Each once, for `json_each`."""
    return json.dumps(list(dict.fromkeys(digests)))


def _status_file(target: str, message: sqlite3.Row, rows: Sequence[sqlite3.Row], head: Head) -> bytes:
    name, file = target.rpartition("/")[2], message["file_name"]
    applications = [_shown(row) for row in rows]
    if name != names.status_file(file):  # the same message came again under another name, and is shown there
        file, applications = name.removesuffix(names.STATUS_ENDING), []
    alone = applications[0] if len(applications) == 1 else {}
    if not applications:  # a draft that was deleted, or submitted with another file
        alone = {"status": "SUPERSEDED", "statusText": "已由后来的报文取代或删除"}
    shown = {
        "file": file,
        "messageGuid": message["guid"],
        **alone,
        "applications": applications,
        "chain": {"seq": head.seq, "head": head.hash},
    }
    return json.dumps(shown, ensure_ascii=False).encode("utf-8") + b"\n"


def _shown(row: sqlite3.Row) -> dict[str, object]:
    return {
        "guid": row["guid"],
        "applicationNo": row["application_no"],
        "clientSeqNo": row["client_seq_no"] or "",
        "status": row["status"],
        "statusText": Status[row["status"]].text,
        "info": row["info"] or "",
        "opinion": row["opinion"] or "",
        "results": json.loads(row["results"] or "{}"),
        "findings": json.loads(row["findings"] or "[]"),
        "updatedAt": row["updated_at"],
    }
