"""`edi init` and `edi run`: make a workspace, work in it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from rich.status import Status

from edi.adapters.config import load_config
from edi.adapters.logs import set_up_logging
from edi.app.composition import App, open_app
from edi.app.home import CONFIG_FILE
from edi.app.office import Office, open_office
from edi.app.ops.balance import check_balance
from edi.app.rota import open_rota
from edi.app.service import Service, run_once
from edi.app.stopping import EXIT_CODE, Stop
from edi.app.words import held_words
from edi.app.workspace import create_workspace
from edi.cli import options
from edi.cli.output import console, on_terminal, quoted
from edi.gateway.pipeline import Work

TRY_LATER = 75


@click.command()
@click.argument("directory", type=options.Folder())
def init(directory: Path) -> None:
    """新建工作目录 / Make a workspace.

    内有配置、收发箱、测试证书和已签名样例。It holds a configuration, boxes, test keys and signed samples.
    """
    samples = create_workspace(directory)
    click.echo(f"已建好工作目录 {directory}，含 {samples} 份已签名样例 / workspace made, {samples} signed samples")
    click.echo(f"下一步 next: cd {quoted(directory)} && cp samples/*.xml inbox/demo/ && edi run --once && edi status")


@click.command()
@options.home
@click.option("--once", is_flag=True, help="做完即退出 / work until nothing is left, then exit.")
@click.option("-v", "--verbose", is_flag=True, help="多说一些 / say more.")
def run(home: Path, once: bool, verbose: bool) -> int:
    """运行网关 / Run the gateway.

    默认持续监视，直到收到停止信号；配置启用模拟海关时一并运行。It watches until it is told to stop; the simulated customs
    runs with it if the configuration says so.
    """
    level = logging.INFO if verbose or not once else logging.WARNING
    set_up_logging(level, load_config(home / CONFIG_FILE).log.format)
    with Stop().listening() as stop, open_app(home) as app:
        with open_office(home) as office:
            code = _once(app, stop) if once else _serve(app, office, stop)
            check_balance(office)
        return code


def _serve(app: App, office: Office, stop: Stop) -> int:
    """Work until told to stop."""
    home = app.config.home
    with open_rota(home) as rota:
        logging.getLogger(__name__).info("正在运行，工作目录 %s / running", home.absolute())
        Service(app, office, rota, stop).run()
    return 0


def _once(app: App, stop: Stop) -> int:
    """Work until nothing is left. What was done is told even where an outage ends it (TryLater)."""
    before = app.reader.outcomes()
    done = [Work()]
    with contextlib.ExitStack() as told:
        told.callback(lambda: _tell(done[-1], app, before))
        spinner = told.enter_context(_progress())

        def report(work: Work) -> None:
            done.append(work)
            spinner.update(f"文件 files {work.files}，回执 receipts {work.receipts}")

        run_once(app, report, stop)
    if stop.wished:
        click.echo("已中断，手头的工作已做完 / aborted, what was begun was finished", err=True)
        return EXIT_CODE
    held = app.reader.waiting()
    for words in [held_words(one) for one in held[:1]]:
        click.echo(f"有 {len(held)} 项因故暂缓，稍后自动重试（edi status --held 查看）：{words.zh}", err=True)
        click.echo(f"{len(held)} held by an outage and tried again later: {words.en}", err=True)
    return TRY_LATER if held else 0


def _tell(work: Work, app: App, before: Mapping[str, int]) -> None:
    """On a terminal what came of it; in a pipe nothing."""
    if on_terminal():
        after = app.reader.outcomes()
        click.echo(_summary(work, {name: after[name] - before.get(name, 0) for name in after}))


def _summary(work: Work, came: Mapping[str, int]) -> str:
    refused = came["REFUSED"] + came["CONFLICT"]
    aside = f"，隔离 {came['QUARANTINED']}" if came["QUARANTINED"] else ""
    text = f"文件 {work.files}：受理 {came['ACCEPTED']}，被拒 {refused}，重复 {came['DUPLICATE']}{aside}；回执 {work.receipts}"
    if refused:
        text += "（被拒文件见 outbox/*/FailBox，原因：edi show 文件名）"
    return (
        f"{text}\nfiles {work.files}: accepted {came['ACCEPTED']}, refused {refused}, repeated {came['DUPLICATE']}; "
        f"receipts {work.receipts}"
    )


@contextlib.contextmanager
def _progress() -> Iterator[Status]:
    """A spinner on a terminal, silence in a pipe."""
    screen = console(stderr=True)
    screen.quiet = not screen.is_terminal
    with screen.status("处理中 working …") as spinner:
        yield spinner
