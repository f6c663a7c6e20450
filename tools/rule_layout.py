"""How a published rule file is laid out, so that people can read what was assembled: see `make_rules`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from lxml import etree

NAMESPACE = "urn:edi-customs:rules:1"
SCH = "{http://purl.oclc.org/dsdl/schematron}"
BREAK = "\ue000"
"""Stands for a line break inside an attribute."""

_TEXTS = frozenset({"title", "diagnostic", "property"})
_LINES = {
    "assert": (("id", "role", "see"), ("test",), ("subject",), ("diagnostics", "properties")),
    "schema": (("queryBinding", "defaultPhase"), ("schemaVersion", "lang")),
}
"""Attributes of an element that takes several lines, line by line."""
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ATTRIBUTE_ESCAPES = _ESCAPES | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})
_BLANK = re.compile(r"\n[ \t]*\n")
_WORDS = {"diagnostics": "The same in English.", "properties": "What is allowed, in both languages."}


def layout(root: etree._Element, schema: etree._Element) -> str:
    """The text of the file: a heading from the comments before the schema, then the schema."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    for node in root.iterchildren():
        if is_comment(node):
            lines += _comment(node, "")
    lines += _element(schema, "", f' xmlns:sch="{SCH.strip("{}")}"')
    return "\n".join(lines) + "\n"


def is_comment(node: etree._Element) -> bool:
    """True for a comment, which lxml lists among the elements."""
    return node.tag is etree.Comment  # type: ignore[comparison-overlap]


def _element(element: etree._Element, indent: str, more: str = "") -> Iterator[str]:
    name = etree.QName(element).localname
    start = f"{indent}<sch:{name}{more}"
    opening = _opening(element, name, start)
    children = list(element)
    if name in _TEXTS:
        yield f"{opening}>{_words(element)}</sch:{name}>"
    elif name == "assert":
        yield from (f"{opening}>", f"{indent}  {_words(element)}", f"{indent}</sch:assert>")
    elif children:
        yield f"{opening}>"
        yield from _children(children, f"{indent}  ", apart=name == "schema")
        yield f"{indent}</sch:{name}>"
    else:
        yield f"{opening}/>"


def _children(children: Iterable[etree._Element], indent: str, *, apart: bool) -> Iterator[str]:
    """Children line by line; a blank line where the source has one, and before the words at the end."""
    for child in children:
        name = "" if is_comment(child) else etree.QName(child).localname
        before = child.getprevious()
        space = child.getparent().text if before is None else before.tail  # type: ignore[union-attr]
        if (apart and name in _WORDS) or (before is not None and _BLANK.search(space or "")):
            yield ""
        if apart and name in _WORDS:
            yield f"{indent}<!-- {_WORDS[name]} -->"
        yield from _element(child, indent) if name else _comment(child, indent)


def _opening(element: etree._Element, name: str, start: str) -> str:
    """The start tag without its end; long ones over several lines, each below the first attribute."""
    given = {etree.QName(key).localname: key for key in element.attrib}
    lines = _LINES.get(name, (tuple(given),))
    if unplaced := set(given) - {one for line in lines for one in line}:
        raise ValueError(f"no place for the attributes {sorted(unplaced)} of {name}")
    column = len(start.rpartition("\n")[2]) + 1 if name != "schema" else len("<sch:schema ")
    text = start
    for number, line in enumerate(lines):
        shown = [one for one in line if one in given]
        if not shown:
            continue
        text += " " if number == 0 else "\n" + " " * column
        for position, one in enumerate(shown):
            prefix = "xml:" if given[one].startswith("{http://www.w3.org/XML") else ""
            text += (" " if position else "") + f'{prefix}{one}="'
            text += _value(str(element.get(given[one])), text) + '"'
    return text


def _value(value: str, before: str) -> str:
    """An attribute's value; its further lines below its first, or as a block if it begins with a line break."""
    first, *rest = value.translate(_ATTRIBUTE_ESCAPES).split(BREAK)
    if not rest:
        return first
    line = before.rpartition("\n")[2]
    width = len(line) if first else len(line) - len(line.lstrip()) + 2
    return first + "\n" + textwrap.indent(textwrap.dedent("\n".join(rest)), " " * width)


def _words(element: etree._Element) -> str:
    """Text with the values that are put in."""
    text = (element.text or "").translate(_ESCAPES)
    for child in element:
        name = etree.QName(child).localname
        attributes = "".join(
            f' {key}="{str(value).translate(_ATTRIBUTE_ESCAPES)}"' for key, value in child.attrib.items()
        )
        text += f"<sch:{name}{attributes}/>" + (child.tail or "").translate(_ESCAPES)
    return " ".join(text.split())


def _comment(comment: etree._Element, indent: str) -> Iterator[str]:
    text = comment.text or ""
    if text.startswith("\n"):
        body = textwrap.indent(
            textwrap.dedent(text.strip("\n").rstrip()), f"{indent}  ", lambda line: bool(line.strip())
        )
        yield f"{indent}<!--\n{body}\n{indent}-->"
    else:
        lines = [line.strip() for line in text.strip().split("\n")]
        yield f"{indent}<!-- " + f"\n{indent}     ".join(lines) + " -->"
