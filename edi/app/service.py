"""The long-running program: watch the boxes, run jobs on their schedules, stop cleanly.

One thread moves files. The watcher and the scheduler only put words into its queue, so nothing ever runs
twice at once. Watching is the fast path; the sweep job finds what events missed (exchange 3). Reports,
checks and other jobs that only ask the ledger run in a second thread and hold nothing up.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from edi.adapters.schedule import trigger
from edi.app.composition import App
from edi.app.jobs import Job
from edi.app.office import Office
from edi.app.ops.pulse import PULSE_SECONDS, Pulse
from edi.app.rota import Rota
from edi.app.stopping import Stop
from edi.app.watching import LookAgain, Tell, watching
from edi.core.times import CHINA
from edi.errors import EdiError, TryLater
from edi.gateway.pipeline import Work

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long `run --once` waits for files that never come to rest."""

LOOK_SECONDS = 5.0
"""How soon a folder that was made anew is watched again."""

Word = Callable[[], object]
"""Something for the working thread to do."""


def run_once(app: App, report: Callable[[Work], None] = lambda _work: None, stop: Stop | None = None) -> Work:
    """Work until nothing is left, or until `stop` is wished: files, receipts, everything the simulator has due.

    Raises TryLater if the ledger, a box or the simulator stayed out of reach.
    """
    total = Work()
    stop = stop or Stop()
    last_progress = time.monotonic()
    while not stop.wished:
        done = app.work()
        if done:
            total += done
            report(total)
            last_progress = time.monotonic()
        elif not app.waiting() or time.monotonic() - last_progress > _patience(app):
            app.outages.raise_any()
            app.pipeline.raise_if_held()
            app.ferry.raise_if_held()
            if app.waiting():
                raise TryLater(
                    "还有文件没有处理：仍在写入，或超出通道每分钟的上限；请稍后再运行",
                    "Files are left: still being written, or beyond the channel's rate; run again later",
                )
            return total
        else:
            stop.wait(max(app.config.gateway.settle_seconds / 4, 0.02))
    return total


def _patience(app: App) -> float:
    return PATIENCE_SECONDS + 2 * app.config.gateway.settle_seconds


class Service:
    """`edi run`: watches and schedules until a signal comes, then finishes what it has begun."""

    def __init__(self, app: App, office: Office, rota: Rota, stop: Stop) -> None:
        self._app = app
        self._office = office
        self._rota = rota
        self._words: queue.SimpleQueue[Word] = queue.SimpleQueue()
        self._queued: set[str] = set()
        self._pulse = Pulse(office, app.pipeline.held)
        self._stop = stop
        stop.tell(lambda: self._say(lambda: None))

    def run(self) -> None:
        """Work until the wish to stop comes."""
        with watching(self._folders()) as look_again, self._scheduling(look_again), self._app.ferry.running(self._wake):
            self._say(self._work)
            while not self._stop.wished:
                with contextlib.suppress(queue.Empty):
                    self._obey(self._words.get(timeout=PULSE_SECONDS))
                self._pulse.beat()
        self._pulse.end()
        log.info("已停止 / stopped")

    def _obey(self, word: Word) -> None:
        """Do one thing; whatever goes wrong with it, the service goes on and tries again with the next job."""
        try:
            word()
        except EdiError as error:
            log.error("任务失败：%s / job failed: %s", error.zh, error.en)  # noqa: TRY400 - a sentence, no traceback
        except Exception:
            log.exception("程序出错，服务继续运行，请把以下内容交给系统管理员 / a fault of this program, it goes on")

    def _say(self, word: Word) -> None:
        self._words.put(word)

    # ---- what comes in --------------------------------------------------------------------------

    def _folders(self) -> dict[Path, Tell]:
        """What is watched, and whom to tell."""
        parts = self._app.pipeline.parts
        watched = {channel.boxes.outbox: self._announce(name) for name, channel in parts.channels.items()}
        return watched | {receiver.collect: lambda _name: self._wake() for receiver in parts.receivers.values()}

    @contextmanager
    def _scheduling(self, look_again: LookAgain) -> Iterator[None]:
        """Jobs beside the exchange have a thread of their own; the others are queued for the working thread."""
        scheduler = BackgroundScheduler(
            timezone=CHINA,
            executors={"queue": ThreadPoolExecutor(1), "beside": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        scheduler.add_job(self._queue, "interval", seconds=LOOK_SECONDS, args=["watch", look_again], executor="queue")
        now = self._office.clock()
        for name, plan in self._rota.plans.items():
            if (due := self._rota.next_run(name)) is None:
                continue
            job = self._rota.jobs[name]
            scheduler.add_job(
                self._run_beside if job.beside else self._queue_job,
                trigger(plan),
                args=[job],
                id=name,
                executor="beside" if job.beside else "queue",
                next_run_time=max(due, now),  # what was missed is caught up once
            )
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=True)

    def _announce(self, channel: str) -> Tell:
        def announce(name: str) -> None:
            self._app.pipeline.announce(channel, name)
            self._wake()

        return announce

    # ---- what is done ---------------------------------------------------------------------------

    def _work(self) -> None:
        done = False
        while not self._stop.wished and self._app.work():
            self._pulse.beat()
            done = True
        if done:
            self._app.ferry.wake()

    def _wake(self) -> None:
        """A round as soon as possible, once however often it is asked for."""
        self._queue("", self._work)

    def _queue_job(self, job: Job) -> None:
        self._queue(job.name, lambda: self._run_job(job, self._app))

    def _run_beside(self, job: Job) -> None:
        if not self._stop.wished:
            self._obey(lambda: self._run_job(job, self._office))

    def _queue(self, name: str, word: Word) -> None:
        if name in self._queued:
            return
        self._queued.add(name)

        def once() -> None:
            self._queued.discard(name)
            word()

        self._say(once)

    def _run_job(self, job: Job, worker: App | Office) -> None:
        run = self._rota.run(job, worker)
        if not run.idle:
            log.info(
                "任务 %s：%s（%.2f 秒）/ job done", job.name, dict(run.counts), run.seconds, extra={"event": "job"}
            )
            self._wake()
