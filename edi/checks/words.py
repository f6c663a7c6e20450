"""Words about the parts of a schema, in Chinese and English, taken from the schema's own documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from xmlschema.validators import XsdAnnotation, XsdComponent, XsdElement, XsdEnumerationFacets, XsdFacet, XsdType

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_CLAUSE = re.compile(r"[^。；：，（;:.,(]+")
_CODES_WITH_NAMES = 8

_BOUNDS = {
    "minLength": ("至少 {} 个字符", "at least {} characters"),
    "maxLength": ("至多 {} 个字符", "at most {} characters"),
    "length": ("恰好 {} 个字符", "exactly {} characters"),
    "minInclusive": ("不小于 {}", "not less than {}"),
    "minExclusive": ("大于 {}", "greater than {}"),
    "maxInclusive": ("不大于 {}", "not more than {}"),
    "maxExclusive": ("小于 {}", "less than {}"),
    "totalDigits": ("至多 {} 位数字", "at most {} digits"),
    "fractionDigits": ("至多 {} 位小数", "at most {} decimals"),
}
_BUILT_IN = {
    "base64Binary": ("base64 编码", "base64"),
    "date": ("日期 yyyy-MM-dd", "a date yyyy-MM-dd"),
    "dateTime": ("日期时间 yyyy-MM-ddThh:mm:ss", "a date and time yyyy-MM-ddThh:mm:ss"),
    "boolean": ("true 或 false", "true or false"),
    "decimal": ("数字", "a number"),
    "integer": ("整数", "a whole number"),
    "positiveInteger": ("正整数", "a whole number above zero"),
    "nonNegativeInteger": ("非负整数", "a whole number, not negative"),
}


@dataclass(frozen=True)
class Words:
    """The same words in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if self.zh == self.en else f"{self.zh} / {self.en}"


def label(declared: XsdElement | None, name: str) -> Words:
    """The element's documented name and its name in the message, which is English already."""
    documented = _documented(declared.ref or declared if declared is not None else None)
    if documented is None:
        return Words(name, name)
    return Words(f"{_first_clause(documented.zh)} {name}".lstrip(), name)


def labels(declared: Iterable[XsdElement]) -> Words:
    """The labels of several elements, of which any will do."""
    each = [label(one, one.local_name) for one in declared]
    return Words(" 或 ".join(one.zh for one in each), " or ".join(one.en for one in each))


def expected_by(validator: object) -> Words | None:
    """What a type or facet of the schema demands; None if it cannot be told in words of ours."""
    if isinstance(validator, XsdEnumerationFacets):
        return _codes(validator)
    if isinstance(validator, XsdFacet):
        bound = _BOUNDS.get(validator.elem.tag.rpartition("}")[2])
        if bound is not None:
            return Words(bound[0].format(validator.value), bound[1].format(validator.value))
        return _first_sentence(_documented(validator.parent))
    if isinstance(validator, XsdType):
        known = _BUILT_IN.get(validator.local_name or "")
        return Words(*known) if known else _first_sentence(_documented(validator))
    return None


def _codes(facet: XsdEnumerationFacets) -> Words:
    """The codes of an enumeration, with their meaning where there are few."""
    values = [str(one) for one in facet.enumeration]
    if len(values) > _CODES_WITH_NAMES:
        return Words("、".join(values), ", ".join(values))
    meanings = [_of_annotation(facet.get_annotation(index)) for index in range(len(values))]
    pairs = list(zip(values, meanings, strict=True))
    return Words(
        "、".join(f"{value}（{_first_clause(meaning.zh)}）" if meaning else value for value, meaning in pairs),
        ", ".join(f"{value} ({_first_clause(meaning.en)})" if meaning else value for value, meaning in pairs),
    )


def _documented(component: XsdComponent | None) -> Words | None:
    return _of_annotation(component.annotation) if component is not None else None


def _of_annotation(annotation: XsdAnnotation | None) -> Words | None:
    """Documentation in both languages; what is missing in one is taken from the other."""
    if annotation is None:
        return None
    texts = {one.get(_LANG): " ".join((one.text or "").split()) for one in annotation.documentation}
    zh, en = texts.get("zh", "").rstrip("。"), texts.get("en", "").rstrip(".")
    return Words(zh or en, en or zh) if zh or en else None


def _first_sentence(words: Words | None) -> Words | None:
    return Words(words.zh.partition("。")[0], words.en.partition(". ")[0]) if words else None


def _first_clause(text: str) -> str:
    found = _CLAUSE.match(text)
    return found[0].strip() if found else ""
