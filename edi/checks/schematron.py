"""Reading an ISO Schematron file into compiled rules: strictly, so that no rule is lost in silence.

Supports title, ns, phase/active, let (schema, pattern, rule), pattern, rule (also abstract, with extends),
assert, report, value-of, name, diagnostics and properties, queryBinding xslt. Refuses every other element
and attribute, every reference that leads nowhere, every id used twice, and variables that hide others:
a UserError names file and line of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from edi.checks.rules import Assertion, Let, Pattern, Rule, Rules, Scope, Text
from edi.checks.schematron_grammar import LANG, SCH, Problems, check_grammar, children_of, name_of
from edi.checks.silence import Together, put_together
from edi.checks.xpath import Compiler, Expression, Value
from edi.checks.xpath_inline import long_names, write_out
from edi.checks.xpath_words import XPathFault
from edi.core.findings import Severity
from edi.errors import UserError

_CJK = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”"
_BREAK = re.compile(rf"(?<=[{_CJK}])\s*\n\s*(?=[{_CJK}])")
_SPACES = re.compile(r"\s+")


def load(tree: etree._ElementTree, documents: Callable[[str], etree._Element]) -> Rules:
    """The rules of a parsed file. `documents` gives the root of the document at a relative address."""
    schema = tree.getroot()
    problems = Problems(str(tree.docinfo.URL or "<schematron>"))
    check_grammar(schema, problems)
    problems.raise_any()
    rules = _Builder(schema, documents, problems).rules()
    problems.raise_any()
    return rules


@dataclass(frozen=True)
class _Visible:
    """The variables that a place may use."""

    names: frozenset[str] = frozenset()
    constants: Mapping[str, Value] = field(default_factory=dict)

    def plus(self, name: str, let: Let) -> _Visible:
        more = {} if isinstance(let, Expression) else {name: let}
        return _Visible(self.names | {name}, {**self.constants, **more})


class _Builder:
    """Compiles a file whose grammar is right."""

    def __init__(self, schema: etree._Element, documents: Callable[[str], etree._Element], problems: Problems) -> None:
        self._schema = schema
        self._problems = problems
        self._compiler = Compiler({ns.get("prefix", ""): ns.get("uri", "") for ns in self._all("ns")}, documents)
        self._by_id = {(name_of(one), one.get("id", "")): one for one in schema.iter(etree.Element) if one.get("id")}
        self._extended: set[str] = set()
        self._global: set[str] = set()

    def rules(self) -> Rules:
        lets, visible = self._lets(self._schema, _Visible())
        patterns = {}
        for element in self._all("pattern"):
            pattern = self._pattern(element, visible)
            patterns[pattern.id] = pattern
        phases = {phase.get("id", ""): self._phase(phase) for phase in self._all("phase")}
        default = self._schema.get("defaultPhase", "#ALL")
        if default not in phases and default != "#ALL":
            self._lost(self._schema, "phase", default)
        for rule in self._schema.iter(f"{SCH}rule"):
            if _is_abstract(rule) and rule.get("id") not in self._extended:
                self._problems.add(rule, "抽象规则没有被引用", "the abstract rule is extended by none")
        return Rules(lets, patterns, phases, default, _together(patterns, phases, self._compiler))

    def _all(self, name: str) -> list[etree._Element]:
        return self._schema.findall(f"{SCH}{name}")

    def _lost(self, element: etree._Element, kind: str, identity: str) -> None:
        self._problems.add(element, f"找不到 {kind}：{identity}", f"there is no {kind} {identity}")

    def _phase(self, phase: etree._Element) -> tuple[str, ...]:
        named = {active.get("pattern", "") for active in children_of(phase)}
        for active in children_of(phase):
            if ("pattern", active.get("pattern", "")) not in self._by_id:
                self._lost(active, "pattern", active.get("pattern", ""))
        return tuple(one.get("id", "") for one in self._all("pattern") if one.get("id") in named)

    def _pattern(self, pattern: etree._Element, visible: _Visible) -> Pattern:
        lets, visible = self._lets(pattern, visible)
        elements = [rule for rule in pattern.findall(f"{SCH}rule") if not _is_abstract(rule)]
        rules = tuple(rule for rule in (self._rule(element, visible) for element in elements) if rule)
        return Pattern(pattern.get("id", ""), lets, rules)

    def _rule(self, rule: etree._Element, visible: _Visible) -> Rule | None:
        lets: dict[str, Let] = {}
        assertions = []
        contents = list(self._contents(rule, ()))
        for element in contents:
            if name_of(element) == "let":
                visible = self._let(element, lets, visible)
            else:
                assertions.append(self._assertion(element, visible))
        try:
            context = self._compiler.compile_context(rule.get("context", ""))
        except XPathFault as fault:
            self._problems.add(rule, fault.zh, fault.en)
            return None
        sound = [one for one in assertions if one]
        if len(lets) + len(sound) < len(contents):
            return None  # what is wrong has been noted
        return Rule(context, lets, tuple(sound), self._silence(contents, sound, visible))

    def _silence(
        self, contents: Sequence[etree._Element], assertions: Sequence[Assertion], visible: _Visible
    ) -> Expression:
        """What is true where none of the assertions among the contents of a rule speaks."""
        if len(contents) == len(assertions) == 1 and not assertions[0].speaks_when:
            return assertions[0].test
        frames = {"assert": "({})", "report": "not({})"}
        tests = [frames[name_of(one)].format(one.get("test", "")) for one in contents if name_of(one) in frames]
        source = " and ".join(tests) or "true()"
        lets = {one.get("name", ""): one.get("value", "") for one in contents if name_of(one) == "let"}
        long = long_names(lets)
        for name, value in reversed(lets.items()):
            source = write_out(source, name, value, is_long=name in long)
        return self._compiler.compile(source, "boolean", visible.constants)

    def _contents(self, rule: etree._Element, chain: tuple[str, ...]) -> Iterator[etree._Element]:
        """Lets and assertions of a rule, those it extends in their place."""
        for element in children_of(rule):
            if name_of(element) != "extends":
                yield element
                continue
            wanted = element.get("rule", "")
            extended = self._by_id.get(("rule", wanted))
            if extended is None or not _is_abstract(extended) or wanted in chain:
                self._lost(element, "abstract rule", wanted)
            else:
                self._extended.add(wanted)
                yield from self._contents(extended, (*chain, wanted))

    def _declared_twice(self, let: etree._Element) -> None:
        name = let.get("name")
        self._problems.add(let, f"变量 {name} 重复声明", f"variable {name} is declared twice")

    def _lets(self, owner: etree._Element, visible: _Visible) -> tuple[dict[str, Let], _Visible]:
        """Variables of the schema or a pattern: they belong to the document, not to a node."""
        lets: dict[str, Let] = {}
        for element in owner.findall(f"{SCH}let"):
            if element.get("name", "") in self._global and element.get("name", "") not in visible.names:
                self._declared_twice(element)  # in XSLT the variables of patterns are global
            self._global.add(element.get("name", ""))
            visible = self._let(element, lets, visible)
            let = lets.get(element.get("name", ""))
            if isinstance(let, Expression) and let.is_relative:
                self._problems.add(
                    element, "此处的变量只能使用从 / 开始的路径", "a variable here must use paths that begin with /"
                )
        return lets, visible

    def _let(self, element: etree._Element, lets: dict[str, Let], visible: _Visible) -> _Visible:
        """Add the variable to `lets`, as a value if it is the same for every message."""
        name = element.get("name", "")
        if name in visible.names:
            self._declared_twice(element)
        expression = self._expression(element, element.get("value", ""), visible)
        if expression is None:
            return visible.plus(name, "")
        let: Let = expression
        if expression.is_constant:
            let = expression(self._schema, Scope(visible.constants, self._schema))
        lets[name] = let
        return visible.plus(name, let)

    def _expression(self, element: etree._Element, source: str, visible: _Visible, wrap: str = "") -> Expression | None:
        try:
            expression = self._compiler.compile(source, wrap, visible.constants)
        except (XPathFault, UserError) as fault:
            self._problems.add(element, fault.zh, fault.en)
            return None
        for name in expression.names:
            if name not in visible.names:
                self._problems.add(element, f"变量 {name} 没有声明", f"variable {name} is not declared")
        return expression

    def _assertion(self, element: etree._Element, visible: _Visible) -> Assertion | None:
        test = self._expression(element, element.get("test", ""), visible, "boolean")
        role = element.get("role", Severity.ERROR.value)
        if role not in {severity.value for severity in Severity}:
            self._problems.add(
                element, f"role 只能是 error 或 warning：{role}", f"role must be error or warning: {role}"
            )
            return None
        source = element.get("subject")
        subject = self._expression(element, source, visible) if source else None
        english = [one for one in self._referred(element, "diagnostic") if one.get(LANG) == "en"]
        zh, en = self._text([element], visible), self._text(english, visible)
        if zh.is_empty or en.is_empty:
            self._problems.add(element, "缺少中文说明或英文 diagnostic", "lacks its text or its English diagnostic")
        if test is None:
            return None
        return Assertion(
            id=element.get("id", ""),
            test=test,
            speaks_when=name_of(element) == "report",
            severity=Severity(role),
            subject=subject,
            zh=zh,
            en=en,
            expected=self._text(self._referred(element, "property"), visible),
            ground=element.get("see", ""),
        )

    def _referred(self, element: etree._Element, kind: str) -> list[etree._Element]:
        """The diagnostics or properties that an assertion names."""
        attribute = {"diagnostic": "diagnostics", "property": "properties"}[kind]
        found = []
        for identity in element.get(attribute, "").split():
            one = self._by_id.get((kind, identity))
            if one is None:
                self._lost(element, kind, identity)
            else:
                found.append(one)
        return found

    def _text(self, elements: Iterable[etree._Element], visible: _Visible) -> Text:
        """The words of the elements, one after the other."""
        parts: list[str | Expression] = []
        for element in elements:
            parts.append(_tidy(element.text))
            for child in element:
                if isinstance(child.tag, str):
                    parts.append(self._insertion(child, visible))
                parts.append(_tidy(child.tail))
            parts.append(" ")
        return Text(tuple(part for part in parts if part))

    def _insertion(self, element: etree._Element, visible: _Visible) -> str | Expression:
        wrap, attribute = ("string", "select") if name_of(element) == "value-of" else ("name", "path")
        return self._expression(element, element.get(attribute, "."), visible, wrap) or ""


def _together(
    patterns: Mapping[str, Pattern], phases: Mapping[str, tuple[str, ...]], compiler: Compiler
) -> Callable[[str], Together]:
    """Gives the rules of a phase put together, compiled when first asked for."""

    @cache
    def of_phase(phase: str) -> Together:
        names = phases.get(phase, tuple(patterns))
        return put_together([patterns[name] for name in names], compiler.compile_whole)

    return of_phase


def _is_abstract(rule: etree._Element) -> bool:
    return rule.get("abstract") == "true"


def _tidy(text: str | None) -> str:
    """Text without the layout of the file: Chinese has no blanks between words, so a line break is none."""
    return _SPACES.sub(" ", _BREAK.sub("", text or ""))
