"""Archive and retention: what is old and resolved leaves the boxes and the ledger, as configured (exchange 10).

Receipts, events, and the signed messages themselves are never pruned, and nothing of a file whose
applications still wait for a word, or that has a task open. An original leaves its box only after the
archive that holds it is on the disk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from edi.adapters.archives import Original, archive_files
from edi.adapters.boxes import readable_name
from edi.adapters.files import TEMPORARY_PREFIX, regular_files, sync_folders
from edi.adapters.job_book import LATEST
from edi.app.office import Office
from edi.app.ops.shelves import clear_shelves
from edi.core.status import FINAL
from edi.core.times import CHINA, iso

AT_ONCE = 2000
"""Rows or files of one step: the exchange waits no longer than that for its turn."""
_MARKED = re.compile("_([0-9a-f]+-[0-9a-f]{12})(?:[.][^.]*)?$")
"""How the name of an original ends whose name was taken already (`edi.gateway.names.with_mark`)."""

_RESOLVED = f"""
    not exists (select 1 from outgoing o where o.done_at is null and o.subject in (f.claim, f.message))
    and not exists (select 1 from applications a where a.message = f.message
                    and a.status not in ({", ".join(f"'{one.token}'" for one in sorted(FINAL, key=lambda s: s.token))}))"""  # noqa: S608
"""True of a file `f` with which nothing is left to be done."""
_USED = (
    "select content as digest from files union all select answer from files union all select content from messages "
    "union all select answer from messages union all select dispatch from messages "
    "union all select content from receipts union all select content from outgoing"
)


def prune(office: Office) -> dict[str, int]:
    """Archive and prune everything that is due; how much, by kind."""
    keep = office.config.retention
    return {
        "originals": _originals(office, _before(office, keep.originals_days)),
        "tasks": _tasks(office, _before(office, keep.tasks_days)),
        "contents": _contents(office, _before(office, keep.content_days)),
        "jobRuns": _job_runs(office, _before(office, keep.job_runs_days)),
        "taken": clear_shelves(office, _before(office, keep.taken_days), _RESOLVED),
    }


def _before(office: Office, days: int) -> str:
    """The moment before which things are old; before everything if they are kept for ever."""
    return iso(office.clock() - timedelta(days=days)) if days else ""


def _tasks(office: Office, before: str) -> int:
    return _in_steps(
        office,
        "delete from outgoing where id in (select id from outgoing where done_at < ? limit ?)",
        (before, AT_ONCE),
    )


def _job_runs(office: Office, before: str) -> int:
    latest = LATEST.replace("select *", "select id")
    sql = f"delete from job_runs where started_at < ? and id not in ({latest})"  # noqa: S608
    return _in_steps(office, sql, (before,))


def _contents(office: Office, before: str) -> int:
    """Bytes that no row names any more; before that, old and resolved files let go of their originals."""
    if before:
        _in_steps(
            office,
            f"update files set content = '' where claim in (select claim from files f where seen_at < ? "  # noqa: S608
            f"and content <> '' and {_RESOLVED} limit ?)",
            (before, AT_ONCE),
        )
    with office.reader.view() as ledger:
        query = (
            f"select digest from content where digest not in (select digest from ({_USED}) where digest is not null)"  # noqa: S608
        )
        unused = iter([row["digest"] for row in ledger.execute(query)]) if before else iter(())
    pruned = 0
    while some := list(islice(unused, AT_ONCE)):
        # Asked again inside the transaction: the same bytes may have come once more since.
        with office.ledger.transaction(office.clock()) as entry:
            asked = json.dumps(some)
            query = f"select digest from ({_USED}) where digest in (select value from json_each(?))"  # noqa: S608
            used = {row["digest"] for row in entry.rows(query, (asked,))}
            for digest in set(some) - used:
                entry.delete("content", "digest", digest)
            pruned += len(set(some) - used)
    return pruned


def _in_steps(office: Office, sql: str, values: tuple[object, ...]) -> int:
    """Carry out a statement until it changes nothing more; rows changed."""
    changed = 0
    while values[0]:
        with office.ledger.transaction(office.clock()) as entry:
            entry.rows(sql, values)
            step = int(entry.rows("select changes() as n")[0]["n"])
        changed += step
        if step < AT_ONCE:
            break
    return changed


# ---- originals ----------------------------------------------------------------------------------


def _originals(office: Office, before: str) -> int:
    """Move old originals out of SentBox and FailBox: into archives, or away."""
    if not before:
        return 0
    done = 0
    for name, channel in office.channels().items():
        for box in (channel.boxes.sentbox, channel.boxes.failbox):
            old = _old_files(office, name, box, before)
            while some := list(islice(old, AT_ONCE)):
                if office.config.retention.archive_originals:
                    done += archive_files(office.config.retention.archive, f"{name}-{box.name}", some)
                else:
                    done += _delete(some)
    return done


def _delete(originals: Iterable[Original]) -> int:
    folders = set()
    deleted = 0
    for one in originals:
        one.path.unlink(missing_ok=True)
        folders.add(one.path.parent)
        deleted += 1
    sync_folders(folders)
    return deleted


def _old_files(office: Office, channel: str, box: Path, before: str) -> Iterator[Original]:
    """Files of a box that the ledger knows, that are old, and with which nothing is left to be done.

    A name may have been used again: all files of that name must be old and resolved. What the ledger
    does not know is not ours.
    """
    if not box.is_dir():
        return
    names = {one.name for one in regular_files(box) if not one.name.startswith(TEMPORARY_PREFIX)}
    for name in sorted(one for one in names if readable_name(one) == one):
        marked = _MARKED.search(name)
        query = (
            f"select max(seen_at) as newest, min(seen_at < ? and {_RESOLVED}) as resolved from files f "  # noqa: S608
            "where channel = ? and (name = ? or claim = ?)"
        )
        values = (before, channel, name, marked[1] if marked else "")
        with office.reader.view() as ledger:
            row = ledger.execute(query, values).fetchone()
        if row["resolved"]:
            yield Original(box / name, datetime.fromisoformat(row["newest"]).astimezone(CHINA))
