"""`edi jobs`: the scheduled jobs, listed and run one by one."""

from __future__ import annotations

from pathlib import Path

import click

from edi.adapters.config import JobConfig, load_config
from edi.app import open_app
from edi.app.composition import CONFIG_FILE
from edi.app.jobs import find_jobs
from edi.cli import options
from edi.cli.output import show_json, show_table
from edi.errors import UserError


@click.group()
def jobs() -> None:
    """定时任务 / Scheduled jobs."""


@jobs.command("list")
@options.home
@options.as_json
def jobs_list(home: Path, as_json: bool) -> None:
    """列出任务和安排 / List the jobs and their schedules.

    安排取自工作目录的 config.toml；不在工作目录中时只列任务。The schedules stand in the workspace's config.toml.
    """
    config = home / CONFIG_FILE
    plans = load_config(config).jobs if config.exists() else {}
    found = find_jobs().values()
    if as_json:
        show_json([{"name": job.name, "about": job.about} | _plan(plans.get(job.name)) for job in found])
        return
    show_table(
        "定时任务 jobs",
        ("名称 name", "用途 about", "安排 schedule"),
        [(job.name, job.about, _schedule(plans.get(job.name))) for job in found],
    )


def _plan(plan: JobConfig | None) -> dict[str, object]:
    return {
        "everySeconds": plan.every_seconds or None if plan else None,
        "cron": plan.cron or None if plan else None,
    }


def _schedule(plan: JobConfig | None) -> str:
    if plan is None:
        return "未安排 not scheduled"
    if plan.cron:
        return f"cron {plan.cron}（本机时区 local time）"
    return f"每 {plan.every_seconds:g} 秒 / every {plan.every_seconds:g} s"


@jobs.command("run")
@click.argument("name")
@options.home
@options.as_json
def jobs_run(name: str, home: Path, as_json: bool) -> None:
    """运行一个任务 / Run one job.

    供 cron 或 systemd 调用；有一部分暂不可用时退出码为 75。For cron or systemd; exit code 75 while something is out of reach.
    """
    found = find_jobs()
    if name not in found:
        raise UserError(
            f"没有名为 {name} 的任务；现有：{'、'.join(found)}",
            f"There is no job {name}; there are: {', '.join(found)}",
        )
    with open_app(home) as app:
        result = found[name](app)
        app.outages.raise_any()
    if as_json:
        show_json({"name": name, "result": result})
    else:
        click.echo(f"{name}: {result or '没有要做的事 / nothing to do'}")
