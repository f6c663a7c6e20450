"""Names of codes, from the published tables (`schemas/codes/*.csv`)."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

from edi.adapters.contract import Shelf


@dataclass(frozen=True)
class CodeNames:
    """The tables of a contract; each is read when first asked for."""

    shelf: Shelf
    _tables: dict[str, dict[str, str]] = field(default_factory=dict, repr=False, compare=False)

    def name(self, table: str, code: str) -> str:
        """The Chinese name of a code, e.g. of `2210` in `customs_district`; empty if there is no such table or code."""
        names = self._tables.get(table)
        if names is None:
            path = self.shelf.find(f"codes/{table}.csv")
            rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines()) if path else ()
            names = self._tables[table] = {row["code"]: row.get("name_zh", "") for row in rows}
        return names.get(code, "")
