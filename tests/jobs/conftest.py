import shutil

import pytest

from edi.app.workspace import create_workspace
from tests.office import Hand, Night


@pytest.fixture(scope="session")
def template_by_clock(tmp_path_factory):
    """A workspace made on a Monday at noon; not to be changed."""
    home = tmp_path_factory.mktemp("night") / "home"
    create_workspace(home, Hand())
    config = home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("settle_seconds = 1.0", "settle_seconds = 0.0"), "utf-8")
    return home


@pytest.fixture
def night(template_by_clock, tmp_path):
    """A fresh workspace on a Monday at noon."""
    home = tmp_path / "home"
    shutil.copytree(template_by_clock, home)
    return Night(home, Hand())
