"""`edi status` and `edi show`: where applications stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edi.app import open_reader
from edi.cli import options
from edi.cli.output import show_finding, show_json, show_table
from edi.core.findings import Finding
from edi.errors import UserError

Record = dict[str, Any]
COLUMNS = (
    "申请统一编号 no.",
    "企业流水号 client no.",
    "报文 form",
    "申请企业 applicant",
    "状态 status",
    "更新时间 updated (UTC)",
)


@click.command()
@options.home
@options.as_json
@click.option("--balance", is_flag=True, help="文件收支是否相符 / files seen and what became of them.")
def status(home: Path, as_json: bool, balance: bool) -> None:
    """所有申请的当前状态 / The present status of all applications."""
    reader = open_reader(home)
    if balance:
        _balance(reader.balance(), as_json=as_json)
        return
    records = reader.applications()
    if as_json:
        show_json(records)
        return
    show_table(f"申请 applications: {len(records)}", COLUMNS, (row_of(one) for one in records))
    for held in reader.waiting():
        click.echo(f"暂缓 held: {held['target']} — {held['trouble']}（下次 next {held['due_at']}）")
    for alarm in reader.alarms():
        click.echo(f"告警 alarm: {alarm['at']} {alarm['kind']} {alarm['subject']} {alarm['detail']}")


def row_of(one: Record) -> tuple[str, ...]:
    """One application as a row of the status table."""
    applicant = f"{one['applicantName']} {one['applicant']}"
    status_text = f"{one['statusText']} {one['status']}"
    return (one["applicationNo"], one["clientSeqNo"], one["messageType"], applicant, status_text, one["updatedAt"][:19])


def _balance(outcomes: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        show_json({"claimed": sum(outcomes.values()), **outcomes})
        return
    show_table(
        "文件收支 balance",
        ("结果 outcome", "件数 files"),
        [("合计 claimed", sum(outcomes.values())), *outcomes.items()],
    )


@click.command()
@click.argument("key")
@options.home
@options.as_json
def show(key: str, home: Path, as_json: bool) -> int:
    """一个申请的全部经过：KEY 为申请统一编号、guid、企业流水号或文件名 / All about one application or file."""
    reader = open_reader(home)
    found = reader.find(key)
    files = [] if found else reader.files(key)
    if not found and not files:
        raise UserError(
            f"没有找到 {key}；请给出申请统一编号、guid、clientSeqNo 或投放的文件名",
            f"Nothing is known of {key}; give an application number, a guid, a clientSeqNo or the name of a file",
        )
    if as_json:
        records = found or files
        show_json(records[0] if len(records) == 1 else records)
        return 0
    for one in found:
        _show_application(one)
    for one in files:
        _show_file(one)
    return 0


def _show_application(one: Record) -> None:
    click.secho(f"{one['applicationNo']}  {one['statusText']} {one['status']}", bold=True)
    click.echo(f"  {one['applicantName']} {one['applicant']}，所在地海关 customs {one['customs']}")
    click.echo(
        f"  guid {one['guid']}，企业流水号 clientSeqNo {one['clientSeqNo'] or '—'}，文件 file {one['file']}（{one['channel']}）"
    )
    signer = one["signer"]
    click.echo(f"  签名 signed by {signer['person']}，{signer['enterprise']}（{signer['medium']} {signer['card_no']}）")
    if one["info"] not in ("", one["statusText"]):
        click.echo(f"  海关说明 info: {one['info']}")
    if one["opinion"]:
        click.echo(f"  海关审核意见 opinion: {one['opinion']}")
    for granted in one["results"].get("qualifications", ()):
        code = f"，备案编码 code {granted['filing_code']}" if granted["filing_code"] else ""
        click.echo(f"  资质 granted {granted['type']}{code}，{granted['valid_from']} … {granted['valid_until']}")
    for enrolled in one["results"].get("declarants", ()):
        click.echo(f"  报关人员 declarant {enrolled['name']}：{enrolled['declarant_no']}")
    for finding in one["findings"]:
        show_finding(Finding.from_json(finding))
    for event in one["history"]:
        info = event["detail"].get("info", "")
        click.echo(f"  {event['at'][:19]}  {event['toText'] or event['event']}  {info}".rstrip())


def _show_file(one: Record) -> None:
    click.secho(f"{one['file']}  {one['outcome']}  {one['seenAt'][:19]}", bold=True)
    for finding in one["findings"]:
        show_finding(Finding.from_json(finding))
