"""`edi init`, `edi run`, `edi jobs`: make a workspace, work in it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import click
from rich.status import Status

from edi.app import open_app
from edi.app.jobs import find_jobs
from edi.app.service import Service, run_once
from edi.app.workspace import create_workspace
from edi.cli import options
from edi.cli.output import console, show_json, show_table
from edi.errors import UserError
from edi.gateway.pipeline import Work


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """新建工作目录：配置、收发箱、测试证书、已签名样例 / Make a workspace with test keys and signed samples."""
    samples = create_workspace(directory)
    click.echo(f"已建好工作目录 {directory}，含 {samples} 份已签名样例 / workspace made, {samples} signed samples")
    click.echo(f"下一步 next: cd {directory} && cp samples/*.xml inbox/demo/ && edi run --once && edi status")


@click.command()
@options.home
@click.option("--once", is_flag=True, help="做完即退出 / work until nothing is left, then exit.")
@click.option("-v", "--verbose", is_flag=True, help="多说一些 / say more.")
def run(home: Path, once: bool, verbose: bool) -> None:
    """运行网关；默认持续监视，直到收到停止信号 / Run the gateway, watching until it is told to stop.

    配置启用模拟海关时一并运行。The simulated customs runs with it if the configuration says so.
    """
    logging.basicConfig(
        level=logging.INFO if verbose or not once else logging.WARNING, format="%(asctime)s %(message)s"
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    with open_app(home) as app:
        if not once:
            logging.getLogger(__name__).info("running | 正在运行，工作目录 %s", home.absolute())
            Service(app, find_jobs()).run()
            return
        with _progress() as spinner:
            total = run_once(app, lambda work: spinner.update(_counts(work)))
        held = app.reader.waiting()
    if console().is_terminal:
        click.echo(_counts(total))
    if held:
        click.echo(f"有 {len(held)} 项因故暂缓，稍后自动重试：{held[0]['trouble']}", err=True)
        click.echo(f"{len(held)} task(s) held by an outage and tried again later: {held[0]['trouble']}", err=True)
        raise click.exceptions.Exit(75)


@contextlib.contextmanager
def _progress() -> Iterator[Status]:
    """A spinner on a terminal, silence in a pipe."""
    screen = console(stderr=True)
    screen.quiet = not screen.is_terminal
    with screen.status("处理中 working …") as spinner:
        yield spinner


def _counts(work: Work) -> str:
    return f"文件 files {work.files}，回执 receipts {work.receipts}"


@click.group()
def jobs() -> None:
    """定时任务 / Scheduled jobs."""


@jobs.command("list")
@options.as_json
def jobs_list(as_json: bool) -> None:
    """列出任务 / List the jobs."""
    found = [{"name": job.name, "about": job.about} for job in find_jobs().values()]
    if as_json:
        show_json(found)
    else:
        show_table("定时任务 jobs", ("名称 name", "用途 about"), ([one["name"], one["about"]] for one in found))


@jobs.command("run")
@click.argument("name")
@options.home
def jobs_run(name: str, home: Path) -> None:
    """运行一个任务（供 cron 或 systemd 调用） / Run one job, for cron or systemd."""
    found = find_jobs()
    if name not in found:
        raise UserError(
            f"没有名为 {name} 的任务；现有：{'、'.join(found)}",
            f"There is no job {name}; there are: {', '.join(found)}",
        )
    with open_app(home) as app:
        click.echo(f"{name}: {found[name](app)}")
