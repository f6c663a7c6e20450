"""Names of the files we write into a sender's boxes (exchange 7, as the import client writes them)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from edi.core.times import digits21

Naming = Callable[[str, int], str]
"""Original name and tick in, name of our file out."""

LONGEST_STEM = 180
"""Bytes kept of the original's stem, so that prefix, time and ending fit into 255."""
LONGEST_ENDING = 10
"""Characters of an ending worth keeping."""
STATUS_ENDING = ".status.json"


def successed(original: str, tick: int) -> str:
    """Name of the technical answer to an accepted file; so spelt since the import client does."""
    return f"Successed_{stem(original)}_{digits21(tick)}.xml"


def failed(original: str, tick: int) -> str:
    """Name of the technical answer to a refused file."""
    return f"Failed_{stem(original)}_{digits21(tick)}.xml"


def receipt(original: str, tick: int) -> str:
    """Name of a business receipt."""
    return f"Receipt_{stem(original)}_{digits21(tick)}.xml"


def paper(original: str, tick: int, guid: str) -> str:
    """Name of a PDF that a receipt carries: beside the receipt, told apart by the application's guid."""
    return f"Receipt_{stem(original)}_{digits21(tick)}_{guid}.pdf"


def status_file(original: str) -> str:
    """Name of the small file that shows the present status."""
    return f"{_cut(_clean(original))}{STATUS_ENDING}"


def stem(original: str) -> str:
    """The original's name without its ending, fit to stand inside another file name."""
    before, _, ending = original.rpartition(".")  # many times faster than a path's `stem`, and the same
    return _cut(_clean(before if before and ending else original))


def with_mark(name: str, mark: str) -> str:
    """`name` made different by `mark`, its ending kept: for archives that hold the name already."""
    path = PurePosixPath(name)
    ending = path.suffix if len(path.suffix) <= LONGEST_ENDING else ""
    return f"{_cut(path.stem)}_{mark}{ending}"


def aside(name: str, mark: str) -> str:
    """Name of a folder in quarantine."""
    return f"{_cut(_clean(name))}-{mark}"


def _clean(name: str) -> str:
    if name.isprintable() and "/" not in name:
        return name
    return "".join(c if c.isprintable() and c != "/" else "_" for c in name)


def _cut(name: str) -> str:
    return name.encode("utf-8", "surrogateescape")[:LONGEST_STEM].decode("utf-8", "ignore")
