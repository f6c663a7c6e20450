"""A folder of this machine as a place."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from edi.adapters.boxes import Sighting
from edi.adapters.files import move_without_overwriting, read_regular, stage_files, sync_folders
from edi.adapters.transport.port import SHELF, Look, Sorter, is_temporary


class DiskPlace:
    """One local folder. It is never made here: a missing one is an outage (a network drive not mounted)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = str(folder)

    def look(self) -> Look:
        """See `Place.look`."""
        sorter = Sorter()
        with os.scandir(self._folder) as entries:
            for entry in entries:
                sorter.add(entry.name, self.see)
        return sorter.look()

    def see(self, name: str) -> Sighting | None:
        """See `Place.see`.

        A temporary file with two links is a rename that died between its two steps; it is finished here.
        """
        try:
            status = (self._folder / name).lstat()
        except FileNotFoundError:
            return None
        if is_temporary(name) and status.st_nlink > 1:
            self.remove(name)
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Sighting(name, status.st_size, status.st_mtime_ns, status.st_ino)

    def fetch(self, seen: Sighting) -> bytes | None:
        """See `Place.fetch`."""
        try:
            data = read_regular(self._folder / seen.name, seen.size)
        except FileNotFoundError:
            return None
        return data if len(data) == seen.size and self.see(seen.name) == seen else None

    def stage(self, contents: Mapping[str, bytes]) -> None:
        """See `Place.stage`."""
        stage_files({self._folder / name: data for name, data in contents.items()})

    def rename(self, old: str, new: str) -> None:
        """See `Place.rename`."""
        (self._folder / old).lstat()
        if not move_without_overwriting(self._folder / old, self._folder / new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self._folder / new))

    def replace(self, old: str, new: str) -> None:
        """See `Place.replace`."""
        (self._folder / old).replace(self._folder / new)

    def remove(self, name: str) -> None:
        """See `Place.remove`."""
        (self._folder / name).unlink(missing_ok=True)

    def make_shelf(self) -> None:
        """See `Place.make_shelf`."""
        with contextlib.suppress(FileExistsError):
            (self._folder / SHELF).mkdir(mode=0o700)

    def sync(self) -> None:
        """See `Place.sync`."""
        sync_folders([self._folder])
