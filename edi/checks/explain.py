"""What exactly does not fit the schema, told by the names and documentation that the schema itself gives.

Reads the structured errors of xmlschema (which child, which facet, which value) rather than their
English sentences; only an error of a kind unknown here is passed on in xmlschema's own words. Importing
this module takes 0.15 s: do so when there is something to explain.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator

from lxml import etree
from xmlschema import XMLSchemaBase, XMLSchemaChildrenValidationError, XMLSchemaValidationError
from xmlschema.validators import XsdAttributeGroup, XsdElement, XsdGroup

from edi.checks.words import Words, expected_by, label, labels
from edi.core.findings import Dxp, Finding, clip
from edi.core.node import human_path, local_name

_LONG = 4096
_NAMESPACE = re.compile(r"\{[^}]*\}")
_OF_ATTRIBUTE = re.compile(r"attribute ([^=]+)=")
"""The only trace xmlschema leaves of the attribute whose value is wrong."""


class Explainer:
    """Explains trees by one schema. `ground` is the file name it is known by."""

    def __init__(self, schema: XMLSchemaBase, ground: str) -> None:
        self._schema = schema
        self._ground = ground

    def __call__(self, root: etree._Element) -> Iterator[Finding]:
        """Findings in the order in which xmlschema meets them; the same one may come twice.

        Attachments are only looked at where they begin: reading 4 MiB of base64 takes xmlschema two seconds.
        """
        root = self._abridged(root)
        for error in self._schema.iter_errors(root):  # type: ignore[arg-type]  # its hints do not know lxml
            element = error.elem if etree.iselement(error.elem) else root
            if isinstance(error, XMLSchemaChildrenValidationError):
                yield self._of_children(error, element)
            elif isinstance(error.validator, XsdAttributeGroup):
                yield from self._of_attributes(error.validator, element)
            elif self._declaration(element) is None and element is root:
                yield self._of_root(root)
            else:
                yield self._of_value(error, element)

    def _of_root(self, root: etree._Element) -> Finding:
        known = sorted(one.local_name for one in self._schema.elements.values())
        return self._finding(
            root,
            Words(f"根元素 {local_name(root)} 不在本报文定义中", f"{local_name(root)} is no root of this schema"),
            Words("请核对根元素名称和命名空间", "compare name and namespace of the root"),
            found=str(root.tag),
            expected=", ".join(f"{{{self._schema.target_namespace}}}{name}" for name in known),
        )

    def _of_children(self, error: XMLSchemaChildrenValidationError, parent: etree._Element) -> Finding:
        wanted = _elements(error.expected or [error.particle])
        allowed = self._children(parent)
        child = parent[error.index] if error.index < len(parent) else None
        whole = self._label(parent)
        if child is None:
            missing = labels(wanted)
            return self._finding(
                parent,
                Words(f"{whole.zh} 缺少 {missing.zh}", f"{whole.en} lacks {missing.en}"),
                Words("请补填", "add it"),
                expected=_names(wanted),
            )
        if all(one.name != child.tag for one in allowed):
            name = local_name(child)
            return self._finding(
                child,
                Words(f"{whole.zh} 中没有 {name} 这一项", f"{whole.en} has no element {name}"),
                Words("请删除，或核对名称和命名空间", "remove it, or compare its name and namespace"),
                found=name,
                expected=_names(wanted if error.expected else allowed),
            )
        return self._of_place(child, allowed, wanted if error.expected else [])

    def _of_place(self, child: etree._Element, allowed: list[XsdElement], wanted: list[XsdElement]) -> Finding:
        """A child that the schema knows, but not here."""
        order = [one.name for one in allowed]
        rank = order.index(str(child.tag))
        before = list(child.itersiblings(preceding=True))
        most = allowed[rank].max_occurs
        passed = [one for one in before if one.tag in order[rank + 1 :]]
        mine = self._label(child)
        if most is not None and sum(one.tag == child.tag for one in before) >= most:
            what = Words(f"{mine.zh} 出现次数过多", f"{mine.en} occurs too often")
            mend = Words(f"请至多保留 {most} 个", f"keep at most {most}")
        elif passed:
            later = self._label(passed[-1])
            what = Words(f"{mine.zh} 的位置不对", f"{mine.en} is in the wrong place")
            mend = Words(f"请移到 {later.zh} 之前", f"move it before {later.en}")
        elif wanted:
            missing = labels(wanted)
            what = Words(f"{mine.zh} 之前缺少 {missing.zh}", f"{missing.en} is missing before {mine.en}")
            mend = Words("请补填", "add it")
        else:
            what = Words(f"{mine.zh} 不能出现在此处", f"{mine.en} is not allowed here")
            mend = Words("请删除", "remove it")
        return self._finding(child, what, mend, found=local_name(child), expected=_names(wanted))

    def _of_attributes(self, group: XsdAttributeGroup, element: etree._Element) -> Iterator[Finding]:
        """All missing and unknown attributes of the element."""
        mine = self._label(element)
        known = [name for name in group if name is not None]
        for name in known:
            if group[name].use == "required" and name not in element.attrib:
                yield self._finding(
                    element,
                    Words(f"{mine.zh} 缺少属性 {name}", f"{mine.en} lacks attribute {name}"),
                    Words("请补填", "add it"),
                    expected=name,
                )
        for name in map(str, element.attrib):
            if name not in group and None not in group:
                short = etree.QName(name).localname
                yield self._finding(
                    element,
                    Words(f"{mine.zh} 没有属性 {short}", f"{mine.en} has no attribute {short}"),
                    Words("请删除", "remove it"),
                    attribute=short,
                    found=element.get(name, ""),
                    expected=", ".join(known),
                )

    def _of_value(self, error: XMLSchemaValidationError, element: etree._Element) -> Finding:
        """Content that is not of its type."""
        reason = error.reason or ""
        of_attribute = _OF_ATTRIBUTE.match(reason)
        attribute = etree.QName(of_attribute[1]).localname if of_attribute else ""
        mine = Words(f"属性 {attribute}", f"attribute {attribute}") if attribute else self._label(element)
        declared = None if attribute else self._declaration(element)
        expected = expected_by(error.validator) or (expected_by(declared.type) if declared is not None else None)
        if isinstance(error.validator, XsdGroup):
            what = Words(
                f"{mine.zh} 只能含有子元素，不得直接含有文字", f"{mine.en} holds elements only, no text of its own"
            )
        elif expected is None:
            why = clip(_NAMESPACE.sub("", reason))
            what = Words(f"{mine.zh} 的内容不符合结构定义（{why}）", f"The content of {mine.en} is not allowed ({why})")
        else:
            what = Words(f"{mine.zh} 的值不正确，应为：{expected.zh}", f"{mine.en} must be: {expected.en}")
        return self._finding(
            element,
            what,
            Words("请修改", "mend it"),
            attribute=attribute,
            found=_quoted(_value(element, of_attribute[1] if of_attribute else "")),
            expected=str(expected or ""),
        )

    def _finding(
        self,
        element: etree._Element,
        what: Words,
        mend: Words,
        *,
        attribute: str = "",
        found: str = "",
        expected: str = "",
    ) -> Finding:
        return Finding(
            code=Dxp.SCHEMA,
            path=human_path(element) + (f"/@{attribute}" if attribute else ""),
            found=clip(found),
            expected=clip(expected),
            zh=f"{what.zh}；{mend.zh}",
            en=f"{what.en}; {mend.en}",
            ground=self._ground,
        )

    def _abridged(self, root: etree._Element) -> etree._Element:
        """`root`, or a copy of it with long base64 texts cut."""
        if not any(_is_long(element) for element in root.iter(etree.Element)):
            return root
        duplicate = copy.deepcopy(root)
        for element in filter(_is_long, duplicate.iter(etree.Element)):
            declared = self._declaration(element)
            primitive = getattr(declared.type, "primitive_type", None) if declared is not None else None
            if primitive is not None and primitive.local_name == "base64Binary":
                beginning = "".join((element.text or "")[:_LONG].split())
                element.text = beginning[: len(beginning) // 4 * 4]
        return duplicate

    def _label(self, element: etree._Element) -> Words:
        return label(self._declaration(element), local_name(element))

    def _declaration(self, element: etree._Element) -> XsdElement | None:
        """What the schema says of an element, found by walking down from the root."""
        parent = element.getparent()
        if parent is None:
            return self._schema.maps.elements.get(str(element.tag))
        return next((one for one in self._children(parent) if one.name == element.tag), None)

    def _children(self, parent: etree._Element) -> list[XsdElement]:
        """The elements the schema knows in `parent`, in their order."""
        declared = self._declaration(parent)
        model = declared.type.model_group if declared is not None else None
        return _elements(model.iter_elements()) if model is not None else []


def _is_long(element: etree._Element) -> bool:
    return len(element.text or "") > _LONG


def _elements(particles: Iterable[object]) -> list[XsdElement]:
    """The elements among what xmlschema calls particles, those of groups included."""
    found: list[XsdElement] = []
    for one in particles:
        if isinstance(one, XsdElement):
            found.append(one)
        elif isinstance(one, XsdGroup):
            found.extend(inner for inner in one.iter_elements() if isinstance(inner, XsdElement))
    return found


def _names(declared: list[XsdElement]) -> str:
    return ", ".join(dict.fromkeys(one.local_name for one in declared))


def _value(element: etree._Element, attribute: str) -> str:
    """The attribute, or the text of an element that holds nothing else."""
    if attribute:
        return element.get(attribute, "")
    return "" if len(element) else "".join(element.itertext())


def _quoted(value: str) -> str:
    """The value, in quotation marks where blanks at its ends would be overlooked."""
    return value if value == value.strip() else f"“{value}”"
