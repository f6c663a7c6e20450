"""Searching the ledger's applications by what a query may name (QLF151, `edi query applications`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from edi.core.enquiry import Filter
from edi.core.results import ListedApplication
from edi.core.times import CHINA, digits17, from_iso, iso

Rows = Callable[[str, Sequence[Any]], list[sqlite3.Row]]
"""Runs a query on the ledger."""


def search(
    rows: Rows, wanted: Filter, *, forms: Collection[str], limit: int, asker: str = ""
) -> tuple[ListedApplication, ...]:
    """Applications of those forms (empty: of all), newest first, at most `limit`.

    With `asker`, the USCC of an enterprise, only what that enterprise signed or what is about it.
    """
    conditions, values = _conditions(wanted)
    if forms:
        conditions.append(f"form in ({', '.join('?' * len(forms))})")
        values += forms
    if asker:
        conditions.append("(owner = ? or applicant = ?)")
        values += [asker, asker]
    where = f"where {' and '.join(conditions)}" if conditions else ""
    sql = f"select * from applications {where} order by application_no desc limit ?"  # noqa: S608
    return tuple(_listed(row) for row in rows(sql, [*values, limit]))


def _conditions(wanted: Filter) -> tuple[list[str], list[Any]]:
    """What restricts the search; the conditions are ours, whatever was asked for travels as a value."""
    each = [
        ("applicant = ?", wanted.uscc),
        ("instr(applicant_name, ?) > 0", wanted.name_part),
        ("form = ?", wanted.form),
        ("instr(types, ' ' || ? || ' ') > 0", wanted.type),
        ("status = ?", wanted.status),
        ("created_at >= ?", _start(wanted.from_date) if wanted.from_date else ""),
        ("created_at < ?", _start(wanted.to_date + timedelta(days=1)) if wanted.to_date else ""),
    ]
    given = [(condition, value) for condition, value in each if value]
    return [condition for condition, _ in given], [value for _, value in given]


def _start(day: date) -> str:
    """Midnight in China, as the ledger writes times."""
    return iso(datetime.combine(day, time(), CHINA))


def _listed(row: sqlite3.Row) -> ListedApplication:
    return ListedApplication(
        application_no=row["application_no"],
        guid=row["guid"],
        client_seq_no=row["client_seq_no"] or "",
        form=row["form"],
        uscc=row["applicant"],
        name=row["applicant_name"] or "",
        customs=row["customs"] or "",
        types=tuple(row["types"].split()),
        status=row["status"],
        created_at=digits17(from_iso(row["created_at"])),
        updated_at=digits17(from_iso(row["updated_at"])),
        info=row["info"] or "",
        opinion=row["opinion"] or "",
    )
