"""`edi health`, `edi metrics`, `edi doctor`: how the program is, for people, monitors and repairs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from edi.adapters.clock import system_clock
from edi.adapters.config import load_config
from edi.adapters.lock import only_one
from edi.app.home import CONFIG_FILE
from edi.app.office import open_office
from edi.app.ops.doctor import Illness, examine
from edi.app.ops.health import State, ask_all, exit_code
from edi.app.ops.metrics import metrics_text
from edi.app.ops.rebuild import rebuild as rebuild_boxes
from edi.app.words import Words
from edi.cli import options
from edi.cli.output import counted, show_json, show_words

_MARKS = {State.WELL: "正常 well", State.FAULT: "异常 FAULT", State.LATER: "暂缓 later"}


@click.command()
@options.home
@options.as_json
def health(home: Path, as_json: bool) -> int:
    """逐项询问运行状况 / Ask every component how it is.

    退出码：0 全部正常，1 需要人处理，75 只是暂缓。Exit code: 0 all well, 1 a person is needed, 75 only held up.
    """
    answers = ask_all(load_config(home / CONFIG_FILE), system_clock)
    if as_json:
        show_json(
            [{"component": one.component, "state": one.state.name, "zh": one.zh, "en": one.en} for one in answers]
        )
    else:
        for one in answers:
            click.echo(f"{one.component:<10}{_MARKS[one.state]}  {one.zh} / {one.en}")
    return exit_code(answers)


@click.command()
@options.home
def metrics(home: Path) -> None:
    """打印 Prometheus 指标 / Print Prometheus metrics."""
    with open_office(home) as office:
        click.echo(metrics_text(office), nl=False)


@click.command()
@options.home
@options.as_json
@click.option("--repair", is_flag=True, help="修复可以安全修复的 / mend what is safe to mend; stop `edi run` first.")
@click.option(
    "--rebuild", metavar="通道", help="按台账重新写出该通道目录中缺少的文件 / write a channel's missing files again."
)
def doctor(home: Path, as_json: bool, repair: bool, rebuild: str | None) -> int:
    """检查文件与台账是否一致 / Check that files and ledger agree.

    只读，除非给出 --repair；有未解决的问题时退出码为 1。Read-only without --repair; exit code 1 if something is left.
    """
    with contextlib.ExitStack() as stack:
        office = stack.enter_context(open_office(home))
        if rebuild:
            _tell_of_rebuilt(rebuild_boxes(office, rebuild), as_json=as_json)
            return 0
        if repair:
            lock = office.config.gateway.ledger.parent / "run.lock"
            stack.enter_context(only_one(lock, "本工作目录的 edi run", "`edi run` on this workspace"))
        found = examine(office)
        mended = [one for one in found if repair and one.mend]
        for one in mended:
            if one.mend:
                one.mend()
    if as_json:
        show_json([_record(one, mended=one in mended) for one in found])
    else:
        _tell(found, mended)
    return int(len(mended) < len(found))


def _tell_of_rebuilt(files: int, *, as_json: bool) -> None:
    if as_json:
        show_json({"files": files})
        return
    click.echo(
        f"将重新写出 {files} 个文件，由 edi run 完成 / to be written again by `edi run`: {counted(files, 'file')}"
    )


def _record(one: Illness, *, mended: bool) -> dict[str, object]:
    return {"code": one.code, "zh": one.zh, "en": one.en, "repairable": one.mend is not None, "mended": mended}


def _tell(found: list[Illness], mended: list[Illness]) -> None:
    for one in found:
        mark = "已修复 mended " if one in mended else ""
        show_words(f"{mark}{one.code}：", Words(one.zh, one.en))
    if not found:
        click.echo("文件与台账一致 / files and ledger agree")
