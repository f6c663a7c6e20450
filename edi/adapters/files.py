"""Files that appear whole or not at all, and moves that never overwrite (exchange 3, 11).

Order of durability: fsync(file) < rename < fsync(folder) < whatever acknowledges it. A batch pays
once per file and once per folder, not once per step.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

TEMPORARY_PREFIX = ".edi-"
AT_ONCE = 256
"""Files open at one time."""
PIECE = 64 << 10
"""Bytes read at one time."""
WORTH_THREADS = 8
"""Files from which on they are synced side by side."""
SYNCING_THREADS = 16

T = TypeVar("T")


def write_whole(files: Mapping[Path, bytes] | Mapping[str, bytes]) -> None:
    """Write a batch of files: each appears complete under its name, durably, or not at all.

    An existing file is replaced in one step. Raises OSError, then some of the batch may be there.
    """
    # Plain strings: this is done for every file there is.
    listed = [(*os.path.split(target), data) for target, data in files.items()]
    for start in range(0, len(listed), AT_ONCE):
        _write_some(listed[start : start + AT_ONCE])
    sync_folders(folder for folder, _, _ in listed)


def _write_some(files: Sequence[tuple[str, str, bytes]]) -> None:
    """All written, all synced, then all renamed; nothing is left behind where that fails."""
    token = secrets.token_hex(8)
    staged = [f"{folder}/{TEMPORARY_PREFIX}{token}-{number}.tmp" for number, (folder, _, _) in enumerate(files)]
    stage_files({temporary: data for temporary, (_, _, data) in zip(staged, files, strict=True)})
    try:
        for temporary, (folder, name, _) in zip(staged, files, strict=True):
            os.replace(temporary, f"{folder}/{name}")  # noqa: PTH105
    except OSError:
        _remove_all(staged)
        raise


def stage_files(files: Mapping[str, bytes] | Mapping[Path, bytes]) -> None:
    """Write new files durably, all or none, a handful at a time; to be renamed by the caller. Raises OSError."""
    descriptors: dict[str | Path, int] = {}
    try:
        for path, data in files.items():
            descriptors[path] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            _write_all(descriptors[path], data)
        _sync_all(list(descriptors.values()))
    except OSError:
        _remove_all(descriptors)
        raise
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)


def _remove_all(paths: Iterable[str | Path]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_all(descriptors: Sequence[int]) -> None:
    """Sync side by side: the file system then commits them together, several times as fast as one by one."""
    if len(descriptors) < WORTH_THREADS:
        _sync_each(descriptors)
        return
    shares = [descriptors[first::SYNCING_THREADS] for first in range(SYNCING_THREADS)]
    with ThreadPoolExecutor(SYNCING_THREADS) as threads:
        for _ in threads.map(_sync_each, shares):
            pass


def _sync_each(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.fsync(descriptor)


def sync_folders(folders: Iterable[Path | str]) -> None:
    """Make renames in these folders durable, each folder once; many of them side by side, so in no order."""
    waiting = iter(dict.fromkeys(folders))
    while some := list(itertools.islice(waiting, AT_ONCE)):
        with contextlib.ExitStack() as opened:
            descriptors = []
            for folder in some:
                descriptors.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
                opened.callback(os.close, descriptors[-1])
            _sync_all(descriptors)


def move_without_overwriting(source: Path, target: Path) -> bool:
    """Move a file; False if another file already has the name, or if there is nothing to move.

    Repeating it after a crash is harmless. Raises OSError if the target's folder is out of reach.

    A hard link fails where the name is taken, a rename would not; across file systems the file is
    copied first.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not _same_file(source, target):
            return False
    except FileNotFoundError:
        if source.exists():
            raise  # it is the target's folder that is missing
        return target.exists()
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        if target.exists():
            return target.read_bytes() == source.read_bytes() and _remove(source)
        if error.errno == errno.EPERM and _renamed(source, target):
            return True
        write_whole({target: source.read_bytes()})
    return _remove(source)


def _renamed(source: Path, target: Path) -> bool:
    """True if the file was renamed: others' files may be moved, though neither linked (protected_hardlinks) nor read."""
    try:
        source.rename(target)
    except OSError:
        return False
    return True


def _remove(path: Path) -> bool:
    path.unlink(missing_ok=True)
    return True


def _same_file(one: Path, other: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return one.samefile(other)
    return True  # the source is gone: the move was finished before


def read_regular(path: Path, limit: int) -> bytes:
    """Bytes of a regular file, never through a symbolic link, at most `limit` + 1 of them.

    One byte more than the limit tells the caller that the file is too big. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return b"".join(_pieces(descriptor, limit + 1))
    finally:
        os.close(descriptor)


def _pieces(descriptor: int, most: int) -> Iterator[bytes]:
    """Up to the end of the file or `most` bytes; a buffer as big as the limit would cost more than most files."""
    while most and (piece := os.read(descriptor, min(most, PIECE))):
        yield piece
        most -= len(piece)


def within_bytes(sized: Iterable[tuple[T, int]], most: int) -> list[T]:
    """The first of these, each with its size, that are together no bigger than `most`; at least one."""
    chosen: list[T] = []
    total = 0
    for one, size in sized:
        total += size
        if chosen and total > most:
            break
        chosen.append(one)
    return chosen


def regular_files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Entries of a folder that are regular files, in no order; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                yield entry


def sweep_temporaries(folder: Path) -> None:
    """Remove temporary files that a crash left in a folder of ours."""
    for entry in regular_files(folder):
        if entry.name.startswith(TEMPORARY_PREFIX):
            Path(entry.path).unlink(missing_ok=True)
