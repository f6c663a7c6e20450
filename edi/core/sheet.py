"""What stands on a paper, as values: headings, grids, tables, tick boxes, a place for the seal, a QR code.

Who fills a sheet knows nothing of fonts and pages; who draws it (`edi.adapters.paper`) knows nothing of forms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edi.core.node import Node


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value with its name; an empty value stays blank."""

    label: str
    value: str
    wide: bool = False
    """Takes a row of its own."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Names and values, two pairs in a row."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table."""

    title: str
    share: float
    """Its part of the width, relative to the other columns."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a heading that is repeated on every page."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A box to tick."""

    label: str
    ticked: bool


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Boxes to tick, three in a row."""

    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class Note:
    """Running text; line breaks are kept."""

    text: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class SealField:
    """Room for a seal, the words beneath one another on its right side."""

    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Code:
    """A QR code with text beside it."""

    qr: str
    """What a reader of the QR code gets, as UTF-8."""
    title: str
    lines: tuple[str, ...]


Part = Grid | Table | Choices | Note | SealField | Code


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A text that travels inside the file, for programs."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A whole paper."""

    title: str
    mark: str = ""
    """Large and pale across every page, e.g. 暂存 草稿."""
    numbers: tuple[Field, ...] = ()
    """Under the title: what the paper is known by."""
    parts: tuple[Part, ...]
    footer: str
    """Small, at the foot of every page."""
    attachments: tuple[Attachment, ...] = ()


class FieldWords(Protocol):
    """The Chinese words of a message type, as its published schema and code tables have them."""

    def label(self, path: str) -> str:
        """The name of the field at `path` below the business node, e.g. `enterprise/uscc`."""

    def meaning(self, path: str, value: str) -> str:
        """What a code in that field means; empty if it is no code, or unknown."""


SheetOf = Callable[[Node, str, str, FieldWords], Sheet]
"""Fills a sheet from a business node, its application number and the text of its status."""
