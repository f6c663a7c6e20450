"""`edi check`: the ERP author's kit. Checks messages offline, with the gateway's own examination."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click
from lxml import etree

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.files import read_regular
from edi.checks.parse import Limits
from edi.checks.trust import TrustPolicy
from edi.cli import options
from edi.cli.output import counted, show_finding, show_json
from edi.cli.report import Result, html_report
from edi.core.findings import Dxp, Finding, has_errors
from edi.core.form import Forms
from edi.gateway.examine import Examiner
from edi.messages.receipt import xml_text

UNREADABLE = 2
"""Exit code where a file could not be read at all."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "junit", "html"]),
    default="text",
    help="输出格式 / form of the output.",
)
@click.option("--schemas", multiple=True, type=options.Folder(exists=True), help="附加规范目录 / more schemas.")
@click.option("--forms", multiple=True, type=options.Folder(exists=True), help="附加报文类型 / more forms.")
def check(files: tuple[Path, ...], style: str, schemas: tuple[Path, ...], forms: tuple[Path, ...]) -> int:
    """离线检查报文 / Check messages offline.

    检查结构、代码、规则和签名完整性，与网关相同；不需要工作目录，不联网，未签名的报文也可检查。Schema, codes, rules and
    integrity as the gateway checks them; needs no workspace and no network; unsigned messages are fine.

    目录指其中的 *.xml。A folder stands for its *.xml. 有错误时退出码为 1，有文件读不到时为 2 / exit code 1 if any message
    has errors, 2 if a file cannot be read.
    """
    kit = _Kit.load(schemas, forms)
    results = [kit.check(file) for named in files for file in _files_in(named)]
    {"text": _text, "json": _json, "junit": _junit, "html": _html}[style](results)
    if not all(one.read for one in results):
        return UNREADABLE
    return int(not all(one.ok for one in results))


def _files_in(named: Path) -> Iterator[Path]:
    """The file itself; of a folder its messages, or the folder where it holds none."""
    messages = sorted(named.glob("*.xml")) if named.is_dir() else []
    yield from messages or [named]


@dataclass(frozen=True)
class _Kit:
    examiner: Examiner
    forms: Forms

    @classmethod
    def load(cls, schemas: tuple[Path, ...], forms: tuple[Path, ...]) -> _Kit:
        known = discover([own_forms_folder(), *forms])
        return cls(Examiner(known, load([locate_contract(), *schemas], known), TrustPolicy((), {})), known)

    def check(self, file: Path) -> Result:
        """What is to be said of a file, also where there is none."""
        limits = Limits()
        try:
            data = read_regular(file.resolve(strict=True), limits.file)
        except OSError as error:
            return Result(file, (_unreadable(file, error),), read=False)
        findings = self.examiner.check_offline(data, limits)
        return Result(file, tuple(self._tell_of_receipt(one) for one in findings))

    def _tell_of_receipt(self, finding: Finding) -> Finding:
        """Receipts and answers are no filings: their readers want to judge the signature."""
        root = finding.found.rpartition("}")[2]
        known = {f"{form.receipt_code}Message" for form in self.forms} | {"TechnicalAnswer"}
        if finding.code != Dxp.SCHEMA or root not in known:
            return finding
        return replace(
            finding,
            expected="",
            zh="这是回执，不是申报；核对签名请用 edi verify",
            en="This is a receipt, no filing; to judge its signature use `edi verify`",
        )


def _unreadable(file: Path, error: OSError) -> Finding:
    if file.is_dir():
        return Finding(
            code=Dxp.BAD_FORMAT, zh="目录中没有 *.xml 文件；请检查路径", en="No *.xml in this folder; check the path"
        )
    if isinstance(error, FileNotFoundError):
        return Finding(code=Dxp.BAD_FORMAT, zh="文件不存在；请检查路径", en="There is no such file; check the path")
    if error.errno == errno.EINVAL:
        return Finding(
            code=Dxp.BAD_FORMAT, zh="不是普通文件，无法检查", en="It is no regular file and cannot be checked"
        )
    bare = OSError(error.errno, error.strerror)
    return Finding(
        code=Dxp.BAD_FORMAT, zh=f"文件无法读取：{cause_zh(bare)}", en=f"The file cannot be read: {cause_en(bare)}"
    )


def _json(results: list[Result]) -> None:
    show_json(
        [
            {"file": str(one.file), "ok": one.ok, "findings": [finding.to_json() for finding in one.findings]}
            for one in results
        ]
    )


def _text(results: list[Result]) -> None:
    for one in results:
        errors = f"{one.errors} 个错误 {counted(one.errors, 'error')}"
        verdict = click.style("通过 ok", fg="green") if one.ok else click.style(errors, fg="red")
        click.echo(f"{one.file}: {verdict}")
        for finding in one.findings:
            show_finding(finding)
    if len(results) > 1:
        bad = sum(not one.ok for one in results)
        click.echo(f"共 {len(results)} 个文件，{bad} 个有错误 / {counted(len(results), 'file')}, {bad} with errors")


def _junit(results: list[Result]) -> None:
    """JUnit XML, so that a build server of the ERP shows refused messages as failed tests."""
    failures = sum(not one.ok for one in results)
    suite = etree.Element("testsuite", name="edi check", tests=str(len(results)), failures=str(failures))
    for one in results:
        case = etree.SubElement(suite, "testcase", classname="edi.check", name=xml_text(str(one.file)))
        for finding in one.findings:
            kind = "failure" if has_errors([finding]) else "system-out"
            note = etree.SubElement(case, kind)
            note.text = xml_text(
                f"{finding.code} {finding.path} ({finding.line}:{finding.column})\n{finding.zh}\n{finding.en}"
            )
            if kind == "failure":
                note.set("type", finding.code)
                note.set("message", xml_text(finding.zh))
    click.echo(etree.tostring(suite, encoding="unicode", pretty_print=True))


def _html(results: list[Result]) -> None:
    click.echo(html_report(results))
