"""A block of a message by itself."""

import pytest
from lxml import etree

from edi.core.node import Node

MESSAGE = """<m xmlns="urn:one" xmlns:p="urn:two" xmlns:unused="urn:three" xml:lang="zh">
  <block p:a="1" b="2"> 甲&amp;<!-- left out --><p:in><c xmlns="urn:four">&#13;</c></p:in><d xmlns=""/></block>tail
</m>"""
INNER = '<c xmlns="urn:four">&#xD;</c></p:in>'


@pytest.mark.parametrize(
    ("path", "alone"),
    [
        (
            "{urn:one}block",
            f'<block xmlns="urn:one" xmlns:p="urn:two" b="2" p:a="1"> 甲&amp;<p:in>{INNER}<d xmlns=""></d></block>',
        ),
        (".//{urn:two}in", f'<p:in xmlns:p="urn:two">{INNER}'),
        (".//d", "<d></d>"),
    ],
)
def test_a_block_is_canonical_without_the_message_around_it(path, alone):
    """Exclusive C14N (W3C, 2002): namespaces where they are used, none that is not, and nothing that follows."""
    message = etree.fromstring(MESSAGE)
    before = etree.tostring(message)
    assert Node(message.find(path)).canonical() == alone
    assert etree.tostring(message) == before
