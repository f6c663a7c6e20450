"""`edi check`, `edi sign`, `edi verify`: the tools of an ERP author."""

import json
import re

import pytest
from lxml import etree

FIELDS = {"code", "severity", "path", "line", "column", "found", "expected", "zh", "en"}


def checked(edi, *files):
    said = edi("check", *files, "--format", "json")
    return said.code, json.loads(said.out)


def test_the_json_is_as_promised(edi, done):
    good, bad = done.sample("02-TRADER.xml"), done.sample("QLF-016-no-valid-until.xml")
    code, (first, second) = checked(edi, good, bad)
    assert code == 1
    assert first == {"file": str(good), "ok": True, "findings": []}
    assert not second["ok"]
    assert all(set(finding) >= FIELDS for finding in second["findings"])


def test_a_missing_file_does_not_stop_the_others(edi, done):
    code, (missing, good) = checked(edi, "missing.xml", done.sample("02-TRADER.xml"))
    assert code == 2
    assert (missing["file"], missing["ok"], missing["findings"][0]["code"]) == ("missing.xml", False, "0001")
    assert good["ok"]


def test_a_folder_stands_for_its_messages(edi, done, tmp_path):
    code, results = checked(edi, done.home / "samples")
    assert code == 0
    assert len(results) == len(list((done.home / "samples").glob("*.xml")))
    assert checked(edi, tmp_path)[0] == 2, "a folder without messages"


@pytest.mark.parametrize("kind", ["Receipt_02-TRADER_*", "Successed_02-TRADER_*"])
def test_a_receipt_is_no_filing(edi, done, kind):
    said = edi("check", done.box("InBox", kind)[0])
    assert said.code == 1
    assert "这是回执，不是申报；核对签名请用 edi verify" in said.out


def test_one_error_is_one_error(edi, done):
    said = edi("check", done.sample("QLF-016-no-valid-until.xml")).out
    assert "1 个错误 1 error\n" in said


def test_the_page_for_people_is_whole_and_loads_nothing(edi, done, tmp_path):
    odd = tmp_path / "<b>&odd.xml"
    odd.write_bytes(b"<a>\x01</a>")
    said = edi(
        "check", done.sample("02-TRADER.xml"), done.sample("QLF-016-no-valid-until.xml"), odd, "--format", "html"
    )
    page = etree.HTML(said.out)
    assert said.out.startswith("<!DOCTYPE html>")
    assert page.get("lang") == "zh-CN"
    assert "共 3 个文件，2 个有错误" in said.out
    assert page.xpath("//script | //link | //img | //@src | //@href") == []
    assert not re.search(r"url\(|@import", said.out)
    assert "<b>&odd.xml" in "".join(page.xpath("//td/text()"))
    assert "QLF-016" in said.out


def test_junit_holds_whatever_the_file_name_is(edi, tmp_path):
    odd = tmp_path / "odd\x01.xml"
    odd.write_bytes(b"")
    said = edi("check", odd, tmp_path / "missing.xml", "--format", "junit")
    assert etree.fromstring(said.out.encode()).get("failures") == "2"


def sign(edi, done, source, target, signer="legal-person"):
    pki = done.home / "pki"
    return edi("sign", source, "--key", pki / f"{signer}.key", "--cert", pki / f"{signer}.pem", "-o", target)


def test_signing_needs_a_folder_that_is_there(edi, done, tmp_path):
    said = sign(edi, done, done.sample("02-TRADER.xml"), tmp_path / "nowhere" / "x.xml")
    assert said.code == 2
    assert "不存在" in said.err
    assert not (tmp_path / "nowhere").exists()


def test_signing_with_a_certificate_of_no_enterprise_warns(edi, done, tmp_path):
    said = sign(edi, done, done.sample("02-TRADER.xml"), tmp_path / "x.xml", "customs")
    assert said.code == 0
    assert "未载明企业" in said.err
    assert sign(edi, done, done.sample("02-TRADER.xml"), tmp_path / "x.xml").err == ""


def test_what_was_signed_verifies_and_names_its_signer(edi, done, tmp_path):
    target = tmp_path / "signed with blanks.xml"
    assert f"edi check '{target}'" in sign(edi, done, done.sample("02-TRADER.xml"), target).out
    said = edi("verify", target, "--ca", done.home / "pki" / "ca.pem")
    assert said.code == 0
    for label in (
        "企业 enterprise: 示例贸易（北京）有限公司",
        "统一社会信用代码 USCC: 9111",
        "姓名 person:",
        "卡号 card no.:",
    ):
        assert label in said.out


def test_verify_tells_what_is_wrong(edi, done, tmp_path):
    unsigned, no_xml = tmp_path / "unsigned.xml", tmp_path / "no.xml"
    text = done.sample("02-TRADER.xml").read_bytes()
    unsigned.write_bytes(re.sub(b"<ds:Signature.*</ds:Signature>", b"", text, flags=re.DOTALL))
    no_xml.write_bytes(b"PK?")
    ca = done.home / "pki" / "ca.pem"
    for file, told in ((unsigned, "没有签名 not signed"), (no_xml, "不是 XML 报文")):
        said = edi("verify", file, "--ca", ca)
        assert said.code == 1
        assert told in said.out
    said = edi("verify", done.sample("02-TRADER.xml"), "--ca", done.home / "pki" / "agent" / "operator.pem")
    assert said.code == 1
    assert "不是 --ca 所列机构签发" in said.out
