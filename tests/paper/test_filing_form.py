"""《报关单位备案信息表》: the data of a filing, in the words of the published schema and tables."""

import copy

import pytest
from lxml import etree

from edi.adapters.contract import Shelf, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.field_words import SchemaWords
from edi.adapters.paper.drawing import draw
from edi.core.node import Node
from edi.core.qualification import Qualification
from edi.core.sheet import Choices, Grid, SealField, Table
from edi.errors import UserError

from .conftest import bare

SAMPLES = locate_contract() / "qlf" / "samples"
FORMS = discover([own_forms_folder()])
Q = "{urn:edi-customs:qlf:1}"


def node_of(sample, form="QLF101"):
    return next(Node(etree.parse(SAMPLES / sample).getroot()).nodes(form))


def filing_form(node, code, application_no, status, words):
    return FORMS.by_code[code].sheet(node, application_no, status, words)


def form_of(sample, words, status="申报成功", form="QLF101"):
    return filing_form(node_of(sample), form, "202600000000000014", status, words)


def parts(sheet, kind, title):
    return next(one for one in sheet.parts if isinstance(one, kind) and one.title == title)


def leaves(element):
    return [one.text for one in element.iter(etree.Element) if len(one) == 0 and one.text]


def filings():
    """Clean samples of the forms this paper is made for."""
    for file in sorted(SAMPLES.glob("**/[0-9]*.xml")):
        code = etree.QName(etree.parse(file).getroot()).localname.removesuffix("Message")
        if code in ("QLF101", "QLF111"):
            yield pytest.param(file, code, id=file.name)


@pytest.mark.parametrize(("sample", "code"), list(filings()))
def test_every_value_of_a_filing_stands_on_the_form(sample, code, words, poppler):
    """Tokens of ours stand there by their meaning; the rest as filed."""
    node = node_of(sample, code)
    own_words = SchemaWords.load(words.shelf, FORMS.get(code))
    drawn = draw(filing_form(node, code, "202600000000000014", "申报成功", own_words))
    assert drawn.missing == ""
    said = bare(poppler("pdftotext", drawn.data, "-raw"))
    kept = [
        value
        for block in ("enterprise", "managers", "investors", "declarants", "licences", "undertaking")
        for one in node.nodes(block)
        for value in leaves(one.element)
    ]
    tokens = {
        "CUSTOMS_MANAGER",
        "FINANCE_MANAGER",
        "COURIER",
        "FINANCIAL",
        "PAYMENT",
        "true",
        "ADD",
        "CHANGE",
        "CANCEL",
    }
    assert [one for one in kept if one not in tokens and bare(one) not in said] == []


def test_codes_are_shown_with_their_names(words):
    fields = {one.label: one.value for one in parts(form_of(SAMPLE, words), Grid, "企业基本信息").fields}
    assert fields["所在地海关"] == "2210 浦东海关"
    assert fields["行政区划"] == "310115 浦东新区"
    assert fields["法定代表人国籍"] == "SGP 新加坡"
    assert fields["法定代表人证件类型"] == "414 普通护照"
    assert fields["邮政编码"] == "200120"
    managers = parts(form_of(SAMPLE, words), Table, "管理人员信息")
    assert [row[1] for row in managers.rows] == ["关务负责人", "财务负责人"]
    investors = parts(form_of(SAMPLE, words), Table, "出资者信息")
    assert investors.rows[0] == ("1", "EXAMPLE HOLDINGS PTE. LTD.", "SGP 新加坡", "100.5 万", "USD 美元")


SAMPLE = "14-for-another-entity.xml"


@pytest.mark.parametrize(
    ("title", "path"),
    [
        ("企业基本信息", "enterprise"),
        ("承诺书（代理企业）", "undertaking"),
        ("管理人员信息", "managers/manager"),
        ("出资者信息", "investors/investor"),
        ("报关人员信息", "declarants/declarant"),
        ("外部资质信息", "licences/licence"),
    ],
)
def test_all_fields_of_the_schema_are_on_the_form(words, title, path):
    """The blocks of the XSD and of the form name the same fields: one added there is missed here."""
    wanted = {words.label(f"{path}/{one.get('name')}") for one in words._children(words._declared(path))}
    part = next(one for one in form_of(SAMPLE, words).parts if getattr(one, "title", "") == title)
    shown = {one.label for one in part.fields} if isinstance(part, Grid) else {one.title for one in part.columns}
    assert shown - {"序号"} == wanted


