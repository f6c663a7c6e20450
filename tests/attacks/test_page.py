"""docs/security.md and these tests say the same: every test stands on the page, and every name on the page is a test."""

import re
from pathlib import Path

from . import test_gateway
from .corpus import FAMILIES

ROOT = Path(__file__).resolve().parents[2]


def test_every_attack_stands_on_the_page_and_every_name_is_a_test():
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+)` \|$", page, re.MULTILINE)
    tests = [
        name
        for one in (*FAMILIES, test_gateway)
        for name, each in vars(one).items()
        if name.startswith("test_") and callable(each)
    ]
    assert sorted(named) == sorted(tests)
    assert len(set(tests)) == len(tests), "a name is used in two modules"


def test_every_attack_has_a_source_and_an_answer():
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.endswith("` |") and "`test_" in line]
    for row in rows:
        _, attack, answer, _, _ = re.split(r"(?<!\\)\|", row)
        assert re.search(r"\([^()]+(\([^()]*\)[^()]*)*\)\. ?$", attack), row
        assert answer.strip(), row
