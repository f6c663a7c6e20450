"""Picking files up: sweep, claim, read once (exchange 3). One bad file never stops the others."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from edi.adapters.boxes import (
    CLAIMED,
    Claim,
    Settled,
    Sighting,
    Taken,
    claim_together,
    claimed_folder,
    claims,
    is_as_seen,
    oddities,
    shown_name,
    sightings,
)
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import read_regular, sweep_temporaries, sync_folders, within_bytes
from edi.checks.signature import Unjudged
from edi.core.findings import Dxp, Finding
from edi.gateway.parts import Channel, Parts, Received

log = logging.getLogger(__name__)

MINUTE = 60.0
"""Seconds over which a channel's rate counts."""
OURS = frozenset({errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ETIMEDOUT, errno.ENOTCONN})
"""Troubles of ours in reading: the file stays claimed and is read again later."""

AGAIN_SECONDS = 5.0
"""After this a file that could not be judged is looked at again."""
MOST_HELD = 2_000
"""Files of a channel that may wait to be judged; until then its OutBox keeps the others, and looking stays cheap."""
MOST_BYTES = 16 << 20
"""Bytes of one batch; a single bigger file is a batch of its own."""


@dataclass(frozen=True)
class Unreadable:
    """A claimed file the system would not let us read."""

    received: Received
    reason: Finding


@dataclass(frozen=True)
class Held:
    """A claimed file that cannot be judged now, for a reason of ours."""

    at: datetime
    """The moment of its receipt, for which it will be judged."""
    again: float
    """When to look at it again, by the clock that never goes back."""
    outage: Unjudged


