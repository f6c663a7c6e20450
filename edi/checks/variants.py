"""A part of a message as it may have been when it was signed: each usual mishap undone (exchange 6)."""

from __future__ import annotations

import codecs
import contextlib
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from lxml import etree

from edi.checks import mishaps
from edi.checks.mishaps import Mishap
from edi.messages.algorithms import DS
from edi.messages.canonical import C14n, apart, drop, join_lines, parsed
from edi.messages.dsig import ds
from edi.messages.dxp import DXP

MOST_PREFIXES = 8
"""Namespace declarations that are left out one by one."""
MOST_PARTS = 8
"""Children of the root that are taken for the whole."""
_SIGNATURE = re.compile(rb"<(?:[\w.-]{1,64}:)?Signature[\s>]")
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]{0,200}\?>\s*")
_WRONG_WAY = {C14n.INCLUSIVE: mishaps.INCLUSIVE, C14n.EXCLUSIVE: mishaps.EXCLUSIVE}
_XSI = {"xsi": "http://www.w3.org/2001/XMLSchema-instance"}
_XSD = {"xsd": "http://www.w3.org/2001/XMLSchema"}
_SURROUNDINGS = (_XSI, _XSD, _XSI | _XSD, {"dxp": DXP}, {"ds": DS}, {"dxp": DXP, "ds": DS}, {"dxp": DXP} | _XSI)
"""What envelopes and frameworks declare around a message."""


@dataclass(frozen=True)
class Variant:
    """The bytes that would have been signed, had these mishaps happened."""

    octets: bytes
    mishaps: tuple[Mishap, ...] = ()


def variants(apex: etree._Element, declared: C14n, depth: int = 0) -> Iterator[Variant]:
    """`apex`, root of a document of its own, in every way it is often signed; the usual ones first.

    `depth` is how deep it stands in its message: indentation counts from there.
    """
    other = C14n.EXCLUSIVE if declared is C14n.INCLUSIVE else C14n.INCLUSIVE
    ways = ((declared, ()), (other, (_WRONG_WAY[other],)))
    for mishap, tree in _trees(apex, depth):
        for method, wrong_way in ways:
            for octets in _canonical(tree, method):
                yield Variant(octets, (mishap, *wrong_way) if mishap else wrong_way)
    for method, wrong_way in ways:
        for octets in _canonical(apex, method, comments=True):
            yield Variant(octets, (mishaps.COMMENTS, *wrong_way))
    for octets in _canonical(apex, declared):
        yield from _recoded(octets)


def content_variants(root: etree._Element, content: etree._Element, data: bytes, declared: C14n) -> Iterator[Variant]:
    """What else is digested in place of `content`: the message `root` with its signature, its file, a part of it."""
    yield from variants(content, declared)
    for tree in _with_signature(root):
        yield from (Variant(octets, (mishaps.SIGNATURE_LEFT_IN,)) for one in C14n for octets in _canonical(tree, one))
    for octets in _as_file(data):
        yield Variant(octets, (mishaps.NOT_CANONICAL,))
    for part in list(content.iterchildren("{*}*"))[:MOST_PARTS]:
        tree = apart(part)
        yield from (Variant(octets, (mishaps.ONLY_A_PART,)) for one in C14n for octets in _canonical(tree, one))


def _canonical(apex: etree._Element, method: C14n, *, comments: bool = False) -> Iterator[bytes]:
    """Canonical bytes of the document of `apex`; none if it cannot be canonicalised."""
    exclusive = method is C14n.EXCLUSIVE
    with contextlib.suppress(etree.C14NError):
        yield etree.tostring(apex.getroottree(), method="c14n", exclusive=exclusive, with_comments=comments)


def _trees(apex: etree._Element, depth: int) -> Iterator[tuple[Mishap | None, etree._Element]]:
    yield None, apex
    joined, trimmed = _changed(apex, join_lines), _changed(apex, _trim)
    yield mishaps.ONE_LINE, joined
    if etree.tostring(joined) != etree.tostring(trimmed):
        yield mishaps.TRIMMED, trimmed
    for unit, mishap in mishaps.INDENTED.items():
        for level in sorted({0, depth}):
            yield mishap, _changed(apex, partial(etree.indent, space=unit, level=level))
    yield mishaps.CRLF_SIGNED, _changed(apex, lambda tree: _replace(tree, "\n", "\r\n"))
    yield mishaps.CR_ADDED, _changed(apex, lambda tree: _replace(tree, "\r", ""))
    yield from ((mishaps.NAMESPACES_ADDED, tree) for tree in _with_fewer_namespaces(apex))
    yield from ((mishaps.IN_AN_ENVELOPE, tree) for tree in _with_more_namespaces(apex))


