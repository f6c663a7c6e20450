"""The jobs' rota: which is due when, never two runs of one at a time, and every run kept in the ledger.

The long-running service and `edi jobs run` share it, so that a run missed by one is caught up by the
other, once, also after a restart (exchange 13).
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.clock import Clock, system_clock
from edi.adapters.config import Config, load_config
from edi.adapters.job_book import LATEST, JobBook, JobRun, latest_runs
from edi.adapters.ledger import Ledger
from edi.adapters.ledger_reader import LedgerReader
from edi.adapters.lock import only_one
from edi.adapters.schedule import JobConfig, next_time
from edi.app.composition import App
from edi.app.home import CONFIG_FILE
from edi.app.jobs import Job, find_jobs
from edi.app.office import Office
from edi.errors import EdiError, TryLater, UserError

log = logging.getLogger(__name__)


class Rota:
    """The jobs of one workspace."""

    def __init__(self, config: Config, jobs: Mapping[str, Job], book: JobBook, clock: Clock) -> None:
        _refuse_unknown(config, jobs)
        self.jobs = jobs
        self.plans: Mapping[str, JobConfig] = config.jobs
        self._book = book
        self._clock = clock
        self._locks = config.gateway.ledger.parent / "jobs"
        for name in self.plans:
            book.note(name, clock())

    def next_run(self, name: str) -> datetime | None:
        """When a scheduled job is due next; in the past if that was missed, None if never."""
        return next_time(self.plans[name], self._book.latest()[name].started_at, self._clock())

    def due(self) -> list[Job]:
        """The jobs whose time has come, those beside the exchange last."""
        now = self._clock()
        names = [name for name in self.plans if (at := self.next_run(name)) is not None and at <= now]
        return sorted((self.jobs[name] for name in names), key=lambda one: one.beside)

    def run(self, job: Job, worker: App | Office) -> JobRun:
        """Run a job and keep what came of it. Raises what the job raises, and TryLater if it runs already."""
        with only_one(self._locks / f"{job.name}.lock", f"任务 {job.name} ", f"The job {job.name}"):
            at, started = self._clock(), time.monotonic()
            counts: Mapping[str, int] = {}
            zh = en = ""
            try:
                counts = _carry_out(job, worker)
            except EdiError as error:
                zh, en = error.zh, error.en
                raise
            except Exception as error:
                zh = en = f"{type(error).__name__}: {error}"
                raise
            finally:
                seconds = time.monotonic() - started
                run = JobRun(
                    name=job.name, first_at=at, started_at=at, seconds=seconds, counts=counts, error_zh=zh, error_en=en
                )
                self._keep(run)
        return run

    def _keep(self, run: JobRun) -> None:
        """A run that cannot be noted down was a run all the same."""
        try:
            self._book.enter(run)
        except TryLater as outage:
            log.warning("任务 %s 的运行记录未能写入：%s / not noted down: %s", run.name, outage.zh, outage.en)


def _carry_out(job: Job, worker: App | Office) -> Mapping[str, int]:
    """What the system would not do is an outage of ours: the job is run again at its next time."""
    try:
        return job(worker)
    except OSError as error:
        raise TryLater(
            f"任务 {job.name} 没有做完：{cause_zh(error)}；请检查磁盘和权限，到下次时间会再运行",
            f"The job {job.name} was not finished: {cause_en(error)}; check disk and permissions, it runs again at its "
            "next time",
        ) from error


@contextlib.contextmanager
def open_rota(home: Path, clock: Clock = system_clock) -> Iterator[Rota]:
    """The rota of the workspace `home`. Raises UserError for a faulty configuration, TryLater."""
    config = load_config(home / CONFIG_FILE)
    _refuse_unknown(config, jobs := find_jobs())
    with contextlib.closing(JobBook(Ledger(config.gateway.ledger))) as book:
        yield Rota(config, jobs, book, clock)


def last_runs(config: Config) -> dict[str, JobRun]:
    """The latest run of every job, read only; nothing where there is no ledger yet."""
    if not config.gateway.ledger.exists():
        return {}
    with LedgerReader(config.gateway.ledger).view() as ledger:
        return latest_runs(ledger.execute(LATEST).fetchall())


def _refuse_unknown(config: Config, jobs: Mapping[str, Job]) -> None:
    unknown = sorted(config.jobs.keys() - jobs.keys())
    if unknown:
        raise UserError(
            f"配置中有不存在的任务：{'、'.join(unknown)}；现有任务：{'、'.join(jobs)}",
            f"The configuration schedules jobs that do not exist: {', '.join(unknown)}; there are: {', '.join(jobs)}",
        )
