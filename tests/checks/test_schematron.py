"""Our rule engine against an independent one, against the published rules, and against broken rule files."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, isoschematron

from edi.checks.rules import MOST_FINDINGS
from edi.checks.schematron import load
from edi.core.findings import Severity
from edi.errors import UserError

SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
CONTRACT = Path(__file__).parents[2] / "schemas"
RULES = sorted((CONTRACT / "qlf").glob("*.sch"))
SAMPLES = sorted((CONTRACT / "qlf" / "samples").glob("**/*.xml"))
TABLE = f" aa b ccc {' '.join(f'x{number}' for number in range(100))} "
"""Long enough to be looked up in a set."""


def schema_text(body, attributes="", before=""):
    return (
        f"<sch:schema xmlns:sch='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt' {attributes}>"
        f"<sch:ns prefix='q' uri='u'/>{before}{body}"
        "<sch:diagnostics><sch:diagnostic id='en' xml:lang='en'>Bad <sch:value-of select='.'/></sch:diagnostic>"
        "</sch:diagnostics><sch:properties><sch:property id='p'>值 / value</sch:property></sch:properties></sch:schema>"
    )


def load_text(text, documents=lambda _address: etree.fromstring(f"<codes>{TABLE}</codes>")):
    return load(etree.ElementTree(etree.fromstring(text)), documents)


def one_rule(content, context="q:a", **schema):
    return schema_text(
        f"<sch:pattern id='p1'><sch:rule context=\"{context}\">{content}</sch:rule></sch:pattern>", **schema
    )


def an_assert(test, more="", identity="R-1.x"):
    return f"<sch:assert id='{identity}' test=\"{test}\" diagnostics='en' {more}>错误</sch:assert>"


# ---- an independent judge


def judge(text, root, phase):
    """What lxml's Schematron by XSLT says: ids with the elements, and the texts."""
    validator = isoschematron.Schematron(
        etree.fromstring(text), phase=phase or None, store_report=True, validate_schema=False
    )
    validator.validate(root)
    spoken = validator.validation_report.xpath("//svrl:failed-assert | //svrl:successful-report", namespaces=SVRL)
    places = [(one.get("id"), root.getroottree().xpath(one.get("location"))[0]) for one in spoken]
    return Counter(places), [bare(one.findtext("svrl:text", namespaces=SVRL)) for one in spoken]


def bare(text):
    return re.sub(r"\s", "", text)


CONTEXTS = [
    "q:a", "q:b", "q:c", "q:a/q:b", "q:a//q:c", "*", "q:*", "q:a[q:b]", "q:b[1]", "q:a[@x='1']/q:c", "/q:r", "/q:r/q:a",
    "q:b | q:c", "//q:a/q:b", "q:c[. = '1' or ../q:b]", "q:*[not(*)]", "q:a[q:b[2]]/q:b[position() = 2]",
]  # fmt: skip
TESTS = [
    "q:b", "count(q:b) &lt; 2", ". = '1'", "@x", "not(q:c) or @x", "string-length(.) &gt; 2", "$n &gt; 1", "$kids",
    "contains($codes, concat(' ', ., ' '))", "contains($codes, concat(' ', ., ' ')) and not(contains(., ' '))", "count($kids) = count(q:b)", "$first = 'aa'", "sum(*) mod 2", "$here + 1",
    "name() != 'a' and -1 &lt; 0", "//q:a[. = $word]", "preceding-sibling::*[1][self::q:b]", "$sum div 2 = 1 * 1",
    "../q:a[$n]", "normalize-space() = ''", "translate(., '12', 'ab') = $word", "document('codes.xml')/codes = $codes",
]  # fmt: skip
LETS = {
    "schema": "<sch:let name='codes' value=\"string(document('codes.xml')/codes)\"/><sch:let name='word' value=\"'b'\"/>"
    "<sch:let name='first' value=\"substring($codes, 2, 2)\"/><sch:let name='sum' value='count(//q:a)'/>",
    "rule": "<sch:let name='n' value='count(*)'/><sch:let name='kids' value='q:b'/>"
    "<sch:let name='here' value='string-length($word) + count($kids)'/>",
}


