"""Lists the attacks of tests/attacks and the limits of `edi.checks.limits`, for docs/security.md."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edi.checks import limits
from edi.checks.limits import DEFAULT_LIMITS

ATTACKS = Path(__file__).resolve().parent.parent / "tests" / "attacks"
FAMILIES = ("wrapping", "references", "algorithms", "certificates", "content", "resources", "gateway")
"""In the order of the page; the modules are `test_<family>.py`."""


@dataclass(frozen=True)
class Attack:
    """One test."""

    test: str
    text: str
    """What is attacked and how, with the source in brackets."""
    answer: str
    """What we do."""


@dataclass(frozen=True)
class Family:
    """One module of tests."""

    title: str
    attack: str
    defence: str
    attacks: tuple[Attack, ...]


def families() -> Iterator[Family]:
    """All attacks, module by module; first paragraph of a module: the attack, second: what we do."""
    for name in FAMILIES:
        tree = ast.parse((ATTACKS / f"test_{name}.py").read_text("utf-8"))
        attack, defence = _paragraphs(tree)
        title, _, rest = attack.partition(": ")
        tests = (one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))
        yield Family(title, rest, defence, tuple(map(_attack, tests)))


def limits_of_a_file() -> Iterator[tuple[str, int, str]]:
    """Name, default and meaning of every limit."""
    tree = ast.parse(Path(limits.__file__).read_text("utf-8"))
    (fields,) = (one.body for one in tree.body if isinstance(one, ast.ClassDef))
    for field, told in itertools.pairwise(fields):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            value = getattr(DEFAULT_LIMITS, field.target.id)
            yield field.target.id, value, _one_line(ast.literal_eval(told.value) if isinstance(told, ast.Expr) else "")


def _attack(test: ast.FunctionDef) -> Attack:
    text, answer = _paragraphs(test)
    codes = [
        ", ".join(ast.literal_eval(argument) for argument in one.args)
        for one in test.decorator_list
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in ("attack", "costly")
    ]
    return Attack(test.name, text, f"refused: {codes[0]}" if codes else answer)


def _paragraphs(node: ast.Module | ast.FunctionDef) -> tuple[str, str]:
    """The first paragraph of a docstring, and the others."""
    first, _, others = (ast.get_docstring(node) or "").partition("\n\n")
    return _one_line(first), _one_line(others)


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
