"""How results are shown to people and programs. Chinese first, English beside it.

People see China time and tables that fit their terminal; a pipe gets tab-separated lines; JSON has
camelCase keys and times in UTC.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from edi.app.words import Words
from edi.core.findings import Finding, Severity

_UNLIMITED = 10_000
"""Columns of a screen on which every table fits."""
_SNAKE = re.compile(r"(?<=[a-z0-9])_([a-z0-9])")


def on_terminal() -> bool:
    """True if a person looks at the output."""
    return sys.stdout.isatty()


def console(*, stderr: bool = False) -> Console:
    """A console that keeps lines whole where its output goes into a pipe."""
    plain = Console(stderr=stderr, highlight=False)
    return plain if plain.is_terminal else Console(stderr=stderr, highlight=False, width=200, soft_wrap=True)


def show_json(values: Any) -> None:
    """Print values as JSON for programs; what the terminal cannot write is escaped as JSON does it."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    click.echo(json.dumps(camel(values), ensure_ascii=encoding != "utf8", indent=2, default=str))


def camel(values: Any) -> Any:
    """The same values with keys such as `filing_code` written `filingCode`."""
    if isinstance(values, dict):
        return {_SNAKE.sub(_upper, str(key)): camel(one) for key, one in values.items()}
    return [camel(one) for one in values] if isinstance(values, list | tuple) else values


def _upper(found: re.Match[str]) -> str:
    return found.group(1).upper()


def show_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    expendable: Sequence[str] = (),
    empty: str = "没有记录 / nothing to show",
) -> None:
    """Print a table; of `expendable` columns the first go where the screen is too narrow for all."""
    listed = [[str(value) for value in row] for row in rows]
    if not on_terminal():
        for row in (columns, *listed):
            click.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    if not listed:
        click.echo(empty)
        return
    screen = console()
    dropped: set[str] = set()
    for candidate in (None, *expendable):
        dropped |= {candidate} if candidate else set()
        table = _table(title, columns, listed, dropped)
        if Measurement.get(screen, screen.options.update(width=_UNLIMITED), table).maximum <= screen.width:
            break
    screen.print(table)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], dropped: set[str]) -> Table:
    kept = [number for number, column in enumerate(columns) if column not in dropped]
    table = Table(title=title, title_justify="left", header_style="bold")
    for number in kept:
        table.add_column(columns[number], overflow="fold")
    for row in rows:
        table.add_row(*(escape(row[number]) for number in kept))
    return table


def show_finding(finding: Finding) -> None:
    """Print one finding: where, what is wrong, what is allowed; Chinese first."""
    place = ":".join(str(number) for number in (finding.line, finding.column) if number)
    mark = click.style(severity_text(finding), fg="red" if finding.severity is Severity.ERROR else "yellow", bold=True)
    click.echo("  " + "  ".join(filter(None, (f"{mark} {finding.code}", place, finding.path))))
    click.echo(f"       {finding.zh}")
    click.echo(f"       {finding.en}")
    if finding.found:
        click.echo(f"       实际 found: {finding.found}")
    if finding.expected:
        click.echo(f"       允许 allowed: {finding.expected}")
    if finding.ground:
        click.echo(f"       依据 ground: {finding.ground}")


def severity_text(finding: Finding) -> str:
    """How much the finding weighs, in Chinese."""
    return "错误" if finding.severity is Severity.ERROR else "警告"


def show_error(zh: str, en: str, problems: Iterable[str] = ()) -> None:
    """Say on the error stream what went wrong."""
    click.echo(f"错误：{zh}", err=True)
    click.echo(f"Error: {en}", err=True)
    for problem in problems:
        click.echo(f"  - {problem}", err=True)


def show_words(mark: str, words: Words, indent: str = "") -> None:
    """Print a sentence, Chinese first."""
    click.echo(f"{indent}{mark}{words.zh}")
    click.echo(f"{indent}  {words.en}")


def quoted(path: Path | str) -> str:
    """A path as it can be pasted into a shell."""
    return shlex.quote(str(path))


def counted(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
