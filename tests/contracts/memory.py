"""A place in memory, for tests of what stands on the port: it can be told to die at any of its steps."""

import errno
import itertools
from dataclasses import dataclass, field

from edi.adapters.boxes import Sighting
from edi.adapters.transport.port import SHELF, Look, Sorter


class Died(BaseException):
    """The program, or the world, came to an end here."""


@dataclass
class Fate:
    """When to die: before or after the n-th step that changes something, counted over all places that share it."""

    step: int = -1
    before: bool = True
    done: int = 0

    def around(self, act):
        number, self.done = self.done, self.done + 1
        if number == self.step and self.before:
            raise Died
        act()
        if number == self.step:
            raise Died


@dataclass
class MemoryPlace:
    """One folder; `odd` are names of entries that are no regular files."""

    fate: Fate = field(default_factory=Fate)
    files: dict[str, tuple[bytes, Sighting]] = field(default_factory=dict)
    odd: set[str] = field(default_factory=set)
    there: bool = True
    address: str = "memory"
    _ticks: itertools.count = field(default_factory=lambda: itertools.count(1))

    def put(self, name: str, data: bytes) -> None:
        """As a stranger does."""
        tick = next(self._ticks)
        self.files[name] = (data, Sighting(name, len(data), tick, tick))

    def names(self) -> set[str]:
        return set(self.files)

    # ---- the port

    def look(self) -> Look:
        if not self.there:
            raise FileNotFoundError(errno.ENOENT, "no folder", self.address)
        sorter = Sorter()
        for name in [*self.files, *self.odd]:
            if not name.startswith(f"{SHELF}/"):
                sorter.add(name, self.see)
        return sorter.look()

    def see(self, name):
        return self.files[name][1] if name in self.files else None

    def fetch(self, seen):
        return self.files[seen.name][0] if self.see(seen.name) == seen else None

    def stage(self, contents):
        for name, data in contents.items():
            self.fate.around(lambda name=name, data=data: self.put(name, data))

    def rename(self, old, new):
        if old not in self.files:
            raise FileNotFoundError(errno.ENOENT, "gone", old)
        if new in self.files:
            raise FileExistsError(errno.EEXIST, "taken", new)
        self.fate.around(lambda: self._move(old, new))

    def replace(self, old, new):
        self.fate.around(lambda: self._move(old, new))

    def remove(self, name):
        self.fate.around(lambda: self.files.pop(name, None))

    def make_shelf(self):
        pass

    def sync(self):
        pass

    def _move(self, old, new):
        data, seen = self.files.pop(old)
        self.files[new] = (data, Sighting(new, seen.size, seen.modified, seen.inode))
