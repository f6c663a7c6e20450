"""A sheet on paper: whatever it holds, it is all there, inside the margins, the same at every run."""

import hashlib
import re

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase.ttfonts import TTFont

from edi.adapters.paper.composing import compose
from edi.adapters.paper.drawing import STAND_IN, draw
from edi.adapters.paper.qr import LARGEST, LARGEST_SAFE, qr_matrix
from edi.adapters.paper.typeset import BOTTOM, LEFT, PAGE_HEIGHT, RIGHT, TOP, Box, Text, wrap
from edi.core.sheet import Attachment, Choice, Choices, Code, Column, Field, Grid, Note, SealField, Sheet, Table
from tests.conftest import ROOT

from .conftest import bare

FONTS = ROOT / "edi" / "adapters" / "paper" / "fonts"
FOOTER = "示例页脚"


def measure(text, size):
    """Chinese characters are as wide as they are high, others half as wide."""
    return sum(size if ord(one) > 0x2000 else size / 2 for one in text)


def sheet(*parts, **more):
    return Sheet(**({"title": "示例表", "parts": parts, "footer": FOOTER} | more))


def people(count):
    columns = (Column(title="序号", share=1), Column(title="姓名", share=3), Column(title="证件号码", share=4))
    rows = tuple((str(n), f"张示例{n:03d}", f"X{n:07d}") for n in range(1, count + 1))
    return Table(title="报关人员信息", columns=columns, rows=rows)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"]), max_size=300)
SHEETS = st.builds(
    lambda texts: sheet(
        Grid(title=texts[0], fields=(Field(label="名称", value=texts[1]), Field(label=texts[2], value="", wide=True))),
        Choices(title="类型", choices=(Choice(label=texts[3], ticked=True),)),
        Table(title="人员", columns=people(0).columns, rows=((texts[4], texts[5] * 9, texts[6]),)),
        Note(text=texts[7] * 5, title="说明"),
        Note(text=texts[0]),
        SealField(lines=(texts[1],)),
        Code(qr=texts[2], title=texts[3], lines=(texts[4],)),
        numbers=(Field(label="编号", value=texts[5]), Field(label="日期", value=texts[6])),
    ),
    st.lists(TEXTS, min_size=8, max_size=8),
)


@given(SHEETS)
@settings(max_examples=60, deadline=None)
def test_no_text_leaves_the_page_whatever_it_says(paper):
    for page in compose(paper, measure):
        for mark in page:
            if isinstance(mark, Text):
                assert mark.x >= LEFT
                assert mark.x + measure(mark.text, mark.size) <= RIGHT + 0.01
                assert 0 < mark.y < PAGE_HEIGHT
            if isinstance(mark, Box):
                assert mark.y >= BOTTOM - 0.01
                assert mark.y + mark.height <= TOP + 0.01


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200), st.floats(20, 200))
def test_wrapping_loses_nothing_and_keeps_the_width(text, width):
    lines = wrap(text, width, 10.0, measure)
    assert bare("".join(lines)) == bare(text)
    assert all(measure(one, 10.0) <= width for one in lines)


def test_lines_do_not_begin_with_closing_marks_nor_end_with_opening_ones():
    lines = wrap("示例公司，（上海）有限公司。", 50, 10.0, measure)
    assert not [one for one in lines if one[0] in "，）。" or one[-1] == "（"]


def test_a_long_table_goes_on_under_its_heading(poppler):
    drawn = draw(sheet(people(100)))
    pages = poppler("pdftotext", drawn.data, "-layout").split("\f")[:-1]
    assert len(pages) == drawn.pages > 1
    for number, page in enumerate(pages, 1):
        assert "证件号码" in page
        assert f"第{number}页共{len(pages)}页" in bare(page)
        assert FOOTER in page
        assert ("报关人员信息（续）" in page) == (number > 1)
    listed = re.findall(r"张示例\d{3}", "".join(pages))
    assert listed == [f"张示例{n:03d}" for n in range(1, 101)]


