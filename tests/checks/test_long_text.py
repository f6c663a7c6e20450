"""translate() for long texts: what XPath itself gives, in time by the length of the text alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from edi.checks.schematron import load
from edi.checks.xpath import Compiler

LETTERS = st.text("aAbB=+/ 9é中🙂\n'", max_size=12)
ROOT = etree.fromstring("<r xmlns='u'><a>a<b>b</b><!--c-->d</a><a>e</a><n>12</n></r>")
COMPILER = Compiler({"q": "u"}, lambda _address: ROOT)


@given(LETTERS, LETTERS, LETTERS)
def test_it_gives_what_libxml2_gives(text, alphabet, replacements):
    given_values = {"text": text, "alphabet": alphabet, "replacements": replacements}
    ours = COMPILER.compile("translate($text, $alphabet, $replacements)")
    assert ours(ROOT, given_values) == etree.XPath("translate($text, $alphabet, $replacements)")(ROOT, **given_values)


@pytest.mark.parametrize(
    "arguments", ["q:a, 'ab', 'x'", "q:none, 'a', 'b'", "q:n, 1 + 1, 3", "q:a, q:n, true()", "q:n/text(), '1', ''"]
)
def test_whatever_is_no_string_becomes_one_as_xpath_says(arguments):
    expected = etree.XPath(f"translate({arguments})", namespaces={"q": "u"})(ROOT)
    assert COMPILER.compile(f"translate({arguments})")(ROOT, {}) == expected


def test_an_alphabet_of_many_letters_costs_nothing():
    """libxml2 compares each of the eight million characters with all letters: eight seconds."""
    rule = "<sch:assert id='R' test=\"translate(q:b, '{}', '') = ''\" diagnostics='en'>错误</sch:assert>"
    text = (
        "<sch:schema xmlns:sch='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt'><sch:ns prefix='q' uri='u'/>"
        f"<sch:pattern id='p'><sch:rule context='q:a'>{rule.format('y' * 640 + 'x')}</sch:rule></sch:pattern>"
        "<sch:diagnostics><sch:diagnostic id='en' xml:lang='en'>Bad</sch:diagnostic></sch:diagnostics></sch:schema>"
    )
    rules = load(etree.ElementTree(etree.fromstring(text)), lambda _address: ROOT)
    root = etree.fromstring(f"<a xmlns='u'><b>{'x' * (8 << 20)}</b></a>", etree.XMLParser(huge_tree=True))
    started = time.process_time()
    assert not rules.check(root)
    assert time.process_time() - started < 1
