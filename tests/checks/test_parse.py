"""Parsing what strangers send: what is accepted, what is refused and in which words, and what it may cost."""

import gc
import io
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from edi.checks.limits import DEFAULT_LIMITS
from edi.checks.parse import Limits, parse, unpack
from edi.checks.prescan import prescan
from edi.core.findings import Dxp, Finding

MEGABYTE = 1 << 20
SMALL = Limits(
    file=4000, unpacked=4000, depth=5, nodes=20, children=10, attributes=4, attributes_in_all=9, namespaces=2, names=12
)


def refusal(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Finding:
    parsed = parse(data, limits)
    assert isinstance(parsed, list), "the file was accepted"
    assert len(parsed) == 1
    assert parsed[0].zh
    assert parsed[0].en
    return parsed[0]


def zipped(*files, method=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:  # a ZipInfo has a fixed date, so that tests keep their names
            archive.writestr(zipfile.ZipInfo(name) if isinstance(name, str) else name, content, method)
    return buffer.getvalue()


# ---- accepted


@pytest.mark.parametrize(
    "data",
    [
        "<a>中文</a>".encode(),
        b"\xef\xbb\xbf" + "<a>中文</a>".encode(),
        "<?xml version='1.0' encoding=\"utf-8\"?><a>中文</a>".encode(),
        "<?xml version='1.0' encoding='GB18030'?><a>中文</a>".encode("gb18030"),
        "<?xml version='1.0' encoding='gb2312'?><a>中文</a>".encode("gb18030"),
        "<?xml version='1.0' encoding='GBK' standalone='yes'?><a>中文</a>".encode("gbk"),
        "<?xml version='1.0' encoding='UTF-16'?><a>中文</a>".encode("utf-16"),
        "<a>中文</a>".encode("utf-16"),
        "<?xml version='1.0' encoding='UTF-16BE'?><a>中文</a>".encode("utf-16-be"),
    ],
)
def test_every_encoding_of_the_exchange_gives_the_same_text(data):
    root = parse(data)
    assert isinstance(root, etree._Element)
    assert root.text == "中文"


@pytest.mark.parametrize(
    "data", [b"<a><!-- <!DOCTYPE x> --></a>", b"<a><![CDATA[<!DOCTYPE x><?pi?>]]></a>", b"<a b='x=y=z'/>"]
)
def test_words_that_only_look_forbidden_are_accepted(data):
    assert isinstance(parse(data), etree._Element)


def test_the_tree_is_what_the_author_wrote():
    text = b"<a xml:base='http://x/'>\r\n <b/><!-- c --></a>"
    assert etree.tostring(parse(text), method="c14n") == etree.tostring(etree.fromstring(text), method="c14n")


# ---- refused


@pytest.mark.parametrize(
    ("data", "code", "line", "column", "word"),
    [
        (b"", Dxp.BAD_FORMAT, None, None, "empty"),
        (b" \n ", Dxp.BAD_FORMAT, None, None, "empty"),
        (b"\xef\xbb\xbf", Dxp.BAD_FORMAT, None, None, "empty"),
        (b"<a>\n<b>x", Dxp.BAD_FORMAT, 2, 5, "element b is still open"),
        (b"<a>\n<b", Dxp.BAD_FORMAT, 2, 1, "cut short"),
        (b"<a>\n </b></a>", Dxp.BAD_FORMAT, 2, 4, "end tag"),
        (b"hello", Dxp.BAD_FORMAT, 1, 1, "not XML"),
        (b"{'json': 1}", Dxp.BAD_FORMAT, 1, 1, "not XML"),
        (b"<a/><b/>", Dxp.BAD_FORMAT, 1, 5, "after the root"),
        (b"<a b='1' b='2'/>", Dxp.BAD_FORMAT, 1, 10, "twice"),
        (b"<a>\x00</a>", Dxp.BAD_FORMAT, 1, 4, "control characters"),
        (b"<a>&#2;</a>", Dxp.BAD_FORMAT, 1, 4, "character number"),
        (b"\n<?xml version='1.0'?><a/>", Dxp.BAD_FORMAT, 2, 1, "before the XML declaration"),
        ("<a>中<p:b/></a>".encode(), Dxp.BAD_FORMAT, 1, None, "prefix"),
        (b"<a>&nbsp;</a>", Dxp.OTHER_FORMAT, 1, 4, "Entities"),
        ("<!-- 中 --><!DOCTYPE a><a/>".encode(), Dxp.OTHER_FORMAT, 1, None, "DOCTYPE"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", Dxp.OTHER_FORMAT, 1, None, "DOCTYPE"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".encode("utf-16"), Dxp.OTHER_FORMAT, 1, None, "DOCTYPE"),
        (b"<a>\n <?php x?></a>", Dxp.OTHER_FORMAT, 2, 2, "processing instructions"),
        (b"<?xml-stylesheet href='x'?><a/>", Dxp.OTHER_FORMAT, 1, 1, "processing instructions"),
        (b"<?xml version='1.0'?><a>?<?x?></a>", Dxp.OTHER_FORMAT, 1, 26, "processing instructions"),
        (b"<?xml version='1.0' <?x?>?><a/>", Dxp.BAD_FORMAT, 1, 24, "not well-formed"),
        (b"<a/><?x?>", Dxp.OTHER_FORMAT, 1, 5, "processing instructions"),
        (b"<?xml version='1.1'?><a/>", Dxp.OTHER_FORMAT, 1, 1, "version"),
    ],
)
def test_a_refusal_tells_what_is_wrong_and_where(data, code, line, column, word):
    finding = refusal(data)
    assert finding.code == code
    assert finding.line == line
    assert column is None or finding.column == column
    assert word in finding.en


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("<?xml version='1.0' encoding='utf-8'?><a>中</a>".encode("gbk"), 'encoding="GB18030"'),
        ("<?xml version='1.0' encoding='gbk'?><a>\xff\xff</a>".encode("latin-1"), "not GB18030"),
        (b"<?xml version='1.0' encoding='UTF-16'?><a/>", "looks like UTF-8"),
        ("<?xml version='1.0' encoding='UTF-8'?><a/>".encode("utf-16"), "looks like UTF-16"),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='GBK'?><a/>", "looks like UTF-8"),
        (b"<?xml version='1.0' encoding='UTF-7'?><a/>", "UTF-7"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "ISO-8859-1"),
        ("<?xml version='1.0' encoding='IBM037'?><a/>".encode("cp037"), "not UTF-8"),
        ("<a/>".encode("utf-32"), "UTF-32"),
        (b"\xff\xfe<\x00a\x00>\x00\x00\xd8", "not UTF-16"),
    ],
)
def test_encodings_are_never_guessed(data, word):
    finding = refusal(data)
    assert finding.code == Dxp.BAD_FORMAT
    assert word in finding.en


