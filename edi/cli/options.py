"""Options and kinds of values that several commands share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from edi.cli.usage import Wrong


@dataclass
class Session:
    """What one call of the command line knows so far."""

    home: Path | None = None
    """The workspace, once an option named it."""


class ExistingFile(click.ParamType[Path]):
    """A file that is there and can be read."""

    name = "file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a usage error that says what is there instead."""
        path = Path(str(value))
        if path.is_dir():
            raise Wrong(f"{path} 是目录；请给出文件", f"{path} is a folder; give a file", ctx, param)
        if not path.exists():
            raise Wrong(f"文件 {path} 不存在；请检查路径", f"There is no file {path}; check the path", ctx, param)
        if not os.access(path, os.R_OK):
            raise Wrong(f"没有权限读取 {path}", f"No permission to read {path}", ctx, param)
        return path


class NewFile(click.ParamType[Path]):
    """A file about to be written, in a folder that is there."""

    name = "file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a usage error."""
        path = Path(str(value))
        if path.is_dir():
            raise Wrong(f"{path} 是目录；请给出文件名", f"{path} is a folder; give the name of a file", ctx, param)
        if not path.parent.is_dir():
            raise Wrong(
                f"输出目录 {path.parent} 不存在；请先建立该目录",
                f"The output folder {path.parent} does not exist; make it first",
                ctx,
                param,
            )
        return path


class Folder(click.ParamType[Path]):
    """A folder, there or to be made."""

    name = "directory"

    def __init__(self, *, exists: bool = False) -> None:
        self._exists = exists

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a usage error."""
        path = Path(str(value))
        if path.exists() and not path.is_dir():
            raise Wrong(f"{path} 是文件；请给出目录", f"{path} is a file; give a folder", ctx, param)
        if self._exists and not path.exists():
            raise Wrong(f"目录 {path} 不存在；请检查路径", f"There is no folder {path}; check the path", ctx, param)
        return path


def _remember(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).home = value


def _settle(ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path:
    """The command's own --home, else the one before the command, else the current folder."""
    session = ctx.ensure_object(Session)
    session.home = value or session.home or Path()
    return session.home


_HOME = "工作目录，默认当前目录 / the workspace, by default the current folder."

home_of_all = click.option(
    "--home", type=Folder(), envvar="EDI_HOME", callback=_remember, expose_value=False, help=_HOME
)
"""For the group: `edi --home DIR status`; the environment variable EDI_HOME is read here."""
home = click.option("--home", type=Folder(), callback=_settle, help=_HOME)
as_json = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / print JSON.")
file = ExistingFile()
