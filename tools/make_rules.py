#!/usr/bin/env python3
"""Write `schemas/qlf/*.sch` from their sources in `schemas/qlf/rules`, where what several forms share stands once.

Each published file stands alone: one file per message, no includes, for any ISO Schematron tool. A source
is that file with two differences, both in the namespace `urn:edi-customs:rules:1`:

- `<use part="uscc" block="enterprise"/>` is replaced by what `rules/parts/uscc.xml` holds. Attributes of
  `use` replace `{block}` in attributes, texts and comments of the part; elements in it replace
  `<insert of="…"/>`. What the root element of a source says, and `rules/common.xml`, holds in all its parts.
- An assert tells its finding side by side, `<zh>`, `<en>`, `<expected>`; they become its text, its
  diagnostic and its property.

Tables and alphabets that a form does not use are left out. A name that nothing gives or nothing takes, a
part that is used by none, an id used twice: each is a mistake and stops the tool.

    python -m tools.make_rules            write what has changed
    python -m tools.make_rules --check    write nothing; exit 1 if a file is missing, stale or superfluous
"""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from tools import generated
from tools.rule_layout import BREAK, NAMESPACE, SCH, is_comment, layout

FAMILY = Path(__file__).resolve().parent.parent / "schemas" / "qlf"
SOURCES = FAMILY / "rules"

_OWN = f"{{{NAMESPACE}}}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NAME = re.compile(r"\{(\w+)\}")
_VARIABLE = re.compile(r"\$([\w.-]+)")
_ATTRIBUTE = re.compile(r'="[^"]*"')


class Mistake(ValueError):
    """A source is wrong; the text says where and how."""


@dataclass(frozen=True)
class Names:
    """What the names in a part stand for."""

    texts: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, etree._Element] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    """Names that were used."""

    def fill(self, text: str) -> str:
        """The text with each `{name}` replaced."""
        return _NAME.sub(lambda match: self._text(match[1]), text)

    def content(self, name: str) -> etree._Element:
        """The element that replaces `<insert of="name"/>`; a bare text will do."""
        if name in self.contents:
            self.taken.add(name)
            return copy.deepcopy(self.contents[name])
        bare = etree.Element(f"{_OWN}text")
        bare.text = self._text(name)
        return bare

    def _text(self, name: str) -> str:
        if name not in self.texts:
            raise Mistake(f"{{{name}}} is given by nobody")
        self.taken.add(name)
        return self.texts[name]


@dataclass(frozen=True)
class Assembly:
    """Puts sources together and remembers which parts it has used."""

    used: set[str] = field(default_factory=set)

    def rules(self, source: Path) -> str:
        """The rule file made from a source."""
        root = read(source)
        names = Names({"form": source.stem, **_plain(root)})
        try:
            common = {name: names.fill(text) for name, text in _plain(read(SOURCES / "common.xml")).items()}
            self._expand(root, Names({**names.texts, **common}))
            schema = next(root.iterchildren(f"{SCH}schema"))
            _collect_words(schema)
            _drop_unused(schema)
            _check_ids(schema)
        except Mistake as mistake:
            raise Mistake(f"{source.relative_to(FAMILY)}: {mistake}") from mistake
        return layout(root, schema)

    def _expand(self, element: etree._Element, names: Names) -> None:
        """Fill in the names below an element and replace what is to be replaced."""
        for node in list(element):
            if is_comment(node):
                node.text = names.fill(node.text or "")
                continue
            _fill_attributes(node, names)
            node.text = names.fill(node.text) if node.text else node.text
            node.tail = names.fill(node.tail) if node.tail else node.tail
            self._expand(node, names)
            if node.tag == f"{_OWN}use":
                _replace(node, self._part(node, names))
            elif node.tag == f"{_OWN}insert":
                _replace(node, names.content(node.get("of", "")))

    def _part(self, use: etree._Element, outer: Names) -> etree._Element:
        name = use.get("part", "")
        given = {key: str(value) for key, value in use.attrib.items() if key != "part"}
        contents = {etree.QName(child).localname: child for child in use.iterchildren(etree.Element)}
        names = Names({**outer.texts, **given}, {**outer.contents, **contents})
        path = SOURCES / "parts" / f"{name}.xml"
        if not path.is_file():
            raise Mistake(f"there is no part {name}")
        part = read(path)
        self._expand(part, names)
        if idle := sorted({*given, *contents} - names.taken):
            raise Mistake(f"part {name} has no use for {', '.join(idle)}")
        outer.taken.update(names.taken - {*given, *contents})
        self.used.add(name)
        return part


