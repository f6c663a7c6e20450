"""Files that appear whole or not at all, and moves that never overwrite (exchange 3, 11).

Order of durability: fsync(file) < rename < fsync(folder) < whatever acknowledges it. A batch pays
once per file and once per folder, not once per step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

TEMPORARY_PREFIX = ".edi-"


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Write a batch of files: each appears complete under its name, durably, or not at all.

    An existing file is replaced in one step. Raises OSError, then some of the batch may be there.
    """
    staged: dict[Path, Path] = {}
    try:
        for target, data in files.items():
            staged[target] = _stage(target, data)
        for target, temporary in staged.items():
            temporary.replace(target)
    except OSError:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        raise
    sync_folders(target.parent for target in staged)


def _stage(target: Path, data: bytes) -> Path:
    """A synced temporary file in the same folder, so that the rename is atomic."""
    temporary = target.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync_folders(folders: Iterable[Path]) -> None:
    """Make renames in these folders durable, each folder once."""
    for folder in dict.fromkeys(folders):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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
        write_whole({target: source.read_bytes()})
    return _remove(source)


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
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return file.read(limit + 1)


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
