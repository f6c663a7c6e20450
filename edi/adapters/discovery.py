"""Finds the message types: every module in the given folders must define `FORM`.

Strict at the start, so that a half-written form is met by its author and not by a sender.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path

from edi.core.form import Form, Forms
from edi.errors import UserError


def own_forms_folder() -> Path:
    """The folder of the forms that come with this program."""
    return Path(__file__).resolve().parent.parent / "forms"


def discover(folders: Sequence[Path]) -> Forms:
    """All forms in `folders`. Raises UserError naming every file that is no form and every clash."""
    forms = [_load(file) for folder in folders for file in _modules(folder)]
    return Forms.of(forms)


def _modules(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        raise UserError(
            f"报文类型目录 {folder} 不存在；请检查配置 contract.forms",
            f"The folder of message types {folder} does not exist; check contract.forms in the configuration",
        )
    return sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))


def _load(file: Path) -> Form:
    spec = importlib.util.spec_from_file_location(f"edi_form_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UserError(f"无法载入报文类型 {file}", f"The message type {file} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    form = getattr(module, "FORM", None)
    if not isinstance(form, Form):
        raise UserError(
            f"{file} 没有定义 FORM；一个文件定义一种报文",
            f"{file} defines no FORM; one file defines one message type",
        )
    return form
