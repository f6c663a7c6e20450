#!/usr/bin/env python3
"""Write `schemas/codes/xml/*.xml` from the CSV code tables, for rules that run in any Schematron tool.

XPath 1.0 reads XML and nothing else, so each table becomes one element whose text is the list of codes
in force, each between single spaces. A rule then asks `contains($table, concat(' ', ., ' '))`.

    python tools/make_codes.py            write what has changed
    python tools/make_codes.py --check    write nothing; exit 1 if a file is missing, stale or superfluous
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

CODES = Path(__file__).resolve().parent.parent / "schemas" / "codes"

AS_OF = {
    "admin_division": "2023-06-30",
    "attachment_type": "2026-11-22",
    "cancel_reason": "2026-11-22",
    "country": "2018-08",
    "currency": "2018-08",
    "customs_district": "2018-09",
    "customs_province": "2026-11-22",
    "customs_reg_econ_zone_digit5": "2020",
    "customs_reg_nature_digit6": "2020",
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


def stale(files: Mapping[Path, str]) -> list[Path]:
    """Files that are missing, differ, or belong to no table."""
    differing = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    return differing + sorted(set((CODES / "xml").glob("*.xml")) - set(files))


def main() -> int:
    """Run the tool; the exit code for the shell."""
    parser = argparse.ArgumentParser(description="make schemas/codes/xml from the CSV tables")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything is stale")
    check = parser.parse_args().check
    files = wanted()
    out_of_date = stale(files)
    for path in out_of_date:
        print(f"{'stale' if check else 'written' if path in files else 'removed'}: {path.relative_to(CODES)}")
    if check:
        return 1 if out_of_date else 0
    for path in out_of_date:
        if path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
