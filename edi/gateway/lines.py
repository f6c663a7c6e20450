"""The lines to our partners: each has one connection and its routes, and holds only itself when it fails.

A line that fails is tried again with growing, jittered delays; the ledger gets one alarm when that
begins and one word when it ends, however long it takes and however often the program is started meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.clock import Clock
from edi.adapters.transport.journal import Journal, Trouble
from edi.core.retry import RetryPolicy
from edi.core.times import iso
from edi.errors import EdiError, TryLater, UserError
from edi.gateway.ferry import Leg

log = logging.getLogger(__name__)

TRIES_BEFORE_ALARM = 2
"""A line that is cut is joined again at once; only one that stays away is worth an alarm."""
PATIENCE_SECONDS = 10.0
"""How long one poll waits for files to come to rest."""
GRACE_SECONDS = 5.0
"""How long a stop waits for a batch under way."""


class Server(Protocol):
    """A connection."""

    @property
    def address(self) -> str:
        """Whose, for people."""
        ...

    def open(self) -> None:
        """Connect, unless connected. Raises TryLater or UserError."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


@dataclass(frozen=True)
class News:
    """An event for the ledger; the thread that works on the ledger enters it."""

    kind: str
    subject: str
    detail: Mapping[str, Any]


@dataclass
class _Held:
    """Trouble of this run."""

    due: datetime
    error: EdiError


