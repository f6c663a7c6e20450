"""Promise 4: no input makes the service stop, hang or go astray; each gets its reason in both languages."""

import io
import re
import zipfile

import pytest
from lxml import etree

from edi.app.workspace import create_workspace
from edi.messages.dxp import DxpMsg, write_dxp_msg

HAN = re.compile("[\u4e00-\u9fff]")


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_xml", ".xml"), data)
    return buffer.getvalue()


def entities():
    levels = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};&e{n - 1};&e{n - 1};">' for n in range(1, 20))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><x>&e19;</x>'.encode()


HOSTILE = {
    "empty.xml": (lambda _good: b"", "0001"),
    "cut-short.xml": (lambda good: good[: len(good) // 2], "0001"),
    "not-xml.xml": (lambda _good: "这不是 XML".encode(), "0001"),
    "binary.xml": (lambda _good: bytes(range(256)) * 40, "0001"),
    "bomb.zip": (lambda _good: zipped(a_xml=b"<a>" + b" " * (64 << 20) + b"</a>"), "0999"),
    "two-in-one.zip": (lambda good: zipped(a_xml=good, b_xml=good), "0001"),
    "path.zip": (lambda good: zipped(**{"../../evil.xml": good}), "0999"),
    "entities.xml": (lambda _good: entities(), "0999"),
    "file-entity.xml": (
        lambda _good: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        "0999",
    ),
    "nesting.xml": (lambda _good: b"<a>" * (20 << 20 // 3) + b"</a>" * 1, "0999"),
    "unknown-root.xml": (lambda _good: b"<Order xmlns='urn:other'/>", "0002"),
    "altered.xml": (lambda good: good.replace("北京市朝阳区".encode(), "北京市海淀区".encode()), "1004"),
    "altered-signature.xml": (lambda good: good.replace(b"<ds:DigestValue>", b"<ds:DigestValue>A", 1), "1001"),
    "unsigned.xml": (lambda good: re.sub(b"<ds:Signature.*</ds:Signature>", b"", good, flags=re.DOTALL), "1001"),
}


@pytest.fixture
def trader(workspace):
    return workspace.sample("02-TRADER.xml")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_a_reason_and_the_run_goes_on(workspace, trader, name):
    make, code = HOSTILE[name]
    workspace.put(make(trader.read_bytes()), name)
    workspace.drop(trader)
    workspace.run()
    stem = name.rpartition(".")[0]
    (answer,) = workspace.box("InBox", f"Failed_{stem}_*.xml")
    root = etree.parse(answer).getroot()
    assert root.xpath("string(//*[local-name()='result'])") == "REFUSED"
    assert code in root.xpath("//*[local-name()='code']/text()")
    for language in ("zh", "en"):
        assert all(root.xpath(f"//*[local-name()='finding']/*[local-name()='{language}']/text()"))
    assert HAN.search(root.xpath("string(//*[local-name()='zh'])"))
    assert (workspace.home / "outbox/demo/FailBox" / name).is_file()
    assert [one["status"] for one in workspace.status()] == ["APPROVED"], "the good filing beside it goes its way"


def test_a_file_beyond_the_limit_is_refused_unread(workspace):
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("file_bytes = 33554432", "file_bytes = 1000"), "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    (answer,) = workspace.box("InBox", "Failed_*")
    assert b"0999" in answer.read_bytes()


def sign(workspace, source, signer, target):
    pki = workspace.home / "pki"
    workspace.edi(
        "sign",
        str(source),
        "--key",
        str(pki / f"{signer}.key"),
        "--cert",
        str(pki / f"{signer}.pem"),
        "-o",
        str(target),
    )
    return target


def refusal(workspace, channel="demo"):
    workspace.run()
    (answer,) = workspace.box("InBox", "Failed_*", channel)
    return etree.parse(answer).xpath("//*[local-name()='code']/text()")


def test_another_enterprise_cannot_sign_for_this_one(workspace, trader, tmp_path):
    workspace.drop(sign(workspace, trader, "agent/operator", tmp_path / "wrong.xml"))
    assert set(refusal(workspace)) == {"1999", "QLF-032"}


def test_an_account_cannot_sign_what_is_declared_as_signed_by_card(workspace, trader, tmp_path):
    workspace.drop(sign(workspace, trader, "account", tmp_path / "wrong.xml"))
    assert refusal(workspace) == ["QLF-023"]


def test_a_certificate_of_a_strange_authority_is_not_believed(workspace, trader, tmp_path):
    create_workspace(tmp_path / "stranger")
    key, cert = (str(tmp_path / "stranger/pki" / f"legal-person.{kind}") for kind in ("key", "pem"))
    workspace.edi("sign", str(trader), "--key", key, "--cert", cert, "-o", str(tmp_path / "strange.xml"))
    workspace.drop(tmp_path / "strange.xml")
    assert refusal(workspace) == ["1999"]


def test_an_authority_signs_no_filings(workspace, trader, tmp_path):
    workspace.drop(sign(workspace, trader, "ca", tmp_path / "by-ca.xml"))
    assert refusal(workspace) == ["1999"]


def test_things_that_are_no_files_are_left_alone_and_told_once(workspace, trader):
    outbox = workspace.home / "inbox" / "demo"
    (outbox / "folder.xml").mkdir()
    (outbox / "link.xml").symlink_to("/etc/hostname")
    for ignored in (".hidden.xml", "writing.xml.tmp", "upload.part", "a.filepart", "b.xml~"):
        (outbox / ignored).write_bytes(trader.read_bytes())
    before = sorted(path.name for path in outbox.iterdir())
    workspace.run()
    workspace.run()
    assert sorted(path.name for path in outbox.iterdir()) == before
    assert workspace.box("InBox") == []


def test_odd_names_are_answered(workspace, trader):
    names = ["带 空格 和 中文.xml", "x" * 240 + ".xml", "no-ending", "two.dots.xml"]
    for name in names:
        workspace.put(b"<a/>", name)
    workspace.run()
    assert len(workspace.box("InBox", "Failed_*")) == len(names)
    assert sorted(path.name for path in workspace.box("FailBox")) == sorted(names)


def test_a_name_used_again_overwrites_nothing(workspace):
    for number in range(3):
        workspace.put(b"<a>%d</a>" % number, "same.xml")
        workspace.run()
    kept = workspace.box("FailBox")
    assert sorted(path.read_bytes() for path in kept) == [b"<a>0</a>", b"<a>1</a>", b"<a>2</a>"]
    assert len(workspace.box("InBox", "Failed_same_*")) == 3


def test_an_envelope_and_an_archive_are_opened(workspace, trader):
    envelope = DxpMsg(
        message_id="ERP-1", sender="DXPENT0000000001", receivers=("EDIGATEWAY000001",), created="2026-11-22T09:00:00",
        message_type="QLF101Message", data=trader.read_bytes(),
    )  # fmt: skip
    workspace.put(write_dxp_msg(envelope), "wrapped.xml")
    workspace.put(zipped(a_xml=workspace.sample("01-BROKER.xml").read_bytes()), "packed.zip")
    workspace.run()
    assert {one["status"] for one in workspace.status()} == {"APPROVED"}
    answer = etree.parse(workspace.box("InBox", "Successed_wrapped_*")[0])
    assert answer.xpath("string(//*[local-name()='copMsgId'])") == "ERP-1"
    assert len(workspace.box("InBox", "Receipt_packed_*")) == 3
