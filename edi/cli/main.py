"""The `edi` command: the one place that turns errors into words and exit codes (exchange 12).

Exit codes: 0 well, 1 findings or refusals, 2 usage or configuration, 75 try later; 130 when stopped by Ctrl-C.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback
from collections import UserDict
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import click

import edi
from edi.adapters.clock import system_clock
from edi.cli import options
from edi.cli.output import show_error
from edi.cli.usage import where_to_look, words_of
from edi.core.times import iso
from edi.errors import EdiError, UserError

INTERRUPTED = 130


_COMMANDS = {
    "init": "run:init",
    "demo": "demo:demo",
    "run": "run:run",
    "check": "check:check",
    "sign": "sign:sign",
    "verify": "verify:verify",
    "status": "status:status",
    "show": "show:show",
    "query": "query:query",
    "print": "print:print_",
    "log": "log:log",
    "evidence": "evidence:evidence",
    "customs": "customs:customs",
    "card": "card:card",
    "jobs": "jobs:jobs",
    "health": "operations:health",
    "metrics": "operations:metrics",
    "doctor": "operations:doctor",
    "channels": "channels:channels",
    "sftp-config": "sftp_config:sftp_config",
}
"""Module and function of each command."""


class _OnDemand(UserDict[str, click.Command]):
    """Commands, each imported when it is asked for: a question about an application needs no card reader."""

    def __missing__(self, name: str) -> click.Command:
        module, _, function = _COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(f"edi.cli.{module}"), function)
        self.data[name] = command
        return command

    def __contains__(self, name: object) -> bool:
        return name in _COMMANDS

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


@click.group(commands=_OnDemand(), context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(edi.__version__, prog_name="edi")
@options.home_of_all
def cli() -> None:
    """海关企业资质申报文件交换 / File exchange for customs qualification filings.

    退出码 exit codes: 0 正常 well, 1 有问题或被拒 findings or refusals, 2 用法或配置错误 usage or configuration,
    75 稍后重试 try later.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code; nobody is ever shown a traceback."""
    _write_on_any_terminal()
    session = options.Session()
    try:
        code = cli.main(arguments, prog_name="edi", standalone_mode=False, obj=session) or 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("已中断 / aborted", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        code = _wrong_usage(error)
    except EdiError as error:
        show_error(error.zh, error.en, error.problems if isinstance(error, UserError) else ())
        code = error.exit_code
    except Exception as error:  # noqa: BLE001 - the last net
        code = _unexpected(error, session.home or Path())
    sys.exit(code)


def _write_on_any_terminal() -> None:
    """What a terminal cannot show is escaped instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _wrong_usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return 2
    show_error(*words_of(error))
    if hint := where_to_look(error):
        click.echo(hint, err=True)
    return 2


def _unexpected(error: Exception, home: Path) -> int:
    """One message for people; what a programmer needs goes into a file."""
    what = f"{type(error).__name__}: {error}"
    told = "".join(traceback.format_exception(error))
    text = f"edi {edi.__version__}, Python {sys.version}\n{iso(system_clock())}\n{sys.argv}\n\n{told}"
    file = _keep(text, home)
    show_error(
        f"程序遇到意外情况（{what}），已停止；详细记录见 {file}，请交给系统管理员",
        f"The program met something unexpected ({what}) and stopped; the details are in {file}, hand it to the "
        "administrator",
    )
    return 1


def _keep(text: str, home: Path) -> str:
    """The file that holds `text`: in the workspace, where that cannot be written in the temporary folder."""
    for folder in (home.absolute() / "var", Path(tempfile.gettempdir())):
        try:
            descriptor, name = tempfile.mkstemp(prefix="edi-error-", suffix=".txt", dir=folder)
        except OSError:
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        return name
    return "（无处可写 / nowhere to write it）"
