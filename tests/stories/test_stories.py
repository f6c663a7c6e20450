"""Stories a customs officer could read: each folder is one, played from the first step to the last."""

import json
from pathlib import Path

import pytest

from edi.adapters.contract import locate_contract
from tests.stories.teller import Teller, steps_of

HERE = Path(__file__).parent
STORIES = sorted(path.parent for path in HERE.glob("*/story.toml"))


def test_there_are_stories():
    assert len(STORIES) >= 3


@pytest.mark.parametrize("folder", STORIES, ids=lambda folder: folder.name)
def test_story(folder, workspace):
    parties = json.loads((locate_contract() / "qlf/samples/parties.json").read_text("utf-8"))
    for register in (workspace.home / "customs").glob("register.sqlite*"):
        register.unlink()
    teller = Teller(workspace, folder, parties)
    for step in steps_of(folder):
        teller.play(step)
