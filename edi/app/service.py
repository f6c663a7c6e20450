"""The long-running program: watch the boxes, run jobs on their schedules, stop cleanly.

One thread works. The watcher and the scheduler only put words into its queue, so nothing ever runs
twice at once. Watching is the fast path; the sweep job finds what events missed (exchange 3).
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.config import JobConfig
from edi.app.composition import App
from edi.app.jobs import Job
from edi.app.stopping import Stop
from edi.errors import EdiError, TryLater, UserError
from edi.gateway.pipeline import Work

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long `run --once` waits for files that never come to rest."""

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

    def __init__(self, app: App, jobs: dict[str, Job], stop: Stop) -> None:
        unknown = sorted(app.config.jobs.keys() - jobs.keys())
        if unknown:
            raise UserError(
                f"配置中有不存在的任务：{'、'.join(unknown)}；现有任务：{'、'.join(jobs)}",
                f"The configuration schedules jobs that do not exist: {', '.join(unknown)}; there are: {', '.join(jobs)}",
            )
        self._app = app
        self._jobs = jobs
        self._words: queue.SimpleQueue[Word] = queue.SimpleQueue()
        self._queued: set[str] = set()
        self._stop = stop
        stop.tell(lambda: self._say(lambda: None))

    def run(self) -> None:
        """Work until the wish to stop comes."""
        with self._watching(), self._scheduling(), self._app.ferry.running(self._wake):
            self._say(self._work)
            while not self._stop.wished:
                self._obey(self._words.get())
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

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Watch the boxes, each by itself; where the system cannot, the sweep job alone finds the files."""
        parts = self._app.pipeline.parts
        watched = {channel.boxes.outbox: self._announce(name) for name, channel in parts.channels.items()}
        watched |= {receiver.collect: lambda _name: self._wake() for receiver in parts.receivers.values()}
        observer = Observer()
        observer.start()
        for folder, tell in watched.items():
            try:
                observer.schedule(_Announcer(tell), str(folder))
            except OSError as error:
                log.warning(
                    "无法监视目录，改由定时扫描：%s / not watched but swept: %s", cause_zh(error), cause_en(error)
                )
        try:
            yield
        finally:
            observer.stop()
            observer.join()

    @contextmanager
    def _scheduling(self) -> Iterator[None]:
        scheduler = BackgroundScheduler(timezone=None)
        for name, plan in self._app.config.jobs.items():
            scheduler.add_job(self._queue_job, _trigger(plan), args=[name], id=name, coalesce=True)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)

    def _announce(self, channel: str) -> Callable[[str], None]:
        def announce(name: str) -> None:
            self._app.pipeline.announce(channel, name)
            self._wake()

        return announce

    # ---- what is done ---------------------------------------------------------------------------

    def _work(self) -> None:
        if self._app.work_until_quiet(lambda: self._stop.wished):
            self._app.ferry.wake()

    def _wake(self) -> None:
        """A round as soon as possible, once however often it is asked for."""
        self._queue("", self._work)

    def _queue_job(self, name: str) -> None:
        self._queue(name, lambda: self._run_job(name))

    def _queue(self, name: str, word: Word) -> None:
        if name in self._queued:
            return
        self._queued.add(name)

        def once() -> None:
            self._queued.discard(name)
            word()

        self._say(once)

    def _run_job(self, name: str) -> None:
        started = time.monotonic()
        result = self._jobs[name](self._app)
        if result:
            log.info("任务 %s：%s（%.2f 秒）/ job done", name, result, time.monotonic() - started)
            self._wake()


class _Announcer(FileSystemEventHandler):
    """Tells of files that were closed by their writer or renamed into a box."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def on_closed(self, event: FileSystemEvent) -> None:
        self._tell_of(event.src_path)

    def on_moved(self, event: FileSystemEvent) -> None:
        self._tell_of(event.dest_path)

    def _tell_of(self, path: bytes | str) -> None:
        name = Path(path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path).name
        if name and not name.startswith("."):
            self._tell(name)


def _trigger(plan: JobConfig) -> Any:
    return CronTrigger.from_crontab(plan.cron) if plan.cron else IntervalTrigger(seconds=plan.every_seconds)
