"""Carries files between a folder of ours and one at a partner's, each exactly once (exchange 2, 3, 11).

The local boxes stay the truth of the gateway; the ferry only carries. Both ends are places behind one
port, so there is one way of carrying for both directions:

    look ▶ fetch ▶ stage at the target ▶ record ▶ rename there ▶ take from the source ▶ close the record

Whatever is cut and when, nothing leaves its source before it lies durably at its target, and what was
renamed there is known by its temporary name being gone.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from edi.adapters.boxes import Settled, Sighting
from edi.adapters.clock import Clock
from edi.adapters.transport.journal import Cargo, Journal
from edi.adapters.transport.port import SHELF, Place, shown, temporary_name
from edi.core.times import iso
from edi.gateway import names

log = logging.getLogger(__name__)

MOST_FILES = 100
"""Files of one batch: its record costs two transactions, and a stop waits for its end."""
MOST_BYTES = 16 << 20
"""Bytes of one batch; a single bigger file is a batch of its own."""
REMEMBERED = timedelta(days=30)
"""How long it is remembered what was delivered: longer than a gateway that died may lie still."""

Tell = Callable[[str, dict[str, object]], None]
"""Kind and detail of an event for the ledger."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """What is carried from where to where, and how."""

    name: str
    """Of channel or receiver and box, for messages."""
    source: Place
    target: Place
    inward: bool
    """True towards us. Then a name that is taken is waited for; outward the file gets a name of its own."""
    settle_seconds: float = 0.0
    """A file must be unchanged this long before it is carried."""
    limit: int
    """Bytes of the largest file that is carried."""
    replaces: str = ""
    """Ending of names under which the newest replaces the one before."""
    keep: bool = False
    """What was carried is kept at its source in the folder `SHELF` instead of being removed."""


@dataclass
class Leg:
    """One route at work, as this process has seen it so far. Raises OSError and TryLater where it cannot go on."""

    route: Route
    journal: Journal
    clock: Clock
    tell: Tell
    arrived: Callable[[str], None] = lambda _name: None
    """Told the name of each file that has appeared at the target."""
    stopping: Callable[[], bool] = lambda: False
    settled: Settled = field(init=False)
    _unsure: bool = True
    """True until what an earlier run, or one that was cut, had under way is cleared up."""
    _told: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.settled = Settled(self.route.settle_seconds)
        self._told = self.journal.told(self.route.name)

    def carry(self) -> int:
        """Carry what is ready; how many files that were."""
        if self._unsure:
            self._clear_up()
        self._unsure = True
        look = self.route.source.look()
        ready = self.settled.ready([one for one in look.files if self._is_small(one)], time.monotonic())
        self._report(set(look.oddities), {one for one in look.files if not self._is_small(one)})
        carried = 0
        for batch in _batches(ready):
            if self.stopping():
                break
            carried += self._carry(batch)
        self._unsure = False
        return carried

    # ---- one batch ------------------------------------------------------------------------------

    def _carry(self, batch: Sequence[Sighting]) -> int:
        loaded = [(cargo, data) for seen in batch if (data := self._load(seen)) for cargo in [_cargo(seen, data)]]
        fresh = {cargo: data for cargo, data in loaded if not self._was_delivered(cargo)}
        self.route.target.stage({temporary_name(cargo.token): data for cargo, data in fresh.items()})
        self.journal.begin(self.route.name, [cargo for cargo, _ in loaded])
        there = [cargo for cargo, _ in loaded if cargo not in fresh or self._publish(cargo)]
        self.route.target.sync()
        for cargo in there:
            self.arrived(cargo.name)
        for cargo in there:
            self._take(cargo)
        self._close(there)
        return len(there)

    def _load(self, seen: Sighting) -> bytes | None:
        """The file's bytes; None if it is to be looked at again later."""
        if self.route.inward and self.route.target.see(seen.name):
            return None
        return self.route.source.fetch(seen)

    def _was_delivered(self, cargo: Cargo) -> bool:
        """True for what a restart wrote anew although it had gone out."""
        return not self.route.inward and self.journal.delivered(self.route.name, cargo.name) == cargo.digest

    def _publish(self, cargo: Cargo) -> bool:
        """Give the staged file its name; False if the name is taken and must be waited for."""
        target, temporary = self.route.target, temporary_name(cargo.token)
        if self._replaces(cargo.name):
            target.replace(temporary, cargo.name)
            return True
        try:
            target.rename(temporary, cargo.name)
        except FileExistsError:
            if self.route.inward:
                self._give_up(cargo)
                return False
            if self._is_there(cargo):
                target.remove(temporary)
            else:
                target.rename(temporary, names.with_mark(cargo.name, cargo.token))
        return True

    def _give_up(self, cargo: Cargo) -> None:
        """It stays at its source. The record goes first: with it, a temporary name that is gone means arrived."""
        self.journal.drop(self.route.name, cargo)
        self.route.target.remove(temporary_name(cargo.token))

    def _close(self, cargo: Sequence[Cargo]) -> None:
        self.route.source.sync()
        now, inward = iso(self.clock()), self.route.inward
        self.journal.end(
            self.route.name,
            cargo,
            remember_at="" if inward else now,
            shelved_at=now if inward and self.route.keep else "",
        )

    # ---- away from the source -------------------------------------------------------------------

    def _take(self, cargo: Cargo) -> None:
        """Take what was carried from the source: put aside, looked at, only then removed.

        Its sender may have put another file there under the name since: that one goes back to its place.
        """
        source = self.route.source
        if self.route.keep:
            source.make_shelf()
        try:
            source.rename(cargo.name, self._aside(cargo))
        except FileNotFoundError:
            return
        self._dispose(cargo)

    def _dispose(self, cargo: Cargo) -> None:
        source, aside = self.route.source, self._aside(cargo)
        if _is(source.see(aside), cargo):
            if not self.route.keep:
                source.remove(aside)
            return
        try:
            source.rename(aside, cargo.name)
        except FileExistsError:
            if self._replaces(cargo.name):
                source.remove(aside)  # a newer one stands in its place already
            else:
                source.rename(aside, names.with_mark(cargo.name, cargo.token))

    def _aside(self, cargo: Cargo) -> str:
        return f"{SHELF}/{shelf_name(cargo.name, cargo.token)}" if self.route.keep else f".taken-{cargo.token}"

    # ---- after a cut ----------------------------------------------------------------------------

    def _clear_up(self) -> None:
        """Bring to its end whatever was under way, then clear temporary files that are nobody's."""
        for cargo in self.journal.under_way(self.route.name):
            if self._has_arrived(cargo):
                self.arrived(cargo.name)
                self._take_after_cut(cargo)
                self._close([cargo])
            else:
                self._give_up(cargo)
        for name in self.route.target.look().temporaries:
            self.route.target.remove(name)
        self.journal.forget(iso(self.clock() - REMEMBERED))

    def _has_arrived(self, cargo: Cargo) -> bool:
        """A rename may die after the new name is there and before the old one is gone: then both are."""
        if self.route.target.see(temporary_name(cargo.token)) is None:
            return True
        if self.route.inward or not self._is_there(cargo):
            return False
        self.route.target.remove(temporary_name(cargo.token))
        return True

    def _take_after_cut(self, cargo: Cargo) -> None:
        """The name may have been used again meanwhile, with the size and time of the one before: look inside."""
        if self.route.source.see(self._aside(cargo)):
            self._dispose(cargo)
        elif _is(seen := self.route.source.see(cargo.name), cargo) and seen:
            data = self.route.source.fetch(seen)
            if data is not None and _digest(data) == cargo.digest:
                self._take(cargo)

    def _is_there(self, cargo: Cargo) -> bool:
        """True if the target has the very file under the very name."""
        seen = self.route.target.see(cargo.name)
        if seen is None or seen.size != cargo.size:
            return False
        data = self.route.target.fetch(seen)
        return data is not None and _digest(data) == cargo.digest

    # ---- what is left alone ---------------------------------------------------------------------

    def _replaces(self, name: str) -> bool:
        return bool(self.route.replaces) and name.endswith(self.route.replaces)

    def _is_small(self, seen: Sighting) -> bool:
        return seen.size <= self.route.limit

    def _report(self, oddities: set[str], large: set[Sighting]) -> None:
        """Told once, when first seen, and left where it is."""
        found = oddities | {shown(one.name) for one in large}
        if found == self._told:
            return
        if fresh := sorted(found - self._told):
            self.tell("alarm_not_carried", {"names": fresh, "place": self.route.source.address})
            log.warning(
                "%s 中有不能收取的东西：%s / left alone in %s",
                self.route.source.address,
                "、".join(fresh),
                self.route.name,
            )
        self.journal.set_told(self.route.name, found)
        self._told = found


def shelf_name(name: str, token: str) -> str:
    """Under which name a file is kept on the shelf."""
    return names.with_mark(name, token)


def _cargo(seen: Sighting, data: bytes) -> Cargo:
    return Cargo(secrets.token_hex(8), seen.name, seen.size, seen.modified, seen.inode, _digest(data))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is(seen: Sighting | None, cargo: Cargo) -> bool:
    return seen is not None and (seen.size, seen.modified, seen.inode) == (cargo.size, cargo.modified, cargo.inode)


def _batches(ready: Sequence[Sighting]) -> Iterator[list[Sighting]]:
    """Some files at a time, so that neither their number nor their bytes fill the memory."""
    left = list(ready)
    while left:
        total = list(itertools.accumulate(one.size for one in left[:MOST_FILES]))
        count = max(sum(1 for one in total if one <= MOST_BYTES), 1)
        yield left[:count]
        left = left[count:]
