"""`edi verify` of certificates: what is genuine, what was altered, what is no certificate at all."""

import base64
import io
import json
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from lxml import etree
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText

from edi.adapters.paper.drawing import draw
from edi.adapters.paper.reading import LARGEST_FILE, LARGEST_PAGE, MOST_PAGES
from edi.cli.main import cli
from edi.core.sheet import Attachment, Note, Sheet
from edi.errors import UserError
from edi.messages.certificate import LARGEST_SLIP, SLIP_NAME, certificate_sheet, issue, slip
from edi.messages.dsig import sign_message


@pytest.fixture(scope="session")
def code(certificate, customs_key):
    return issue(certificate, customs_key)


@pytest.fixture(scope="session")
def paper(certificate, code):
    """The certificate as customs gives it out."""
    return draw(certificate_sheet(certificate, code)).data


@pytest.fixture
def judge(template, tmp_path):
    """Calls `edi verify --json` on bytes; the judgement."""

    def call(data, *options, good=True):
        file = tmp_path / "file"
        file.write_bytes(data)
        told = json.loads(verify(template, file, "--json", *options, code=not good))
        assert told["good"] is good
        return told

    return call


def verify(home, file, *options, code=0, **more):
    result = CliRunner().invoke(
        cli, ["verify", str(file), *map(str, options)], env={"EDI_HOME": str(home)}, standalone_mode=False, **more
    )
    if result.exception:
        raise result.exception
    assert result.return_value == code, result.output
    return result.stdout


def codes(told):
    return [one["code"] for one in told["findings"]]


