"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    envvar="EDI_HOME",
    help="工作目录，默认当前目录 / the workspace, by default the current folder.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / print JSON.")
file = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
