"""Reads a PDF of unknown origin: the texts on its pages and a text file inside it, under limits.

Nothing in the file is executed or followed; whatever is wrong with it is a finding.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass

from pypdf import PageObject, PdfReader

from edi.core.characters import plain
from edi.core.findings import Dxp, Finding, clip
from edi.messages.certificate import LARGEST_SLIP

LARGEST_FILE = 4 << 20
MOST_PAGES = 20
LARGEST_PAGE = 2 << 20
"""Bytes of the drawing of one page, unpacked: reading text takes seconds for each megabyte."""


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """One page."""

    text: str
    """Without any blanks: a line may be broken anywhere."""
    drawing: bytes
    """The instructions that draw it, unpacked."""
    annotated: bool
    """Something was put on top of it: a comment, a stamp, a field to fill in."""


@dataclass(frozen=True, kw_only=True)
class ReadPaper:
    """What a PDF says."""

    pages: tuple[ReadPage, ...]
    attachment: str


class _Refused(Exception):
    def __init__(self, zh: str, en: str, found: str = "") -> None:
        super().__init__(en)
        self.finding = Finding(code=Dxp.BAD_FORMAT, zh=zh, en=en, found=clip(plain(found)))


def read_paper(data: bytes, attachment: str) -> ReadPaper | Finding:
    """The pages, and the text file named `attachment` inside the PDF."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote a stranger's bytes on the terminal
    try:
        return _read(data, attachment)
    except _Refused as refused:
        return refused.finding
    except Exception as error:  # noqa: BLE001 - the library has no end of errors for broken files
        return _Refused(
            "PDF 文件已损坏，无法读取；请重新取得原文件",
            "The PDF is damaged and cannot be read; get the original file again",
            f"{type(error).__name__}: {error}",
        ).finding


def _read(data: bytes, attachment: str) -> ReadPaper:
    if len(data) > LARGEST_FILE:
        raise _Refused(
            f"PDF 文件过大，超过 {LARGEST_FILE} 字节；请给出原文件，而非扫描件",
            f"The PDF has more than {LARGEST_FILE} bytes; give the original file, not a scan",
        )
    reader = PdfReader(io.BytesIO(data), strict=True)
    if reader.is_encrypted:
        raise _Refused(
            "PDF 文件已加密；请给出未加密的原文件",
            "The PDF is encrypted; give the original, which is not",
        )
    if len(reader.pages) > MOST_PAGES:
        raise _Refused(
            f"PDF 多于 {MOST_PAGES} 页，不是备案证明；请核对文件",
            f"The PDF has more than {MOST_PAGES} pages and is no certificate; check the file",
        )
    found = reader.attachments.get(attachment, [])
    if len(found) != 1 or len(found[0]) > LARGEST_SLIP:
        raise _Refused(
            f"PDF 内没有可核验的数据（附件 {attachment}）：不是原文件，如扫描件或另存件；请给出原文件，或扫描二维码核验",
            f"The PDF holds no data to check (attachment {attachment}): it is a scan or a copy, not the original. Give "
            "the original, or scan the QR code and check that",
        )
    return ReadPaper(pages=tuple(map(_read_page, reader.pages)), attachment=found[0].decode("utf-8"))


def _read_page(page: PageObject) -> ReadPage:
    contents = page.get_contents()
    drawing = contents.get_data() if contents is not None else b""
    if len(drawing) > LARGEST_PAGE:
        raise _Refused(
            "PDF 页面内容过大，不是备案证明；请核对文件",
            "A page of the PDF is too large for a certificate; check the file",
        )
    return ReadPage(text="".join(page.extract_text().split()), drawing=drawing, annotated="/Annots" in page)
