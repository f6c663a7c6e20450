"""The stateless rules of a message type, compiled, and how they are applied to a message.

Semantics are those of ISO Schematron (ISO/IEC 19757-3): within a pattern an element is judged by the
first rule whose context it fits; an assert speaks when its test is false, a report when it is true.
`edi.checks.schematron` reads rule files; compiled XPath answers in a quarter of the time XSLT takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from lxml import etree

from edi.checks.xpath import Context, Expression, Value
from edi.core.findings import Finding, Severity, clip
from edi.core.node import human_path

MOST_FINDINGS = 500
"""Findings of one message; whoever has more has one mistake many times."""

Let = Expression | Value
"""A variable: an expression to compute where it is needed, or the value if it is always the same."""


class Scope(dict[str, Value]):
    """Variables at one node, computed when first asked for; the rest comes from the scope around."""

    __slots__ = ("_lets", "_node", "_outer")

    def __init__(self, lets: Mapping[str, Let], node: etree._Element, outer: Scope | None = None) -> None:
        self._lets = lets
        self._node = node
        self._outer = outer

    def __missing__(self, name: str) -> Value:
        let = self._lets.get(name)
        if let is None:
            if self._outer is None:
                raise KeyError(name)
            value = self._outer[name]
        else:
            value = let(self._node, self) if isinstance(let, Expression) else let
        self[name] = value
        return value


@dataclass(frozen=True)
class Text:
    """A sentence with places to fill in."""

    parts: tuple[str | Expression, ...]

    @property
    def is_empty(self) -> bool:
        """True if it can say nothing."""
        return not any(isinstance(part, Expression) or part.strip() for part in self.parts)

    def fill(self, node: etree._Element, scope: Scope) -> str:
        """The sentence about `node`; values are cut to a length fit for reading."""
        filled = (part if isinstance(part, str) else clip(part(node, scope)) for part in self.parts)
        return "".join(filled).strip()


@dataclass(frozen=True, kw_only=True)
class Assertion:
    """One assert or report."""

    id: str
    """Unique in the file, e.g. `QLF-012.positive`."""
    test: Expression
    """Wrapped in boolean()."""
    speaks_when: bool
    """The answer of the test that makes a finding: False for an assert, True for a report."""
    severity: Severity
    subject: Expression | None
    """Leads from the context to the element the finding is about."""
    zh: Text
    en: Text
    expected: Text
    ground: str

    @property
    def code(self) -> str:
        """The public code: what stands before the first dot of the id."""
        return self.id.partition(".")[0]

    def finding(self, node: etree._Element, scope: Scope) -> Finding:
        """What is wrong with `node`, for which the assertion spoke."""
        about = self._about(node, scope)
        return Finding(
            code=self.code,
            severity=self.severity,
            path=human_path(about),
            found="" if len(about) else clip("".join(about.itertext())),
            expected=self.expected.fill(node, scope),
            zh=self.zh.fill(node, scope),
            en=self.en.fill(node, scope),
            ground=self.ground,
        )

    def _about(self, node: etree._Element, scope: Scope) -> etree._Element:
        found = self.subject(node, scope) if self.subject is not None else None
        first = found[0] if isinstance(found, list) and found else node
        return first if etree.iselement(first) else node


@dataclass(frozen=True)
class Rule:
    """Assertions about the elements of one context."""

    context: Context
    lets: Mapping[str, Let]
    assertions: tuple[Assertion, ...]
    silence: Expression
    """True where none of them speaks: asked first, for it costs one call of libxml2."""


@dataclass(frozen=True)
class Pattern:
    """Rules of which each element meets the first that fits."""

    id: str
    lets: Mapping[str, Let]
    rules: tuple[Rule, ...]

    def spoken(self, root: etree._Element, outer: Scope) -> Iterator[tuple[Assertion, etree._Element, Scope]]:
        """Each assertion that spoke, with its node and the variables there."""
        around = Scope(self.lets, root, outer)
        judged: set[etree._Element] = set()
        for rule in self.rules:
            for node in rule.context.nodes(root):
                if node in judged:
                    continue
                judged.add(node)
                scope = Scope(rule.lets, node, around)
                if rule.silence(node, scope):
                    continue
                for assertion in rule.assertions:
                    if assertion.test(node, scope) is assertion.speaks_when:
                        yield assertion, node, scope


class Together(Protocol):
    """Rules asked all at once."""

    def are_silent(self, root: etree._Element, outer: Scope, /) -> bool:
        """True if none of them speaks; False says nothing."""


@dataclass(frozen=True)
class Rules:
    """The rules of one message type."""

    lets: Mapping[str, Let]
    patterns: Mapping[str, Pattern]
    """All patterns, in the order of the file."""
    phases: Mapping[str, tuple[str, ...]]
    """Patterns of each phase."""
    default_phase: str
    """`#ALL` stands for all patterns."""
    together: Callable[[str], Together]
    """Gives the rules of a phase, or `#ALL`, put together."""

    def check(self, root: etree._Element, phase: str = "") -> list[Finding]:
        """What the rules of `phase` find in the document of `root`, at most `MOST_FINDINGS`."""
        spoken = islice(self._spoken(root, phase), MOST_FINDINGS)
        return [assertion.finding(node, scope) for assertion, node, scope in spoken]

    def spoken(self, root: etree._Element, phase: str = "") -> list[tuple[str, etree._Element]]:
        """Ids of the assertions that spoke, each with its context node, in the order of the file."""
        return [(assertion.id, node) for assertion, node, _ in self._spoken(root, phase)]

    def assertions(self) -> Iterator[Assertion]:
        """All assertions, those of extended rules once for each rule that extends them."""
        return (one for pattern in self.patterns.values() for rule in pattern.rules for one in rule.assertions)

    def _spoken(self, root: etree._Element, phase: str) -> Iterator[tuple[Assertion, etree._Element, Scope]]:
        """Raises KeyError for a phase that the file does not have."""
        chosen = phase or self.default_phase
        names = tuple(self.patterns) if chosen == "#ALL" else self.phases[chosen]
        scope = Scope(self.lets, root)
        if self.together(chosen).are_silent(root, scope):
            return
        for name in names:
            yield from self.patterns[name].spoken(root, scope)
