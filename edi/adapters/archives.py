"""Archives of originals: zip files, a folder per month, each written whole and read back before anything goes."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from edi.adapters.files import TEMPORARY_PREFIX, sync_folders
from edi.errors import TryLater


@dataclass(frozen=True)
class Original:
    """A file to be archived."""

    path: Path
    at: datetime
    """When it came, in the time zone whose months count."""


def archive_files(folder: Path, label: str, originals: Iterable[Original]) -> int:
    """Put files into `folder/YYYY-MM/label-….zip` and remove them from where they lay; how many.

    Killed in between, the files lie in an archive and still in their place; the next run archives them
    again. Raises TryLater if what was written cannot be read back.
    """
    done = 0
    by_month = sorted(originals, key=lambda one: (f"{one.at:%Y-%m}", one.path))
    for month, some in groupby(by_month, key=lambda one: f"{one.at:%Y-%m}"):
        files = list(some)
        (folder / month).mkdir(mode=0o700, parents=True, exist_ok=True)
        target = folder / month / f"{label.replace('/', '_')}-{secrets.token_hex(6)}.zip"
        _write_archive(target, files)
        for one in files:
            one.path.unlink(missing_ok=True)
        sync_folders(one.path.parent for one in files)
        done += len(files)
    return done


def _write_archive(target: Path, files: Sequence[Original]) -> None:
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{target.name}.tmp")
    digests = {}
    try:
        with temporary.open("xb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for one in files:
                    data = one.path.read_bytes()
                    digests[one.path.name] = sha256(data).digest()
                    archive.writestr(zipfile.ZipInfo(one.path.name, one.at.timetuple()[:6]), data, zipfile.ZIP_DEFLATED)
            stream.flush()
            os.fsync(stream.fileno())
        if not _holds(temporary, digests):
            raise TryLater(
                f"归档文件 {target} 写入后读回的内容不符，原件未动；请检查磁盘",
                f"The archive {target} does not read back as it was written, the originals stay; check the disk",
            )
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folders([target.parent])


def _holds(file: Path, digests: dict[str, bytes]) -> bool:
    """True if the archive has exactly these files, read back from the disk."""
    with zipfile.ZipFile(file) as archive:
        return digests == {name: sha256(archive.read(name)).digest() for name in archive.namelist()}
