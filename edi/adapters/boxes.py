"""A channel's boxes as local folders: what is ready, the claim, the way back (exchange 2, 3).

The claim is one rename into `.claimed/<claim>/` inside the OutBox, so it is atomic whatever the file
system; from then on the file is ours. The claim's name is unique for ever and is the key under which
the ledger remembers the file, so a restart knows what was done with it.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edi.adapters.files import regular_files
from edi.core.times import tick_of

CLAIMED = ".claimed"
_IGNORED_ENDINGS = (".tmp", ".part", ".filepart", "~")


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """The four boxes of a channel, named from the ERP's side."""

    outbox: Path
    sentbox: Path
    failbox: Path
    inbox: Path

    def create(self) -> None:
        """Make the folders that are missing."""
        for folder in (self.outbox, self.sentbox, self.failbox, self.inbox, self.outbox / CLAIMED):
            folder.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class Claim:
    """A file that is ours."""

    id: str
    name: str
    """The name it had in the OutBox."""
    path: Path
    """Where it lies now."""


@dataclass(frozen=True)
class Sighting:
    """A file as a sweep saw it."""

    name: str
    size: int
    modified: int
    """Nanoseconds."""
    inode: int


def sightings(box: Path) -> list[Sighting]:
    """The files of a box that a sender may have put there, oldest first; links are not followed."""
    found = []
    for entry in regular_files(box):
        if entry.name.startswith(".") or entry.name.lower().endswith(_IGNORED_ENDINGS):
            continue
        with contextlib.suppress(FileNotFoundError):  # the sender may take a file back at any moment
            status = entry.stat(follow_symlinks=False)
            found.append(Sighting(entry.name, status.st_size, status.st_mtime_ns, status.st_ino))
    return sorted(found, key=lambda one: (one.modified, one.name))


def oddities(box: Path) -> list[str]:
    """Names of entries that are no regular files and not ours: left alone, reported once."""
    return sorted(
        path.name
        for path in box.iterdir()
        if not path.name.startswith(".") and (path.is_symlink() or not path.is_file())
    )


class Settled:
    """Decides when a file is ready: told so by the system, or unchanged over two looks `settle` apart."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self._first_seen: dict[Sighting, datetime] = {}
        self._announced: set[str] = set()

    def announce(self, name: str) -> None:
        """The system told that the file was closed by its writer or renamed into the box."""
        self._announced.add(name)

    def ready(self, seen: Iterable[Sighting], now: datetime) -> list[Sighting]:
        """Those of `seen` that are ready; remembers the others for the next look."""
        listed = list(seen)
        self._first_seen = {one: self._first_seen.get(one, now) for one in listed}
        ready = [one for one in listed if one.name in self._announced or self._unchanged(one, now)]
        self._announced.clear()
        return ready

    def unsettled(self) -> int:
        """How many files the last look saw (ready ones included)."""
        return len(self._first_seen)

    def _unchanged(self, one: Sighting, now: datetime) -> bool:
        return (now - self._first_seen[one]).total_seconds() >= self._settle


def claim(box: Path, name: str, now: datetime) -> Claim | None:
    """Take a file out of its box by one rename; None if it is gone."""
    claim_id = f"{tick_of(now):x}-{secrets.token_hex(6)}"
    folder = box / CLAIMED / claim_id
    folder.mkdir()
    try:
        (box / name).rename(folder / name)
    except FileNotFoundError:
        folder.rmdir()
        return None
    return Claim(claim_id, name, folder / name)


def claims(box: Path) -> Iterator[Claim]:
    """Files claimed and not yet put away, oldest first; empty claims are cleared."""
    for folder in sorted((box / CLAIMED).iterdir()):
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        if files:
            yield Claim(folder.name, files[0].name, files[0])
        elif folder.is_dir():
            folder.rmdir()


def release(path: Path) -> None:
    """Clear the folder of a claim whose file was put away."""
    with contextlib.suppress(OSError):
        path.parent.rmdir()
