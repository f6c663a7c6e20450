"""Appending elements to a message, in the namespace of what they are appended to."""

from __future__ import annotations

from lxml import etree

from edi.core.node import local_name


def add(parent: etree._Element, name: str) -> etree._Element:
    """Append an empty element."""
    namespace = etree.QName(parent).namespace
    return etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)


def add_given(parent: etree._Element, name: str, text: str) -> None:
    """Append an element unless there is nothing to put into it."""
    if text:
        add(parent, name).text = text


def graft(parent: etree._Element, block: etree._Element) -> None:
    """Append `block` and all below it, whatever namespace it stood in; comments stay behind."""
    copy = add(parent, local_name(block))
    copy.text = block.text
    for child in block.iterchildren(etree.Element):
        graft(copy, child)
