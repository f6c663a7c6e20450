"""contains() of XPath for code tables, which rules hold as one text with a blank before and after each code.

libxml2 copies the table, up to 20 KB, whenever it is asked, and reads it from its beginning. Python looks a code up in a set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edi.checks.long_text import string_of
from edi.checks.xpath_words import Token

CONTAINS = "contains-in-table"
"""The function by the name under which expressions call it once they are compiled; authors of rules write contains."""
_SMALLEST = 256
"""Characters of a text from which on it is worth a set."""


@dataclass(frozen=True)
class CodeTables:
    """The long constant texts of a rule file, each known by its number."""

    _numbers: dict[str, str] = field(default_factory=dict)
    _tables: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def addresses(self, constants: Mapping[str, Any]) -> dict[str, str]:
        """The constants that are long enough, each with its number as XPath writes it."""
        return {
            name: self._number(one) for name, one in constants.items() if isinstance(one, str) and len(one) >= _SMALLEST
        }

    def contains(self, context: Any, number: float, wanted: object) -> bool:
        """The answer of the XPath 1.0 function (4.2) about the table of that number."""
        table, codes = self._tables[int(number)]
        text = string_of(context, wanted)
        code = text[1:-1]
        if text == f" {code} " and " " not in code:
            return code in codes
        return text in table

    def _number(self, table: str) -> str:
        if table not in self._numbers:
            self._numbers[table] = str(len(self._tables))
            self._tables.append((table, frozenset(table.split(" ")[1:-1])))  # what has a blank on either side
        return self._numbers[table]


def is_asked(tokens: list[Token], index: int, tables: Mapping[str, str]) -> bool:
    """Whether the word at `index` is a contains() whose first argument is one of the `tables`, and nothing more."""
    call = tokens[index : index + 4] if index >= 0 else []
    kinds = [one.kind for one in call]
    return kinds == ["function", "(", "variable", ","] and call[0].text == "contains" and call[2].text in tables
