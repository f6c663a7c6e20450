#!/usr/bin/env python3
"""Write `schemas/codes/xml/*.xml` from the CSV code tables, for rules that run in any Schematron tool.

XPath 1.0 reads XML and nothing else, so each table becomes one element whose text is the list of codes
in force, each between single spaces. A rule then asks `contains($table, concat(' ', ., ' '))`.

    python -m tools.make_codes            write what has changed
    python -m tools.make_codes --check    write nothing; exit 1 if a file is missing, stale or superfluous
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tools import generated

CODES = Path(__file__).resolve().parent.parent / "schemas" / "codes"

AS_OF = {
    "admin_division": "2023-06-30",
    "application_type": "2026-11-22",
    "attachment_type": "2026-11-22",
    "cancel_reason": "2026-11-22",
    "country": "2018-08",
    "currency": "2018-08",
    "customs_district": "2018-09",
    "customs_province": "2026-11-22",
    "customs_reg_econ_zone_digit5": "2020",
    "customs_reg_nature_digit6": "2020",
    "declarant_action": "2026-11-22",
    "enterprise_type": "2020",
    "id_doc_type_ga517": "2004",
    "industry_gbt4754_2017": "2017",
    "licence_type": "2026-11-22",
    "manager_type": "2026-11-22",
    "organization_type_gbt20091": "2021",
    "qualification_type": "2026-11-22",
}
"""Tables that rules may ask, and the date (or year) each of them tells the truth for; see SOURCES.md."""

Row = Mapping[str, str]


def item(row: Row) -> str | None:
    """What a row adds to the list: its code, or `head:province`; nothing if it is no longer in force."""
    if "head" in row:
        return f"{row['head']}:{row['province']}"
    return None if row["valid_to"] else row["code"]


def items(rows: Iterable[Row]) -> list[str]:
    """Items of a table in its own order, each once."""
    found = (item(row) for row in rows)
    return list(dict.fromkeys(one for one in found if one))


def document(table: str, codes: list[str]) -> str:
    """The XML file of a table."""
    if broken := [code for code in codes if code.split() != [code]]:
        raise ValueError(f"{table}.csv: a code holds a blank: {broken}")
    attributes = " ".join(
        f"{name}={quoteattr(value)}"
        for name, value in (("table", table), ("source", f"{table}.csv"), ("asOf", AS_OF[table]))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<!-- Made by tools/make_codes.py from {table}.csv. Change the table, then run the tool. -->\n"
        f"<codes {attributes}> {' '.join(codes)} </codes>\n"
    )


def wanted() -> dict[Path, str]:
    """Every file that ought to exist, with its text."""
    files = {}
    for table in AS_OF:
        with (CODES / f"{table}.csv").open(encoding="utf-8", newline="") as source:
            files[CODES / "xml" / f"{table}.xml"] = document(table, items(csv.DictReader(source)))
    return files


def present() -> list[Path]:
    """Files that are there now."""
    return list((CODES / "xml").glob("*.xml"))


def main() -> int:
    """Run the tool; the exit code for the shell."""
    return generated.run("make schemas/codes/xml from the CSV tables", CODES, wanted, present)


if __name__ == "__main__":
    sys.exit(main())
