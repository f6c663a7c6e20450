"""What a message that does not fit its XSD is told."""

import itertools
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from edi.checks import schema as module
from edi.checks.explain import Explainer
from edi.checks.schema import MOST_FINDINGS, Schema

ORDER = Path(__file__).parent / "order.xsd"
GOOD = "<order xmlns='urn:o' no='A1'><buyer>甲</buyer><item>1</item><item>2</item><sent>2026-01-31</sent></order>"


def schema_of(path):
    compiled = etree.XMLSchema(etree.parse(path))
    return Schema(compiled, lambda: Explainer(xmlschema.XMLSchema10(str(path), allow="local"), path.name), path.name)


@pytest.fixture(scope="module")
def order():
    return schema_of(ORDER)


def check(schema, text):
    findings = schema.check(etree.fromstring(text))
    for finding in findings:
        assert (finding.code, finding.ground) == ("0002", "order.xsd")
    return findings


def test_a_message_that_fits_is_left_in_peace(order):
    assert check(order, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "found", "expected", "zh", "en"),
    [
        ("<buyer>甲</buyer>", "", "/order/item[1]", "item", "buyer", "买方 buyer", "buyer is missing before item"),
        ("<sent>2026-01-31</sent>", "", "/order", "", "sent", "订单 order 缺少", "lacks sent"),
        (
            "<item>2</item>",
            "<item>2</item><item>3</item><item>4</item>",
            "/order/item[4]",
            "item",
            "",
            "出现次数过多",
            "keep at most 3",
        ),
        (
            "<buyer>甲</buyer><item>1</item>",
            "<item>1</item><buyer>甲</buyer>",
            "/order/item[1]",
            "item",
            "buyer",
            "之前缺少",
            "add it",
        ),
        ("<sent>", "<gift/><sent>", "/order/gift", "gift", "sent", "没有 gift 这一项", "has no element gift"),
        (
            "<item>1<",
            "<item>many<",
            "/order/item[1]",
            "many",
            "正整数 / a whole number above zero",
            "货物项 item",
            "above zero",
        ),
        ("<item>1<", "<item>0<", "/order/item[1]", "0", "正整数 / a whole number above zero", "货物项 item", "zero"),
        (
            ">甲<",
            ">甲乙丙丁<",
            "/order/buyer",
            "甲乙丙丁",
            "至多 3 个字符 / at most 3 characters",
            "买方 buyer",
            "at most 3",
        ),
        (">甲<", "><", "/order/buyer", "", "至少 1 个字符 / at least 1 characters", "买方 buyer", "at least 1"),
        (
            ">2026-01-31<",
            ">31.1.2026<",
            "/order/sent",
            "31.1.2026",
            "日期 yyyy-MM-dd / a date yyyy-MM-dd",
            "发出日期",
            "a date",
        ),
        (
            "no='A1'",
            "no='1A'",
            "/order/@no",
            "1A",
            "编号，字母在前 / A number, letter first",
            "属性 no",
            "letter first",
        ),
        (
            "no='A1'",
            "no='A1 '",
            "/order/@no",
            "“A1 ”",
            "编号，字母在前 / A number, letter first",
            "属性 no",
            "letter first",
        ),
        ("no='A1'", "", "/order", "", "no", "缺少属性 no", "lacks attribute no"),
        ("no='A1'", "no='A1' nr='2'", "/order/@nr", "2", "no, kind", "没有属性 nr", "has no attribute nr"),
        (
            "no='A1'",
            "no='A1' kind='X'",
            "/order/@kind",
            "X",
            "G（货物）、S（服务） / G (goods), S (services)",
            "货物",
            "goods",
        ),
        ("<sent>", "text<sent>", "/order", "", "", "不得直接含有文字", "no text of its own"),
    ],
)
def test_each_mistake_is_told_with_place_value_and_remedy(order, old, new, path, found, expected, zh, en):
    assert old in GOOD
    (finding,) = check(order, GOOD.replace(old, new, 1))
    assert (finding.path, finding.found) == (path, found)
    assert not expected or finding.expected == expected
    assert zh in finding.zh
    assert en in finding.en


def test_a_child_in_the_wrong_place_is_told_where_it_belongs(order):
    text = GOOD.replace("<item>2</item><sent>2026-01-31</sent>", "<sent>2026-01-31</sent><item>2</item>")
    (finding,) = check(order, text)
    assert finding.path == "/order/item[2]"
    assert "请移到 发出日期 sent 之前" in finding.zh
    assert "move it before sent" in finding.en


@pytest.mark.parametrize("text", ["<bill xmlns='urn:o'/>", "<order xmlns='urn:other'/>", "<order/>"])
def test_another_root_is_told_as_such(order, text):
    (finding,) = check(order, text)
    assert finding.expected == "{urn:o}list, {urn:o}order"
    assert "root" in finding.en


def test_all_mistakes_come_at_once(order):
    found = check(order, "<order xmlns='urn:o' no='1'><buyer>甲乙丙丁</buyer><item>x</item><gift/></order>")
    assert [finding.path for finding in found] == ["/order/@no", "/order/buyer", "/order/item", "/order/gift"]


def test_there_are_never_more_findings_than_a_person_reads(order):
    text = f"<list xmlns='urn:o'>{'<item>x</item>' * 300}</list>"
    assert len(check(order, text)) == MOST_FINDINGS


