"""Queries and requests to print: the borders of their rules, and answers that fit the question and no other."""

import pytest
from lxml import etree

from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder

FORMS = discover([own_forms_folder()])
CONTRACT = load([locate_contract()], FORMS)
SAMPLES = locate_contract() / "qlf" / "samples"
NAMESPACE = "{urn:edi-customs:qlf:1}"
FILTERED = "52-applications-filtered-by-account"
QUERIES = (FILTERED, "63-record-of-another", "73-print-filing-for-another")


def read(name):
    return etree.parse(SAMPLES / f"{name}.xml", etree.XMLParser(remove_blank_text=True)).getroot()


def put(root, **texts):
    """Set fields of the message by name; None takes the field out."""
    for name, text in texts.items():
        field = next(root.iter(f"{NAMESPACE}{name}"))
        if text is None:
            field.getparent().remove(field)
        else:
            field.text = text
    return root


def codes(root):
    form = FORMS.of_root("urn:edi-customs:qlf:1", etree.QName(root).localname)
    return {finding.code for finding in CONTRACT.check(form, root)}


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2026-11-20", "2026-11-20", set()),
        ("2026-11-20", None, set()),
        (None, "2026-11-20", set()),
        (None, None, set()),
        ("2026-11-21", "2026-11-20", {"QLF-141"}),
        ("2026-12-01", "2026-02-28", {"QLF-141"}),
        ("2027-01-01", "2026-12-31", {"QLF-141"}),
        ("2026-12-31", "2027-01-01", set()),
    ],
)
def test_the_first_day_is_not_after_the_last(first, last, found):
    assert codes(put(read(FILTERED), fromDate=first, toDate=last)) == found


def test_a_day_that_is_none_is_the_schemas_business_alone():
    assert "QLF-141" not in codes(put(read(FILTERED), fromDate="20.11.2026"))


def test_a_status_that_is_none_is_found_by_the_schema():
    assert codes(put(read(FILTERED), status="DONE"))


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("fields", [{"appStatus": "1"}, {"appType": "2"}, {"appType": "3"}])
def test_a_query_is_never_saved_replaced_or_deleted(name, fields):
    assert codes(put(read(name), **fields)) == {"QLF-144"}


def test_a_certificate_application_may_be_saved():
    assert codes(put(read("agent/41-certificate-by-card"), appStatus="1", nameZh=None)) == set()


@pytest.mark.parametrize(("answer", "own"), [("applications", "QLF152"), ("record", "QLF162"), ("printed", "QLF172")])
def test_an_answer_fits_the_receipts_of_its_own_form_only(answer, own):
    fitting = []
    for form in FORMS:
        root = read(f"receipts/{answer}")
        root.tag = f"{NAMESPACE}{form.receipt_code}Message"
        root[0].tag = f"{NAMESPACE}{form.receipt_code}"
        if CONTRACT.check_schema(form, root) == []:
            fitting.append(form.receipt_code)
    assert fitting == [own]


@pytest.mark.parametrize("code", ["A" * 15, "A" * 1001, "a" * 16, "A" * 15 + "1", "A" * 15 + "="])
def test_a_verification_code_is_base32_of_a_signature(code):
    root = put(read("receipts/issued"), verificationCode=code)
    assert CONTRACT.check_schema(FORMS.get("QLF141"), root)