def test_types_are_ticked_among_all_twelve(words, poppler):
    sheet = form_of("13-several-types.xml", words)
    choices = parts(sheet, Choices, "本次申请的资质类型").choices
    assert [one.label for one in choices] == [one.value for one in Qualification]
    ticked = [one.label for one in choices if one.ticked]
    assert ticked == ["进出口货物收发货人", "跨境电子商务企业", "跨境电子商务物流企业"]
    said = bare(poppler("pdftotext", draw(sheet).data, "-raw"))
    assert said.count("√") == len(ticked)


def test_a_filing_for_another_entity_carries_the_undertaking_and_two_seals(words):
    sheet = form_of(SAMPLE, words)
    fields = {one.label: one.value for one in parts(sheet, Grid, "承诺书（代理企业）").fields}
    assert fields["代理企业名称"] == "示例贸易（北京）有限公司"
    assert fields["是否勾选承诺书"] == "已承诺"
    assert len([one for one in sheet.parts if isinstance(one, SealField)]) == 2
    assert {one.label: one.value for one in sheet.numbers} == {
        "申请统一编号": "202600000000000014", "申请状态": "申报成功", "业务种类": "备案", "办理方式": "代理",
    }  # fmt: skip
    own = form_of("02-TRADER.xml", words)
    assert [one.lines[0] for one in own.parts if isinstance(one, SealField)] == ["申请单位（单位公章）："]


def test_an_unfinished_draft_prints_with_blanks_and_says_so(words, poppler):
    drawn = draw(form_of("draft/incomplete.xml", words, "暂存"))
    said = bare(poppler("pdftotext", drawn.data, "-raw"))
    assert "暂存草稿" in said
    assert "企业英文名称" in said
    assert "草稿" not in bare(poppler("pdftotext", draw(form_of("02-TRADER.xml", words)).data, "-raw"))


def test_a_change_ticks_the_types_held_and_says_what_is_done_with_declarants(words):
    node = node_of(SAMPLE)
    changed = copy.deepcopy(node.element)
    changed.find(f"{Q}qualifications/{Q}type").tag = f"{Q}heldType"
    for declarant, action in zip(changed.iter(f"{Q}declarant"), ("ADD", "CANCEL"), strict=True):
        declarant.insert(0, etree.Element(f"{Q}action"))
        declarant[0].text = action
    sheet = filing_form(Node(changed), "QLF111", "", "", words)
    assert sheet.numbers[2].value == "变更"
    held = parts(sheet, Choices, words.label("qualifications/heldType"))
    assert [one.label for one in held.choices if one.ticked] == ["进出口货物收发货人"]
    table = parts(sheet, Table, "报关人员信息")
    assert [row[1] for row in table.rows] == ["ADD", "CANCEL"], "codes stand for themselves where no table tells them"


def test_a_type_that_is_none_is_shown_too(words):
    node = node_of("02-TRADER.xml")
    node.element.find(f"{Q}qualifications/{Q}type").text = "NO_SUCH_TYPE"
    choices = filing_form(node, "QLF101", "", "", words).parts[0].choices
    assert [one.label for one in choices if one.ticked] == ["NO_SUCH_TYPE"]


def test_a_hundred_declarants_are_all_there(words, poppler):
    node = node_of(SAMPLE)
    block = node.element.find(f"{Q}declarants")
    for number in range(98):
        one = copy.deepcopy(block[0])
        one[0].text = f"示例{number:03d}"
        block.append(one)
    drawn = draw(filing_form(node, "QLF101", "", "", words))
    said = bare(poppler("pdftotext", drawn.data, "-raw"))
    assert [number for number in range(98) if f"示例{number:03d}" not in said] == []
    assert "报关人员信息（续）" in said
    assert drawn.pages >= 4


def test_words_come_from_the_schema_with_all_it_includes(words):
    assert words.label("head/clientSeqNo") == "企业端自编号"
    assert words.meaning("head/filingMode", "AGENT") == "代理"
    assert words.meaning("enterprise/competentCustoms", "9999") == ""
    assert words.meaning("enterprise/postcode", "200120") == ""
    assert words.label("enterprise/noSuchField") == "noSuchField"
    assert words.meaning("enterprise/noSuchField", "1") == ""
    assert SchemaWords.load(words.shelf, FORMS.get("QLF131")).label("cancellation/uscc") == "统一社会信用代码"


def test_a_missing_schema_is_told(tmp_path):
    with pytest.raises(UserError, match=r"QLF101\.xsd"):
        SchemaWords.load(Shelf((tmp_path,)), FORMS.get("QLF101"))
    (tmp_path / "qlf").mkdir()
    (tmp_path / "qlf" / "QLF101.xsd").write_text("<broken")
    with pytest.raises(UserError, match=r"QLF101\.xsd"):
        SchemaWords.load(Shelf((tmp_path,)), FORMS.get("QLF101"))
