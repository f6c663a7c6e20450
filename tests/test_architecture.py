"""The house rules that a machine can hold: short functions, modules about one thing, no hidden clock."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "edi").rglob("*.py"))
PURE = ("core", "messages", "checks", "forms")
LONGEST_FUNCTION = 40
LONGEST_MODULE = 400


def functions(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def code_lines(function):
    """Lines of the body; the docstring is for the reader and does not count."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_modules_and_functions_are_short_and_told(file):
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says first what it is for"
    assert len(text.splitlines()) <= LONGEST_MODULE
    assert [one.name for one in functions(tree) if code_lines(one) > LONGEST_FUNCTION] == []


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_read_no_clock_and_open_no_file(room):
    forbidden = {"now", "utcnow", "today", "open", "time", "monotonic", "urandom", "uuid4"}
    called = set()
    for file in (ROOT / "edi" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                called.add(name)
    if room == "checks":
        called.discard("open")  # zipfile's members are opened from bytes, not from the disk
    assert called & forbidden == set()


def test_floors_are_kept():
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_a_question_needs_nothing_of_what_a_filing_needs():
    """`edi show` is asked for at every telephone call: it starts without transports, scheduler, cards and migrations."""
    code = "import sys; from edi.__main__ import main; import edi.cli.main, edi.cli.show; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    unneeded = {"paramiko", "sqlite_utils", "apscheduler.schedulers", "smartcard", "watchdog", "xmlschema", "numpy"}
    assert not unneeded & set(done.stdout.split())
