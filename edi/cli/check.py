"""`edi check`: the ERP author's kit. Checks messages offline, with the gateway's own examination."""

from __future__ import annotations

from pathlib import Path

import click
from lxml import etree

from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.checks.parse import Limits
from edi.checks.trust import TrustPolicy
from edi.cli import options
from edi.cli.output import show_finding, show_json
from edi.core.findings import Finding, has_errors
from edi.gateway.examine import Examiner


@click.command()
@click.argument("files", nargs=-1, required=True, type=options.file)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    help="输出格式 / form of the output.",
)
@click.option(
    "--schemas", multiple=True, type=click.Path(path_type=Path, exists=True), help="附加规范目录 / more schemas."
)
@click.option("--forms", multiple=True, type=click.Path(path_type=Path, exists=True), help="附加报文类型 / more forms.")
def check(files: tuple[Path, ...], style: str, schemas: tuple[Path, ...], forms: tuple[Path, ...]) -> int:
    """离线检查报文：结构、代码、规则、签名完整性 / Check messages offline: schema, codes, rules, integrity.

    不需要工作目录，不联网，未签名的报文也可检查。Needs no workspace and no network; unsigned messages are fine.
    有错误时退出码为 1 / exit code 1 if any message has errors.
    """
    examiner = _examiner(schemas, forms)
    results = [(file, examiner.check_offline(file.read_bytes(), Limits())) for file in files]
    {"text": _text, "json": _json, "junit": _junit}[style](results)
    return int(any(has_errors(findings) for _, findings in results))


def _examiner(schemas: tuple[Path, ...], forms: tuple[Path, ...]) -> Examiner:
    known = discover([own_forms_folder(), *forms])
    return Examiner(known, load([locate_contract(), *schemas], known), TrustPolicy((), {}))


Results = list[tuple[Path, list[Finding]]]


def _json(results: Results) -> None:
    show_json(
        [
            {"file": str(file), "ok": not has_errors(findings), "findings": [one.to_json() for one in findings]}
            for file, findings in results
        ]
    )


def _text(results: Results) -> None:
    for file, findings in results:
        errors = sum(has_errors([one]) for one in findings)
        verdict = click.style("通过 ok", fg="green") if not errors else click.style(f"{errors} 个错误 errors", fg="red")
        click.echo(f"{file}: {verdict}")
        for finding in findings:
            show_finding(finding)


def _junit(results: Results) -> None:
    """JUnit XML, so that a build server of the ERP shows refused messages as failed tests."""
    failures = sum(has_errors(findings) for _, findings in results)
    suite = etree.Element("testsuite", name="edi check", tests=str(len(results)), failures=str(failures))
    for file, findings in results:
        case = etree.SubElement(suite, "testcase", classname="edi.check", name=str(file))
        for finding in findings:
            kind = "failure" if has_errors([finding]) else "system-out"
            note = etree.SubElement(case, kind)
            note.text = f"{finding.code} {finding.path} ({finding.line}:{finding.column})\n{finding.zh}\n{finding.en}"
            if kind == "failure":
                note.set("type", finding.code)
                note.set("message", finding.zh)
    click.echo(etree.tostring(suite, encoding="unicode", pretty_print=True))
