"""Appending elements to a message, in the namespace of what they are appended to."""

from __future__ import annotations

from lxml import etree

from edi.core.node import local_name


def add(parent: etree._Element, name: str) -> etree._Element:
    """Append an empty element."""
    namespace, brace, _ = str(parent.tag).rpartition("}")
    return etree.SubElement(parent, namespace + brace + name)


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