@dataclass
class Intake:
    """One channel's OutBox as this process has seen it so far."""

    channel: Channel
    settled: Settled
    backlog: deque[Sighting] = field(default_factory=deque)
    """Ready files seen at the last look and not yet taken: a box with a million files is listed once, not per batch."""
    taken: deque[float] = field(default_factory=deque)
    """Moments of the claims of the last minute, for the channel's rate."""
    told: set[str] = field(default_factory=set)
    """Oddities that were reported already, by this run or an earlier one."""
    stuck: set[Sighting] = field(default_factory=set)
    """Files that the system will not let us move."""
    later: set[str] = field(default_factory=set)
    """Claims that the system would not let us read for now."""
    held: dict[str, Held] = field(default_factory=dict)
    """Claims that could not be judged when last looked at."""

    def prepare(self) -> None:
        """Clear what a crash left half written. Raises OSError if the OutBox is out of reach.

        A missing box is not made here: it may be a network drive that is not mounted yet. One that we write
        to is told of when there is something to write.
        """
        for box in (self.channel.boxes.inbox, self.channel.boxes.sentbox, self.channel.boxes.failbox):
            with contextlib.suppress(OSError):
                sweep_temporaries(box)
        claimed_folder(self.channel.boxes.outbox)

    def take(self, parts: Parts, room: int) -> list[Claim]:
        """Claim ready files, at most `room`, within the channel's rate; those left by a crash come first.

        Those that could not be read or judged last time come again beside the fresh ones and hold nothing back.
        """
        box = self.channel.boxes.outbox
        there = list(claims(box))
        self.held = {one.id: self.held[one.id] for one in there if one.id in self.held}  # somebody may take one away
        left = [one for one in there if self._is_its_turn(one) and not _entered(parts, one)]
        left.sort(key=self._was_put_off)
        chosen = within_bytes(((one, one.path.lstat().st_size) for one in left[:room]), MOST_BYTES)
        if len(self.held) >= MOST_HELD or any(not self._was_put_off(one) for one in chosen):
            return chosen
        return [*chosen, *self._claim_fresh(parts, room)]

    def hold(self, file: Received, outage: Unjudged) -> None:
        """Keep a file that cannot be judged now."""
        self.held[file.claim.id] = Held(file.at, time.monotonic() + AGAIN_SECONDS, outage)

    def let_go(self, files: Iterable[Received]) -> None:
        """Forget files that were judged at last."""
        for file in files:
            self.held.pop(file.claim.id, None)

    def _is_its_turn(self, one: Claim) -> bool:
        held = self.held.get(one.id)
        return held is None or time.monotonic() >= held.again

    def _was_put_off(self, one: Claim) -> bool:
        return one.id in self.later or one.id in self.held

    def _claim_fresh(self, parts: Parts, room: int) -> list[Claim]:
        box = self.channel.boxes.outbox
        now = time.monotonic()
        if not self.backlog:
            there = sightings(box)
            self.stuck.intersection_update(there)
            self.backlog.extend(self.settled.ready([one for one in there if one not in self.stuck], now))
        chosen = self._next(min(room, self._rate_left(now)))
        taken = claim_together(box, [one.name for one in chosen], parts.clock()) if chosen else Taken([], [])
        fresh = taken.claims
        # What alone may not be moved holds nothing back: it is an oddity until it changes.
        self.stuck.update(one for one in chosen if one.name in taken.unmovable)
        self.taken.extend([now] * len(fresh))
        # A power cut must find the files in their claims, or at worst in the OutBox, never in neither.
        sync_folders(one.path.parent for one in fresh)
        sync_folders([box / CLAIMED, box] if fresh else [])
        return fresh

    def waiting(self) -> bool:
        """True if the last look saw files that are still to be taken or to be read."""
        return bool(self.backlog or self.later) or self.settled.unsettled() > 0

    def new_oddities(self) -> list[str]:
        """Entries of the OutBox that are no files we can take, told once each; looked for when the box is listed."""
        if self.backlog:
            return []
        found = {*oddities(self.channel.boxes.outbox), *(shown_name(one.name) for one in self.stuck)}
        fresh = sorted(found - self.told)
        self.told = found
        return fresh

    def _next(self, room: int) -> list[Sighting]:
        """The next of the backlog; a file that was touched since it was listed is left for the next look."""
        chosen = within_bytes(((one, one.size) for one in itertools.islice(self.backlog, room)), MOST_BYTES)
        for _ in chosen:
            self.backlog.popleft()
        return [one for one in chosen if is_as_seen(self.channel.boxes.outbox, one)]

    def read(self, taken: Sequence[Claim], at: datetime) -> tuple[list[Received], list[Unreadable]]:
        """The bytes of claimed files, read once; what is no readable file comes with its reason.

        A file that the system does not give for now stays claimed and is read again later.
        """
        received: list[Received] = []
        unreadable: list[Unreadable] = []
        for one in taken:
            try:
                data = read_regular(one.path, self.channel.policy.limits.file)
            except OSError as error:
                if error.errno in OURS:
                    self._note(one, error)
                    continue
                unreadable.append(Unreadable(Received(self.channel, one, b"", at), _cannot_read(error)))
            else:
                held = self.held.get(one.id)
                received.append(Received(self.channel, one, data, held.at if held else at))
            self.later.discard(one.id)
        return received, unreadable

    def _note(self, one: Claim, error: OSError) -> None:
        if one.id not in self.later:
            log.warning("暂缓：文件暂时读不了：%s / held, cannot be read now: %s", cause_zh(error), cause_en(error))
        self.later.add(one.id)

    def _rate_left(self, now: float) -> int:
        while self.taken and now - self.taken[0] > MINUTE:
            self.taken.popleft()
        return max(self.channel.files_per_minute - len(self.taken), 0)


def _cannot_read(error: OSError) -> Finding:
    return Finding(
        code=Dxp.OTHER_FORMAT,
        found=error.strerror or str(error),
        zh="文件无法读取，已移入隔离区；请检查文件权限和类型后重新投放",
        en="The file cannot be read and was put into quarantine; check its permissions and kind and drop it again",
    )


def _entered(parts: Parts, one: Claim) -> bool:
    """True if the ledger knows the claim: then only its move is still to be done, and that is a task."""
    return bool(parts.ledger.rows("select 1 from files where claim = ?", (one.id,)))