@st.composite
def schemas(draw):
    patterns, number = [], 0
    for index in range(draw(st.integers(1, 3))):
        rules = []
        for _ in range(draw(st.integers(1, 3))):
            assertions = []
            for test in draw(st.lists(st.sampled_from(TESTS), min_size=1, max_size=3)):
                number += 1
                kind = draw(st.sampled_from(["assert", "report"]))
                words = "甲<sch:value-of select='q:b'/>乙 <sch:name/> <sch:value-of select='$n * 1.5'/>"
                assertions.append(f"<sch:{kind} id='T-{number}' test=\"{test}\" diagnostics='en'>{words}</sch:{kind}>")
            extends = draw(st.sampled_from(["", "<sch:extends rule='base'/>"]))
            rules.append(
                f'<sch:rule context="{draw(st.sampled_from(CONTEXTS))}">{LETS["rule"]}{extends}{"".join(assertions)}</sch:rule>'
            )
        patterns.append(f"<sch:pattern id='p{index}'>{''.join(rules)}</sch:pattern>")
    base = (
        "<sch:rule abstract='true' id='base'><sch:let name='twice' value='2 * $n'/>"
        + an_assert("$twice = 4", identity="B-1")
        + "</sch:rule>"
    )
    used = f"<sch:rule context='q:never'>{LETS['rule']}<sch:extends rule='base'/></sch:rule>"
    patterns.append(f"<sch:pattern id='abstracts'>{base}{used}</sch:pattern>")
    phases = "<sch:phase id='some'><sch:active pattern='p0'/></sch:phase>"
    return schema_text("".join(patterns), before=LETS["schema"] + phases)


documents = st.recursive(
    st.sampled_from(["<q:a>1</q:a>", "<q:b>aa</q:b>", "<q:b/>", "<q:c x='1'>12</q:c>", "<q:c>b</q:c>", "text"]),
    lambda inner: st.builds(
        lambda name, x, inside: f"<q:{name}{x}>{''.join(inside)}</q:{name}>",
        st.sampled_from("abc"), st.sampled_from(["", " x='1'", " x=''"]), st.lists(inner, max_size=4),
    ),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(schemas(), st.lists(documents, max_size=4), st.sampled_from(["", "some"]))
def test_it_says_what_an_independent_engine_says(tmp_path_factory, text, inside, phase):
    folder = tmp_path_factory.getbasetemp()
    (folder / "codes.xml").write_text(f"<codes>{TABLE}</codes>", encoding="utf-8")
    root = etree.fromstring(f"<q:r xmlns:q='u'>{''.join(inside)}</q:r>")
    rules = load_text(text)
    spoken, texts = judge(text.replace("document('", f"document('file://{folder}/"), root, phase)
    assert Counter(rules.spoken(root, phase or "#ALL")) == spoken
    assert Counter(bare(finding.zh) for finding in rules.check(root, phase or "#ALL")) == Counter(texts)


# ---- the published rules


@pytest.fixture(scope="module", params=RULES, ids=lambda path: path.stem)
def rule_file(request):
    return request.param


@pytest.fixture(scope="module")
def published(rule_file):
    return load(etree.parse(rule_file), lambda address: etree.parse(rule_file.parent / address).getroot())


@pytest.fixture(scope="module")
def judges(rule_file):
    text = rule_file.read_text(encoding="utf-8").replace("document('../", f"document('file://{CONTRACT}/").encode()
    return {
        phase: isoschematron.Schematron(etree.fromstring(text), phase=phase, store_report=True, validate_schema=False)
        for phase in ("draft", "submission")
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("phase", ["draft", "submission"])
def test_both_engines_agree_on_every_sample(published, judges, sample, phase):
    root = etree.parse(sample).getroot()
    judges[phase].validate(root)
    report = judges[phase].validation_report
    spoken = report.xpath("//svrl:failed-assert/@id | //svrl:successful-report/@id", namespaces=SVRL)
    assert Counter(identity for identity, _ in published.spoken(root, phase)) == Counter(spoken)


def test_every_published_rule_speaks_both_languages(published):
    for assertion in published.assertions():
        assert assertion.code.startswith("QLF-")
        assert assertion.zh.parts
        assert assertion.en.parts
        assert assertion.expected.parts
        assert assertion.ground


# ---- what a finding says


def test_a_finding_carries_what_the_rule_file_says():
    test = "<sch:assert id='R-7.part' role='warning' test='q:b = 1' subject='q:b' diagnostics='en' properties='p' see='法 1'>\n 数量\n 应为 <sch:value-of select='q:b'/>。\n</sch:assert>"
    rules = load_text(one_rule(test))
    (finding,) = rules.check(etree.fromstring("<r xmlns='u'><a><b>2</b></a></r>"))
    assert finding.to_json() == {
        "code": "R-7", "severity": "warning", "path": "/r/a/b", "line": None, "column": None, "found": "2",
        "expected": "值 / value", "zh": "数量应为 2。", "en": "Bad 2", "ground": "法 1",
    }  # fmt: skip


def test_without_a_subject_the_context_is_meant():
    rules = load_text(one_rule(an_assert("false()", "subject='q:b'")))
    (finding,) = rules.check(etree.fromstring("<r xmlns='u'><a><c>2</c></a></r>"))
    assert (finding.path, finding.found, finding.severity) == ("/r/a", "", Severity.ERROR)


IS_A_CODE = "contains($codes, concat(' ', {0}, ' ')) and not(contains({0}, ' '))"


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("aa", True), ("b", True), ("a", False), ("", False), ("aa b", False), (" b", False), ("b\t", False),
        ("<b>c</b>cc", True), ("c<!-- c -->cc", True), ("c\n", False),
    ],
)  # fmt: skip
def test_a_code_is_one_of_the_table_as_it_stands(text, is_code):
    rules = load_text(one_rule(an_assert(IS_A_CODE.format(".")), before=LETS["schema"]))
    root = etree.fromstring(f"<a xmlns='u'>{text}</a>")
    assert rules.spoken(root) == ([] if is_code else [("R-1.x", root)])
    assert rules.spoken(root) == load_text(one_rule(an_assert(IS_A_CODE.format("(.)")), before=LETS["schema"])).spoken(
        root
    )


