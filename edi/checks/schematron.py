"""Reading an ISO Schematron file into compiled rules: strictly, so that no rule is lost in silence.

Supports title, ns, phase/active, let (schema, pattern, rule), pattern, rule (also abstract, with extends),
assert, report, value-of, name, diagnostics and properties, queryBinding xslt. Refuses every other element
and attribute, every reference that leads nowhere, every id used twice, and variables that hide others:
a UserError names file and line of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from edi.checks.rules import Assertion, Let, Pattern, Rule, Rules, Scope, Text
from edi.checks.xpath import Compiler, Expression, Value, XPathFault
from edi.core.findings import Severity
from edi.errors import UserError

_SCH = "{http://purl.oclc.org/dsdl/schematron}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ASSERTION = "id test role subject diagnostics properties see"
_GRAMMAR = {
    "schema": ("queryBinding defaultPhase schemaVersion id", "title ns let phase pattern diagnostics properties"),
    "title": ("", ""),
    "ns": ("prefix uri", ""),
    "phase": ("id", "active"),
    "active": ("pattern", ""),
    "let": ("name value", ""),
    "pattern": ("id", "title let rule"),
    "rule": ("id context abstract", "let assert report extends"),
    "extends": ("rule", ""),
    "assert": (_ASSERTION, "value-of name"),
    "report": (_ASSERTION, "value-of name"),
    "diagnostics": ("", "diagnostic"),
    "diagnostic": ("id", "value-of name"),
    "properties": ("", "property"),
    "property": ("id", "value-of name"),
    "value-of": ("select", ""),
    "name": ("path", ""),
}
"""Attributes and children each element may have."""
_MANDATORY = {
    "ns": "prefix uri",
    "phase": "id",
    "active": "pattern",
    "let": "name value",
    "pattern": "id",
    "extends": "rule",
    "assert": "id test",
    "report": "id test",
    "diagnostic": "id",
    "property": "id",
    "value-of": "select",
}
_TEXTS = frozenset({"title", "assert", "report", "diagnostic", "property"})
"""Elements that hold words."""
_CJK = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”"
_BREAK = re.compile(rf"(?<=[{_CJK}])\s*\n\s*(?=[{_CJK}])")
_SPACES = re.compile(r"\s+")


def load(tree: etree._ElementTree, documents: Callable[[str], etree._Element]) -> Rules:
    """The rules of a parsed file. `documents` gives the root of the document at a relative address."""
    schema = tree.getroot()
    problems = _Problems(str(tree.docinfo.URL or "<schematron>"))
    _check_grammar(schema, problems)
    problems.raise_any()
    rules = _Builder(schema, documents, problems).rules()
    problems.raise_any()
    return rules


class _Problems:
    """Everything wrong with a rule file, with its lines."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[str, None] = {}  # an ordered set: rules that extend one abstract rule share its mistakes

    def add(self, element: etree._Element, zh: str, en: str) -> None:
        self._found[f"{self._file}:{element.sourceline}: {zh} / {en}"] = None

    def raise_any(self) -> None:
        """Raise UserError if there are any."""
        if self._found:
            raise UserError(
                f"规则文件 {self._file} 有错误，不能使用；请改正所列各行",
                f"the rule file {self._file} has mistakes and is not used; mend the lines listed",
                list(self._found),
            )


def _check_grammar(schema: etree._Element, problems: _Problems) -> None:
    """Note what is not of the subset that this engine knows."""
    if schema.tag != f"{_SCH}schema" or schema.get("queryBinding", "xslt") != "xslt":
        problems.add(schema, "不是 queryBinding=xslt 的 Schematron", "not a Schematron schema with queryBinding xslt")
        return
    ids: set[tuple[str, str]] = set()
    for element in schema.iter():
        if isinstance(element, etree._Comment):
            continue
        name = _name(element)
        if name not in _GRAMMAR:
            problems.add(element, f"不支持的元素：{element.tag!s}", f"element not supported: {element.tag!s}")
            continue
        _check_element(element, name, problems)
        kind = "assertion" if name in ("assert", "report") else name
        if (key := (kind, element.get("id", ""))) in ids:
            problems.add(element, f"id 重复：{key[1]}", f"id used twice: {key[1]}")
        elif key[1]:
            ids.add(key)


def _check_element(element: etree._Element, name: str, problems: _Problems) -> None:
    attributes, children = (words.split() for words in _GRAMMAR[name])
    for attribute in element.attrib:
        if attribute not in attributes and attribute != _LANG:
            problems.add(element, f"{name} 不支持属性 {attribute}", f"{name} does not support attribute {attribute}")
    for attribute in _MANDATORY.get(name, "").split():
        if not element.get(attribute, "").strip():
            problems.add(element, f"{name} 缺少属性 {attribute}", f"{name} lacks attribute {attribute}")
    for child in _children(element):
        if _name(child) in _GRAMMAR and _name(child) not in children:
            problems.add(child, f"{name} 中不得有 {_name(child)}", f"{name} must not hold {_name(child)}")
    if name not in _TEXTS and "".join(filter(None, [element.text, *(child.tail for child in element)])).strip():
        problems.add(element, f"{name} 中不得有文字", f"{name} must not hold text")


def _children(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if not isinstance(child, etree._Comment)]


