"""Writing into an expression what is known before it meets a message: constants, variables used but once or twice.

Each of them would otherwise be handed over, or asked for, by a call of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from edi.checks import long_text
from edi.checks.xpath_words import Token, read_words
from edi.core.node import text_of

_EXACT = 2**53
"""Whole numbers below it are exact in XPath."""
_MOST_USES = 2
"""Places at which a variable is written out."""
_IS_A_CODE = re.compile(r"contains\(\$([\w.-]+), concat\(' ', \., ' '\)\) and not\(contains\(\., ' '\)\)")
"""The question whether an element is in a code table, as rule files ask it."""


def as_literal(value: Any) -> str:
    """The value as XPath writes it; empty if it has no way to."""
    if isinstance(value, bool):
        return "true()" if value else "false()"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and 0 <= value < _EXACT else ""
    if isinstance(value, str) and not ("'" in value and '"' in value):
        return f'"{value}"' if "'" in value else f"'{value}'"
    return ""


def written_into(source: str, tokens: list[Token], literals: Mapping[str, str]) -> str:
    """The expression with literals in place of variables, and the quicker of two functions where there are two."""
    parts, position = [], 0
    for index, token in enumerate(tokens):
        if token.kind == "variable" and literals.get(token.text):
            parts += [source[position : token.start], literals[token.text]]
            position = token.start + len(token.text) + 1
        elif long_text.is_long(tokens, index):
            parts += [source[position : token.start], long_text.TRANSLATE]
            position = token.start + len(token.text)
    return "".join([*parts, source[position:]])


def write_out(source: str, name: str, value: str) -> str:
    """`source` with `value` in place of the variable, if it is used once or twice: a call costs more than to compute it again.

    Within a predicate it stays a variable, for there `value` would be about another node.
    """
    if not 0 < len(re.findall(rf"\${re.escape(name)}(?![\w.-])", source)) <= _MOST_USES:
        return source  # without reading every word of it
    uses = [token for token in read_words(source) if token.kind == "variable" and token.text == name]
    if any(token.depth for token in uses):
        return source
    return written_into(source, uses, {name: f"({value})"})


def code_test(source: str, constants: Mapping[str, Any]) -> Callable[[etree._Element], bool] | None:
    """The question whether an element is in a code table, answered by a set; None for any other expression.

    libxml2 copies the table, up to 20 KB, whenever it is asked.
    """
    asked = _IS_A_CODE.fullmatch(source)
    table = constants.get(asked[1]) if asked else None
    if not isinstance(table, str):
        return None
    codes = frozenset(table.split(" ")[1:-1])  # what has a blank on either side

    def is_code(element: etree._Element) -> bool:
        return text_of(element) in codes

    return is_code
