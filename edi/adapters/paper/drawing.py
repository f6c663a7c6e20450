"""Draws a sheet as PDF: A4, one embedded font, the same bytes for the same sheet.

The font comes with the program (`fonts/`). A character it lacks is drawn as 〓 and told to the caller; text never
leaves its cell and never ends the program.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

from pypdf import PdfWriter
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from edi.adapters.paper.composing import compose
from edi.adapters.paper.typeset import PAGE_HEIGHT, PAGE_WIDTH, Box, Mark, Squares, Text
from edi.core.characters import is_seen
from edi.core.sheet import Attachment, Sheet

STAND_IN = "〓"
"""Drawn for what the font lacks: the mark of Chinese typesetting for a missing character (U+3013)."""

_FONT = "EDI"
_FONT_FILE = Path(__file__).with_name("fonts") / "wqy-microhei.ttc"
_SHADE, _FRAME, _INK, _PALE = 0.93, 0.35, 0.0, 0.13
_WATERMARK = 88


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A paper."""

    data: bytes
    """The PDF file."""
    missing: str
    """Characters that stand on it as 〓, each once, in the order of their code points; empty if there are none."""
    pages: int


def draw(sheet: Sheet) -> Drawn:
    """The sheet as PDF; texts may hold anything."""
    font = _font()
    missing: set[str] = set()
    shown = _cleaned(sheet, partial(_printable, font, missing))
    pages = compose(shown, font.stringWidth)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), invariant=1, pageCompression=1, initialFontName=_FONT)
    for page in pages:
        for mark in page:
            _put(canvas, mark)
        if shown.mark:
            _watermark(canvas, shown.mark)
        canvas.showPage()
    canvas.save()
    data = _finished(buffer.getvalue(), sheet)
    return Drawn(data=data, missing="".join(sorted(missing)), pages=len(pages))


@cache
def _font() -> TTFont:
    """The font, read once and made known to reportlab under its name."""
    font = TTFont(_FONT, str(_FONT_FILE), subfontIndex=0)
    registerFont(font)
    return font


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """The same value with every text on paper made printable; what is meant for programs stays as it is."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(one, clean) for one in value)
    if not is_dataclass(value) or isinstance(value, type | Attachment):
        return value
    texts = {one.name: getattr(value, one.name) for one in fields(value) if one.name != "qr"}
    return replace(value, **{name: _cleaned(one, clean) for name, one in texts.items()})


def _printable(font: TTFont, missing: set[str], text: str) -> str:
    """`text` in characters of the font; what it lacks goes into `missing`."""
    glyphs = font.face.charToGlyph
    kept = []
    for one in text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "):
        if one == "\n" or (ord(one) in glyphs and is_seen(one)):
            kept.append(one)
        else:
            missing.add(one)
            kept.append(STAND_IN)
    return "".join(kept)


def _put(canvas: Canvas, mark: Mark) -> None:
    match mark:
        case Text():
            _text(canvas, mark)
        case Box():
            canvas.setFillGray(_SHADE)
            canvas.setStrokeGray(_FRAME)
            canvas.setLineWidth(0.5)
            canvas.rect(mark.x, mark.y, mark.width, mark.height, stroke=1, fill=int(mark.shaded))
        case Squares():
            _squares(canvas, mark)


def _text(canvas: Canvas, mark: Text) -> None:
    """A line of text; heavy means outlined as well as filled, for the font has no bold face."""
    canvas.saveState()  # how text is painted would outlast the line
    canvas.setFillGray(_INK)
    canvas.setStrokeGray(_INK)
    canvas.setLineWidth(mark.size / 30)
    line = canvas.beginText(mark.x, mark.y)
    line.setFont(_FONT, mark.size)
    if mark.heavy:
        line.setTextRenderMode(2)
    line.textOut(mark.text)
    canvas.drawText(line)
    canvas.restoreState()


def _squares(canvas: Canvas, mark: Squares) -> None:
    """A QR code, dark squares side by side as one bar, so that no hairline shows between them."""
    size = mark.side / len(mark.matrix)
    canvas.setFillGray(_INK)
    for row, line in enumerate(mark.matrix, 1):
        column = 0
        for dark, run in groupby(line):
            length = len(list(run))
            if dark:
                canvas.rect(
                    mark.x + column * size, mark.y + mark.side - row * size, length * size, size, stroke=0, fill=1
                )
            column += length


def _watermark(canvas: Canvas, text: str) -> None:
    canvas.saveState()
    canvas.setFillGray(_INK)
    canvas.setFillAlpha(_PALE)
    canvas.translate(PAGE_WIDTH / 2, PAGE_HEIGHT / 2)
    canvas.rotate(45)
    canvas.setFont(_FONT, _WATERMARK)
    canvas.drawCentredString(0, -_WATERMARK / 3, text)
    canvas.restoreState()


def _finished(data: bytes, sheet: Sheet) -> bytes:
    """The file with its title and attachments, and without the words of the tools that made it."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    for one in sheet.attachments:
        writer.add_attachment(one.name, one.text.encode("utf-8"))
    writer.metadata = {"/Title": sheet.title}
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
