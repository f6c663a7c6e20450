"""A checkpoint: the end of the event chain at one moment, signed by the gateway, for keeping outside the ledger."""

from __future__ import annotations

from lxml import etree

from edi.core.chain import Head
from edi.messages.dsig import SigningKey, sign_message

NAMESPACE = "urn:edi-customs:checkpoint:1"


def checkpoint_message(node: str, head: Head, at: str, key: SigningKey) -> bytes:
    """The signed checkpoint of the gateway `node`; `at` is UTC, ISO 8601. Its `chain` is written as in answers."""
    root = etree.Element(f"{{{NAMESPACE}}}Checkpoint", nsmap={None: NAMESPACE}, version="1.0")
    for name, text in (("node", node), ("time", at)):
        etree.SubElement(root, f"{{{NAMESPACE}}}{name}").text = text
    chain = etree.SubElement(root, f"{{{NAMESPACE}}}chain")
    etree.SubElement(chain, f"{{{NAMESPACE}}}seq").text = str(head.seq)
    etree.SubElement(chain, f"{{{NAMESPACE}}}head").text = head.hash
    etree.indent(root)
    return sign_message(root, key)
