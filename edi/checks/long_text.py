"""translate() of XPath for texts of megabytes, such as attachments in base64.

libxml2 compares each character of the text with one letter of the alphabet after the other, which takes half a second
for an attachment of 4 MB. Python looks each up in a table; only the call costs more, so short texts are left to libxml2.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lxml import etree

from edi.checks.xpath_words import Token

TRANSLATE = "translate-long"
"""The function by the name under which expressions call it once they are compiled; authors of rules write translate."""
_AS_STRING = etree.XPath("string($value)", smart_strings=False)


def translate(context: Any, text: object, alphabet: object, replacements: object) -> str:
    """The answer of the XPath 1.0 function (4.2) to the same arguments."""
    table = _table(string_of(context, alphabet), string_of(context, replacements))
    return string_of(context, text).translate(table)


def string_of(context: Any, value: Any) -> str:
    """What string() makes of an argument; lxml hands over text nodes and attributes as strings, elements as they are."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) else str(_AS_STRING(context.context_node, value=value))


def is_long(tokens: list[Token], index: int) -> bool:
    """Whether the function at `index` is a translate() whose text may be long.

    What a rule is about, `.`, is a short field; what it reads from elsewhere may be an attachment.
    """
    if tokens[index].kind != "function" or tokens[index].text != "translate":
        return False
    text = next((one for one in tokens[index + 1 :] if one.kind not in ("function", "(")), None)
    return text is not None and text.kind in ("variable", "step")


@lru_cache(maxsize=256)
def _table(alphabet: str, replacements: str) -> Mapping[int, str | None]:
    """The first place of a letter in the alphabet counts; letters without replacement are taken out."""
    table: dict[int, str | None] = {}
    for place, letter in enumerate(alphabet):
        table.setdefault(ord(letter), replacements[place] if place < len(replacements) else None)
    return table
