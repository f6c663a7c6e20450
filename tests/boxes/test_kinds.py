"""What a file may be: bare, packed or enveloped, in any encoding of the exchange, with one to a hundred applications."""

import codecs
import io
import re
import zipfile
from collections import Counter

import pytest
from lxml import etree

from edi.adapters.keys import load_signing_key
from edi.messages.dsig import sign_message
from edi.messages.dxp import DxpMsg, write_dxp_msg
from tools import identifiers

Q = "{urn:edi-customs:qlf:1}"
GATEWAY, CUSTOMS, ELSEWHERE = "EDIGATEWAY000001", "EDICUSTOMS000001", "DXPEDCDEC0000001"


def answers(workspace, name):
    """The result of a file's answer and the codes of its findings."""
    (file,) = [one for one in workspace.box("InBox", f"*_{name}_*.xml") if not one.name.startswith("Receipt_")]
    root = etree.parse(file)
    return root.xpath("string(//*[local-name()='result'])"), root.xpath("//*[local-name()='code']/text()")


def wrapped(data, *receivers, file_name=""):
    return write_dxp_msg(
        DxpMsg(
            message_id="ERP-1",
            sender="DXPENT0000000001",
            receivers=receivers or (GATEWAY,),
            created="2026-11-22T09:00:00",
            message_type="QLF101",
            data=data,
            file_name=file_name,
        )
    )


