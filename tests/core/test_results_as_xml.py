"""The published receipts, read and written again: nothing is lost, nothing is added."""

from dataclasses import replace

import pytest
from lxml import etree

from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.core.node import Node, local_name
from edi.messages.receipt import read_receipts, receipt_message, receipt_node

FORMS = discover([own_forms_folder()])
CONTRACT = load([locate_contract()], FORMS)
RECEIPTS = sorted((locate_contract() / "qlf" / "samples" / "receipts").glob("*.xml"))

LEFT_OUT = ("Signature", "localCiqOrg", "enterpriseType", "ciqEnterpriseNo")
"""Grey fields that a real customs may fill in: allowed by the schema, used by nobody here."""


def plain(root):
    """The message without what is left out, comments and the white space between elements."""
    alone = etree.fromstring(Node(root).canonical(), etree.XMLParser(remove_blank_text=True))
    for name in LEFT_OUT:
        for element in alone.findall(f".//{{*}}{name}"):
            element.getparent().remove(element)
    return Node(alone).canonical()


@pytest.mark.parametrize("file", RECEIPTS, ids=lambda file: file.stem)
def test_a_receipt_read_and_written_again_is_the_same(file):
    root = etree.parse(file).getroot()
    (form,) = [one for one in FORMS if f"{one.receipt_code}Message" == local_name(root)]
    again = receipt_message(form, [receipt_node(form, one) for one in read_receipts(root)], root.get("guid"))
    assert plain(again) == plain(root)
    assert CONTRACT.check_schema(form, again) == []


def test_every_kind_of_result_is_among_them():
    told = [one.results for file in RECEIPTS for one in read_receipts(etree.parse(file).getroot()) if one.results]
    for name in ("qualifications", "declarants", "certificate", "filings", "applications", "document"):
        assert any(getattr(one, name) for one in told), name


@pytest.mark.parametrize("prefix", ["", "q:"])
def test_blocks_come_into_the_receipts_own_namespace_without_their_comments(prefix):
    (file,) = [one for one in RECEIPTS if one.stem == "record"]
    root = etree.parse(file).getroot()
    form = FORMS.by_code["QLF161"]
    (receipt,) = read_receipts(root)
    (filing,) = receipt.results.filings
    declared = f"xmlns{':q' if prefix else ''}='urn:other'"
    blocks = (
        f"<{prefix}R {declared}><{prefix}licences><!-- 备注 --><{prefix}licence><{prefix}licenceType>1</{prefix}licenceType>"
        f"</{prefix}licence></{prefix}licences></{prefix}R>"
    )
    results = replace(receipt.results, filings=(replace(filing, blocks=blocks),))
    written = plain(receipt_message(form, [receipt_node(form, replace(receipt, results=results))], root.get("guid")))
    assert "<licences><licence><licenceType>1</licenceType></licence></licences>" in written
    assert "<enterprise>" not in written
