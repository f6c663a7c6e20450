"""Many envelopes in one file: a bundle, one DxpMsg to a line (exchange 4; our own, not of the DXP platform).

Between gateway and customs every message is small and there are many of them: a file, a sync and a rename for each
costs more than the message. A bundle is plain text; `sed -n 3p` shows the third message. The envelopes in it are those
that would else be files of their own, with the same ids and the same bytes of Data; a reader treats each line as it
treats such a file, so that a bad line spoils no other. ERP systems never see bundles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ENDING = ".dxpl"
"""Of the name of a bundle."""
MOST_ENVELOPES = 500
"""Envelopes that a writer puts into one bundle."""
MOST_BYTES = 8 << 20
"""Bytes that a writer puts into one bundle; a single envelope may be bigger."""
MOST_LINES = 10_000
"""Lines that a reader accepts: each costs something, however short it is."""

_DECLARATION_END = b"?>\n<"


@dataclass(frozen=True)
class Parcel:
    """A file that is to be sent: a bundle, or an envelope by itself."""

    name: str
    data: bytes


def is_bundle(name: str) -> bool:
    """True if a file of this name holds a bundle."""
    return name.lower().endswith(ENDING)


def pack(envelopes: Iterable[tuple[str, bytes]]) -> Iterator[Parcel]:
    """The envelopes, each with the name it would have as a file of its own, in as few files as may be.

    They stay in order. A bundle has the name of its first envelope and a mark that follows from its content: a bundle
    never takes the place of another. An envelope with line breaks inside stays a file of its own.
    """
    lines: list[bytes] = []
    first, last, held = "", b"", 0
    for name, envelope in envelopes:
        line = envelope.replace(_DECLARATION_END, b"?><", 1)
        alone = b"\n" in line
        if lines and (alone or len(lines) == MOST_ENVELOPES or held + len(line) > MOST_BYTES):
            yield _parcel(first, last, lines)
            lines, held = [], 0
        if alone:
            yield Parcel(name, envelope)
            continue
        first, last = (first if lines else name), envelope
        lines.append(line)
        held += len(line) + 1
    if lines:
        yield _parcel(first, last, lines)


def _parcel(first: str, only: bytes, lines: list[bytes]) -> Parcel:
    if len(lines) == 1:
        return Parcel(first, only)
    data = b"\n".join((*lines, b""))
    mark = hashlib.sha256(data).hexdigest()[:16]
    return Parcel(f"{first.removesuffix('.xml')}-{mark}{ENDING}", data)


def unpack(name: str, data: bytes, most: int) -> list[bytes]:
    """The envelopes in a file of this name: those of a bundle, or the file itself.

    Raises ValueError for a bundle of too many lines, or of more than `most` bytes: the reader has not seen the end of it,
    and what was not read must not go with what was. What follows the last line break was cut off in writing; it comes as an envelope, and will be refused as one.
    """
    if not is_bundle(name):
        return [data]
    if len(data) > most:
        raise ValueError(f"more than {most} bytes")
    if data.count(b"\n") > MOST_LINES:
        raise ValueError(f"more than {MOST_LINES} lines")
    return [line for line in data.split(b"\n") if line.strip()] or [data]
