"""The result of `edi check` as one page for people: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from lxml.builder import E

import edi
from edi.cli.output import counted, severity_text
from edi.core.findings import Finding, Severity, has_errors
from edi.messages.receipt import xml_text

_STYLE = """
body { font: 15px/1.6 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; color: #222; max-width: 62em;
       margin: 2em auto; padding: 0 1em; }
h2 { font-size: 1.1em; margin: 2em 0 .5em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #ccc; padding: .3em .6em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f3f3f3; white-space: nowrap; }
.ok { color: #1a7f37; } .error { color: #b42318; } .warning { color: #9a6700; }
.en, .place { color: #666; font-size: .9em; }
code { font-family: ui-monospace, Consolas, monospace; font-size: .9em; }
"""


@dataclass(frozen=True)
class Result:
    """What was found in one file."""

    file: Path
    findings: tuple[Finding, ...]
    read: bool = True
    """False if the file could not be read at all."""

    @property
    def ok(self) -> bool:
        """True if nothing refuses it."""
        return not has_errors(self.findings)

    @property
    def errors(self) -> int:
        """How many findings refuse it."""
        return sum(has_errors([one]) for one in self.findings)


def html_report(results: Sequence[Result]) -> str:
    """The whole page."""
    bad = sum(not one.ok for one in results)
    page = E.html(
        E.head(
            E.meta(charset="utf-8"),
            E.meta(name="viewport", content="width=device-width"),
            E.title("报文检查结果 / Result of the check"),
            E.style(_STYLE),
        ),
        E.body(
            E.h1("报文检查结果"),
            E.p(
                f"共 {len(results)} 个文件，{bad} 个有错误。",
                _english(f"{counted(len(results), 'file')}, {bad} with errors."),
            ),
            _summary(results),
            *(part for one in results if one.findings for part in _details(one)),
            E.p(_english(f"edi {edi.__version__}")),
        ),
        lang="zh-CN",
    )
    return etree.tostring(page, method="html", encoding="unicode", doctype="<!DOCTYPE html>", pretty_print=True)


def _summary(results: Sequence[Result]) -> etree._Element:
    rows = [E.tr(E.td(_text(one.file)), E.td(_verdict(one))) for one in results]
    return E.table(E.tr(E.th("文件 file"), E.th("结果 result")), *rows)


def _verdict(one: Result) -> etree._Element:
    if one.ok:
        return E.span("通过 ok", {"class": "ok"})
    return E.span(f"{one.errors} 个错误 {counted(one.errors, 'error')}", {"class": "error"})


def _details(one: Result) -> Iterator[etree._Element]:
    yield E.h2(_text(one.file))
    heading = E.tr(E.th("代码 code"), E.th("位置 where"), E.th("问题和办法 what is wrong and what to do"))
    yield E.table(heading, *(_row(finding) for finding in one.findings))


def _row(finding: Finding) -> etree._Element:
    place = ":".join(str(number) for number in (finding.line, finding.column) if number)
    kind = "error" if finding.severity is Severity.ERROR else "warning"
    values = (("实际 found", finding.found), ("允许 allowed", finding.expected), ("依据 ground", finding.ground))
    return E.tr(
        E.td(E.span(severity_text(finding), {"class": kind}), E.br(), finding.code),
        E.td(E.code(_text(finding.path)), E.br(), E.span(place, {"class": "place"})),
        E.td(
            _text(finding.zh),
            E.br(),
            _english(finding.en),
            *(E.div(f"{name}：", E.code(_text(value))) for name, value in values if value),
        ),
    )


def _english(text: str) -> etree._Element:
    return E.span(_text(text), {"class": "en", "lang": "en"})


def _text(value: object) -> str:
    return xml_text(str(value))
