"""A channel's boxes as local folders: what is ready, the claim, the way back (exchange 2, 3).

The claim is one rename into a folder of `.claimed` inside the OutBox, so it is atomic whatever the file
system; from then on the file is ours. The claim's id is unique for ever and is the key under which
the ledger remembers the file, so a restart knows what was done with it. Files taken at one time share a
folder, which is made, synced and cleared once for all; the id of each follows from folder and name.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import heapq
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edi.adapters.files import regular_files
from edi.core.characters import plain
from edi.core.times import tick_of

CLAIMED = ".claimed"
PROBE = ".edi-probe"
TOGETHER = "-all"
"""How the folder of many claims ends."""
_CLAIM = re.compile(f"([0-9a-f]+)-([0-9a-f]{{12}})({TOGETHER})?")
LONGEST_NAME = 255
"""Bytes of a name; what was fine in GBK may be longer in UTF-8."""
LONGEST_ENDING = 10
"""Bytes of an ending worth keeping, its dot included."""
MOST_TOLD = 100
"""Oddities told of at one time; who makes more of them gains nothing by it."""
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
class Taken:
    """What became of files that were to be claimed."""

    claims: list[Claim]
    unmovable: list[str]
    """Names of files that alone may not be moved: marked immutable, or another's in a folder with the sticky bit."""


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
        if is_ignored(entry.name):
            continue
        with contextlib.suppress(FileNotFoundError):  # the sender may take a file back at any moment
            status = entry.stat(follow_symlinks=False)
            found.append(Sighting(entry.name, status.st_size, status.st_mtime_ns, status.st_ino))
    return sorted(found, key=lambda one: (one.modified, one.name))


def is_ignored(name: str) -> bool:
    """True for a name under which senders write what is not complete yet (exchange 3)."""
    return name.startswith(".") or name.lower().endswith(_IGNORED_ENDINGS)


def is_as_seen(box: Path, seen: Sighting) -> bool:
    """True if the file is still the one that was seen, untouched since."""
    try:
        status = (box / seen.name).lstat()
    except FileNotFoundError:
        return False
    return (status.st_size, status.st_mtime_ns, status.st_ino) == (seen.size, seen.modified, seen.inode)


def oddities(box: Path) -> list[str]:
    """Names of entries that are no regular files and not ours: left alone, reported once; at most `MOST_TOLD`."""
    with os.scandir(box) as entries:
        found = (
            shown_name(entry.name)
            for entry in entries
            if not entry.name.startswith(".") and not entry.is_file(follow_symlinks=False)
        )
        return heapq.nsmallest(MOST_TOLD, found)


def readable_name(name: str) -> str:
    """`name` as proper text: names that are not UTF-8 are mostly GBK, from Windows and from archives."""
    raw = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return raw.decode("ascii", "replace").replace("\ufffd", "_")


def shown_name(name: str) -> str:
    """`name` fit to stand in a message."""
    return plain(readable_name(name))