def test_a_code_may_stand_below_the_element_and_the_question_in_a_text():
    rules = load_text(one_rule(an_assert(IS_A_CODE.format("b")), before=LETS["schema"]))
    assert not rules.spoken(etree.fromstring("<q:a xmlns:q='u'><b>aa</b></q:a>"))
    said = (
        f"<sch:report id='R' test='1' diagnostics='en'><sch:value-of select=\"{IS_A_CODE.format('.')}\"/></sch:report>"
    )
    (finding,) = load_text(one_rule(said, before=LETS["schema"])).check(etree.fromstring("<a xmlns='u'>aa</a>"))
    assert finding.zh == "true"


def test_found_values_are_quoted_not_copied():
    rules = load_text(one_rule("<sch:report id='R' test='1' diagnostics='en'><sch:value-of select='.'/></sch:report>"))
    (finding,) = rules.check(etree.fromstring(f"<a xmlns='u'>{'x' * 100_000}</a>"))
    assert len(finding.found) == len(finding.zh) == 500


def test_whoever_has_one_mistake_many_times_is_told_often_enough():
    rules = load_text(one_rule(an_assert("false()")))
    root = etree.fromstring(f"<r xmlns='u'>{'<a/>' * (MOST_FINDINGS + 10)}</r>")
    assert len(rules.check(root)) == MOST_FINDINGS


def test_the_default_phase_is_the_one_declared():
    phases = "<sch:phase id='none'/><sch:phase id='one'><sch:active pattern='p1'/></sch:phase>"
    root = etree.fromstring("<a xmlns='u'/>")
    assert load_text(one_rule(an_assert("false()"), before=phases)).spoken(root)
    rules = load_text(one_rule(an_assert("false()"), attributes="defaultPhase='none'", before=phases))
    assert not rules.spoken(root)
    assert rules.spoken(root, "one") == rules.spoken(root, "#ALL") != []
    with pytest.raises(KeyError):
        rules.spoken(root, "other")


# ---- rule files that must not be used


def let(name, value):
    return f"<sch:let name='{name}' value=\"{value}\"/>"


