"""Prints 《报关单位备案信息表》: fills the form's sheet with the words of the contract and draws it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edi.adapters.contract import Shelf
from edi.adapters.field_words import SchemaWords
from edi.core.form import Form
from edi.core.node import Node
from edi.core.results import Document
from edi.core.status import Status
from edi.errors import UserError

log = logging.getLogger(__name__)

PrintForm = Callable[[Form, Node, str, Status | None], Document]


def build_printer(shelf: Shelf) -> PrintForm:
    """A printer that takes its words from the contract in `shelf`; each message type is read once."""
    words: dict[str, SchemaWords] = {}

    def print_form(form: Form, node: Node, application_no: str, status: Status | None) -> Document:
        if form.sheet is None:
            raise UserError(
                f"{form.name_zh}（{form.code}）没有《报关单位备案信息表》；只能打印备案申请和变更申请",
                f"{form.name_en} ({form.code}) has no filing form; print a filing or a change",
            )
        from edi.adapters.paper.drawing import draw  # noqa: PLC0415 - its library takes 0.1 s to load

        if form.code not in words:
            words[form.code] = SchemaWords.load(shelf, form)
        drawn = draw(form.sheet(node, application_no, status.text if status else "", words[form.code]))
        if drawn.missing:
            log.warning("打印字体缺少字符 %s，以〓代替 / the font lacks these characters", drawn.missing)
        return Document(file_name=_file_name(node, application_no), content=drawn.data)

    return print_form


def _file_name(node: Node, application_no: str) -> str:
    return f"报关单位备案信息表-{application_no or node.text('head/guid')}.pdf"