class Line:
    """One partner's connection and all that is carried over it. For one thread at a time."""

    def __init__(
        self,
        name: str,
        server: Server,
        legs: Sequence[Leg],
        *,
        journal: Journal,
        retry: RetryPolicy,
        clock: Clock,
        tell: Callable[[News], None],
        poll_seconds: float,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.legs = tuple(legs)
        self.poll_seconds = poll_seconds
        self._server = server
        self._journal = journal
        self._retry = retry
        self._clock = clock
        self._tell = tell
        self._jitter = jitter
        self._held: dict[str, _Held] = {}
        self._troubles = {one: journal.trouble(one) for one in (name, *(leg.route.name for leg in legs))}
        self._carried = 0

    def step(self) -> int:
        """Carry what is ready on all legs that are not held; how many files that were."""
        self._carried = 0
        if self._may_try(self.name):
            with self._holding(self.name, (EdiError, OSError)):
                self._server.open()
                for leg in self.legs:
                    if self._may_try(leg.route.name):
                        self._carry(leg)
        return self._carried

    def _carry(self, leg: Leg) -> None:
        """A folder out of reach holds its own leg; a connection that fails holds the line."""
        with self._holding(leg.route.name, (OSError,)):
            self._carried += leg.carry()

    def waiting(self) -> bool:
        """True if files have yet to come to rest, or the line was cut and is to be joined again at once."""
        return any(leg.settled.unsettled() for leg in self.legs) or any(
            self._troubles[name].attempts < TRIES_BEFORE_ALARM for name in self._held
        )

    def pause(self) -> float:
        """Seconds until the next step is worth while."""
        soon = [leg.route.settle_seconds for leg in self.legs if leg.settled.unsettled()]
        due = [max((one.due - self._clock()).total_seconds(), 0.05) for one in self._held.values()]
        return min([self.poll_seconds, *soon, *due])

    def troubles(self) -> list[EdiError]:
        """Why the line or legs of it do not work now."""
        return [one.error for one in self._held.values()]

    def stop_when(self, stopping: Callable[[], bool]) -> None:
        """Ask this between two batches."""
        for leg in self.legs:
            leg.stopping = stopping

    def rest(self) -> None:
        """End the connection until the next step."""
        self._server.close()

    def close(self) -> None:
        """End the connection and let go of the journal."""
        self._server.close()
        self._journal.close()

    def _may_try(self, name: str) -> bool:
        return name not in self._held or self._clock() >= self._held[name].due

    @contextlib.contextmanager
    def _holding(self, name: str, kinds: tuple[type[Exception], ...]) -> Iterator[None]:
        try:
            yield
        except kinds as error:
            self._hold(name, error if isinstance(error, EdiError) else self._outage(name, error))
        else:
            self._release(name)

    def _outage(self, name: str, error: Exception) -> TryLater:
        zh, en = (cause_zh(error), cause_en(error)) if isinstance(error, OSError) else (str(error), str(error))
        return TryLater(
            f"{name} 无法收发（{self._server.address}：{zh}）；请检查目录、权限和磁盘，稍后会自动重试",
            f"{name} is held ({self._server.address}: {en}); check folder, permissions and disk; it is tried again",
        )

    def _hold(self, name: str, error: EdiError) -> None:
        """Remembered beyond this run, so that a program started again and again raises no alarm anew."""
        known = self._troubles[name]
        attempts = 1 if self._carried else known.attempts + 1
        alarm = not known.told and (attempts >= TRIES_BEFORE_ALARM or name != self.name or isinstance(error, UserError))
        if alarm:
            log.warning("暂缓：%s / held: %s", error.zh, error.en)
            self._tell(News("alarm_sftp", name, {"zh": error.zh, "en": error.en}))
        now = self._clock()
        due = now if attempts < TRIES_BEFORE_ALARM else self._retry.next_try(attempts - 1, now, self._jitter())
        self._held[name] = _Held(due, error)
        since = known.since if known.since and attempts > 1 else iso(now)
        told, fault = known.told or alarm, isinstance(error, UserError)
        self._remember(name, Trouble(attempts, told, since, iso(due), error.zh, error.en, fault))

    def _release(self, name: str) -> None:
        self._held.pop(name, None)
        known = self._troubles[name]
        if known.told:
            log.warning("恢复：%s 可以收发了 / %s works again", name, name)
            self._tell(News("healed", name, {}))
        if known.attempts:
            self._remember(name, Trouble())

    def _remember(self, name: str, trouble: Trouble) -> None:
        self._troubles[name] = trouble
        with contextlib.suppress(TryLater):  # then a later run may raise the alarm once more
            self._journal.set_trouble(name, trouble)


class Ferry:
    """All lines: stepped by the caller, or each in a thread of its own while `running`."""

    def __init__(self, lines: Sequence[Line], news: deque[News]) -> None:
        self._lines = tuple(lines)
        self._news = news
        self._wakes: dict[str, threading.Event] = {}
        """One per line while the threads run."""

    def step(self) -> int:
        """One step of every line, unless the threads do it; how many files were carried."""
        return 0 if self._wakes else sum(line.step() for line in self._lines)

    def poll(self) -> int:
        """Carry until nothing is ready; how many files. While the threads run they are only woken.

        Raises TryLater or UserError if a line does not work.
        """
        self.wake()
        total = 0
        end = time.monotonic() + PATIENCE_SECONDS
        while (carried := self.step()) or (self.waiting() and time.monotonic() < end):
            total += carried
            if not carried:
                time.sleep(min(line.pause() for line in self._lines))
        self.raise_if_held()
        return total

    def wake(self) -> None:
        """Something may have to be carried: let no thread wait for its next poll."""
        for event in self._wakes.values():
            event.set()

    def news(self) -> list[News]:
        """What the ledger has yet to be told."""
        return list(self._news)

    def entered(self, news: Sequence[News]) -> None:
        """The first of the news, which the ledger has now."""
        for _ in news:
            self._news.popleft()

    def waiting(self) -> bool:
        """True if a step in a moment will do what this one could not."""
        return not self._wakes and any(line.waiting() for line in self._lines)

    def raise_if_held(self) -> None:
        """Raise the first trouble there is, unless the threads deal with it."""
        if not self._wakes:
            for trouble in [one for line in self._lines for one in line.troubles()]:
                raise trouble

    @contextlib.contextmanager
    def running(self, progress: Callable[[], None]) -> Iterator[None]:
        """Each line in a thread while inside; `progress` is called when files were carried or there is news."""
        stop = threading.Event()
        self._wakes = {line.name: threading.Event() for line in self._lines}
        for line in self._lines:
            line.stop_when(stop.is_set)
        threads = [
            threading.Thread(target=self._run, args=(line, stop, progress), name=f"edi-ferry-{line.name}")
            for line in self._lines
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            self.wake()
            for thread, line in zip(threads, self._lines, strict=True):
                thread.join(GRACE_SECONDS)
                line.rest()  # one that waits for a silent server waits no longer
                thread.join()
            self._wakes = {}

    def _run(self, line: Line, stop: threading.Event, progress: Callable[[], None]) -> None:
        """One line; whatever goes wrong with it, it is tried again and the program goes on."""
        wake = self._wakes[line.name]
        while not stop.is_set():
            carried = 0
            try:
                carried = line.step()
            except Exception:
                log.exception(
                    "程序出错，服务继续运行，请把以下内容交给系统管理员 / a fault of this program, it goes on"
                )
            if carried or self._news:
                progress()
            if not carried:
                wake.wait(line.pause())
                wake.clear()
        line.rest()

    def close(self) -> None:
        """End all connections."""
        for line in self._lines:
            line.close()