def packed(data, name="申报.xml"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def written_in(data, declared, codec, mark=b""):
    """The same message in another encoding; its signature is the one made over UTF-8."""
    text = re.sub(r"^<\?xml[^>]*\?>\s*", "", data.decode("utf-8"))
    return mark + f'<?xml version="1.0" encoding="{declared}"?>\n{text}'.encode(codec)


ENCODINGS = {
    "utf-8": ("UTF-8", "utf-8"),
    "utf-8-mark": ("UTF-8", "utf-8", codecs.BOM_UTF8),
    "utf-16-le": ("UTF-16", "utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16-be": ("UTF-16", "utf-16-be", codecs.BOM_UTF16_BE),
    "gb18030": ("GB18030", "gb18030"),
    "gbk": ("GBK", "gbk"),
}


@pytest.mark.parametrize("kind", [bytes, wrapped, packed, lambda data: packed(wrapped(data))], ids=[
    "bare", "enveloped", "packed", "both"])  # fmt: skip
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_signature_holds_in_every_encoding_up_to_the_approval(workspace, encoding, kind):
    """What is signed is the canonical form, which knows no encoding."""
    data = written_in(workspace.sample("02-TRADER.xml").read_bytes(), *ENCODINGS[encoding])
    workspace.put(kind(data), "a.xml")
    workspace.run()
    assert answers(workspace, "a") == ("ACCEPTED", [])
    (one,) = workspace.status()
    assert one["status"] == "APPROVED"
    assert len(workspace.box("InBox", "Receipt_a_*")) == 3


def test_the_same_message_in_another_encoding_is_the_same_message(workspace):
    sample = workspace.sample("02-TRADER.xml").read_bytes()
    for name, encoding in ENCODINGS.items():
        workspace.put(written_in(sample, *encoding), f"{name}.xml")
        workspace.run()
    assert len(workspace.status()) == 1
    assert all(answers(workspace, name)[0] == "ACCEPTED" for name in ENCODINGS)


@pytest.mark.parametrize(
    ("receivers", "code"),
    [
        ((GATEWAY,), None),
        ((CUSTOMS,), None),
        ((ELSEWHERE, "A", "B", "C", CUSTOMS), None),
        ((ELSEWHERE, "A", "B", "C", "D"), "2001"),
        ((ELSEWHERE,), "2001"),
        (("A", "B", "C", "D", "E", GATEWAY), "0002"),
    ],
)
def test_one_of_up_to_five_receivers_is_us_or_the_customs_it_goes_to(workspace, receivers, code):
    workspace.put(wrapped(workspace.sample("02-TRADER.xml").read_bytes(), *receivers), "a.xml")
    workspace.run()
    assert answers(workspace, "a") == (("REFUSED", [code]) if code else ("ACCEPTED", []))
    assert [one["status"] for one in workspace.status()] == ([] if code else ["APPROVED"])


def test_an_envelope_for_another_receiver_of_ours_is_an_address_mismatch(workspace):
    config = workspace.home / "config.toml"
    other = config.read_text("utf-8").split("[receivers.customs]")[1].split("\n\n")[0]
    other = other.replace(CUSTOMS, "EDICUSTOMS000002").replace("customs/", "other/")
    config.write_text(config.read_text("utf-8") + f"\n[receivers.other]{other}\n", "utf-8")
    for folder in ("in", "out"):
        (workspace.home / "other" / folder).mkdir(parents=True)
    workspace.put(wrapped(workspace.sample("02-TRADER.xml").read_bytes(), "EDICUSTOMS000002"), "a.xml")
    workspace.run()
    assert answers(workspace, "a") == ("REFUSED", ["2002"])


@pytest.mark.parametrize("name", ["../../evil.xml", "/etc/evil.xml", "C:\\evil.xml", "..", "evil\u202e.xml", "x" * 255])
def test_the_file_name_in_an_envelope_names_no_file(workspace, name):
    before = set(workspace.home.parent.rglob("*evil*"))
    workspace.put(wrapped(workspace.sample("02-TRADER.xml").read_bytes(), file_name=name), "a.xml")
    workspace.run()
    assert [one["file"] for one in workspace.status()] == ["a.xml"]
    assert set(workspace.home.parent.rglob("*evil*")) == before


@pytest.mark.parametrize("name", ["../evil.xml", "/evil.xml", "a\\..\\evil.xml", "c:evil.xml", "x/../../evil.xml"])
def test_an_archive_whose_names_lead_out_is_refused(workspace, name):
    workspace.put(packed(workspace.sample("02-TRADER.xml").read_bytes(), name), "a.zip")
    workspace.run()
    assert answers(workspace, "a") == ("REFUSED", ["0999"])
    assert list(workspace.home.parent.rglob("*evil*")) == []


# ---- a hundred applications


OUTCOMES = {
    "": "APPROVED",
    "SIM-REFUSE-": "REFUSED",
    "SIM-DISAPPROVE-R04-": "DISAPPROVED",
    "SIM-LODGEFAIL-": "LODGE_FAILED",
}


def of_many(workspace, count):
    """A message of `count` applications, each for an enterprise of its own; every tenth comes to a bad end."""
    root = etree.fromstring(workspace.sample("16-three-applications.xml").read_bytes())
    nodes = root.findall(f"{Q}QLF101")
    for node in nodes[1:]:
        root.remove(node)
    root.remove(root.find("{*}Signature"))
    root.set("guid", identifiers.guid("hundred"))
    text, last = etree.tostring(nodes[0]), nodes[0]
    for number in range(count):
        node = etree.fromstring(text)
        uscc = identifiers.uscc(f"hundred:{number}", "370211")
        prefix = list(OUTCOMES)[number // 10 % 3 + 1] if number % 10 == 9 else ""
        for path, value in (
            ("head/guid", identifiers.guid(f"hundred:{number}")), ("head/clientSeqNo", f"{prefix}H{number:03d}"),
            ("enterprise/uscc", uscc), ("enterprise/organizationCode", identifiers.organisation_code(uscc)),
        ):  # fmt: skip
            node.find("/".join(Q + step for step in path.split("/"))).text = value
        last.addnext(node)
        last = node
    root.remove(nodes[0])
    pki = workspace.home / "pki"
    return sign_message(root, load_signing_key(pki / "operator.key", pki / "operator.pem"))


def test_a_hundred_applications_of_one_message_each_have_their_own_result_and_receipts(workspace):
    workspace.put(of_many(workspace, 100), "hundred.xml")
    workspace.run()
    assert answers(workspace, "hundred") == ("ACCEPTED", [])
    shown = workspace.status()
    assert len({one["applicationNo"] for one in shown}) == 100
    for one in shown:
        prefix = one["clientSeqNo"].rpartition("H")[0]
        assert one["status"] == OUTCOMES[prefix], one["clientSeqNo"]
    assert Counter(one["status"] for one in shown) == {
        "APPROVED": 90, "REFUSED": 4, "DISAPPROVED": 3, "LODGE_FAILED": 3,
    }  # fmt: skip
    receipts = Counter(
        guid
        for file in workspace.box("InBox", "Receipt_hundred_*.xml")
        for guid in etree.parse(file).xpath("//*[local-name()='QLF102']/*[local-name()='guid']/text()")
    )
    expected = {"APPROVED": 3, "DISAPPROVED": 3, "REFUSED": 2, "LODGE_FAILED": 1}
    assert receipts == {one["guid"]: expected[one["status"]] for one in shown}
    assert len(workspace.box("InBox", "Receipt_hundred_*.xml")) == 4, "the failures, and three of the others"


def test_a_hundred_and_one_are_one_too_many(workspace):
    workspace.put(of_many(workspace, 101), "many.xml")
    workspace.run()
    result, codes = answers(workspace, "many")
    assert result == "REFUSED"
    assert "0002" in codes
    assert workspace.status() == []
