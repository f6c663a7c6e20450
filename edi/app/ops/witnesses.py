"""Witnesses of the event chain: answers, status files and checkpoints that say how far it had come (exchange 10).

A ledger whose tail was cut, or that was written anew from some event on, still holds together by itself. But
it does not fit the heads that were given away before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edi.adapters.ledger_reader import LedgerReader
from edi.checks.parse import parse
from edi.core.chain import Head


@dataclass(frozen=True)
class Witness:
    """A file and the head it tells of."""

    path: Path
    head: Head


def witnesses(places: Iterable[Path]) -> Iterator[Witness]:
    """Every file in these files and folders that tells of a head."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            head = _head_in(path) if path.is_file() else None
            if head:
                yield Witness(path, head)


def contradicted(reader: LedgerReader, found: Iterable[Witness]) -> list[Witness]:
    """The witnesses whom the ledger does not bear out: it has no such event, or another one."""
    with reader.view() as ledger:
        same = "select 1 from events where seq = ? and hash = ?"
        return [one for one in found if ledger.execute(same, (one.head.seq, one.head.hash)).fetchone() is None]


def _head_in(path: Path) -> Head | None:
    try:
        return _in_status(path.read_bytes()) if path.suffix == ".json" else _in_message(path.read_bytes())
    except (ValueError, KeyError, TypeError):
        return None


def _in_status(data: bytes) -> Head:
    chain = json.loads(data)["chain"]
    return Head(int(chain["seq"]), str(chain["head"]))


def _in_message(data: bytes) -> Head | None:
    root = parse(data)
    if isinstance(root, list):
        return None
    seq, head = root.findtext("{*}chain/{*}seq"), root.findtext("{*}chain/{*}head")
    return Head(int(seq), head) if seq and head else None
