"""Which elements and attributes a rule file may hold: the subset of ISO Schematron that this engine knows.

Everything else is refused, so that no rule is lost in silence.
"""

from __future__ import annotations

from lxml import etree

from edi.errors import UserError

SCH = "{http://purl.oclc.org/dsdl/schematron}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
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


class Problems:
    """Everything wrong with a rule file, with its lines."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[str, None] = {}  # an ordered set: rules that extend one abstract rule share its mistakes

    def add(self, element: etree._Element, zh: str, en: str) -> None:
        """Note one mistake."""
        self._found[f"{self._file}:{element.sourceline}: {zh} / {en}"] = None

    def raise_any(self) -> None:
        """Raise UserError if there are any."""
        if self._found:
            raise UserError(
                f"规则文件 {self._file} 有错误，不能使用；请改正所列各行",
                f"the rule file {self._file} has mistakes and is not used; mend the lines listed",
                list(self._found),
            )


def check_grammar(schema: etree._Element, problems: Problems) -> None:
    """Note what is not of the subset that this engine knows."""
    if schema.tag != f"{SCH}schema" or schema.get("queryBinding", "xslt") != "xslt":
        problems.add(schema, "不是 queryBinding=xslt 的 Schematron", "not a Schematron schema with queryBinding xslt")
        return
    ids: set[tuple[str, str]] = set()
    for element in schema.iter(etree.Element, etree.ProcessingInstruction, etree.Entity):
        name = name_of(element)
        if name not in _GRAMMAR:
            problems.add(element, f"不支持的元素：{element.tag!s}", f"element not supported: {element.tag!s}")
            continue
        _check_element(element, name, problems)
        kind = "assertion" if name in ("assert", "report") else name
        if (key := (kind, element.get("id", ""))) in ids:
            problems.add(element, f"id 重复：{key[1]}", f"id used twice: {key[1]}")
        elif key[1]:
            ids.add(key)


def _check_element(element: etree._Element, name: str, problems: Problems) -> None:
    attributes, children = (words.split() for words in _GRAMMAR[name])
    for attribute in element.attrib:
        if attribute not in attributes and attribute != LANG:
            problems.add(element, f"{name} 不支持属性 {attribute}", f"{name} does not support attribute {attribute}")
    for attribute in _MANDATORY.get(name, "").split():
        if not element.get(attribute, "").strip():
            problems.add(element, f"{name} 缺少属性 {attribute}", f"{name} lacks attribute {attribute}")
    for child in children_of(element):
        if name_of(child) in _GRAMMAR and name_of(child) not in children:
            problems.add(child, f"{name} 中不得有 {name_of(child)}", f"{name} must not hold {name_of(child)}")
    if name == "rule" and not _is_whole(element):
        problems.add(
            element, "规则须有 context，或为抽象规则并有 id", "a rule has a context, or is abstract and has an id"
        )
    if name not in _TEXTS and "".join(filter(None, [element.text, *(child.tail for child in element)])).strip():
        problems.add(element, f"{name} 中不得有文字", f"{name} must not hold text")


def _is_whole(rule: etree._Element) -> bool:
    if rule.get("abstract") is None:
        return "context" in rule.attrib
    return rule.get("abstract") == "true" and "id" in rule.attrib and "context" not in rule.attrib


def children_of(element: etree._Element) -> list[etree._Element]:
    """Its child elements, without comments."""
    return list(element.iterchildren(etree.Element))


def name_of(element: etree._Element) -> str:
    """Its name in Schematron; empty if it is of something else."""
    return element.tag.removeprefix(SCH) if isinstance(element.tag, str) and element.tag.startswith(SCH) else ""