def test_the_place_of_a_wrong_byte_is_told_in_characters():
    finding = refusal("<a>\n中文".encode() + b"\xff</a>")
    assert (finding.line, finding.column, finding.found) == (2, 3, "ff 3c 2f 61 3e")


# ---- limits


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        (b"<a>" * 5 + b"</a>" * 5, b"<a>" * 6 + b"</a>" * 6),
        (b"<a>" + b"<b/>" * 10 + b"</a>", b"<a>" + b"<b/>" * 11 + b"</a>"),
        (
            b"<a><b>" + b"<!---->" * 8 + b"</b><b>" + b"<c/>" * 9 + b"</b></a>",
            b"<a><b>" + b"<!---->" * 9 + b"</b><b>" + b"<c/>" * 9 + b"</b></a>",
        ),
        (b"<a b='' c='' d='' e=''/>", b"<a b='' c='' d='' e='' f=''/>"),
        (b"<a>" + b"<b c='' d='' e=''/>" * 3 + b"</a>", b"<a>" + b"<b c='' d='' e=''/>" * 3 + b"<b c=''/></a>"),
        (
            b"<a>" + b"".join(b"<b%d/>" % i for i in range(7)) + b"<c x='' y='' z=''/></a>",
            b"<a>" + b"".join(b"<b%d/>" % i for i in range(7)) + b"<c w='' x='' y='' z=''/></a>",
        ),
        (
            b"<a xmlns='urn:a'><b xmlns:c='urn:c'/><b xmlns='urn:b'/><b xmlns='urn:c'/></a>",
            b"<a xmlns='urn:a'><b xmlns='urn:b'><c xmlns:c='urn:c'/></b></a>",
        ),
        (b"<a>" + b"x" * 3993 + b"</a>", b"<a>" + b"x" * 3994 + b"</a>"),
    ],
    ids=["depth", "children", "nodes", "attributes", "all attributes", "names", "namespaces", "size"],
)
def test_each_limit_holds_exactly(inside, outside):
    assert isinstance(parse(inside, SMALL), etree._Element)
    finding = refusal(outside, SMALL)
    assert finding.code == Dxp.OTHER_FORMAT
    assert "≤" in finding.expected


