"""A message's life, on one page: receive → verify → validate → admit → route → dispatch → settle.

Files come in batches. Each batch is claimed by renames, read once, examined in worker processes
(verify, validate), then entered into the ledger in one transaction (admit, route, dispatch are
decisions recorded there) and only then carried out in the world (settle). Whatever dies and when:
a claim without a row is examined again, a row with an open task is carried out again, and both end
as if nothing had happened. Receipts come back the same way through `collect`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edi.adapters.boxes import Settled, claimed_folder
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import sweep_temporaries
from edi.errors import TryLater
from edi.gateway.collect import Collector
from edi.gateway.examine import Examined
from edi.gateway.intake import Intake, Unreadable
from edi.gateway.lines import News
from edi.gateway.parts import Parts, Received
from edi.gateway.record import Recorder
from edi.gateway.settle import settle

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What one round did."""

    files: int = 0
    receipts: int = 0
    tasks: int = 0

    def __bool__(self) -> bool:
        """True if anything was done."""
        return bool(self.files or self.receipts or self.tasks)

    def __add__(self, other: Work) -> Work:
        return Work(self.files + other.files, self.receipts + other.receipts, self.tasks + other.tasks)


class Pipeline:
    """The gateway at work. One process at a time (the composition root holds the lock)."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.intakes = {name: Intake(one, Settled(parts.settle_seconds)) for name, one in parts.channels.items()}
        self.collectors = {name: Collector(one, parts.settle_seconds) for name, one in parts.receivers.items()}
        self.held: dict[str, str] = {}
        """Channels and receivers whose folders are out of reach, with the cause."""

    def prepare(self) -> None:
        """Finish what an earlier run had begun. A folder that is missing is an outage: it is not made anew."""
        for name, intake in self.intakes.items():
            with self._holding(name):
                intake.prepare()
        for name, receiver in self.parts.receivers.items():
            with self._holding(name):
                sweep_temporaries(receiver.send)
                claimed_folder(receiver.collect)
        settle(self.parts)

    def round(self) -> Work:
        """One round over all channels and receivers. Raises TryLater if the ledger is out of reach."""
        done = Work(files=self.sweep())
        done += Work(tasks=settle(self.parts))
        for name, collector in self.collectors.items():
            with self._holding(name):
                done += Work(receipts=collector.collect(self.parts))
        return done + Work(tasks=settle(self.parts))

    def announce(self, channel: str, name: str) -> None:
        """A file lies whole in a channel's OutBox; may be called from any thread."""
        self.intakes[channel].settled.announce(name)

    def enter_news(self, news: Sequence[News]) -> None:
        """Enter what the ferry has to tell. Raises TryLater."""
        if news:
            with self.parts.ledger.transaction(self.parts.clock()) as entry:
                for one in news:
                    entry.event(one.kind, one.subject, **one.detail)

    def waiting(self) -> bool:
        """True if files lie in a box that were not ready, or not taken, when last seen."""
        return any(one.waiting() for one in self.intakes.values()) or any(
            one.waiting() for one in self.collectors.values()
        )

    def raise_if_held(self) -> None:
        """Raise TryLater if a channel's or receiver's folders are out of reach."""
        for name, cause in self.held.items():
            raise TryLater(
                f"{name} 的目录无法使用（{cause}），其余已处理；请检查网络盘和权限后再运行",
                f"The folders of {name} are out of reach, all else was done; check network drives and permissions and run again",
            )

    def sweep(self) -> int:
        """Take a batch from every channel and process it; how many files that were."""
        files = 0
        for name, intake in self.intakes.items():
            with self._holding(name):
                self._report_oddities(intake)
                received, unreadable = self.receive(intake)
                if received or unreadable:
                    self.enter(received, self.parts.examine(received), unreadable)
                files += len(received) + len(unreadable)
        return files

    def receive(self, intake: Intake) -> tuple[list[Received], list[Unreadable]]:
        """Receive: claim what is ready and read it, once."""
        taken = intake.take(self.parts, self.parts.batch)
        return intake.read(taken, self.parts.clock())

    def enter(
        self, received: Sequence[Received], examined: Sequence[Examined], unreadable: Sequence[Unreadable]
    ) -> None:
        """Admit, route and dispatch: one transaction for the whole batch, in order of arrival."""
        with self.parts.ledger.transaction(self.parts.clock()) as entry:
            recorder = Recorder(self.parts, entry)
            outcomes = [(one.received, recorder.quarantine(one.received, one.reason)) for one in unreadable]
            for file, verdict in zip(received, examined, strict=True):
                outcomes.append((file, recorder.enter(file, verdict)))
        for file, outcome in outcomes:
            log.info("%s %s %s", file.channel.name, file.claim.name, outcome)

    @contextlib.contextmanager
    def _holding(self, name: str) -> Iterator[None]:
        """A folder out of reach holds its own channel or receiver, once told; the others go on."""
        try:
            yield
        except OSError as error:
            if name not in self.held:
                log.warning(
                    "暂缓：%s 的目录无法使用（%s），恢复后自动继续 / held: %s", name, cause_zh(error), cause_en(error)
                )
                self._tell("alarm_box", name, zh=cause_zh(error), en=cause_en(error))
            self.held[name] = cause_zh(error)
        else:
            if self.held.pop(name, None) is not None:
                log.warning("恢复：%s 的目录可以使用了 / %s is in reach again", name, name)
                self._tell("healed", name)

    def _tell(self, kind: str, subject: str, zh: str = "", en: str = "") -> None:
        with self.parts.ledger.transaction(self.parts.clock()) as entry:
            entry.event(kind, subject, zh=zh, en=en)

    def _report_oddities(self, intake: Intake) -> None:
        fresh = intake.new_oddities()
        if fresh:
            with self.parts.ledger.transaction(self.parts.clock()) as entry:
                entry.event("alarm_not_a_file", intake.channel.name, names=fresh)
