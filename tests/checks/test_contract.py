"""The contract on disk: where it may lie, what it may open, and what it says of a message as a whole."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.checks import schema as schema_module
from edi.checks.parse import parse
from edi.core.form import Forms
from edi.errors import UserError

FORMS = discover([own_forms_folder()])
FORM = FORMS.get("QLF101")
SAMPLES = locate_contract() / "qlf" / "samples"
GOOD = SAMPLES / "14-for-another-entity.xml"


@pytest.fixture(scope="module")
def contract():
    return load([locate_contract()], FORMS)


@pytest.fixture
def copy(tmp_path):
    """The contract in a folder whose name no URL likes."""
    folder = tmp_path / "合同 %20#1"
    shutil.copytree(locate_contract(), folder)
    return folder


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def form_of(root):
    name = etree.QName(root).localname.removesuffix("Message")
    return next(form for form in FORMS if name in (form.code, form.receipt_code))


def check(contract, data, **options):
    root = parse(data)
    return contract.check(form_of(root), root, **options)


# ---- messages


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.xml")), ids=lambda path: path.stem)
def test_clean_samples_are_clean(contract, sample):
    data = sample.read_bytes()
    assert check(contract, data, original=data) == []


@pytest.mark.parametrize("sample", sorted((SAMPLES / "bad").glob("QLF-0*.xml")), ids=lambda path: path.stem)
def test_bad_samples_are_told_their_code_and_place(contract, sample):
    data = sample.read_bytes()
    findings = check(contract, data, original=data)
    assert sample.stem[:7] in {finding.code for finding in findings}
    lines = data.decode().splitlines()
    for finding in findings:
        name = finding.path.rpartition("/")[2].partition("[")[0]
        assert lines[finding.line - 1][finding.column - 1 :].startswith(f"<{name}")


def test_schema_and_rules_speak_in_one_pass_in_the_order_of_the_file(contract):
    data = (SAMPLES / "bad" / "QLF-031-contact.xml").read_bytes()
    data = data.replace(b"<appType>1<", b"<appType>7<").replace(b"</BaseTransfer>", b"<x/></BaseTransfer>")
    findings = check(contract, data, original=data)
    places = [(finding.line, finding.column) for finding in findings]
    assert places == sorted(places)
    assert findings[0].code == findings[-1].code == "0002"
    assert {"QLF-031"} == {finding.code for finding in findings[1:-1]}
    assert [replace(one, line=None, column=None) for one in findings] == check(contract, data)


def test_places_are_those_of_the_file_whatever_its_encoding(contract):
    text = (SAMPLES / "bad" / "QLF-008-no-contact-mobile.xml").read_text(encoding="utf-8")
    (expected,) = check(contract, text.encode(), original=text.encode())
    for encoding in ("gb18030", "utf-16"):
        data = text.replace("UTF-8", encoding).encode(encoding)
        assert check(contract, data, original=data) == [expected]


def test_a_draft_may_be_incomplete_until_one_node_is_submitted(contract):
    data = (SAMPLES / "bad" / "QLF-008-no-contact-mobile.xml").read_bytes()
    draft = data.replace(b"<appStatus>2<", b"<appStatus>1<")
    assert check(contract, data)
    assert check(contract, draft) == []
    node = data[data.index(b"<QLF101>") : data.index(b"</QLF101>") + 9]
    assert [one.path for one in check(contract, draft.replace(b"<QLF101>", node + b"<QLF101>", 1))] == [
        "/QLF101Message/QLF101[1]/enterprise"
    ]


def test_the_rules_are_spared_a_tree_that_is_no_message(contract, monkeypatch):
    data = (SAMPLES / "bad" / "QLF-008-no-contact-mobile.xml").read_bytes().replace(b"<appType>1<", b"<appType>7<")
    assert {one.code for one in check(contract, data)} == {"0002", "QLF-008"}
    monkeypatch.setattr(schema_module, "MOST_EXPLAINED", 10)
    assert {one.code for one in check(contract, data)} == {"0002"}


def test_receipts_and_envelopes_have_schemas_too(contract):
    for receipt in sorted(SAMPLES.glob("receipts/*.xml")):
        root = parse(receipt.read_bytes())
        assert contract.check_schema(form_of(root), root) == []
    envelope = b'<DxpMsg xmlns="http://www.chinaport.gov.cn/dxp" ver="1.0"><Data>!</Data></DxpMsg>'
    assert {one.code for one in contract.check_envelope(parse(envelope))} == {"0002"}
    assert all(one.ground == "dxp.xsd" for one in contract.check_envelope(parse(envelope)))


# ---- files


def test_any_folder_will_do(copy):
    contract = load([copy], FORMS)
    contract.prepare()
    data = GOOD.read_bytes().replace(b"<appType>1<", b"<appType>7<")
    assert [one.code for one in check(contract, data, original=data)] == ["0002"]


def test_an_own_message_type_may_use_what_the_program_brings(tmp_path):
    own = tmp_path / "own"
    (own / "qlf").mkdir(parents=True)
    shutil.copy(locate_contract() / "qlf" / "QLF101.xsd", own / "qlf" / "NEW1.xsd")
    shutil.copy(locate_contract() / "qlf" / "QLF101.sch", own / "qlf" / "NEW1.sch")
    form = replace(FORM, schema="qlf/NEW1.xsd", rules="qlf/NEW1.sch")
    contract = load([locate_contract(), own], Forms.of([form]))
    contract.prepare()
    data = GOOD.read_bytes()
    assert contract.check(form, parse(data)) == []
    assert contract.check(form, parse(data.replace(b"<appType>1<", b"<appType>7<")))[0].ground == "NEW1.xsd"


def test_the_first_folder_that_has_a_file_wins(copy):
    edit(
        copy / "qlf" / "QLF101.xsd",
        'name="QLF101" type="Filing" maxOccurs="100"',
        'name="QLF101" type="Filing" maxOccurs="1"',
    )
    data = (SAMPLES / "16-three-applications.xml").read_bytes()
    assert check(load([copy, locate_contract()], FORMS), data)
    assert check(load([locate_contract(), copy], FORMS), data) == []


def test_missing_files_are_named_at_once(tmp_path):
    with pytest.raises(UserError) as raised:
        load([tmp_path], FORMS)
    assert raised.value.problems == (
        "dxp.xsd",
        "xmldsig.xsd",
        *(name for form in FORMS for name in (form.schema, form.rules)),
    )
    for escape in ("../secret.xsd", "/etc/passwd"):
        with pytest.raises(UserError):
            load([locate_contract()], Forms.of([replace(FORM, schema=escape)]))


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("qlf/QLF101.xsd", '"../common.xsd"', '"../../../../etc/passwd"', "QLF101.xsd:17: "),
        ("qlf/QLF101.xsd", '"../common.xsd"', '"http://127.0.0.1:9/common.xsd"', "QLF101.xsd:17: "),
        ("qlf/QLF101.xsd", '"../common.xsd"', '"../none.xsd"', "QLF101.xsd:17: "),
        ("qlf/QLF101.xsd", 'type="Filing"', 'type="Failing"', "QLF101.xsd:31: "),
        ("qlf/QLF101.xsd", "<xs:sequence>", "<xs:sequence", "QLF101.xsd:31: "),
        ("common.xsd", 'base="xs:string"', 'base="xs:strong"', "common.xsd:"),
        ("dxp.xsd", "</xs:schema>", "", "dxp.xsd:"),
        ("qlf/QLF101.sch", 'role="error"', 'role="mistake"', "QLF101.sch:87: "),
        ("qlf/QLF101.sch", "<sch:title>", "<sch:title", "QLF101.sch:"),
        ("qlf/QLF101.sch", "../codes/xml/country.xml", "../codes/xml/none.xml", "QLF101.sch:37: "),
        ("qlf/QLF101.sch", "../codes/xml/country.xml", "file:///etc/passwd", "QLF101.sch:37: "),
        ("qlf/QLF101.sch", "../codes/xml/country.xml", "http://127.0.0.1:9/x", "QLF101.sch:37: "),
        ("qlf/QLF101.sch", '<sch:phase id="draft">', '<sch:phase id="sketch">', "lacks the phase draft"),
        ("codes/xml/country.xml", "</codes>", "", "country.xml"),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_nothing_outside_is_opened(copy, file, old, new, complaint):
    edit(copy / file, old, new)
    with pytest.raises(UserError) as raised:
        load([copy], FORMS).prepare()
    assert any(complaint in problem for problem in raised.value.problems)


def test_a_link_out_of_the_folder_is_not_followed(copy):
    outside = copy.parent / "outside.xsd"
    (copy / "common.xsd").rename(outside)
    (copy / "common.xsd").symlink_to(outside)
    with pytest.raises(UserError):
        load([copy], FORMS).prepare()


def test_the_contract_that_comes_with_the_program_is_found():
    assert (locate_contract() / "dxp.xsd").is_file()
    assert isinstance(locate_contract(), Path)
