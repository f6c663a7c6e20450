"""`edi jobs`: the scheduled jobs, listed with their last and next runs, and run by hand, cron or systemd."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from edi.adapters.clock import system_clock
from edi.adapters.config import load_config
from edi.adapters.job_book import JobRun
from edi.adapters.schedule import JobConfig, next_time
from edi.app.composition import open_app
from edi.app.home import CONFIG_FILE
from edi.app.jobs import Job, find_jobs
from edi.app.office import open_office
from edi.app.ops.pulse import run_record
from edi.app.rota import Rota, last_runs, open_rota
from edi.cli import options
from edi.cli.output import show_error, show_json, show_table
from edi.core.times import china, iso
from edi.errors import EdiError, UserError

_COLUMNS = (
    "名称 name",
    "用途 about",
    "安排 schedule",
    "上次 last run（北京时间）",
    "结果 result",
    "下次 next run（北京时间）",
)


@click.group()
def jobs() -> None:
    """定时任务 / Scheduled jobs."""


@jobs.command("list")
@options.home
@options.as_json
def jobs_list(home: Path, as_json: bool) -> None:
    """列出任务、安排、上次和下次运行 / List the jobs with schedule, last and next run.

    安排取自工作目录的 config.toml；不在工作目录中时只列任务。The schedules stand in the workspace's config.toml.
    """
    config = load_config(home / CONFIG_FILE) if (home / CONFIG_FILE).exists() else None
    plans = config.jobs if config else {}
    runs = last_runs(config) if config else {}
    found = find_jobs().values()
    now = system_clock()
    if as_json:
        show_json([_record(job, plans.get(job.name), runs.get(job.name), now) for job in found])
        return
    show_table(
        "定时任务 jobs",
        _COLUMNS,
        [_row(job, plans.get(job.name), runs.get(job.name), now) for job in found],
        expendable=(_COLUMNS[1], _COLUMNS[2]),
    )


def _record(job: Job, plan: JobConfig | None, run: JobRun | None, now: datetime) -> dict[str, Any]:
    due = _next(plan, run, now)
    return {
        "name": job.name,
        "zh": job.zh,
        "en": job.en,
        "everySeconds": plan.every_seconds or None if plan else None,
        "cron": plan.cron or None if plan else None,
        "lastRun": run_record(run) if run else None,
        "nextRun": iso(due) if due else None,
    }


def _row(job: Job, plan: JobConfig | None, run: JobRun | None, now: datetime) -> tuple[str, ...]:
    ran = run if run and run.runs else None
    due = _next(plan, run, now)
    return (
        job.name,
        f"{job.zh} / {job.en}",
        schedule(plan),
        china(iso(ran.started_at)) if ran else "—",
        result(ran) if ran else "—",
        china(iso(due)) if due else "—",
    )


def _next(plan: JobConfig | None, run: JobRun | None, now: datetime) -> datetime | None:
    return next_time(plan, run.started_at if run else now, now) if plan else None


def schedule(plan: JobConfig | None) -> str:
    """When a job runs, in words."""
    if plan is None:
        return "未安排 not scheduled"
    if plan.cron:
        return f"cron {plan.cron}（北京时间 China time）"
    return f"每 {plan.every_seconds:g} 秒 / every {plan.every_seconds:g} s"


def result(run: JobRun) -> str:
    """What came of a run, in words."""
    if not run.good:
        return f"出错：{run.error_zh} / failed: {run.error_en}"
    counts = ", ".join(f"{name} {count}" for name, count in run.counts.items() if count)
    return f"{counts or '没有要做的事 / nothing to do'}（{run.seconds:.2f} s）"


@jobs.command("run")
@click.argument("name", required=False)
@options.home
@options.as_json
@click.option("--due", is_flag=True, help="运行所有到时的任务 / run every job whose time has come.")
def jobs_run(name: str | None, home: Path, as_json: bool, due: bool) -> int:
    """运行一个任务，或所有到时的任务 / Run one job, or all that are due.

    供 cron 或 systemd 调用；同一任务不会同时运行两次，正在运行或有一部分暂不可用时退出码为 75。
    For cron or systemd; a job never runs twice at a time: exit code 75 if it runs already or something is out of reach.
    """
    if due == bool(name):
        raise UserError("请给出任务名，或 --due", "Give the name of a job, or --due")
    with open_rota(home) as rota:
        if name:
            _show(_run(rota, _named(rota, name), home), as_json=as_json)
            return 0
        return _run_due(rota, home, as_json=as_json)


def _named(rota: Rota, name: str) -> Job:
    if name not in rota.jobs:
        raise UserError(
            f"没有名为 {name} 的任务；现有：{'、'.join(rota.jobs)}",
            f"There is no job {name}; there are: {', '.join(rota.jobs)}",
        )
    return rota.jobs[name]


def _run_due(rota: Rota, home: Path, *, as_json: bool) -> int:
    """Every job has its turn, whatever becomes of the others; the exit code is the gravest."""
    codes = [0]
    for job in rota.due():
        try:
            _show(_run(rota, job, home), as_json=as_json)
        except EdiError as error:
            show_error(f"{job.name}：{error.zh}", f"{job.name}: {error.en}")
            codes.append(error.exit_code)
    return min((one for one in codes if one), default=0)


def _run(rota: Rota, job: Job, home: Path) -> JobRun:
    if job.beside:
        with open_office(home) as office:
            return rota.run(job, office)
    with open_app(home) as app:
        run = rota.run(job, app)
        app.outages.raise_any()
        return run


def _show(run: JobRun, *, as_json: bool) -> None:
    if as_json:
        show_json({"name": run.name} | (run_record(run) or {}))
    else:
        click.echo(f"{run.name}: {result(run)}")