TRUE = an_assert("true()")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<x/>", "not a Schematron schema"),
        (schema_text("").replace("'xslt'", "'xslt2'"), "queryBinding xslt"),
        (schema_text("<sch:include href='x'/>"), "element not supported: {http://purl.oclc.org/dsdl/schematron}include"),
        (schema_text("<p xmlns='u'/>"), "element not supported: {u}p"),
        (schema_text("<?x?>"), "element not supported"),
        (one_rule(TRUE + "text"), "rule must not hold text"),
        (schema_text("<sch:pattern id='p' abstract='true'/>"), "pattern does not support attribute abstract"),
        (schema_text("<sch:pattern id='p' is-a='q'/>"), "does not support attribute is-a"),
        (schema_text("<sch:pattern><sch:rule context='q:a'/></sch:pattern>"), "pattern lacks attribute id"),
        (schema_text(f"<sch:pattern id='p'>{TRUE}</sch:pattern>"), "pattern must not hold assert"),
        (schema_text("<sch:pattern id='p'/><sch:pattern id='p'/>"), "id used twice: p"),
        (one_rule(TRUE + TRUE), "id used twice: R-1.x"),
        (schema_text("<sch:pattern id='p'><sch:rule>" + TRUE + "</sch:rule></sch:pattern>"), "a rule has a context"),
        (schema_text("<sch:pattern id='p'><sch:rule abstract='false' context='q:a'/></sch:pattern>"), "a rule has a context"),
        (schema_text("<sch:pattern id='p'><sch:rule abstract='true' id='x'/></sch:pattern>"), "extended by none"),
        (one_rule("<sch:extends rule='none'/>"), "there is no abstract rule none"),
        (schema_text("<sch:pattern id='p'><sch:rule abstract='true' id='x'><sch:extends rule='x'/></sch:rule><sch:rule context='q:a'><sch:extends rule='x'/></sch:rule></sch:pattern>"), "there is no abstract rule x"),
        (schema_text("<sch:phase id='f'><sch:active pattern='none'/></sch:phase>"), "there is no pattern none"),
        (schema_text("", attributes="defaultPhase='none'"), "there is no phase none"),
        (one_rule(an_assert("true()", "role='fatal'")), "role must be error or warning: fatal"),
        (one_rule(an_assert("true()", "properties='none'")), "there is no property none"),
        (one_rule(TRUE.replace("'en'", "'fr'")), "there is no diagnostic fr"),
        (one_rule("<sch:assert id='R' test='1'>x</sch:assert>"), "lacks its text or its English diagnostic"),
        (one_rule("<sch:assert id='R' test='1' diagnostics='en'/>"), "lacks its text or its English diagnostic"),
        (one_rule(an_assert("$x")), "variable x is not declared"),
        (one_rule(an_assert("$x") + let("x", "1")), "variable x is not declared"),
        (one_rule(let("x", "1") + let("x", "2")), "variable x is declared twice"),
        (one_rule(let("x", "1"), before=let("x", "2")), "variable x is declared twice"),
        (schema_text("<sch:pattern id='a'>" + let("x", "1") + "</sch:pattern><sch:pattern id='b'>" + let("x", "2") + "</sch:pattern>"), "variable x is declared twice"),
        (schema_text("<sch:pattern id='a'>" + let("x", "1") + "</sch:pattern><sch:pattern id='b'>" + let("y", "$x") + "</sch:pattern>"), "variable x is not declared"),
        (schema_text("", before=let("x", "q:a")), "paths that begin with /"),
        (schema_text("", before=let("x", "string()")), "paths that begin with /"),
        (one_rule(an_assert("q:a[")), "not valid XPath"),
        (one_rule(an_assert("1) or (1")), "not valid XPath"),
        (one_rule(an_assert("p:a")), "prefix not declared: p:a"),
        (one_rule(an_assert("current()")), "function not supported: current()"),
        (one_rule(an_assert("matches(., 'x')")), "function not supported: matches()"),
        (one_rule(an_assert("document(.)")), "one literal address"),
        (one_rule(an_assert("#")), "cannot be read"),
        (one_rule(TRUE, context="q:a/@x"), "a context is a plain path"),
        (one_rule(TRUE, context="ancestor::q:a"), "a context is a plain path"),
        (one_rule(TRUE, context="q:a/"), "must lead to elements"),
        (one_rule(TRUE, context="q:a |"), "must lead to elements"),
        (one_rule(TRUE, context="/"), "must lead to elements"),
        (one_rule(TRUE, context="q:a[$x]"), "not allowed in a context: x"),
    ],
)  # fmt: skip
def test_a_rule_file_with_a_mistake_is_refused_with_its_line(text, complaint):
    with pytest.raises(UserError) as raised:
        load_text(text)
    assert any(complaint in problem for problem in raised.value.problems)
    assert all(re.match(r"<schematron>:\d+: ", problem) for problem in raised.value.problems)


def test_all_mistakes_of_a_rule_file_are_told_at_once():
    text = one_rule(
        an_assert("$x") + "\n" + an_assert("foo()", identity="R-2") + "\n" + an_assert("q:", identity="R-3")
    )
    with pytest.raises(UserError) as raised:
        load_text(text)
    assert [problem.split(":")[1] for problem in raised.value.problems] == ["1", "2", "3"]


def test_a_document_that_cannot_be_had_is_told_with_the_line_that_wants_it():
    def missing(address):
        raise UserError("没有", f"no file {address}")

    with pytest.raises(UserError) as raised:
        load_text(one_rule(an_assert("document('x.xml')/a")), missing)
    assert raised.value.problems == ("<schematron>:1: 没有 / no file x.xml",)
