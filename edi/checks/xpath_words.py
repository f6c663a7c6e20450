"""The words of an XPath 1.0 expression, told apart as the recommendation asks (3.7).

Refuses what is no word of XPath 1.0; whether the words make sense is for libxml2 to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<literal>"[^"]*"|'[^']*')
      | (?P<number>\d+(?:\.\d*)?|\.\d+)
      | \$(?P<variable>[^\W\d][\w.-]*)
      | (?P<axis>[a-z-]+)\s*::
      | (?P<name>[^\W\d][\w.-]*(?::(?:\*|[^\W\d][\w.-]*))?)
      | (?P<mark>\.\.|//|!=|<=|>=|[()\[\].@,/|+\-=<>*])""",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")
_WORD_OPERATORS = frozenset({"and", "or", "div", "mod"})
_NODE_TESTS = frozenset({"text", "node", "comment"})
_OPERAND_ENDS = frozenset({")", "]", ".", ".."})


class XPathFault(ValueError):
    """An expression that rules must not use; `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class Token:
    """One word and what it is."""

    kind: str
    """`literal`, `number`, `variable`, `function`, `step`, `path` (`/` and `//`), `operator` or a mark itself."""
    text: str
    start: int
    depth: int
    """How many predicates it stands in."""
    begins: bool
    """True where an operand begins, so that a path here starts from the context or the root."""


def read_words(source: str) -> Iterator[Token]:
    """The words of an expression, told apart as XPath 1.0, 3.7 asks."""
    position, depth, previous = 0, 0, None
    while (position := _SPACE.match(source, position).end()) < len(source):  # type: ignore[union-attr] # matches always
        match = _TOKEN.match(source, position)
        if match is None:
            raise XPathFault(f"无法识别：{source[position:]}", f"cannot be read: {source[position:]}")
        follows = source[_SPACE.match(source, match.end()).end() :][:1]  # type: ignore[union-attr]
        begins = previous is None or not _ends_operand(previous)
        kind = _kind(match, begins=begins, calls=follows == "(")
        depth -= kind == "]"
        in_path = previous is not None and previous.kind in ("path", "@", "axis")
        text = match[match.lastgroup or 0]
        word = text[1:-1] if kind == "literal" else text
        previous = Token(kind, word, position, depth, begins and not in_path)
        yield previous
        depth += kind == "["
        position = match.end()


def _kind(match: re.Match[str], *, begins: bool, calls: bool) -> str:
    group, text = match.lastgroup, match[0]
    if group == "name":
        if not begins and text in _WORD_OPERATORS:
            return "operator"
        return "function" if calls and text not in _NODE_TESTS else "step"
    if group != "mark":
        return str(group)
    if text in ("/", "//"):
        return "path"
    if text == "*":
        return "step" if begins else "operator"
    return text if text in "()[]@,.|" or text == ".." else "operator"


def _ends_operand(token: Token) -> bool:
    return token.kind in ("literal", "number", "variable", "step") or token.kind in _OPERAND_ENDS
