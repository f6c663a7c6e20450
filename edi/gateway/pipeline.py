"""A message's life, on one page: receive → verify → validate → admit → route → dispatch → settle.

Files come in batches. Each batch is claimed by renames, read once, examined in worker processes
(verify, validate), then entered into the ledger in one transaction (admit, route, dispatch are
decisions recorded there) and only then carried out in the world (settle). Whatever dies and when:
a claim without a row is examined again, a row with an open task is carried out again, and both end
as if nothing had happened. Receipts come back the same way through `collect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edi.adapters.boxes import Settled
from edi.adapters.files import sweep_temporaries
from edi.gateway import dispatch
from edi.gateway.collect import collect
from edi.gateway.examine import Examined
from edi.gateway.intake import Intake, Unreadable, read
from edi.gateway.parts import Parts, Received
from edi.gateway.record import Recorder
from edi.gateway.settle import settle


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

    def prepare(self) -> None:
        """Make the folders and finish what an earlier run had begun."""
        for intake in self.intakes.values():
            intake.prepare()
        for folder in dispatch.folders(self.parts):
            folder.mkdir(parents=True, exist_ok=True)
            sweep_temporaries(folder)
        settle(self.parts)

    def round(self) -> Work:
        """One round over all channels and receivers. Raises TryLater if the ledger is out of reach."""
        done = Work(files=self.sweep())
        done += Work(tasks=settle(self.parts))
        done += Work(receipts=collect(self.parts))
        return done + Work(tasks=settle(self.parts))

    def waiting(self) -> bool:
        """True if files lie in an OutBox that were not ready when last seen."""
        return any(intake.waiting() for intake in self.intakes.values())

    def sweep(self) -> int:
        """Take a batch from every channel and process it; how many files that were."""
        files = 0
        for intake in self.intakes.values():
            self._report_oddities(intake)
            received, unreadable = self.receive(intake)
            if received or unreadable:
                self.enter(received, self.parts.examine(received), unreadable)
            files += len(received) + len(unreadable)
        return files

    def receive(self, intake: Intake) -> tuple[list[Received], list[Unreadable]]:
        """Receive: claim what is ready and read it, once."""
        taken = intake.take(self.parts, self.parts.batch)
        return read(intake.channel, taken, self.parts.clock())

    def enter(
        self, received: Sequence[Received], examined: Sequence[Examined], unreadable: Sequence[Unreadable]
    ) -> None:
        """Admit, route and dispatch: one transaction for the whole batch, in order of arrival."""
        with self.parts.ledger.transaction(self.parts.clock()) as entry:
            recorder = Recorder(self.parts, entry)
            for one in unreadable:
                recorder.quarantine(one.received, one.reason)
            for file, verdict in zip(received, examined, strict=True):
                recorder.enter(file, verdict)

    def _report_oddities(self, intake: Intake) -> None:
        fresh = intake.new_oddities()
        if fresh:
            with self.parts.ledger.transaction(self.parts.clock()) as entry:
                entry.event("alarm_not_a_file", intake.channel.name, names=fresh)