def _changed(apex: etree._Element, change: Callable[[etree._Element], None]) -> etree._Element:
    tree = copy.deepcopy(apex.getroottree()).getroot()
    change(tree)
    return tree


def _trim(apex: etree._Element) -> None:
    join_lines(apex)
    for one in apex.iter("{*}*"):
        one.text = (one.text or "").strip() or None


def _replace(apex: etree._Element, old: str, new: str) -> None:
    for one in apex.iter():
        one.text = one.text.replace(old, new) if one.text else one.text
        if one is not apex and one.tail:
            one.tail = one.tail.replace(old, new)


def _with_fewer_namespaces(apex: etree._Element) -> Iterator[etree._Element]:
    """Without the declarations that nothing uses: all of them, and one by one."""
    yield _changed(apex, etree.cleanup_namespaces)
    text = etree.tostring(apex, encoding="UTF-8", with_tail=False)
    for prefix in list(apex.nsmap)[:MOST_PREFIXES]:
        name = f"xmlns:{prefix}" if prefix else "xmlns"
        shorter = re.sub(rf'^(<[^>]*?) {re.escape(name)}="[^"]*"'.encode(), rb"\1", text, count=1)
        with contextlib.suppress(etree.XMLSyntaxError):  # it is used
            yield parsed(shorter)


def _with_more_namespaces(apex: etree._Element) -> Iterator[etree._Element]:
    text = etree.tostring(apex, encoding="UTF-8", with_tail=False)
    for added in _SURROUNDINGS:
        if added.keys().isdisjoint(apex.nsmap):
            declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in added.items()).encode("ascii")
            yield parsed(re.sub(rb"^<[^\s/>]+", rb"\g<0>" + declared, text, count=1))


def _recoded(octets: bytes) -> Iterator[Variant]:
    text = octets.decode("utf-8")
    codecs_tried: tuple[tuple[Mishap, Callable[[], bytes]], ...] = (
        (mishaps.GB18030_SIGNED, lambda: text.encode("gb18030")),
        (mishaps.GB18030_MISREAD, lambda: octets.decode("gb18030").encode("utf-8")),
        (mishaps.LATIN1_SIGNED, lambda: text.encode("latin-1")),
        (mishaps.LATIN1_SIGNED, lambda: text.encode("cp1252")),
        (mishaps.UTF16_SIGNED, lambda: text.encode("utf-16-le")),
        (mishaps.MARK_SIGNED, lambda: codecs.BOM_UTF8 + octets),
        (mishaps.CRLF_SIGNED, lambda: octets.replace(b"\n", b"\r\n")),
    )
    for mishap, recode in codecs_tried:
        try:
            yield Variant(recode(), (mishap,))
        except UnicodeError:
            continue


def _with_signature(root: etree._Element) -> Iterator[etree._Element]:
    """The whole message as it was before the values were written into its signature."""

    def empty(tree: etree._Element) -> None:
        for name in ("DigestValue", "SignatureValue"):
            for one in tree.iter(ds(name)):
                one.text = None

    def bare(tree: etree._Element) -> None:
        empty(tree)
        for one in list(tree.iter(ds("KeyInfo"))):
            drop(one)

    yield _changed(root, empty)
    yield _changed(root, bare)


def _as_file(data: bytes) -> Iterator[bytes]:
    """The file with its signature cut out, as text: with and without declaration, with either line end."""
    found, end = _SIGNATURE.search(data), data.rfind(b"Signature>")
    if found is None or end < found.start():
        return
    cut = data[: found.start()] + data[end + len(b"Signature>") :]
    for octets in (cut, _DECLARATION.sub(b"", cut.removeprefix(codecs.BOM_UTF8))):
        joined = octets.replace(b"\r\n", b"\n")
        yield from (octets, octets.strip(), joined, joined.replace(b"\n", b"\r\n"))