def test_an_envelope_may_be_one_text_of_many_megabytes():
    data = b"<a>" + b"x" * 20_000_000 + b"</a>"
    assert len(parse(data).text) == 20_000_000


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * (20 * MEGABYTE // 3),
        b"<a " + b" ".join(b"a%d='1'" % i for i in range(100_000)) + b"/>",
        b"<a " + b" ".join(b"xmlns:a%d='u'" % i for i in range(100_000)) + b"/>",
        b"<a>" + b"<b/>" * (5 * MEGABYTE) + b"</a>",
        b"<a>" + b"<!---->" * (3 * MEGABYTE) + b"</a>",
        b"<a><!--" + b"x" * (20 * MEGABYTE),
        b"<a b='" + b"x" * (20 * MEGABYTE),
        b"\0" * (20 * MEGABYTE),
        b"\n" * (20 * MEGABYTE),
        b"<!DOCTYPE a [<!ENTITY a '" + b"x" * 1000 + b"'>" + b"<!ENTITY b '" + b"&a;" * 100_000 + b"'>]><a>" + b"&b;" * 10_000,
    ],
    ids=["nesting", "attributes", "namespaces", "elements", "comments", "comment", "attribute", "nul", "blanks", "laughs"],
)  # fmt: skip
def test_an_attack_costs_less_than_a_second_and_little_memory(data):
    tracemalloc.start()
    started = time.perf_counter()
    try:
        refusal(data)
        assert time.perf_counter() - started < 1
        assert tracemalloc.get_traced_memory()[1] < len(data) + 8 * MEGABYTE
    finally:
        tracemalloc.stop()


# ---- never raises, and both ways to a tree agree

XML = (
    b"<?xml version='1.0' encoding='UTF-8'?><q:a xmlns:q='u' b=\"&lt;\">\xe4\xb8\xad<![CDATA[x]]><!-- c --><q:b/></q:a>"
)


@given(st.binary(max_size=300))
def test_random_bytes_never_raise(data):
    for limits in (DEFAULT_LIMITS, SMALL):
        assert parse(data, limits) is not None


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, len(XML)), st.integers(0, 4), st.binary(max_size=4)), max_size=4))
def test_damaged_xml_never_raises(damages):
    data = bytearray(XML)
    for position, length, replacement in damages:
        data[position : position + length] = replacement
    for prefix in (b"", b"\xff\xfe", b"PK\x03\x04"):
        unpacked = unpack(prefix + bytes(data))
        assert isinstance(unpacked, Finding) or parse(unpacked) is not None


PROLOGS = [
    "",
    "<?xml version='1.0'?>",
    "<?xml-x?>",
    "<?xml?>",
    "<?x?>",
    "<!-- -->",
    "<!DOCTYPE a>",
    "<!DOCTYPE a [ ]>",
    " ",
]


