"""What an application resulted in, for people: qualifications, numbers, certificate, answers to queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from edi.core.qualification import Qualification
from edi.core.results import Standing
from edi.core.status import Status
from edi.core.times import LONG_TERM

Record = dict[str, Any]


def show_results(results: Record) -> None:
    """Print the results as `edi.core.results.Results.to_json` tells them, indented, Chinese first."""
    for granted in results.get("qualifications", ()):
        click.echo(f"  资质 granted {_qualification(granted)}")
    for enrolled in results.get("declarants", ()):
        click.echo(f"  报关人员 declarant {enrolled['name']}：{enrolled['declarantNo']}")
    if certificate := results.get("certificate"):
        click.echo(
            f"  备案证明 certificate {certificate['certificateNo']}，签发 issued {certificate['issuedOn']}，"
            f"有效期至 valid until {_until(certificate['validUntil'])}，文件 file {certificate['fileName']}（InBox）"
        )
    for filing in results.get("filings", ()):
        for line in _filing(filing):
            click.echo(f"  {line}")
    for listed in results.get("applications", ()):
        status = Status[listed["status"]]
        click.echo(f"  申请 application {listed['applicationNo']} {listed['form']} {listed['nameZh']} {status.text}")
    if document := results.get("document"):
        click.echo(f"  文件 document {document['fileName']}（InBox）")


def _filing(filing: Record) -> Iterator[str]:
    yield f"{filing['nameZh']} {filing['uscc']}，所在地海关 customs {filing['competentCustoms']}，备案日期 recorded {filing['recordedOn']}"
    for one in filing["qualifications"]:
        yield f"  资质 {_qualification(one)}，{Standing[one['standing']].value} {one['standing']}"
    for one in filing["declarants"]:
        yield f"  报关人员 declarant {one['name']}：{one['declarantNo']}"
    for one in filing["certificates"]:
        status = Status[one["status"]]
        yield f"  备案证明 certificate {one['certificateNo']}，{one['issuedOn']}，{status.text} {status.token}"


def _qualification(one: Record) -> str:
    known = Qualification.__members__.get(one["type"])
    name = f"{known.value} {one['type']}" if known else one["type"]
    code = f"，备案编码 code {one['filingCode']}" if one["filingCode"] else ""
    return f"{name}{code}，有效期 valid {one['validFrom']} 至 {_until(one['validUntil'])}"


def _until(day: str) -> str:
    return "长期 long-term" if day == LONG_TERM else day
