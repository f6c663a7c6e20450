"""The `edi` command: the one place that turns errors into words and exit codes (exchange 12).

Exit codes: 0 well, 1 findings or refusals, 2 usage or configuration, 75 try later.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

import edi
from edi.cli.check import check
from edi.cli.customs import customs
from edi.cli.demo import demo
from edi.cli.log import log
from edi.cli.run import init, jobs, run
from edi.cli.sign import sign, verify
from edi.cli.status import show, status
from edi.errors import EdiError, UserError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(edi.__version__, prog_name="edi")
def cli() -> None:
    """海关企业资质申报文件交换 / File exchange for customs qualification filings.

    退出码 exit codes: 0 正常 well, 1 有问题或被拒 findings or refusals, 2 用法或配置错误 usage or configuration,
    75 稍后重试 try later.
    """


for command in (init, demo, run, check, sign, verify, status, show, log, customs, jobs):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code; a user's mistake never shows a traceback."""
    try:
        sys.exit(cli.main(arguments, prog_name="edi", standalone_mode=False) or 0)
    except click.exceptions.Abort:
        click.echo("已中断 / aborted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except EdiError as error:
        click.echo(f"错误：{error.zh}", err=True)
        click.echo(f"Error: {error.en}", err=True)
        for problem in error.problems if isinstance(error, UserError) else ():
            click.echo(f"  - {problem}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
