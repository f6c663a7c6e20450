"""Line and column of every element in the file as its author wrote it.

lxml knows no columns, and the tree that is judged is not even the file: it was parsed anew from the
signed bytes. So the file is read a second time by expat, only when there is something to point at, and
elements are found again by their place in the document. The tree lacks at most the signature, the last
child of its root, which moves no other element.

Refuses nothing: where the file cannot be read, positions are simply unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from xml.parsers import expat

from edi.checks.encoding import as_utf8
from edi.core.findings import Finding

_STEP = re.compile(r"([^/\[\]@]+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Positions:
    """Where each element starts, in document order; the root is number 0."""

    _places: tuple[tuple[int, int], ...] = ()
    _names: tuple[str, ...] = ()
    _children: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, data: bytes) -> Positions:
        """The positions in a file; as far as it can be read, if it breaks off."""
        text = as_utf8(data)
        return _Reader().read(text) if isinstance(text, bytes) else cls()

    def at(self, index: int) -> tuple[int, int] | None:
        """Line and column of the element of that number, both from 1, the column in characters."""
        return self._places[index] if 0 <= index < len(self._places) else None

    def index(self, path: str) -> int | None:
        """Number of the element at an XPath as `human_path` writes it; of its owner for an attribute."""
        here: int | None = None
        for step in path.split("/")[1:]:
            if step.startswith("@"):
                break
            here = self._follow(here, step)
            if here is None:
                return None
        return here

    def locate(self, findings: Iterable[Finding]) -> list[Finding]:
        """`findings` with the place that their path leads to; those that tell a place already keep it."""
        return [self._place(finding) if finding.column is None and finding.path else finding for finding in findings]

    def in_order(self, findings: Iterable[Finding]) -> list[Finding]:
        """`findings`, each once, by the place of their path in the document, then by code."""

        def rank(finding: Finding) -> tuple[int, str]:
            index = self.index(finding.path)
            return (-1 if index is None else index, finding.code)

        return sorted(dict.fromkeys(findings), key=rank)

    def _place(self, finding: Finding) -> Finding:
        index = self.index(finding.path)
        place = None if index is None else self.at(index)
        return replace(finding, line=place[0], column=place[1]) if place else finding

    def _follow(self, parent: int | None, step: str) -> int | None:
        matched = _STEP.fullmatch(step)
        if not matched or not self._names:
            return None
        name, position = matched[1], int(matched[2] or 1)
        candidates = (0,) if parent is None else self._children[parent]
        twins = [child for child in candidates if self._names[child] == name]
        return twins[position - 1] if 0 < position <= len(twins) else None


def locate(findings: Iterable[Finding], data: bytes) -> list[Finding]:
    """`findings` with line and column in the file `data`, which is only read if there are any."""
    listed = list(findings)
    return Positions.of(data).locate(listed) if listed else []


class _Stop(Exception):
    """A document type: what follows is never read."""


class _Reader:
    """One pass of expat that notes where elements start."""

    def __init__(self) -> None:
        self._places: list[tuple[int, int]] = []
        self._names: list[str] = []
        self._children: list[list[int]] = []
        self._open: list[int] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, text: bytes) -> Positions:
        with suppress(expat.ExpatError, _Stop):  # what was read before the trouble is right
            self._parser.Parse(text, True)  # noqa: FBT003 - expat's own signature
        return Positions(tuple(self._places), tuple(self._names), tuple(map(tuple, self._children)))

    def _start(self, name: str, _attributes: list[str]) -> None:
        index = len(self._names)
        self._places.append((self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1))
        self._names.append(name.rpartition(":")[2])
        self._children.append([])
        if self._open:
            self._children[self._open[-1]].append(index)
        self._open.append(index)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _doctype(self, *_: object) -> None:
        raise _Stop
