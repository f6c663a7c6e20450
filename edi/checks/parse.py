"""From bytes to a tree, for files from strangers: everything is bounded before memory is spent on it.

Refuses what the exchange has no use for: document type declarations and with them entities,
processing instructions, XML 1.1, and files beyond the `Limits`. Nothing outside the file is ever
looked at: no DTD, no XInclude, no schemaLocation, no xml:base, no network.

Counting bytes proves most messages harmless, and libxml2 builds them at once. All others first go
through `prescan`, which builds nothing and stops at the first forbidden thing: the text of an entity
bomb is never read, a million attributes never become objects.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

from edi.checks.archive import unpack
from edi.checks.encoding import as_utf8
from edi.checks.limits import DEFAULT_LIMITS, Limits, too_big
from edi.checks.prescan import prescan
from edi.core.findings import Dxp, Finding, clip

_DECLARATION = re.compile(rb"<\?xml\s")

__all__ = ["DEFAULT_LIMITS", "Limits", "parse", "unpack"]


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> etree._Element | list[Finding]:
    """The root element of `data`, or why there is none. Never raises, whatever the bytes."""
    if len(data) > limits.unpacked:
        return [too_big(limits.unpacked)]
    text = as_utf8(data)
    if isinstance(text, Finding):
        return [text]
    if _is_plainly_harmless(text, limits):
        root = _build(text)
        if not isinstance(root, Finding) and not _is_deeper_than(limits.depth)(root):
            return root
    trouble = prescan(text, limits)
    if trouble:
        return [trouble]
    built = _build(text)
    return [built] if isinstance(built, Finding) else built


def _is_plainly_harmless(text: bytes, limits: Limits) -> bool:
    """True if counting bytes proves that every limit but the depth holds; False says nothing.

    An attribute takes a `=`, a namespace declaration an `xmlns` with one, an element or comment a `<`; a tag is no longer
    than the text. Rare characters are looked for first: of the common ones each is a place to stop at.
    """
    if len(text) > limits.tag:
        return False
    content = text.find(b"?>") if _DECLARATION.match(text) else -2
    assignments = text.count(b"=")
    return (
        (b"<!" not in text or b"<!DOCTYPE" not in text)
        and (text.find(b"?", content + 2) < 0 or text.find(b"<?", content + 2) < 0)
        and assignments <= min(limits.attributes, limits.attributes_in_all)
        and (assignments <= limits.namespaces or text.count(b"xmlns") <= limits.namespaces)
        and text.count(b"<") <= min(limits.names - limits.attributes, limits.children, limits.nodes)
    )


def _build(text: bytes) -> etree._Element | Finding:
    """The tree of a text; nothing is resolved, loaded or expanded."""
    try:
        root = etree.fromstring(text, _parser())
    except etree.XMLSyntaxError as error:
        return _explain(error)
    if root.getroottree().docinfo.xml_version != "1.0":
        return Finding(
            code=Dxp.OTHER_FORMAT,
            line=1,
            column=1,
            expected="1.0",
            zh="XML 版本必须是 1.0；请改正 XML 声明",
            en="The version of XML must be 1.0; mend the XML declaration",
        )
    return root


@lru_cache(maxsize=1)
def _parser() -> etree.XMLParser:
    """Made once: making it takes longer than reading a short text.

    libxml2's own limits are switched off: ours hold already, and an envelope is one text of many megabytes.
    """
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=True,
        collect_ids=False,
    )


@lru_cache(maxsize=8)
def _is_deeper_than(depth: int) -> etree.XPath:
    """Compiled question whether any element lies deeper; each step only visits what is left."""
    return etree.XPath("boolean(/*" + "/*" * depth + ")")


def _explain(error: etree.XMLSyntaxError) -> Finding:
    """What only libxml2 minds: names and namespaces."""
    line, column = error.position
    reason = clip(error.error_log[0].message if error.error_log else str(error))
    return Finding(
        code=Dxp.BAD_FORMAT,
        line=max(line, 1),
        column=max(column, 1),
        zh=f"文件不是格式良好的 XML，多为名称或命名空间前缀有误（{reason}）；请改正此处",
        en=f"The file is not well-formed XML, most often by a name or namespace prefix ({reason}); mend this place",
    )
