"""What a file is written in, and the same text as UTF-8, so that every later reader sees one encoding.

Accepts UTF-8 (with or without byte order mark), UTF-16 and GB18030 with its subsets GBK and GB2312.
Refuses every other encoding, and a declaration that contradicts the bytes: a parser that guesses is a
parser that can be made to guess differently from the next one.
"""

from __future__ import annotations

import re

from edi.core.findings import Dxp, Finding, clip

_UTF8, _UTF16, _GB = "UTF-8", "UTF-16", "GB18030"

_MARKS = (
    (b"\xef\xbb\xbf", _UTF8, "utf-8-sig"),
    (b"\xff\xfe", _UTF16, "utf-16"),
    (b"\xfe\xff", _UTF16, "utf-16"),
    (b"<\0", _UTF16, "utf-16-le"),
    (b"\0<", _UTF16, "utf-16-be"),
)
"""First bytes, the family they betray, and the codec that reads it."""

_UTF32_MARKS = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")

_FAMILIES = {
    "utf-8": _UTF8,
    "us-ascii": _UTF8,
    "utf-16": _UTF16,
    "utf-16le": _UTF16,
    "utf-16be": _UTF16,
    "gb18030": _GB,
    "gbk": _GB,
    "gb2312": _GB,
}
"""Encoding names that a declaration may use, in lower case."""

_DECLARED = re.compile(rb"""<\?xml[^>]{0,80}?\sencoding\s*=\s*["']([A-Za-z][\w.-]{0,39})["']""", re.ASCII)
_EXPECTED = "UTF-8、UTF-16、GB18030"


def as_utf8(data: bytes) -> bytes | Finding:
    """The text of `data` as UTF-8 without byte order mark, or the finding that refuses its encoding.

    Lines and columns stay what they were. UTF-8 passes through unread: the parser proves it. The
    declaration stays as written; whoever parses the result must be told that it is UTF-8.
    """
    if data.startswith(_UTF32_MARKS):
        return _unknown("UTF-32")
    mark, family, codec = next((known for known in _MARKS if data.startswith(known[0])), (b"", None, "utf-8"))
    head = data[:400].decode(codec, "ignore").encode("utf-8", "ignore") if mark else data[:200]
    declaration = _DECLARED.match(head)
    declared = declaration[1].decode("ascii") if declaration else family or _UTF8
    spoken = _FAMILIES.get(declared.lower())
    if spoken is None:
        return _unknown(declared)
    if family is None and spoken is _GB:
        return _transcode(data, "gb18030", _GB)
    if spoken is not (family or _UTF8):
        return _contradiction(declared, family or _UTF8)
    if family is _UTF16:
        return _transcode(data, codec, _UTF16)
    return data[3:] if mark else data


def not_utf8(data: bytes) -> Finding | None:
    """The finding about the first byte of `data` that is not UTF-8, None if all of it is."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _undecodable(error, "utf-8", _UTF8)
    return None


def _transcode(data: bytes, codec: str, name: str) -> bytes | Finding:
    try:
        return data.decode(codec).encode("utf-8")
    except UnicodeDecodeError as error:
        return _undecodable(error, codec, name)
    except UnicodeEncodeError as error:
        return _undecodable(UnicodeDecodeError(codec, b"", error.start, error.end, error.reason), codec, name)


def _undecodable(error: UnicodeDecodeError, codec: str, name: str) -> Finding:
    before = error.object[: error.start].decode(codec, "replace")
    wrong = error.object[error.start : error.start + 8].hex(" ")
    return Finding(
        code=Dxp.BAD_FORMAT,
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
        found=wrong,
        expected=name,
        zh=f'文件内容不是有效的 {name} 编码（出错处字节为 {wrong}）；请按声明的编码保存，GBK 文件请声明 encoding="GB18030"',
        en=f"The bytes are not {name} (here: {wrong}); save the file in the encoding it declares, "
        'and declare encoding="GB18030" if it is GBK',
    )


def _unknown(declared: str) -> Finding:
    return Finding(
        code=Dxp.BAD_FORMAT,
        line=1,
        column=1,
        found=clip(declared),
        expected=_EXPECTED,
        zh=f"不支持文件声明的编码 {declared}；请改存为 UTF-8",
        en=f"The encoding {declared} that the file declares is not supported; save it as UTF-8",
    )


def _contradiction(declared: str, actual: str) -> Finding:
    return Finding(
        code=Dxp.BAD_FORMAT,
        line=1,
        column=1,
        found=declared,
        expected=actual,
        zh=f"文件声明编码为 {declared}，内容却不是（看来是 {actual}）；请让 XML 声明与实际编码一致",
        en=f"The file declares {declared} but is not written in it (it looks like {actual}); "
        "make the XML declaration say what the bytes are",
    )