@settings(max_examples=400)
@given(st.sampled_from(PROLOGS), st.text(st.sampled_from("<>/!?-='\" ab&;[]\n"), max_size=60), st.sampled_from(PROLOGS))
def test_the_short_way_accepts_nothing_that_the_careful_way_refuses(before, text, after):
    data = f"{before}<a>{text}</a>{after}".encode()
    if not isinstance(parse(data), list):
        assert prescan(data, DEFAULT_LIMITS) is None


# ---- archives


def test_one_xml_file_comes_out_of_its_archive():
    assert unpack(zipped(("filing.XML", "<a/>"))) == b"<a/>"
    assert unpack(zipped(("x/", ""), ("x/a.xml", "<a/>"), ("__MACOSX/._a.xml", "?"))) == b"<a/>"
    assert unpack(zipped(("a.xml", "<a/>"), method=zipfile.ZIP_STORED)) == b"<a/>"


def test_what_is_no_archive_stays_as_it_is():
    assert unpack(b"<a/>") == b"<a/>"


def symlink() -> bytes:
    link = zipfile.ZipInfo("a.xml")
    link.external_attr = 0o120777 << 16
    return zipped((link, "/etc/passwd"))


def encrypted() -> bytes:
    return zipped(("a.xml", "<a/>")).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped(), Dxp.BAD_FORMAT),
        (zipped(("a.xml", "<a/>"), ("b.xml", "<b/>")), Dxp.BAD_FORMAT),
        (zipped(("a.txt", "<a/>")), Dxp.BAD_FORMAT),
        (zipped(("a.xml", "<a/>"))[:-30], Dxp.BAD_FORMAT),
        (zipped(("a.xml", "<a/>" * 50))[:40], Dxp.BAD_FORMAT),
        (zipped(("a.xml", b"<a>xyz</a>"), method=zipfile.ZIP_STORED).replace(b"xyz", b"xxx"), Dxp.BAD_FORMAT),
        (zipped(("../a.xml", "<a/>")), Dxp.OTHER_FORMAT),
        (zipped(("/a.xml", "<a/>")), Dxp.OTHER_FORMAT),
        (zipped(("c:\\a.xml", "<a/>")), Dxp.OTHER_FORMAT),
        (zipped(("a.xml", "<a/>"), method=zipfile.ZIP_BZIP2), Dxp.OTHER_FORMAT),
        (zipped(("a.xml", "<a/>"), method=zipfile.ZIP_LZMA), Dxp.OTHER_FORMAT),
        (zipped(*((f"{i}.xml", "") for i in range(65))), Dxp.OTHER_FORMAT),
        (symlink(), Dxp.OTHER_FORMAT),
        (encrypted(), Dxp.OTHER_FORMAT),
    ],
)
def test_other_archives_are_refused(data, code):
    finding = unpack(data)
    assert isinstance(finding, Finding)
    assert finding.code == code


def test_a_bomb_is_left_after_the_limit_whatever_size_it_declares():
    bomb = zipped(("a.xml", b"\0" * (100 * MEGABYTE)))
    lying = bomb.replace((100 * MEGABYTE).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    limits = Limits(unpacked=MEGABYTE)
    for data in (bomb, lying):
        tracemalloc.start()
        try:
            assert isinstance(unpack(data, limits), Finding)
            assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
        finally:
            tracemalloc.stop()


def test_the_size_of_the_file_itself_is_limited():
    assert isinstance(unpack(b"x" * 11, Limits(file=10)), Finding)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_a_damaged_archive_never_raises(position, damage):
    data = bytearray(zipped(("a.xml", "<a>" + "x" * 60 + "</a>")))
    data[position : position + len(damage)] = damage
    assert isinstance(unpack(bytes(data)), bytes | Finding)


@pytest.mark.parametrize("text", [b"<a>" + b"x" * 100_000 + b"</a>", b"<a>" + b"x" * 100_000, b"<!DOCTYPE a><a/>"])
def test_no_text_waits_for_the_garbage_collector(text):
    """What was looked at is let go at once, or a few attachments would fill the memory."""
    gc.collect()
    gc.disable()
    try:
        prescan(text, DEFAULT_LIMITS)
        assert gc.collect() == 0
    finally:
        gc.enable()
