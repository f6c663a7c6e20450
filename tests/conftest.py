"""Fixtures: one workspace is made per test run and copied for each test."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import settings

from edi.app.composition import open_app
from edi.app.service import run_once
from edi.app.workspace import create_workspace
from edi.cli.main import cli

settings.register_profile("untimed", deadline=None)  # machines are shared: no test is judged by its time
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A workspace as `edi init` makes it; not to be changed."""
    home = tmp_path_factory.mktemp("template") / "home"
    create_workspace(home)
    config = home / "config.toml"
    quick = config.read_text(encoding="utf-8").replace("settle_seconds = 1.0", "settle_seconds = 0.02")
    config.write_text(quick, encoding="utf-8")
    return home


@pytest.fixture
def home(template, tmp_path):
    """A fresh workspace of one's own."""
    copy = tmp_path / "home"
    shutil.copytree(template, copy)
    return copy


def pytest_terminal_summary(terminalreporter):
    """What an ordinary user cannot see tested is said, not passed over."""
    if os.geteuid():
        terminalreporter.write_line(
            "not root: SFTP accounts in chroots (`edi sftp-config`) and full disks were not tested"
        )


class Workspace:
    """A workspace as a person at the ERP's side sees it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def configure(self, old: str, new: str) -> None:
        """Put `new` into config.toml in the first place of `old`."""
        config = self.home / "config.toml"
        text = config.read_text("utf-8")
        assert old in text
        config.write_text(text.replace(old, new, 1), "utf-8")

    def drop(self, source: Path, name: str | None = None, channel: str = "demo") -> str:
        target = self.home / "inbox" / channel / (name or source.name)
        shutil.copyfile(source, target)
        return target.name

    def put(self, data: bytes, name: str, channel: str = "demo") -> str:
        (self.home / "inbox" / channel / name).write_bytes(data)
        return name

    def sample(self, name: str) -> Path:
        return next(iter(sorted((self.home / "samples").glob(f"**/{name}"))))

    def run(self):
        with open_app(self.home) as app:
            return run_once(app)

    def box(self, box: str, pattern: str = "*", channel: str = "demo") -> list[Path]:
        return sorted((self.home / "outbox" / channel / box).glob(pattern))

    def edi(self, *arguments: str, code: int = 0) -> str:
        """Run a command in the workspace, expecting an exit code; its standard output."""
        result = CliRunner().invoke(cli, [*arguments], env={"EDI_HOME": str(self.home)}, standalone_mode=False)
        if result.exception:
            raise result.exception
        assert (result.return_value or 0) == code, result.output
        return result.stdout

    def status(self) -> list[dict]:
        return json.loads(self.edi("status", "--json"))

    def show(self, key: str) -> dict:
        return json.loads(self.edi("show", key, "--json"))


@pytest.fixture
def workspace(home):
    return Workspace(home)
