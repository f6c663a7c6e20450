"""Canonical XML, exactly as W3C defines it, for whole documents and for subtrees in their document.

lxml's own C14N of a subtree forgets the namespaces declared above it and writes spurious `xmlns=""`;
so a subtree is first made a document of its own that carries its whole namespace context.
"""

from __future__ import annotations

import copy
from enum import Enum
from functools import lru_cache

from lxml import etree

_XML = "{http://www.w3.org/XML/1998/namespace}"


class C14n(Enum):
    """The two canonicalisations the profile allows, both without comments (exchange 6)."""

    INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def canonical_document(root: etree._Element, method: C14n, inclusive_prefixes: tuple[str, ...] = ()) -> bytes:
    """Canonical bytes of the whole document that `root` is the root of, without comments."""
    return _write(root.getroottree(), method, inclusive_prefixes)


def canonical_subtree(element: etree._Element, method: C14n, inclusive_prefixes: tuple[str, ...] = ()) -> bytes:
    """Canonical bytes of `element` as it stands in its document."""
    alone = apart(element)
    if method is C14n.INCLUSIVE:
        _inherit_xml_attributes(element, alone)
    return _write(alone.getroottree(), method, inclusive_prefixes)


def canonical_in_one_line(element: etree._Element) -> bytes:
    """Inclusive canonical bytes of `element` as it stood before it was printed indented.

    White space between elements is left out; the text of an element is kept as it is.
    """
    alone = apart(element)
    join_lines(alone)
    return _write(alone.getroottree(), C14n.INCLUSIVE, ())


def join_lines(apex: etree._Element) -> None:
    """Leave out the white space between all elements within `apex`."""
    for one in apex.iter():
        if len(one) and not (one.text or "").strip():
            one.text = None
        if not (one.tail or "").strip():
            one.tail = None


def without(root: etree._Element, child: etree._Element) -> etree._Element:
    """A copy of the document of `root` without `child`, whose following text stays where it was."""
    index = root.index(child)
    duplicate = copy.deepcopy(root.getroottree()).getroot()
    twin = duplicate[index]
    tail = twin.tail or ""
    before = twin.getprevious()
    if before is None:
        duplicate.text = (duplicate.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    drop(twin)
    return duplicate


def drop(child: etree._Element) -> None:
    """Remove `child` from its document, its following text with it.

    It is emptied first: to take out a whole subtree, lxml compares the namespaces of all its elements with each other.
    """
    parent = child.getparent()
    child.clear()
    if parent is not None:
        parent.remove(child)


def apart(element: etree._Element) -> etree._Element:
    """The element as root of a document of its own, with all namespaces that are in scope for it."""
    return parsed(etree.tostring(element, encoding="UTF-8", with_tail=False))


def parsed(text: bytes) -> etree._Element:
    """The root of a text that was parsed under limits before, or that this program wrote."""
    return etree.fromstring(text, _parser())


@lru_cache(maxsize=1)
def _parser() -> etree.XMLParser:
    """Made once: making it takes longer than reading a short text."""
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, collect_ids=False)


def _inherit_xml_attributes(element: etree._Element, apex: etree._Element) -> None:
    """C14N 1.0, 2.4: the apex inherits xml:lang, xml:space and the like from left-out ancestors."""
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            if str(name).startswith(_XML) and name not in apex.attrib:
                apex.set(name, value)


def _write(tree: etree._ElementTree, method: C14n, inclusive_prefixes: tuple[str, ...]) -> bytes:
    exclusive = method is C14n.EXCLUSIVE
    return etree.tostring(
        tree,
        method="c14n",
        exclusive=exclusive,
        with_comments=False,
        inclusive_ns_prefixes=list(inclusive_prefixes) if exclusive and inclusive_prefixes else None,
    )
