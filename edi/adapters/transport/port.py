"""The port all transports share: one folder, on this machine or at a partner's (exchange 2, 3).

`tests/contracts` holds every implementation to what is written here. A connection that fails raises
TryLater; what one file or folder is refused raises OSError with the usual errno, so FileNotFoundError,
FileExistsError and PermissionError mean the same wherever the folder lies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from edi.adapters.boxes import Sighting, is_ignored

TEMPORARY_PREFIX = ".edi-"
TEMPORARY_ENDING = ".tmp"
SHELF = ".taken"
"""Folder, inside a place, for files that were carried and are kept."""
LONGEST_NAME = 255
"""Bytes of a file name."""
MOST_FILES = 5000
"""Files of one look: a folder with a million is carried in many looks and never held in memory as a whole."""
MOST_TOLD = 100
"""Oddities of one look; who makes more of them gains nothing by it."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look into a place found."""

    files: tuple[Sighting, ...] = ()
    """Regular files that a sender may have put there, oldest first."""
    oddities: tuple[str, ...] = ()
    """Entries to be left alone, fit to be shown: no regular files, and names no file of ours may have."""
    temporaries: tuple[str, ...] = ()
    """Files that `stage` made and nobody renamed."""


class Sorter:
    """Sorts the entries of a folder into a `Look`, within its bounds."""

    def __init__(self) -> None:
        self._files: list[Sighting] = []
        self._oddities: list[str] = []
        self._temporaries: list[str] = []

    def add(self, name: str, see: Callable[[str], Sighting | None]) -> None:
        """One entry; `see` gives the regular file of a name, and is asked only where that matters."""
        if is_temporary(name):
            self._temporaries.append(name)
        elif not is_ignored(name) and len(self._files) < MOST_FILES:
            seen = see(name) if is_fit(name) else None
            if seen:
                self._files.append(seen)
            elif len(self._oddities) < MOST_TOLD:
                self._oddities.append(shown(name))

    def look(self) -> Look:
        """All of it, in order."""
        files = sorted(self._files, key=lambda one: (one.modified, one.name))
        return Look(
            files=tuple(files),
            oddities=tuple(sorted(self._oddities)),
            temporaries=tuple(self._temporaries[:MOST_FILES]),
        )


class Place(Protocol):
    """One folder. Names are those of entries in it; bytes that are no UTF-8 stand in them as surrogates."""

    @property
    def address(self) -> str:
        """Where it lies, for people."""
        ...

    def look(self) -> Look:
        """What lies there; at most `MOST_FILES` files. Raises FileNotFoundError if the folder is missing."""
        ...

    def see(self, name: str) -> Sighting | None:
        """The regular file of that name; None if there is none."""
        ...

    def fetch(self, seen: Sighting) -> bytes | None:
        """The bytes of a file; None if it is not, or no longer, the one that was seen."""
        ...

    def stage(self, contents: Mapping[str, bytes]) -> None:
        """Write new files whole and as durably as the place allows, under temporary names of ours.

        Nothing is left behind where it fails, unless the connection fails too.
        """
        ...

    def rename(self, old: str, new: str) -> None:
        """Rename a file. Raises FileExistsError if `new` is taken: nothing is ever overwritten."""
        ...

    def replace(self, old: str, new: str) -> None:
        """Rename a file over another, in one step where the place can."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is well."""
        ...

    def make_shelf(self) -> None:
        """Make the folder `SHELF` if it is missing."""
        ...

    def sync(self) -> None:
        """Make renames durable, where the place can."""
        ...


def temporary_name(token: str) -> str:
    """The name under which the file of `token` is staged."""
    return f"{TEMPORARY_PREFIX}{token}{TEMPORARY_ENDING}"


def is_temporary(name: str) -> bool:
    """True if `name` is one that `temporary_name` gives."""
    return name.startswith(TEMPORARY_PREFIX) and name.endswith(TEMPORARY_ENDING)


def is_fit(name: str) -> bool:
    """True if an entry a stranger named may become a file of ours: no path, no control character, no overlength.

    Bytes that are no UTF-8 are fit: they are mostly GBK, and the boxes know how to read them.
    """
    raw = name.encode("utf-8", "surrogateescape")
    text = raw.decode("utf-8", "ignore")
    return name not in ("", ".", "..") and len(raw) <= LONGEST_NAME and "/" not in name and text.isprintable()


def shown(name: str) -> str:
    """A stranger's name, fit to stand in a message: cut, and every character that does not print escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name[:LONGEST_NAME])