def rewritten(data, change):
    """The PDF after somebody's changes."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    change(writer)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_a_genuine_paper_is_told_with_all_its_facts_and_its_signer(template, tmp_path, paper):
    file = tmp_path / "证明.pdf"
    file.write_bytes(paper)
    said = verify(template, file)
    for line in (
        "核验通过：内容与海关的数字签名相符 / genuine",
        "证明编号 number: 2210202600000012",
        "企业 enterprise: 示例外资贸易（上海）有限公司",
        "签发海关 customs: 2210 浦东海关",
        "进出口货物收发货人 TRADER，备案编码 code 3122968396",
        "签名者 signed by: 模拟海关（仅供测试）",
        "是否已被新的备案证明替代，只能向签发海关查询",
        "can only be asked at customs",
    ):
        assert line in said


def test_the_text_of_the_qr_code_will_do(template, certificate, code):
    text = "\ufeff" + slip(certificate, code).replace("\n", "\r\n")
    told = json.loads(verify(template, "-", "--json", input=text.encode()))
    assert told["good"]
    assert told["certificate"] == certificate.to_json()
    assert told["verificationCode"] == code
    assert told["signer"] == "模拟海关（仅供测试）"


@pytest.mark.parametrize("line", range(1, 11))
def test_any_altered_fact_is_found(judge, certificate, code, line):
    lines = slip(certificate, code).split("\n")
    lines[line] = lines[line][:-1] + ("2" if lines[line][-1] != "2" else "3")
    told = judge("\n".join(lines).encode(), good=False)
    assert codes(told) == ["1001"]
    assert "不要采信" in told["findings"][0]["zh"]
    assert "signer" not in told


def test_a_wrong_code_is_found(judge, certificate, code):
    other = ("B" if code[0] != "B" else "C") + code[1:]
    assert codes(judge(slip(certificate, other).encode(), good=False)) == ["1001"]
    told = judge(slip(certificate, "核验码").encode(), good=False)
    assert "base32" in told["findings"][0]["en"]


def test_nobody_but_customs_issues_certificates(judge, template, certificate, enterprise_key):
    """The enterprise's certificate comes from the same authority as customs' own; that is not enough."""
    code = issue(certificate, enterprise_key)
    forged = draw(certificate_sheet(certificate, code)).data
    assert codes(judge(forged, good=False)) == ["1001"]
    assert codes(judge(forged, "--ca", template / "pki" / "ca.pem", good=False)) == ["1001"]


def test_whom_to_believe_may_be_given(judge, template, tmp_path, paper, certificate, code):
    judge(paper, "--ca", template / "pki" / "customs.pem")
    judge(paper, "--ca", template / "pki" / "ca.pem", good=False)
    with pytest.raises(UserError, match="用 --ca 给出"):
        verify(tmp_path, "-", input=slip(certificate, code).encode())


def test_a_paper_drawn_with_other_facts_is_found(judge, certificate, code):
    """The slip inside is genuine, the page says something else."""
    lie = certificate_sheet(replace(certificate, name="示例冒名有限公司"), code)
    lie = replace(lie, attachments=certificate_sheet(certificate, code).attachments)
    told = judge(draw(lie).data, good=False)
    assert codes(told) == ["1004"]
    assert told["findings"][0]["expected"] == certificate.name
    more = replace(lie, parts=(*certificate_sheet(certificate, code).parts, Note(text="另有资质：报关企业")))
    assert "其他内容" in judge(draw(more).data, good=False)["findings"][0]["zh"]


def test_what_was_put_on_top_of_a_page_is_found(judge, paper):
    note = FreeText(text="报关企业", rect=(60, 500, 300, 530))
    stamped = rewritten(paper, lambda writer: writer.add_annotation(0, note))
    assert codes(judge(stamped, good=False)) == ["1004"]
    over = PdfReader(io.BytesIO(draw(other_sheet()).data)).pages[0]
    covered = rewritten(paper, lambda writer: writer.pages[0].merge_page(over))
    assert codes(judge(covered, good=False)) == ["1004"]


def other_sheet(*attachments):
    """A paper that is no certificate."""
    return Sheet(title="示例", parts=(), footer="", attachments=attachments)


def test_a_paper_saved_again_is_genuine_with_a_warning(judge, paper):
    told = judge(rewritten(paper, lambda writer: writer.add_metadata({"/Producer": "other"})))
    assert [(one["code"], one["severity"]) for one in told["findings"]] == [("1999", "warning")]


def test_validity_is_judged_by_its_days(judge, certificate, customs_key):
    yesterday = (date.fromisoformat(certificate.issued_on) - timedelta(days=2)).isoformat()
    late = replace(certificate, valid_until=yesterday)
    told = judge(slip(late, issue(late, customs_key)).encode())
    assert [(one["code"], one["severity"]) for one in told["findings"]] == [("2999", "warning")]
    for day in ("2019-12-31", "2199-01-01", "昨天"):
        early = replace(certificate, issued_on=day)
        told = judge(slip(early, issue(early, customs_key)).encode(), good=False)
        assert "有效期" in told["findings"][0]["zh"]


def test_a_strangers_text_does_not_reach_the_terminal_as_it_is(template, certificate, code):
    hostile = replace(certificate, name="\x1b[2J示例\u202e")
    said = verify(template, "-", code=1, input=slip(hostile, code + "\x1b[5m").encode())
    assert "�[2J示例�" in said
    assert not {"\x1b", "\u202e"} & set(said)


def receipt(key, paper, **told):
    """A receipt message with a certificate in it, signed."""
    q = "{urn:edi-customs:qlf:1}"
    root = etree.Element(f"{q}QLF142Message", nsmap={None: q[1:-1]})
    results = etree.SubElement(etree.SubElement(root, f"{q}QLF142"), f"{q}results")
    block = etree.SubElement(results, f"{q}certificate")
    for name, value in (told | {"content": base64.b64encode(paper).decode()}).items():
        etree.SubElement(block, q + name).text = value
    return sign_message(root, key)


def test_a_receipt_is_judged_with_the_certificate_in_it(judge, template, tmp_path, customs_key, paper, code):
    told = judge(receipt(customs_key, paper, certificateNo="2210202600000012", verificationCode=code))
    assert told["intact"]
    (inside,) = told["certificates"]
    assert inside["good"]
    file = tmp_path / "receipt.xml"
    file.write_bytes(receipt(customs_key, paper))
    said = verify(template, file)
    assert "签名有效 good" in said
    assert "回执所附备案证明 certificate in the receipt: 核验通过" in said


def test_a_receipt_that_contradicts_its_certificate_is_found(judge, customs_key, paper):
    told = judge(receipt(customs_key, paper, certificateNo="1", issuedOn="2026-01-01"), good=False)
    found = told["certificates"][0]["findings"]
    assert [one["path"].rpartition("/")[2] for one in found] == ["certificateNo", "issuedOn"]
    told = judge(receipt(customs_key, b""), good=False)
    assert "没有备案证明的文件" in told["certificates"][0]["findings"][0]["zh"]


def test_a_trusted_enterprise_cannot_pass_a_certificate_off_in_a_receipt(judge, certificate, enterprise_key):
    forged = draw(certificate_sheet(certificate, issue(certificate, enterprise_key))).data
    told = judge(receipt(enterprise_key, forged), good=False)
    assert told["trust"] == "trusted"
    assert codes(told["certificates"][0]) == ["1001"]


def no_slip(_paper):
    return draw(other_sheet()).data


def two_slips(paper):
    return rewritten(paper, lambda writer: writer.add_attachment(SLIP_NAME, b"x"))


def huge_slip(_paper):
    return draw(other_sheet(Attachment(name=SLIP_NAME, text="x" * (LARGEST_SLIP + 1)))).data


def encrypted(paper):
    return rewritten(paper, lambda writer: writer.encrypt("x", algorithm="RC4-128"))


def many_pages(paper):
    return rewritten(paper, lambda writer: [writer.add_blank_page(10, 10) for _ in range(MOST_PAGES)])


def huge_page(paper):
    def swell(writer):
        contents = writer.pages[0].get_contents()
        contents.set_data(b" " * (LARGEST_PAGE + 1))
        writer.pages[0].replace_contents(contents)

    return rewritten(paper, swell)


def pages_in_a_circle(paper):
    def bend(writer):
        tree = writer.root_object["/Pages"]
        tree["/Kids"].append(tree.indirect_reference)

    return rewritten(paper, bend)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda paper: paper[: len(paper) // 2], "已损坏"),
        (lambda _: b"%PDF-1.7 and nothing more", "已损坏"),
        (lambda paper: paper + b" " * LARGEST_FILE, "文件过大"),
        (pages_in_a_circle, "已损坏"),
        (encrypted, "已加密"),
        (many_pages, "多于"),
        (huge_page, "页面内容过大"),
        (no_slip, "没有可核验的数据"),
        (two_slips, "没有可核验的数据"),
        (huge_slip, "没有可核验的数据"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_broken_pdf_is_a_finding(judge, paper, spoil, told):
    judged = judge(spoil(paper), good=False)
    assert codes(judged) == ["0001"]
    assert told in judged["findings"][0]["zh"]
    assert judged["findings"][0]["en"]


def test_a_text_that_only_begins_like_a_slip_is_a_finding(judge, certificate, code):
    for text in ("报关单位备案证明", certificate.statement(), slip(certificate, code).replace("uscc", "code")):
        assert codes(judge(text.encode(), good=False)) == ["0001"]


def test_no_flipped_byte_ends_in_anything_but_a_judgement(template, tmp_path, paper, caplog):
    chance = random.Random(1)
    file = tmp_path / "flipped.pdf"
    for _ in range(60):
        data = bytearray(paper)
        for _ in range(chance.choice((1, 5, 50))):
            data[chance.randrange(8, len(data))] = chance.randrange(256)
        file.write_bytes(data)
        result = CliRunner().invoke(cli, ["verify", str(file)], env={"EDI_HOME": str(template)}, standalone_mode=False)
        assert result.exception is None
        assert "核验" in result.stdout
    assert [one for one in caplog.records if one.name.startswith("pypdf")] == [], "it would quote a stranger's bytes"
