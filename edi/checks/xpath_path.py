"""The paths of contexts, taken apart: the element a path begins with, and the way from there to what a rule is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edi.checks.xpath_words import Token

_TRUTHS = frozenset({"not", "boolean", "contains", "starts-with"})
_NUMBERS = frozenset({"+", "-", "*", "div", "mod"})


@dataclass(frozen=True, kw_only=True)
class Path:
    """One alternative of a context."""

    text: str
    """As the rule has it."""
    name: str = ""
    """Name, in Clark's notation, of the elements it begins with; empty if it cannot be asked from one of them."""
    first: str = ""
    """What holds of such an element besides its name, as a step to itself; empty if nothing."""
    below: str = ""
    """The way from that element to what the rule is about; empty if it is the element."""

    def silent(self, silence: str) -> str:
        """What is true at an element it begins with, if `silence` is true wherever the path leads from there."""
        return f"not({self.below}[not({silence})])" if self.below else f"({silence})"


def split_path(text: str, tokens: list[Token], clark: Callable[[str], str]) -> Path:
    """The path in parts, if it begins with the name of an element whose place among others is not asked for."""
    begin = tokens[0]
    slashes = [one for one in tokens if one.kind == "path" and not one.depth]
    end = slashes[0].start - begin.start if slashes else len(text)
    predicates = [one for one in tokens if one.depth == 1 and one.start < begin.start + end]
    if (
        begin.kind != "step"
        or "*" in begin.text
        or any(one.text == "//" for one in slashes)
        or not all(map(_keeps_to_truths, predicates))
    ):
        return Path(text=text)
    has_predicates = end > len(begin.text) and bool(predicates)
    return Path(
        text=text,
        name=clark(begin.text),
        first=f"self::{text[:end]}" if has_predicates else "",
        below=text[end + 1 :].strip(),
    )


def alternatives(source: str, tokens: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """The alternatives of a context, as text and as words."""
    start = 0
    path: list[Token] = []
    for token in tokens:
        if token.kind == "|" and not token.depth:
            yield source[start : token.start].strip(), path
            start, path = token.start + 1, []
        else:
            path.append(token)
    yield source[start:].strip(), path


def _keeps_to_truths(token: Token) -> bool:
    """False for a word in a predicate that may make it a number, which would be a place among siblings."""
    if token.kind == "function":
        return token.text in _TRUTHS
    return token.kind not in ("number", "axis") and not (token.kind == "operator" and token.text in _NUMBERS)
