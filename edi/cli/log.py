"""`edi log`: the ledger's events and their hash chain."""

from __future__ import annotations

from pathlib import Path

import click

from edi.app import open_reader
from edi.cli import options
from edi.cli.output import counted, show_json


@click.group()
def log() -> None:
    """台账的事件链 / The ledger's chain of events."""


@log.command("verify")
@options.home
@options.as_json
def log_verify(home: Path, as_json: bool) -> int:
    """核对哈希链 / Check the hash chain.

    被改动时退出码为 1 / exit code 1 if it was altered.
    """
    head, broken = open_reader(home).chain_break()
    if as_json:
        show_json({"good": broken is None, "events": head.seq, "head": head.hash, "firstBreak": broken})
    elif broken is None:
        click.echo(f"哈希链完好 the chain holds: {counted(head.seq, 'event')}, head {head.hash}")
    else:
        click.echo(
            f"第 {broken} 条事件与哈希链不符，台账被改动过；请保留该文件，用备份核对\n"
            f"event {broken} does not fit, the ledger was altered; keep the file and compare it with a backup"
        )
    return int(broken is not None)
