"""Whether the rules have nothing to say of a message, asked in as few calls of libxml2 as may be: most messages are in order.

The rules of a phase are put together by the elements their contexts begin with: what is true of an enterprise block where
no rule speaks of it, or of anything below it, is one expression. An element may be asked by more rules here than it meets
in its pattern, where only the first that fits counts; so a False means that the rules must be asked one by one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from edi.checks.rules import Pattern, Rule, Scope

_ABOUT_PLACES = re.compile(r"\b(?:position|last)\s*\(")
"""In a predicate these would be about another list of nodes."""


@dataclass(frozen=True)
class Together:
    """The rules of a phase, put together."""

    at: Mapping[str, Callable[[etree._Element], bool]]
    """By name of an element: what is true there if no rule whose context begins with it speaks."""
    apart: tuple[tuple[Pattern, Rule], ...]
    """Rules that must be asked one by one, such as those that need variables."""

    def are_silent(self, root: etree._Element, outer: Scope) -> bool:
        """True if no rule speaks of the document of `root`; False says nothing."""
        elements = root.iter(*self.at) if self.at else ()
        return all(self.at[str(one.tag)](one) for one in elements) and all(
            rule.silence(node, Scope(rule.lets, node, Scope(pattern.lets, root, outer)))
            for pattern, rule in self.apart
            for node in rule.context.nodes(root)
        )


def put_together(patterns: Iterable[Pattern], compile_whole: Callable[[str], Callable[..., bool]]) -> Together:
    """The rules of these patterns; `compile_whole` compiles an XPath expression."""
    tests: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    apart = []
    for pattern in patterns:
        for rule in pattern.rules:
            paths, silence = rule.context.paths, rule.silence
            if silence.variables or _ABOUT_PLACES.search(silence.text) or not all(path.name for path in paths):
                apart.append((pattern, rule))
                continue
            for path in paths:
                tests[path.name][path.first].append(path.silent(silence.text))
    whole = {name: f"boolean({' and '.join(map(_where, by_first.items()))})" for name, by_first in tests.items()}
    return Together({name: compile_whole(text) for name, text in whole.items()}, tuple(apart))


def _where(tests: tuple[str, list[str]]) -> str:
    first, listed = tests
    together = " and ".join(listed)
    return f"(not({first}) or {together})" if first else together
