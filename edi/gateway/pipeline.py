"""A message's life, on one page: receive → verify → validate → admit → route → dispatch → settle.

Files come in batches. Each batch is claimed by renames, read once, examined in worker processes
(verify, validate), then entered into the ledger in one transaction (admit, route, dispatch are
decisions recorded there) and only then carried out in the world (settle). Whatever dies and when:
a claim without a row is examined again, a row with an open task is carried out again, and both end
as if nothing had happened. Receipts come back the same way through `collect`; queries about what the
gateway itself keeps go to no receiver, they are answered by `reply`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edi.adapters.boxes import Settled, claimed_folder, prove_writable
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import sweep_temporaries
from edi.core.findings import Finding
from edi.errors import TryLater
from edi.gateway.collect import Collector
from edi.gateway.examine import Examined
from edi.gateway.intake import Intake, Unreadable
from edi.gateway.lines import News
from edi.gateway.parts import Parts, Received, for_transaction
from edi.gateway.record import Recorder
from edi.gateway.settle import settle
from edi.gateway.stumble import enter_batch

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
        self.unjudged: dict[str, str] = {}
        """Authorities without a list we could use, with the cause in Chinese; files of theirs wait."""

    def prepare(self) -> None:
        """Finish what an earlier run had begun. A folder that is missing is an outage: it is not made anew."""
        ours = self.intakes.keys() | self.collectors.keys()
        self.held = {name: "" for name in self._alarmed("alarm_box") if name in ours}
        for name, intake in self.intakes.items():
            intake.told.update(self._told_of(name))
            with self._holding(name, heals=False):
                intake.prepare()
        for name, receiver in self.parts.receivers.items():
            with self._holding(name, heals=False):
                sweep_temporaries(receiver.send)
                claimed_folder(receiver.collect)
        self.unjudged = dict.fromkeys(self._alarmed("alarm_crl"), "")
        settle(self.parts)

    def round(self) -> Work:
        """One round over all channels and receivers. Raises TryLater if the ledger is out of reach."""
        done = self.sweep()
        done += Work(tasks=settle(self.parts))
        for name, collector in self.collectors.items():
            with self._holding(name):
                self._look_again(name, collector.receiver.collect)
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
        """Raise TryLater if a channel's or receiver's folders, or an authority's list, are out of reach."""
        for authority, cause in self.unjudged.items():
            raise TryLater(
                f"发证机构 {authority} 的证书暂时无法核验（{cause}），其签名的文件已暂缓，其余已处理；请更新吊销列表（CRL）后"
                "再运行",
                f"Certificates of {authority} cannot be judged for now; files signed with them are held, all else was "
                "done; bring its revocation list (CRL) up to date and run again",
            )
        for name, cause in self.held.items():
            raise TryLater(
                f"{name} 的目录无法使用（{cause}），其余已处理；请检查网络盘和权限后再运行",
                f"The folders of {name} are out of reach, all else was done; check network drives and permissions and run again",
            )

    def sweep(self) -> Work:
        """Take a batch from every channel and process it; a file that begins to wait is work done as well."""
        done = Work()
        for name, intake in self.intakes.items():
            with self._holding(name):
                self._look_again(name, intake.channel.boxes.outbox)
                self._report_oddities(intake)
                received, unreadable = self.receive(intake)
                before = len(intake.held)
                if received or unreadable:
                    verdicts = for_transaction(self.parts.examine(received), sum(len(one.data) for one in received))
                    unread = ((one.received, one.reason) for one in unreadable)
                    entered = self.enter(itertools.chain(unread, _judged(intake, received, verdicts)))
                    intake.let_go(entered)
                    done += Work(files=len(entered), tasks=max(0, len(intake.held) - before))
        self._tell_of_unjudged()
        return done

    def receive(self, intake: Intake) -> tuple[list[Received], list[Unreadable]]:
        """Receive: claim what is ready and read it, once."""
        taken = intake.take(self.parts, self.parts.batch)
        return intake.read(taken, self.parts.clock())

    def enter(self, files: Iterable[tuple[Received, Examined | Finding]]) -> list[Received]:
        """Admit, route and dispatch: one transaction for the whole batch, in order of arrival; the files entered."""
        entered = enter_batch(
            self.parts,
            files,
            together=lambda entry, one: (one[0], Recorder(self.parts, entry).enter(*one)),
            alone=lambda entry, one: (one[0], Recorder(self.parts, entry).enter_alone(*one)),
        )
        for file, outcome in entered:
            keys = {"channel": file.channel.name, "file": file.claim.name, "claim": file.claim.id, "event": "entered"}
            log.info("%s %s %s", file.channel.name, file.claim.name, outcome, extra=keys)
        return [file for file, _ in entered]

    def _tell_of_unjudged(self) -> None:
        """An authority without a usable list is told once when files begin to wait and once when none waits any more."""
        waiting = {held.outage.authority: held.outage for one in self.intakes.values() for held in one.held.values()}
        for name, outage in waiting.items():
            if name not in self.unjudged:
                log.warning(
                    "暂缓：发证机构 %s：%s / held: the revocation list of the authority: %s", name, outage.zh, outage.en
                )
                self._tell("alarm_crl", name, zh=outage.zh, en=outage.en)
        for name in self.unjudged.keys() - waiting.keys():
            log.warning("恢复：发证机构 %s 的证书可以核验了 / certificates of %s can be judged again", name, name)
            self._tell("healed", name)
        self.unjudged = {name: outage.zh for name, outage in waiting.items()}

    def _alarmed(self, kind: str) -> list[str]:
        """What an earlier run raised this alarm about, without telling that it was over."""
        latest = (
            "select subject, kind, max(seq) from events where kind in (?, 'healed') "
            "and (kind like 'alarm%' or kind = 'healed') group by subject"
        )
        return [row["subject"] for row in self.parts.ledger.rows(latest, (kind,)) if row["kind"] == kind]

    def _told_of(self, channel: str) -> list[str]:
        """Oddities of a channel that the latest alarm about them left known."""
        latest = "select detail from events where kind = 'alarm_not_a_file' and subject = ? order by seq desc limit 1"
        return [
            name for row in self.parts.ledger.rows(latest, (channel,)) for name in json.loads(row["detail"])["there"]
        ]

    def _look_again(self, name: str, box: Path) -> None:
        """Of a folder that was out of reach the way back is proved, not concluded from a quiet round."""
        if name in self.held:
            prove_writable(box)

    @contextlib.contextmanager
    def _holding(self, name: str, *, heals: bool = True) -> Iterator[None]:
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
            if heals and self.held.pop(name, None) is not None:
                log.warning("恢复：%s 的目录可以使用了 / %s is in reach again", name, name)
                self._tell("healed", name)

    def _tell(self, kind: str, subject: str, zh: str = "", en: str = "") -> None:
        with self.parts.ledger.transaction(self.parts.clock()) as entry:
            entry.event(kind, subject, zh=zh, en=en)

    def _report_oddities(self, intake: Intake) -> None:
        fresh = intake.new_oddities()
        if fresh:
            with self.parts.ledger.transaction(self.parts.clock()) as entry:
                entry.event("alarm_not_a_file", intake.channel.name, names=fresh, there=sorted(intake.told))


def _judged(
    intake: Intake, received: Sequence[Received], verdicts: Iterable[Examined]
) -> Iterator[tuple[Received, Examined]]:
    """Verified and validated; a file that cannot be judged for a reason of ours stays claimed and waits."""
    for file, verdict in zip(received, verdicts, strict=True):
        if verdict.held:
            intake.hold(file, verdict.held)
        else:
            yield file, verdict
