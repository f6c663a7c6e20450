"""The command line as a person at a terminal or a program behind a pipe meets it."""

import shutil
import sys
from dataclasses import dataclass
from importlib import import_module

import pytest
from rich.console import Console

from edi.cli import output
from edi.cli.main import main
from tests.conftest import Workspace


@dataclass(frozen=True)
class Said:
    """What a call of `edi` ended with."""

    code: int
    out: str
    err: str


@pytest.fixture
def edi(capsys):
    """Calls the program as its entry point does, with exit code and both streams."""

    def call(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(one) for one in arguments])
        return Said(left.value.code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def done(template, tmp_path_factory):
    """A workspace with two filings approved, one refused, one repeated; not to be changed."""
    home = tmp_path_factory.mktemp("done") / "home"
    shutil.copytree(template, home)
    workspace = Workspace(home)
    for name in ("01-BROKER.xml", "02-TRADER.xml", "QLF-016-no-valid-until.xml"):
        workspace.drop(workspace.sample(name))
    workspace.run()
    workspace.drop(workspace.sample("02-TRADER.xml"), "again.xml")
    workspace.run()
    return workspace


@pytest.fixture
def terminal(monkeypatch):
    """Makes the output a terminal of the given width."""

    def of_width(width):
        for module in (output, *(import_module(f"edi.cli.{name}") for name in ("status", "run", "customs"))):
            monkeypatch.setattr(module, "on_terminal", lambda: True)
        monkeypatch.setattr(output, "console", lambda: Console(file=sys.stdout, width=width))

    return of_width
