"""`edi log`: the ledger's events and their hash chain."""

from __future__ import annotations

from pathlib import Path

import click

from edi.app.home import open_reader
from edi.app.ops.witnesses import contradicted, witnesses
from edi.cli import options
from edi.cli.output import counted, show_json
from edi.core.chain import Head


@click.group()
def log() -> None:
    """台账的事件链 / The ledger's chain of events."""


@log.command("verify")
@options.home
@options.as_json
@click.option(
    "--against",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="与这些应答、状态文件、检查点或其目录核对，可重复 / compare with answers, status files, checkpoints or folders.",
)
def log_verify(home: Path, as_json: bool, against: tuple[Path, ...]) -> int:
    """核对哈希链 / Check the hash chain.

    末尾被截去或重写只有与台账之外的文件核对才看得出。A tail that was cut or written anew shows only --against files kept
    elsewhere. 被改动时退出码为 1 / exit code 1 if it was altered.
    """
    reader = open_reader(home)
    head, broken = reader.chain_break()
    seen = list(witnesses(against))
    denied = contradicted(reader, seen)
    if as_json:
        told = {"good": broken is None and not denied, "events": head.seq, "head": head.hash, "firstBreak": broken}
        show_json(told | {"witnesses": len(seen), "contradicted": [str(one.path) for one in denied]})
        return int(broken is not None or bool(denied))
    _tell_of_chain(head, broken)
    for one in denied:
        click.echo(
            f"{one.path} 记有第 {one.head.seq} 条事件，台账中没有它或与之不同：台账末尾被截去或改写过；请保留该文件，用备份核对\n"
            f"{one.path} tells of event {one.head.seq}, which the ledger lacks or has otherwise: its tail was cut or written "
            "anew; keep the file and compare it with a backup"
        )
    if against and not denied:
        click.echo(f"与 {len(seen)} 个文件所记相符 / borne out by {counted(len(seen), 'file')}")
    return int(broken is not None or bool(denied))


def _tell_of_chain(head: Head, broken: int | None) -> None:
    if broken is None:
        click.echo(f"哈希链完好 the chain holds: {counted(head.seq, 'event')}, head {head.hash}")
    else:
        click.echo(
            f"第 {broken} 条事件与哈希链不符，台账被改动过；请保留该文件，用备份核对\n"
            f"event {broken} does not fit, the ledger was altered; keep the file and compare it with a backup"
        )