def _name(element: etree._Element) -> str:
    return element.tag.removeprefix(_SCH) if isinstance(element.tag, str) and element.tag.startswith(_SCH) else ""


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

    def __init__(
        self, schema: etree._Element, documents: Callable[[str], etree._Element], problems: _Problems
    ) -> None:
        self._schema = schema
        self._problems = problems
        self._compiler = Compiler({ns.get("prefix", ""): ns.get("uri", "") for ns in self._all("ns")}, documents)
        self._by_id = {(_name(one), one.get("id", "")): one for one in schema.iter(etree.Element) if one.get("id")}
        self._extended: set[str] = set()

    def rules(self) -> Rules:
        lets, visible = self._lets(self._schema, _Visible())
        patterns = {}
        for element in self._all("pattern"):
            pattern, visible = self._pattern(element, visible)
            patterns[pattern.id] = pattern
        phases = {phase.get("id", ""): self._phase(phase) for phase in self._all("phase")}
        default = self._schema.get("defaultPhase", "#ALL")
        if default not in phases and default != "#ALL":
            self._lost(self._schema, "phase", default)
        for rule in self._schema.iter(f"{_SCH}rule"):
            if _is_abstract(rule) and rule.get("id") not in self._extended:
                self._problems.add(rule, "抽象规则没有被引用", "the abstract rule is extended by none")
        return Rules(lets, patterns, phases, default)

    def _all(self, name: str) -> list[etree._Element]:
        return self._schema.findall(f"{_SCH}{name}")

    def _lost(self, element: etree._Element, kind: str, identity: str) -> None:
        self._problems.add(element, f"找不到 {kind}：{identity}", f"there is no {kind} {identity}")

    def _phase(self, phase: etree._Element) -> tuple[str, ...]:
        named = {active.get("pattern", "") for active in _children(phase)}
        for active in _children(phase):
            if ("pattern", active.get("pattern", "")) not in self._by_id:
                self._lost(active, "pattern", active.get("pattern", ""))
        return tuple(one.get("id", "") for one in self._all("pattern") if one.get("id") in named)

    def _pattern(self, pattern: etree._Element, visible: _Visible) -> tuple[Pattern, _Visible]:
        """The pattern, and what is visible after it: for XSLT its variables are global."""
        lets, visible = self._lets(pattern, visible)
        elements = [rule for rule in pattern.findall(f"{_SCH}rule") if not _is_abstract(rule)]
        rules = tuple(rule for rule in (self._rule(element, visible) for element in elements) if rule)
        return Pattern(pattern.get("id", ""), lets, rules), visible

    def _rule(self, rule: etree._Element, visible: _Visible) -> Rule | None:
        lets: dict[str, Let] = {}
        assertions = []
        for element in self._contents(rule, ()):
            if _name(element) == "let":
                visible = self._let(element, lets, visible)
            else:
                assertions.append(self._assertion(element, visible))
        try:
            context = self._compiler.compile_context(rule.get("context", ""))
        except XPathFault as fault:
            self._problems.add(rule, fault.zh, fault.en)
            return None
        return Rule(context, lets, tuple(one for one in assertions if one))

    def _contents(self, rule: etree._Element, chain: tuple[str, ...]) -> Iterator[etree._Element]:
        """Lets and assertions of a rule, those it extends in their place."""
        for element in _children(rule):
            if _name(element) != "extends":
                yield element
                continue
            wanted = element.get("rule", "")
            extended = self._by_id.get(("rule", wanted))
            if extended is None or not _is_abstract(extended) or wanted in chain:
                self._lost(element, "abstract rule", wanted)
            else:
                self._extended.add(wanted)
                yield from self._contents(extended, (*chain, wanted))

    def _lets(self, owner: etree._Element, visible: _Visible) -> tuple[dict[str, Let], _Visible]:
        """Variables of the schema or a pattern: they belong to the document, not to a node."""
        lets: dict[str, Let] = {}
        for element in owner.findall(f"{_SCH}let"):
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
            self._problems.add(element, f"变量 {name} 重复声明", f"variable {name} is declared twice")
        expression = self._expression(element, element.get("value", ""), visible)
        if expression is None:
            return visible.plus(name, "")
        let: Let = expression
        if expression.is_constant:
            let = expression(self._schema, Scope(visible.constants, self._schema))
        lets[name] = let
        return visible.plus(name, let)

    def _expression(
        self, element: etree._Element, source: str, visible: _Visible, wrap: str = ""
    ) -> Expression | None:
        try:
            expression = self._compiler.compile(source, wrap, visible.constants)
        except XPathFault as fault:
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
            self._problems.add(element, f"role 只能是 error 或 warning：{role}", f"role must be error or warning: {role}")
            return None
        source = element.get("subject")
        subject = self._expression(element, source, visible) if source else None
        english = [one for one in self._referred(element, "diagnostic") if one.get(_LANG) == "en"]
        if not english or not "".join(element.itertext()).strip():
            self._problems.add(element, "缺少中文说明或英文 diagnostic", "lacks its text or its English diagnostic")
        if test is None:
            return None
        return Assertion(
            id=element.get("id", ""),
            test=test,
            speaks_when=_name(element) == "report",
            severity=Severity(role),
            subject=subject,
            zh=self._text([element], visible),
            en=self._text(english, visible),
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
                if not isinstance(child, etree._Comment):
                    parts.append(self._insertion(child, visible))
                parts.append(_tidy(child.tail))
            parts.append(" ")
        return Text(tuple(part for part in parts if part))

    def _insertion(self, element: etree._Element, visible: _Visible) -> str | Expression:
        wrap, attribute = ("string", "select") if _name(element) == "value-of" else ("name", "path")
        return self._expression(element, element.get(attribute, "."), visible, wrap) or ""


def _is_abstract(rule: etree._Element) -> bool:
    return rule.get("abstract") == "true"


def _tidy(text: str | None) -> str:
    """Text without the layout of the file: Chinese has no blanks between words, so a line break is none."""
    return _SPACES.sub(" ", _BREAK.sub("", text or ""))
