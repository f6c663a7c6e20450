"""Lines and pages: where everything on a sheet stands. Knows A4 and widths of characters, not PDF.

Every block is made of rows of cells; a row that does not fit goes on on the next page, line by line, so there is
nothing too long to be printed. Lengths are points from the lower left corner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
LEFT, RIGHT, TOP, BOTTOM = 54.0, 541.0, 790.0, 62.0
WIDTH = RIGHT - LEFT

_PADDING = 4.0
_LEADING = 1.4
_ASCENT = 1.05
"""From the top of a line to its base line, in parts of its height before leading."""

_TOKEN = re.compile(r"[（《“]*(?:[!-~\u00c0-\u024f]+|\s|.)[，。；：、）》”！？…]*|.", re.DOTALL)
"""What a line is not broken within: a Latin word, or one character, with opening marks before and closing ones after."""

Measure = Callable[[str, float], float]
"""Width of a text in a size."""


@dataclass(frozen=True)
class Text:
    """A line of text; `x`, `y` is where its base line begins."""

    x: float
    y: float
    size: float
    text: str
    heavy: bool = False


@dataclass(frozen=True)
class Box:
    """A frame, shaded or not."""

    x: float
    y: float
    width: float
    height: float
    shaded: bool = False


@dataclass(frozen=True)
class Squares:
    """A QR code: dark squares of a matrix, row by row from the top, on `side` points; `x`, `y` is the lower left."""

    x: float
    y: float
    side: float
    matrix: tuple[tuple[bool, ...], ...]


Mark = Text | Box | Squares


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a row."""

    text: str
    width: float
    size: float = 9.0
    shaded: bool = False
    heavy: bool = False
    ticked: bool | None = None
    """With a box to tick before the text."""


@dataclass
class Pages:
    """Pages being filled from top to bottom."""

    measure: Measure
    pages: list[list[Mark]] = field(default_factory=lambda: [[]])
    y: float = TOP

    def add(self, *marks: Mark) -> None:
        """Put marks on the page that is being filled."""
        self.pages[-1].extend(marks)

    def turn(self) -> None:
        """Begin the next page."""
        self.pages.append([])
        self.y = TOP

    def need(self, height: float) -> bool:
        """Begin the next page unless `height` is left on this one; True if it did."""
        if self.y - min(height, TOP - BOTTOM) >= BOTTOM:
            return False
        self.turn()
        return True

    def gap(self, height: float) -> None:
        """Leave room, though not at the head of a page."""
        if self.y < TOP:
            self.y -= height

    def row_height(self, cells: Sequence[Cell]) -> float:
        """Height of a row if it is not broken."""
        return max(len(self._lines(one)) * _leading(one) for one in cells) + 2 * _PADDING

    def row(self, cells: Sequence[Cell], on_new_page: Callable[[], None] | None = None) -> None:
        """Put a framed row; where it goes on on another page, `on_new_page` may put a heading first."""
        lines = [self._lines(one) for one in cells]
        leading = max(_leading(one) for one in cells)
        whole = max(map(len, lines))
        if self.need(self.row_height(cells)) and on_new_page:
            on_new_page()
        done = 0
        while done < whole:
            fit = max(1, int((self.y - BOTTOM - 2 * _PADDING) / leading))
            self._piece(cells, [one[done : done + fit] for one in lines], leading)
            done += fit
            if done < whole:
                self.turn()
                if on_new_page:
                    on_new_page()

    def line(self, text: str, size: float, *, align: float = 0.0, heavy: bool = False, left: float = LEFT) -> None:
        """Put text without a frame, wrapped; `align` is 0 for left, 0.5 for centred, 1 for right."""
        for one in wrap(text, RIGHT - left, size, self.measure):
            self.need(size * _LEADING)
            x = left + (RIGHT - left - self.measure(one, size)) * align
            self.add(Text(x, self.y - size * _ASCENT, size, one, heavy))
            self.y -= size * _LEADING

    def _piece(self, cells: Sequence[Cell], lines: Sequence[Sequence[str]], leading: float) -> None:
        height = max(map(len, lines)) * leading + 2 * _PADDING
        x = LEFT
        for cell, text in zip(cells, lines, strict=True):
            self.add(Box(x, self.y - height, cell.width, height, cell.shaded))
            slack = (height - 2 * _PADDING - len(text) * leading) / 2
            base = self.y - _PADDING - slack - cell.size * _ASCENT
            self.add(*self._tick(cell, x + _PADDING, base) if text else ())
            self.add(
                *(
                    Text(x + _PADDING + _indent(cell), base - n * leading, cell.size, one, cell.heavy)
                    for n, one in enumerate(text)
                )
            )
            x += cell.width
        self.y -= height

    def _tick(self, cell: Cell, x: float, y: float) -> Iterable[Mark]:
        """A box, with a tick in it if it is chosen: so Chinese forms are filled in by hand."""
        if cell.ticked is not None:
            yield Box(x, y - cell.size * 0.12, cell.size, cell.size)
        if cell.ticked:
            yield Text(x + cell.size * 0.05, y, cell.size, "√")

    def _lines(self, cell: Cell) -> list[str]:
        return wrap(cell.text, cell.width - 2 * _PADDING - _indent(cell), cell.size, self.measure)


def wrap(text: str, width: float, size: float, measure: Measure) -> list[str]:
    """The lines of a text, none wider than `width` (unless a single character is); at least one."""
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(paragraph, width, size, measure)]


def _wrap_paragraph(text: str, width: float, size: float, measure: Measure) -> list[str]:
    lines, line = [], ""
    for token in _pieces(_TOKEN.findall(text), width, size, measure):
        if line and measure(line + token.rstrip(), size) > width:
            lines.append(line.rstrip())
            line = token.lstrip()
        else:
            line += token
    return [*lines, line.rstrip()]


def _pieces(tokens: Iterable[str], width: float, size: float, measure: Measure) -> Iterable[str]:
    """The tokens; one that is wider than a line falls apart into its characters."""
    for token in tokens:
        yield from token if measure(token, size) > width else (token,)


def _leading(cell: Cell) -> float:
    return cell.size * _LEADING


def _indent(cell: Cell) -> float:
    return 0.0 if cell.ticked is None else cell.size * 1.5
