"""Finding elements again in the file as its author wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from edi.checks.locate import Positions, locate
from edi.core.findings import Finding
from edi.core.node import human_path

TEXT = "<?xml version='1.0' encoding='{}'?>\r\n<a>中文😀<b/>\r\n\t<p:c xmlns:p='u' x='1'/><!-- <d> -->\n<d/><d>\n  <e/></d></a>"
PLACES = {
    "/a": (2, 1),
    "/a/b": (2, 7),
    "/a/c": (3, 2),
    "/a/c/@x": (3, 2),
    "/a/d": (4, 1),
    "/a/d[1]": (4, 1),
    "/a/d[2]": (4, 5),
    "/a/d[2]/e": (5, 3),
}


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "GB18030"])
@pytest.mark.parametrize("path", PLACES)
def test_places_are_in_characters_whatever_the_encoding(encoding, path):
    data = TEXT.format(encoding).encode(encoding)
    (finding,) = locate([Finding(code="x", path=path, zh="z", en="e")], data)
    assert (finding.line, finding.column) == PLACES[path]


@pytest.mark.parametrize("path", ["", "/", "/b", "/a/b[2]", "/a/f", "/a/d[0]", "/a/d[x]", "nonsense", "/a/b/c/d"])
def test_a_path_that_leads_nowhere_has_no_place(path):
    positions = Positions.of(TEXT.format("UTF-8").encode())
    assert positions.index(path) is None
    (finding,) = positions.locate([Finding(code="x", path=path, zh="z", en="e")])
    assert finding.line is None


def test_a_place_once_told_is_kept():
    known = Finding(code="x", path="/a/b", line=7, column=8, zh="z", en="e")
    assert locate([known], TEXT.format("UTF-8").encode()) == [known]


def test_what_cannot_be_read_has_no_places():
    assert Positions.of(b"<?xml version='1.0' encoding='EBCDIC'?><a/>").at(0) is None
    assert Positions.of(b"<!DOCTYPE a [<!ENTITY x 'y'>]><a/>").at(0) is None
    assert Positions.of(b"<a><b/><").at(1) == (1, 4)
    assert Positions.of(b"<a/>").at(-1) is None


def test_the_signature_at_the_end_moves_nothing():
    data = b"<m>\n<a/>\n<b><c/></b>\n<Signature><d/></Signature></m>"
    root = etree.fromstring(data)
    root.remove(root[-1])
    positions = Positions.of(data)
    assert [positions.at(number) for number, _ in enumerate(root.iter())] == [(1, 1), (2, 1), (3, 1), (3, 4)]


def test_findings_are_ordered_by_place_and_code_and_told_once():
    positions = Positions.of(TEXT.format("UTF-8").encode())
    findings = [Finding(code=code, path=path, zh="z", en="e") for code, path in
                [("2", "/a/d[2]"), ("1", "/a/d[2]"), ("9", "/a/b"), ("1", "/a/d[2]"), ("7", "")]]  # fmt: skip
    assert [(one.code, one.path) for one in positions.in_order(findings)] == [
        ("7", ""), ("9", "/a/b"), ("1", "/a/d[2]"), ("2", "/a/d[2]")]  # fmt: skip


trees = st.recursive(
    st.sampled_from("abc").map(etree.Element),
    lambda children: st.builds(
        lambda name, inside: (element := etree.Element(name)).extend(inside) or element,
        st.sampled_from("abc"),
        st.lists(children, max_size=4),
    ),
    max_leaves=12,
)


@given(trees)
def test_every_path_leads_back_to_its_element(tree):
    data = etree.tostring(tree, pretty_print=True)
    root = etree.fromstring(data)
    positions = Positions.of(data)
    for number, element in enumerate(root.iter()):
        assert positions.index(human_path(element)) == number
        assert positions.at(number)[0] == element.sourceline
