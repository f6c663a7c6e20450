"""How results are shown to people and programs. Chinese first, English beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edi.core.findings import Finding, Severity


def console(*, stderr: bool = False) -> Console:
    """A console that keeps lines whole where its output goes into a pipe."""
    plain = Console(stderr=stderr, highlight=False)
    return plain if plain.is_terminal else Console(stderr=stderr, highlight=False, width=200, soft_wrap=True)


def show_json(values: Any) -> None:
    """Print values as JSON for programs."""
    click.echo(json.dumps(values, ensure_ascii=False, indent=2))


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; `columns` are its headings."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row))
    console().print(table)


def show_finding(finding: Finding) -> None:
    """Print one finding: where, what is wrong, what is allowed; Chinese first."""
    place = ":".join(str(number) for number in (finding.line, finding.column) if number)
    mark = click.style("错误" if finding.severity is Severity.ERROR else "警告", fg="red", bold=True)
    click.echo(f"  {mark} {finding.code}  {place}  {finding.path}".rstrip())
    click.echo(f"       {finding.zh}")
    click.echo(f"       {finding.en}")
    if finding.found:
        click.echo(f"       实际 found: {finding.found}")
    if finding.expected:
        click.echo(f"       允许 allowed: {finding.expected}")
    if finding.ground:
        click.echo(f"       依据 ground: {finding.ground}")
