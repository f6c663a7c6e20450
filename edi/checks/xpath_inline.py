"""Writing into an expression what is known before it meets a message: constants, and variables that are quick to compute.

Each of them would otherwise be handed over, or asked for, by a call of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edi.checks import code_table, long_text
from edi.checks.xpath_words import Token, read_words

_EXACT = 2**53
"""Whole numbers below it are exact in XPath."""
_MOST_WRITTEN = 8_000
"""Characters of an expression beyond which no further variable is written out in it."""
_MOST_USES = 3
"""Places at which a variable is written out that takes long to compute."""


def as_literal(value: Any) -> str:
    """The value as XPath writes it; empty if it has no way to."""
    if isinstance(value, bool):
        return "true()" if value else "false()"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and 0 <= value < _EXACT else ""
    if isinstance(value, str) and not ("'" in value and '"' in value):
        return f'"{value}"' if "'" in value else f"'{value}'"
    return ""


def written_into(source: str, tokens: list[Token], literals: Mapping[str, str], tables: Mapping[str, str]) -> str:
    """The expression with literals in place of variables, and the quicker of two functions where there are two.

    `tables` are the variables that hold code tables; the first argument of contains() is known by its address there.
    """
    parts, position = [], 0
    for index, token in enumerate(tokens):
        if code_table.is_asked(tokens, index, tables):
            parts += [source[position : token.start], code_table.CONTAINS]
            position = token.start + len(token.text)
        elif token.kind == "variable" and code_table.is_asked(tokens, index - 2, tables):
            parts += [source[position : token.start], tables[token.text]]
            position = token.start + len(token.text) + 1
        elif token.kind == "variable" and literals.get(token.text):
            parts += [source[position : token.start], literals[token.text]]
            position = token.start + len(token.text) + 1
        elif long_text.is_long(tokens, index):
            parts += [source[position : token.start], long_text.TRANSLATE]
            position = token.start + len(token.text)
    return "".join([*parts, source[position:]])


def write_out(source: str, name: str, value: str, *, is_long: bool) -> str:
    """`source` with `value` in place of the variable: a call costs more than to compute it again, unless that takes long.

    Within a predicate it stays a variable, for there `value` would be about another node.
    """
    uses = len(re.findall(rf"\${re.escape(name)}(?![\w.-])", source))
    if not uses or (is_long and uses > _MOST_USES) or len(source) + uses * len(value) > _MOST_WRITTEN:
        return source  # without reading every word of it
    places = [token for token in read_words(source) if token.kind == "variable" and token.text == name]
    if any(token.depth for token in places):
        return source
    return written_into(source, places, {name: f"({value})"}, {})


def long_names(lets: Mapping[str, str]) -> set[str]:
    """Those of the variables, in the order of their declaration, that take long to compute: they read a long text."""
    found: set[str] = set()
    for name, value in lets.items():
        tokens = list(read_words(value))
        if any(one.kind == "variable" and one.text in found for one in tokens) or any(
            long_text.is_long(tokens, index) for index in range(len(tokens))
        ):
            found.add(name)
    return found
