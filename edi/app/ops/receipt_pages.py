"""The nightly receipt log as a page for people and as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from edi.app.ops.receipt_day import DayLog

COLUMNS = {
    "application_no": "申请统一编号",
    "client_seq_no": "企业流水号",
    "applicant": "统一社会信用代码",
    "applicant_name": "申请企业",
    "form": "报文",
    "form_name": "业务",
    "customs": "所在地海关",
    "code": "回执代码",
    "status": "状态",
    "effect": "处理",
    "received": "收到时间",
    "customs_time": "海关时间",
    "opinion": "审核意见",
    "file": "申报文件",
}
"""Fields of a line and the heads of the columns."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula."""
LONGEST_NUMBER = 11
"""Digits beyond which a spreadsheet would round or write a number as a power of ten."""


def as_html(log: DayLog) -> str:
    """A page of its own, all text escaped, no script, nothing loaded."""
    return _template().render(log=log)


def as_csv(log: DayLog) -> str:
    """A table with the heads of `COLUMNS`; the caller writes it as UTF-8 with a byte-order mark, as Excel wants it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS.values())
    for line in log.lines:
        writer.writerow(harmless(str(getattr(line, field))) for field in COLUMNS)
    return text.getvalue()


def harmless(value: str) -> str:
    """A cell that a spreadsheet shows as it is: neither run as a formula nor rounded as a number.

    Negative codes are numbers and stay as they are.
    """
    if value.isascii() and value.isdecimal() and len(value) > LONGEST_NUMBER:
        return f"\t{value}"
    if value.startswith(_FORMULA) and not value.removeprefix("-").isdecimal():
        return f"'{value}"
    return value


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("edi.app.ops", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("receipts.html.j2")
