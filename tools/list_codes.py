"""Lists the rules and codes of the contract, for docs/codes.md and the tests that hold it together."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from edi.adapters.contract import locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.core.form import Form

SCH = {"sch": "http://purl.oclc.org/dsdl/schematron"}


@dataclass(frozen=True)
class Rule:
    """One rule as it stands in the documentation."""

    code: str
    by: str
    """Who checks it."""
    text: str
    ground: str


def rules() -> list[tuple[Form, list[Rule]]]:
    """The rules of every form: those of its Schematron file, those of customs, those of the gateway."""
    return [
        (form, sorted({*_published(form), *_stateful(form)}, key=lambda rule: rule.code))
        for form in discover([own_forms_folder()])
    ]


def response_codes() -> Iterable[tuple[str, str, str]]:
    """Code, class and text of the platform's response codes."""
    with (locate_contract() / "codes" / "china_dxp_error_codes.csv").open(encoding="utf-8") as file:
        return [(row["code"], row["class"], row["text"]) for row in csv.DictReader(file)]


def _published(form: Form) -> Iterable[Rule]:
    """One line per code: what its asserts allow, in Chinese and English, and their grounds."""
    tree = etree.parse(locate_contract() / form.rules)
    allowed = {
        one.get("id"): " ".join("".join(one.itertext()).split()) for one in tree.iterfind(".//sch:property", SCH)
    }
    told: dict[str, dict[str, None]] = {}
    grounds: dict[str, dict[str, None]] = {}
    for assertion in tree.iterfind(".//sch:assert", SCH):
        code = assertion.get("id", "").partition(".")[0]
        told.setdefault(code, {})[allowed.get(assertion.get("properties"), "")] = None
        grounds.setdefault(code, {})[assertion.get("see", "")] = None
    for code, texts in told.items():
        yield Rule(
            code, "gateway, offline kit", "<br>".join(filter(None, texts)), "<br>".join(filter(None, grounds[code]))
        )


def _stateful(form: Form) -> Iterable[Rule]:
    for check in form.customs_checks:
        code, _, text = (check.__doc__ or "").partition(": ")
        yield Rule(code, "customs", text.split("\n")[0].rstrip("."), "海关登记 / customs' register")
    if form.reply:
        code, _, text = (form.reply.__doc__ or "").partition(", or ")[2].partition(": ")
        if code:
            yield Rule(code, "gateway", text.split("\n")[0].rstrip("."), "台账 / the ledger")
    if form.transit_code:
        yield Rule(
            form.transit_code,
            "gateway",
            "前一份尚未被海关接收时不能再提交 / none while an earlier one was not yet received by customs",
            "单一窗口用户手册《行政相对人统一管理》5.1.3",
        )
    yield Rule(
        form.conflict_code,
        "gateway, customs",
        "同一 guid 内容不同则不入库 / the same guid again with other content is not stored",
        "本项目约定 / project decision",
    )