def test_a_message_too_large_to_explain_gets_the_words_of_libxml2(order, monkeypatch):
    monkeypatch.setattr(module, "MOST_EXPLAINED", 2)
    (finding,) = check(order, GOOD.replace("<sent>", "<gift/><sent>"))
    assert finding.path == "/order/gift"
    assert "Expected is ( sent )" in finding.en


def test_libxml2_decides_even_if_nobody_can_explain():
    silent = Schema(etree.XMLSchema(etree.parse(ORDER)), lambda: lambda _root: [], "order.xsd")
    (finding,) = check(silent, GOOD.replace("A1", "1A"))
    assert finding.path == "/order"
    assert "结构定义 order.xsd" in finding.zh
    eager = Schema(etree.XMLSchema(etree.parse(ORDER)), lambda: lambda _root: [finding], "order.xsd")
    assert check(eager, GOOD) == []


@pytest.mark.parametrize(
    ("declared", "path"), [("xmlns:p='urn:o'", "/order/sent"), ("xmlns='urn:o'", "/order")], ids=["root", "below"]
)
def test_what_stands_under_a_prefix_is_found(declared, path):
    """libxml2 names places by prefixes; where one is declared further down, the place is the root."""
    silent = Schema(etree.XMLSchema(etree.parse(ORDER)), lambda: lambda _root: [], "order.xsd")
    sent = "<p:sent xmlns:p='urn:o'>soon</p:sent>"
    text = GOOD.replace("xmlns='urn:o'", f"xmlns='urn:o' {declared}" if "p=" in declared else declared)
    (finding,) = check(silent, text.replace("<sent>2026-01-31</sent>", sent))
    assert finding.path == path


def test_schema_hints_in_the_message_are_not_followed(order):
    hint = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='urn:o http://127.0.0.1:9/x.xsd'"
    assert check(order, GOOD.replace("no=", f"{hint} no=")) == []
    assert len(check(order, GOOD.replace("no='A1'", f"{hint} no='1A'"))) == 1


@pytest.mark.parametrize("told", ["nosuch", "no:such", "xs:string", "item", "", " "])
def test_a_type_that_the_message_claims_brings_nobody_down(order, told):
    """xmlschema gives up on an xsi:type it does not know: libxml2's words are passed on then."""
    claim = f"xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='{told}'"
    for place in ("<order ", "<buyer", "<sent"):
        findings = check(order, GOOD.replace(place, f"{place} {claim} "))
        assert findings
        assert all(one.zh and one.en for one in findings)


PIECES = [
    "<buyer>甲</buyer>",
    "<buyer/>",
    "<item>1</item>",
    "<item>x</item>",
    "<sent>2026-01-31</sent>",
    "<gift/>",
    "t",
]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=6), st.sampled_from(["no='A1'", "no=''", "", "x='1' no='A1'"]))
def test_whatever_libxml2_refuses_is_explained(pieces, attributes):
    root = etree.fromstring(f"<order xmlns='urn:o' {attributes}>{''.join(pieces)}</order>")
    compiled, explain = SHARED
    findings = list(explain(root))
    assert bool(findings) is not compiled.validate(root)
    assert all(finding.zh and finding.en and "{" not in finding.en for finding in findings)


SHARED = (etree.XMLSchema(etree.parse(ORDER)), Explainer(xmlschema.XMLSchema10(str(ORDER), allow="local"), "order.xsd"))


CONTRACT = Path(__file__).parents[2] / "schemas"
FILING = CONTRACT / "qlf" / "QLF101.xsd"
SAMPLE = (CONTRACT / "qlf" / "samples" / "14-for-another-entity.xml").read_bytes()


@pytest.fixture(scope="module")
def filing():
    return schema_of(FILING)


@pytest.mark.parametrize(
    "sample", sorted((CONTRACT / "qlf" / "samples").glob("**/QLF*.xml")), ids=lambda path: path.stem
)
def test_samples_fit_their_schema(sample):
    root = etree.parse(sample).getroot()
    name = etree.QName(root).localname.removesuffix("Message")
    assert schema_of(CONTRACT / "qlf" / f"{name}.xsd").check(root) == []


def test_every_element_left_out_or_misspelt_is_explained(filing):
    positions = range(1, len(list(etree.fromstring(SAMPLE).iter())))
    for position, change in itertools.product(positions, ("remove", "rename", "repeat", "empty")):
        root = etree.fromstring(SAMPLE)
        element = list(root.iter())[position]
        parent = element.getparent()
        if change == "remove":
            parent.remove(element)
        elif change == "rename":
            element.tag = f"{element.tag}x"
        elif change == "repeat":
            parent.insert(parent.index(element), etree.fromstring(etree.tostring(element)))
        elif len(element) == 0:
            element.text = ""
        valid = filing._compiled.validate(root)
        findings = filing.check(root)
        assert bool(findings) is not valid, (element.tag, change)
        assert all("Reason:" not in one.en for one in findings), "explained by libxml2's words only"


def with_attachment(content):
    root = etree.fromstring(SAMPLE)
    next(root.iter("{*}content")).text = content
    next(root.iter("{*}appType")).text = "7"
    return root


def test_a_long_attachment_is_explained_by_its_beginning(filing):
    lines = "\n".join(["QUJD" * 19] * 3000)
    assert [one.path for one in filing.check(with_attachment(lines))] == ["/QLF101Message/QLF101/head/appType"]
    found = filing.check(with_attachment("!" + lines))
    assert [one.path.rpartition("/")[2] for one in found] == ["appType", "content"]
    assert len(found[1].found) <= 500