class Settled:
    """Decides when a file is ready: told so by the system, or unchanged over two looks `settle` apart."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self._first_seen: dict[Sighting, float] = {}
        self._announced: set[str] = set()

    def announce(self, name: str) -> None:
        """The system told that the file was closed by its writer or renamed into the box.

        May be called from another thread; an announcement that is missed only costs the time to settle.
        """
        self._announced.add(name)

    def ready(self, seen: Iterable[Sighting], now: float) -> list[Sighting]:
        """Those of `seen` that are ready; remembers the others for the next look.

        `now` is seconds of a clock that never goes back.
        """
        listed = list(seen)
        self._first_seen = {one: self._first_seen.get(one, now) for one in listed}
        announced, self._announced = self._announced, set()
        ready = [one for one in listed if one.name in announced or self._unchanged(one, now)]
        for one in ready:
            del self._first_seen[one]
        return ready

    def unsettled(self) -> int:
        """How many files the last look saw that were not ready."""
        return len(self._first_seen)

    def _unchanged(self, one: Sighting, now: float) -> bool:
        return now - self._first_seen[one] >= self._settle


def claim(box: Path, name: str, now: datetime) -> Claim | None:
    """Take a file out of its box by one rename; None if it is gone.

    Raises PermissionError with EPERM where this one file may not be moved, in a folder with the sticky bit or
    marked immutable, and other OSErrors where the box is out of reach.
    """
    claim_id = f"{tick_of(now):x}-{secrets.token_hex(6)}"
    folder = claimed_folder(box) / claim_id
    folder.mkdir(mode=0o700)
    kept = _fitting(readable_name(name))
    try:
        (box / name).rename(folder / kept)
    except OSError as error:
        folder.rmdir()
        if isinstance(error, FileNotFoundError) and box.exists():
            return None
        raise
    return Claim(claim_id, kept, folder / kept)


def _fitting(name: str) -> str:
    """`name` cut to what a folder can hold, its ending kept where there is a short one."""
    raw = os.fsencode(name)
    if len(raw) <= LONGEST_NAME:
        return name
    ending = raw[raw.rfind(b".") :] if b"." in raw[-LONGEST_ENDING:] else b""
    return (raw[: LONGEST_NAME - len(ending)].decode("utf-8", "ignore").encode() + ending).decode("utf-8", "ignore")


def claim_together(box: Path, names: Iterable[str], now: datetime) -> Taken:
    """Take many files out of their box, each by one rename; those that are gone are left out.

    A file that alone may not be moved holds back no other. Where the box is out of reach, those behind wait, so that who
    came first is first; raises that OSError if none was taken before.
    """
    folder = claimed_folder(box) / f"{tick_of(now):x}-{secrets.token_hex(6)}{TOGETHER}"
    folder.mkdir(mode=0o700)
    taken = Taken([], [])
    trouble: OSError | None = None
    for name in names:
        try:
            if found := _into(folder, box, name, now):
                taken.claims.append(found)
        except OSError as error:
            if error.errno != errno.EPERM:
                trouble = error
                break
            taken.unmovable.append(name)
    if not any(one.path.parent == folder for one in taken.claims):
        folder.rmdir()
    if trouble and not taken.claims:
        raise trouble
    return taken


def _into(folder: Path, box: Path, name: str, now: datetime) -> Claim | None:
    """Claim a file into a folder shared with others; a name that is no proper text gets a folder of its own."""
    if _fitting(readable_name(name)) != name:
        return claim(box, name, now)
    try:
        os.rename(f"{box}/{name}", f"{folder}/{name}")  # noqa: PTH104 - plain strings: done for every file there is
    except FileNotFoundError:
        return None
    return claim_of(folder / name)


def claim_of(path: Path) -> Claim:
    """The claim of a file that lies in a folder of claims."""
    folder, name = path.parent.name, readable_name(path.name)
    tick, token, together = _CLAIM.fullmatch(folder).groups()  # type: ignore[union-attr]
    if not together:
        return Claim(folder, name, path)
    return Claim(f"{tick}-{hashlib.sha256(f'{token}/{name}'.encode()).hexdigest()[:12]}", name, path)


def claims(box: Path) -> Iterator[Claim]:
    """Files claimed and not yet put away, oldest first; empty claims are cleared.

    A sender can write into its OutBox and so into `.claimed`: only folders named like our claims count,
    and no link is followed.
    """
    with os.scandir(claimed_folder(box)) as entries:
        folders = sorted(
            Path(entry.path)
            for entry in entries
            if _CLAIM.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        )
    for folder in folders:
        files = sorted((file.stat(follow_symlinks=False).st_mtime_ns, file.path) for file in regular_files(folder))
        for _, file in files:
            yield claim_of(Path(file))
        if not files:
            release(folder / "gone")


def is_claim(path: Path) -> bool:
    """True if `path` lies in a folder that is named as claims are."""
    return bool(_CLAIM.fullmatch(path.parent.name))


def claimed_folder(box: Path) -> Path:
    """The folder of the claims of a box, made if it is missing. Raises OSError if it is no real folder."""
    folder = box / CLAIMED
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder of ours", str(folder))
    return folder


def prove_writable(box: Path) -> None:
    """Make sure that files can be claimed in a box again. Raises OSError if not.

    A box in which nothing is ready tells nothing: it can be listed while its disk is full or read-only.
    """
    for folder in (box, claimed_folder(box)):
        with contextlib.suppress(FileExistsError):
            (folder / PROBE).mkdir(mode=0o700)
        (folder / PROBE).rmdir()


def release(path: Path) -> None:
    """Clear the folder of a claim if all its files were put away."""
    with contextlib.suppress(OSError):
        path.parent.rmdir()