def read(path: Path) -> etree._Element:
    """The root of a source. Line breaks inside attributes, which XML forgets, are kept as `BREAK`."""
    text = _ATTRIBUTE.sub(lambda match: match[0].replace("\n", BREAK), path.read_text("utf-8"))
    try:
        return etree.fromstring(text.encode())
    except etree.XMLSyntaxError as error:
        raise Mistake(f"{path.relative_to(FAMILY)}: {error}") from error


def _plain(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def _fill_attributes(element: etree._Element, names: Names) -> None:
    for name, value in element.attrib.items():
        element.set(name, names.fill(str(value)))


def _replace(node: etree._Element, holder: etree._Element) -> None:
    """Put the text and the children of `holder` in the place of `node`."""
    parent = node.getparent()
    if parent is None:
        raise Mistake("a part cannot stand at the root")
    at = parent.index(node)
    before, tail, children = node.getprevious(), node.tail, list(holder)
    text = holder.text or ""
    if before is not None and text.strip():
        before.tail = (before.tail or "") + text
    elif text.strip():
        parent.text = (parent.text or "") + text
    if children:
        children[-1].tail = _joined(children[-1].tail, tail)
    elif before is not None:
        before.tail = _joined(before.tail, tail)
    else:
        parent.text = _joined(parent.text, tail)
    parent.remove(node)
    for offset, child in enumerate(children):
        parent.insert(at + offset, child)


def _joined(text: str | None, tail: str | None) -> str:
    """Both texts; of two that are mere layout, only the second, so that no blank line comes of it."""
    layout_only = not (text or "").strip() and not (tail or "").strip()
    return (tail or "") if layout_only else (text or "") + (tail or "")


def _collect_words(schema: etree._Element) -> None:
    """Give each assert its Chinese text, and put the English and what is allowed where Schematron wants them."""
    diagnostics, properties = (
        etree.SubElement(schema, f"{SCH}diagnostics"),
        etree.SubElement(schema, f"{SCH}properties"),
    )
    for assertion in schema.iter(f"{SCH}assert"):
        code = assertion.get("id", "")
        words = {etree.QName(child).localname: child for child in assertion.iterchildren(etree.Element)}
        if list(words) != ["zh", "en", "expected"]:
            raise Mistake(f"{code} must hold zh, en and expected, in this order")
        english = _say(words["en"], etree.SubElement(diagnostics, f"{SCH}diagnostic", id=f"{code}.en"))
        english.set(_XML_LANG, "en")
        _say(words["expected"], etree.SubElement(properties, f"{SCH}property", id=f"{code}.expected"))
        for child in list(assertion):
            assertion.remove(child)
        _say(words["zh"], assertion)
        assertion.set("diagnostics", f"{code}.en")
        assertion.set("properties", f"{code}.expected")


def _say(words: etree._Element, target: etree._Element) -> etree._Element:
    target.text = words.text
    target.extend(list(words))
    return target


def _drop_unused(schema: etree._Element) -> None:
    """Leave out the lets of the whole file that nothing asks for, and comments that would stand before nothing."""
    while True:
        asked = {
            name
            for element in schema.iter(etree.Element)
            for value in element.attrib.values()
            for name in _VARIABLE.findall(str(value))
        }
        idle = [one for one in schema.iterchildren(f"{SCH}let") if one.get("name") not in asked]
        if not idle:
            return
        for one in idle:
            comment, following = one.getprevious(), one.getnext()
            last = following is None or following.tag != one.tag
            if comment is not None and last:
                comment.tail = one.tail
            schema.remove(one)
            if last and comment is not None and is_comment(comment):
                standing = comment.getprevious()
                if standing is not None:
                    standing.tail = comment.tail  # a node goes with the layout behind it
                schema.remove(comment)


def _check_ids(schema: etree._Element) -> None:
    seen: set[tuple[object, str]] = set()
    for element in schema.iter(etree.Element):
        key = (element.tag, element.get("id", ""))
        if key[1] and key in seen:
            raise Mistake(f"id {key[1]} is used twice")
        seen.add(key)


def wanted() -> dict[Path, str]:
    """Every file that ought to exist, with its text."""
    assembly = Assembly()
    files = {FAMILY / f"{source.stem}.sch": assembly.rules(source) for source in _forms()}
    parts = {path.stem for path in (SOURCES / "parts").glob("*.xml")}
    if idle := sorted(parts - assembly.used):
        raise Mistake(f"parts used by no form: {', '.join(idle)}")
    return files


def _forms() -> Iterator[Path]:
    return (path for path in sorted(SOURCES.glob("*.xml")) if path.name != "common.xml")


def present() -> list[Path]:
    """Files that are there now."""
    return list(FAMILY.glob("*.sch"))


def main() -> int:
    """Run the tool; the exit code for the shell."""
    try:
        return generated.run("make schemas/qlf/*.sch from their sources", FAMILY, wanted, present)
    except Mistake as mistake:
        print(f"mistake: {mistake}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
