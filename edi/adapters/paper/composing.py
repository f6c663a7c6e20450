"""Lays the parts of a sheet out on pages: which rows a grid, a table, a place for the seal are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edi.adapters.paper.qr import qr_matrix
from edi.adapters.paper.typeset import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Box,
    Cell,
    Mark,
    Measure,
    Pages,
    Squares,
    Text,
    wrap,
)
from edi.core.sheet import Choices, Code, Field, Grid, Note, Part, SealField, Sheet, Table

_LABEL = 92.0
_TITLE_SIZE, _BODY, _SMALL = 19.0, 9.0, 7.5
_CHOICES_IN_ROW = 3
_SEAL_LINE = 24.0
_MODULE = 1.15
"""Points of one square of a QR code: 0.4 mm, which office printers and telephones can still tell apart."""
_SMALLEST_QR = 90.0


def compose(sheet: Sheet, measure: Measure) -> list[list[Mark]]:
    """The pages of a sheet, with page numbers."""
    pages = Pages(measure)
    _heading(pages, sheet)
    for part in sheet.parts:
        pages.gap(8)
        _put(pages, part)
    for number, page in enumerate(pages.pages, 1):
        page.extend(_margins(sheet, number, len(pages.pages), measure))
    return pages.pages


def _heading(pages: Pages, sheet: Sheet) -> None:
    pages.line(sheet.title, _TITLE_SIZE, align=0.5, heavy=True)
    pages.gap(8)
    for start in range(0, len(sheet.numbers), 2):
        _numbers(pages, [f"{one.label}：{one.value}" for one in sheet.numbers[start : start + 2]])


def _numbers(pages: Pages, texts: Sequence[str]) -> None:
    """Two beside one another, the second at the right edge; beneath one another where they are too long for that."""
    if any("\n" in one or pages.measure(one, _BODY) > WIDTH / 2 for one in texts):
        for one in texts:
            pages.line(one, _BODY)
        return
    pages.need(_BODY * 2)
    for one, align in zip(texts, (0.0, 1.0), strict=False):
        x = LEFT + (WIDTH - pages.measure(one, _BODY)) * align
        pages.add(Text(x, pages.y - _BODY, _BODY, one))
    pages.gap(_BODY * 1.7)


def _margins(sheet: Sheet, number: int, total: int, measure: Measure) -> Iterator[Mark]:
    """What stands outside the text: a running title from the second page on, the footer, the page number."""
    if number > 1:
        known = "　".join(f"{one.label}：{one.value}" for one in sheet.numbers[:1])
        running = wrap(f"{sheet.title}（续）　{known}", WIDTH, _SMALL, measure)[0]
        yield Text(LEFT, TOP + 14, _SMALL, running)
    count = f"第 {number} 页　共 {total} 页"
    yield Text(LEFT + (WIDTH - measure(count, _BODY)) / 2, BOTTOM - 36, _BODY, count)
    for row, line in enumerate(wrap(sheet.footer, WIDTH, _SMALL, measure)[:2]):
        yield Text(LEFT + (WIDTH - measure(line, _SMALL)) / 2, BOTTOM - 14 - row * 10, _SMALL, line)


def _put(pages: Pages, part: Part) -> None:
    match part:
        case Grid():
            _grid(pages, part)
        case Table():
            _table(pages, part)
        case Choices():
            _choices(pages, part)
        case Note():
            _note(pages, part)
        case SealField():
            _seal(pages, part)
        case Code():
            _code(pages, part)


def _titled(pages: Pages, title: str, rows: Sequence[Sequence[Cell]], repeated: int = 0) -> None:
    """Rows under a title; the title and the first `repeated` rows come again on every page."""
    again = rows[:repeated]

    def heading(text: str) -> None:
        if text:
            pages.row([_bar(text)])
        for row in again:
            pages.row(row)

    first = rows[: repeated + 1]
    pages.need(sum(pages.row_height(row) for row in ([_bar(title)], *first)))
    heading(title)
    for row in rows[repeated:]:
        pages.row(row, lambda: heading(f"{title}（续）" if title else ""))


def _bar(title: str) -> Cell:
    return Cell(text=title, width=WIDTH, size=_BODY + 1, shaded=True, heavy=True)


def _grid(pages: Pages, grid: Grid) -> None:
    rows: list[list[Cell]] = []
    waiting: list[Field] = []
    for one in grid.fields:
        if one.wide or waiting:
            rows += _rows_of(waiting, one)
            waiting = []
        else:
            waiting = [one]
    _titled(pages, grid.title, [*rows, *([_pair(waiting)] if waiting else [])])


def _rows_of(waiting: list[Field], one: Field) -> Iterable[list[Cell]]:
    """`one` beside the field that waits for company; a wide one, and that before it, each alone."""
    if not one.wide:
        return [_pair([*waiting, one])]
    return [_pair([field]) for field in (*waiting, one)]


def _pair(fields: Sequence[Field]) -> list[Cell]:
    width = WIDTH / len(fields) - _LABEL
    return [
        cell
        for one in fields
        for cell in (Cell(text=one.label, width=_LABEL, shaded=True), Cell(text=one.value, width=width))
    ]


def _table(pages: Pages, table: Table) -> None:
    whole = sum(one.share for one in table.columns)
    widths = [WIDTH * one.share / whole for one in table.columns]
    heading = [Cell(text=one.title, width=w, shaded=True) for one, w in zip(table.columns, widths, strict=True)]
    rows = [[Cell(text=text, width=w) for text, w in zip(row, widths, strict=True)] for row in table.rows]
    blank = [[Cell(text="", width=w) for w in widths]]
    _titled(pages, table.title, [heading, *(rows or blank)], repeated=1)


def _choices(pages: Pages, part: Choices) -> None:
    width = WIDTH / _CHOICES_IN_ROW
    cells = [Cell(text=one.label, width=width, ticked=one.ticked) for one in part.choices]
    cells += [Cell(text="", width=width)] * (-len(cells) % _CHOICES_IN_ROW)
    rows = [cells[start : start + _CHOICES_IN_ROW] for start in range(0, len(cells), _CHOICES_IN_ROW)]
    _titled(pages, part.title, rows)


def _note(pages: Pages, note: Note) -> None:
    if note.title:
        _titled(pages, note.title, [[Cell(text=note.text, width=WIDTH)]])
    else:
        pages.line(note.text, _BODY)


def _seal(pages: Pages, seal: SealField) -> None:
    """A frame that stays on one page, with the words in its right half and room for a round seal around them."""
    left = LEFT + WIDTH * 0.52
    lines = [line for one in seal.lines for line in wrap(one, RIGHT - left, _BODY + 1, pages.measure)]
    height = _SEAL_LINE * (len(lines) + 1)
    if height > TOP - BOTTOM:  # nothing anyone would seal, but nothing to lose either
        for one in seal.lines:
            pages.line(one, _BODY + 1, left=left)
        return
    pages.need(height)
    pages.add(Box(LEFT, pages.y - height, WIDTH, height))
    for row, line in enumerate(lines, 1):
        pages.add(Text(left, pages.y - _SEAL_LINE * row - 6, _BODY + 1, line))
    pages.y -= height


def _code(pages: Pages, code: Code) -> None:
    """The QR code to the left, the text to the right; what cannot be a QR code is said to be missing."""
    matrix = qr_matrix(code.qr)
    side = max(_SMALLEST_QR, len(matrix) * _MODULE) if matrix else 0.0
    pages.need(side)
    page, foot = len(pages.pages), pages.y - side
    if matrix:
        pages.add(Squares(LEFT, foot, side, matrix))
    lines = code.lines if matrix else (*code.lines, "（内容过长，未印二维码；请核对文件所附的数据）")
    left = LEFT + side + 14
    pages.line(code.title, _BODY + 1, heavy=True, left=left)
    for line in lines:
        pages.gap(3)
        pages.line(line, _BODY, left=left)
    if len(pages.pages) == page:
        pages.y = min(pages.y, foot)
