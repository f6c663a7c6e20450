"""The Chinese words of a message type from its published files: names of fields from the XSD, of codes from the tables.

A field's documentation begins with its name (`所在地海关，4位关区代码，代码表 customs_district`) and names its table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from edi.adapters.code_names import CodeNames
from edi.adapters.contract import Shelf
from edi.core.form import Form
from edi.errors import UserError

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NAME = re.compile(r"[^。；：，（;:.,(]+")
_TABLE = re.compile(r"代码表 (\w+)")
_DEFINITIONS = ("element", "complexType", "simpleType", "group")


@dataclass(frozen=True)
class SchemaWords:
    """Words about the fields of one message type."""

    shelf: Shelf
    form: Form
    names: CodeNames
    _definitions: dict[tuple[str, str], etree._Element] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(cls, shelf: Shelf, form: Form) -> SchemaWords:
        """The words of `form`. Raises UserError if its schema is not there or no XML."""
        words = cls(shelf, form, CodeNames(shelf))
        path = shelf.find(form.schema)
        if path is None:
            raise UserError(
                f"报文定义文件 {form.schema} 不存在；请检查配置 contract.schemas",
                f"The schema {form.schema} does not exist; check contract.schemas in the configuration",
            )
        words._read(path, set())
        return words

    def label(self, path: str) -> str:
        """The name of the field at `path` below the business node; its last step where the schema has none."""
        declared = self._declared(path)
        found = _NAME.match(_documented(declared)) if declared is not None else None
        return found[0].strip() if found else path.rpartition("/")[2]

    def meaning(self, path: str, value: str) -> str:
        """What a code in that field means; empty if it is no code, or unknown."""
        declared = self._declared(path)
        if declared is None:
            return ""
        table = _TABLE.search(_documented(declared))
        return self.names.name(table[1], value) if table else self._of_enumeration(declared, value)

    def _read(self, path: Path, seen: set[Path]) -> None:
        """Take in a schema and all it includes, each file once."""
        if path in seen:
            return
        seen.add(path)
        root = _parsed(path)
        for one in root.iterchildren(*(_XSD + kind for kind in _DEFINITIONS)):
            self._definitions[etree.QName(one).localname, one.get("name", "")] = one
        for one in root.iterchildren(_XSD + "include"):
            self._read(self.shelf.resolve((path.parent / one.get("schemaLocation", "")).resolve().as_uri()), seen)

    def _declared(self, path: str) -> etree._Element | None:
        """The declaration of the element at `path`, found by walking down from the message's root."""
        declared = self._definitions.get(("element", f"{self.form.code}Message"))
        for name in (self.form.code, *path.split("/")):
            if declared is None:
                return None
            declared = next((one for one in self._children(declared) if one.get("name") == name), None)
        return declared

    def _children(self, declared: etree._Element) -> Iterator[etree._Element]:
        inline = declared.find(_XSD + "complexType")
        return self._elements(inline if inline is not None else self._named("complexType", declared.get("type", "")))

    def _elements(self, model: etree._Element | None) -> Iterator[etree._Element]:
        """The elements of a content model, those of groups and of a base type included."""
        for one in model if model is not None else ():
            if one.tag == _XSD + "element":
                yield one
            elif one.tag == _XSD + "group":
                yield from self._elements(self._named("group", one.get("ref", "")))
            elif one.tag == _XSD + "extension":
                yield from self._elements(self._named("complexType", one.get("base", "")))
                yield from self._elements(one)
            elif one.tag in (_XSD + "sequence", _XSD + "choice", _XSD + "all", _XSD + "complexContent"):
                yield from self._elements(one)

    def _named(self, kind: str, name: str) -> etree._Element | None:
        return self._definitions.get((kind, name.rpartition(":")[2]))

    def _of_enumeration(self, declared: etree._Element, value: str) -> str:
        inline = declared.find(_XSD + "simpleType")
        kind = inline if inline is not None else self._named("simpleType", declared.get("type", ""))
        for one in kind.iter(_XSD + "enumeration") if kind is not None else ():
            if one.get("value") == value and (found := _NAME.match(_documented(one))):
                return found[0].strip()
        return ""


def _parsed(path: Path) -> etree._Element:
    try:
        return etree.parse(path, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)).getroot()
    except (etree.XMLSyntaxError, OSError) as error:
        raise UserError(
            f"报文定义文件 {path} 无法使用：{error}；请修改该文件",
            f"The contract file {path} cannot be used: {error}; mend that file",
        ) from error


def _documented(element: etree._Element) -> str:
    """The Chinese documentation of a part of a schema; empty if there is none."""
    for one in element.iterfind(f"{_XSD}annotation/{_XSD}documentation"):
        if one.get(_LANG) == "zh":
            return " ".join((one.text or "").split())
    return ""