def test_a_row_longer_than_a_page_goes_on_on_the_next(poppler):
    text = "".join(chr(0x4E00 + number) for number in range(6000))
    drawn = draw(sheet(Grid(title="很长", fields=(Field(label="经营范围", value=text),))))
    assert drawn.pages > 1
    said = bare(poppler("pdftotext", drawn.data, "-raw"))
    assert all(said.count(one) >= 1 for one in text)


def test_the_same_sheet_gives_the_same_bytes():
    one = sheet(people(3), Code(qr="一二三", title="码", lines=()), attachments=(Attachment(name="a.txt", text="甲"),))
    first = draw(one).data
    draw(sheet(people(50)))
    assert draw(one).data == first


def test_every_font_is_embedded_and_the_file_names_no_tools(poppler):
    data = draw(sheet(people(2), mark="暂存　草稿")).data
    fonts = poppler("pdffonts", data).splitlines()[2:]
    assert fonts
    for line in fonts:
        embedded, subset, unicode = line.split()[-5:-2]
        assert (embedded, subset, unicode) == ("yes", "yes", "yes")
    told = dict(line.split(":", 1) for line in poppler("pdfinfo", data).splitlines())
    assert told["Title"].strip() == "示例表"
    assert told["Page size"].strip().endswith("(A4)")
    assert not {"Producer", "Creator", "Author", "CreationDate"} & told.keys()
    assert b"ReportLab" not in data


def test_what_the_font_lacks_is_replaced_and_told(poppler):
    drawn = draw(sheet(Note(text="张𠮷示例\u202e\x07 Ω é 甲\r\n乙")))
    assert drawn.missing == "\x07\u202e𠮷"
    said = bare(poppler("pdftotext", drawn.data))
    assert f"张{STAND_IN}示例{STAND_IN * 2}Ωé甲乙" in said


@given(st.text(max_size=60))
@settings(max_examples=25, deadline=None)
def test_no_text_stops_the_drawing(text):
    assert draw(sheet(Note(text=text), Grid(title=text, fields=(Field(label=text, value=text),)))).pages >= 1


# Each fills its version to the last byte: the other encoder pads with one byte that readers do not mind, but we would.
@pytest.mark.parametrize(
    "text", ["编号=2026001", "示例证明" * 7, "证明\n" * 30 + "一", "证" * 737 + "AB", "x" * LARGEST]
)
def test_qr_codes_are_those_of_another_encoder(text):
    matrix = qr_matrix(text)
    level = "M" if len(text.encode()) <= LARGEST_SAFE else "L"
    version = (len(matrix) - 17) // 4
    others = (
        segno.make_qr(text, version=version, error=level, mode="byte", encoding="utf-8", mask=mask, boost_error=False,
                      eci=False).matrix
        for mask in range(8)
    )  # fmt: skip
    assert any(tuple(tuple(map(bool, row)) for row in other) == matrix for other in others)


def test_a_text_too_long_for_a_qr_code_is_told_on_the_paper(poppler):
    text = "x" * (LARGEST + 1)
    assert qr_matrix(text) == ()
    assert "内容过长，未印二维码" in poppler("pdftotext", draw(sheet(Code(qr=text, title="码", lines=()))).data)


def test_the_font_is_the_one_its_sources_tell():
    told = (FONTS / "SOURCES.md").read_text(encoding="utf-8")
    for file in FONTS.glob("*.tt?"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in told
    assert (FONTS / "LICENSE-APACHE-2.0.txt").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")


def test_the_font_has_every_character_in_common_use():
    glyphs = TTFont("test", str(FONTS / "wqy-microhei.ttc"), subfontIndex=0).face.charToGlyph
    rows, cells = range(0xB0, 0xF8), range(0xA1, 0xFF)
    common = [bytes((row, cell)).decode("gb2312", "ignore") for row in rows for cell in cells]
    assert [one for one in common if one and ord(one) not in glyphs] == []
