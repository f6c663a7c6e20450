"""`edi show`: all about one application or one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edi.app.home import open_reader
from edi.app.words import OUTCOME_TEXT, held_words, outcome
from edi.cli import options
from edi.cli.output import show_finding, show_json, show_words
from edi.cli.results import show_results
from edi.core.findings import Finding
from edi.core.times import china
from edi.errors import UserError

Record = dict[str, Any]

_EVENTS = {
    "save": "暂存",
    "replace": "替换暂存内容",
    "draft_deleted": "删除暂存",
    "submit": "提交",
    "resend": "重新送海关",
    "ask_again": "久无回执，原样再送海关",
    "receipt": "海关回执",
    "reply": "网关答复",
    "alarm_contradiction": "回执与现状矛盾，未作改动",
}


@click.command()
@click.argument("key")
@options.home
@options.as_json
def show(key: str, home: Path, as_json: bool) -> int:
    """一个申请或文件的全部经过 / All about one application or file.

    KEY 为申请统一编号、guid、企业流水号或投放的文件名。KEY is an application number, a guid, a clientSeqNo or the name of a
    file that was dropped.
    """
    reader = open_reader(home)
    found = reader.find(key)
    files = [] if found else reader.files(Path(key).name)
    if not found and not files:
        raise UserError(
            f"没有找到 {key}；请给出申请统一编号、guid、clientSeqNo 或投放的文件名",
            f"Nothing is known of {key}; give an application number, a guid, a clientSeqNo or the name of a file",
        )
    if as_json:
        records = found or [_file_json(one) for one in files]
        show_json(records[0] if len(records) == 1 else records)
        return 0
    for one in found:
        _show_application(one)
    for one in files:
        _show_file(one)
    return 0


def _file_json(one: Record) -> Record:
    """The file's record; the details of its application too, if it brought exactly one."""
    record = one | {"outcomeText": OUTCOME_TEXT.get(one["outcome"], "")}
    if len(one["applications"]) != 1:
        return record
    (application,) = one["applications"]
    kept = {name: application[name] for name in ("history", "opinion", "results")}
    return record | kept | {"findings": [*one["findings"], *application["findings"]]}


def _show_file(one: Record) -> None:
    click.secho(f"{one['file']}  {outcome(one)}  {china(one['seenAt'])}（北京时间）", bold=True)
    first = one.get("first")
    if first:
        when = china(first["seenAt"])
        click.echo(f"  与 {first['file']}（{when}）内容相同，已重发原回执")
        click.echo(f"  Same content as {first['file']} ({when}); its answer and receipts were sent again")
    for finding in one["findings"]:
        show_finding(Finding.from_json(finding))
    for application in one["applications"]:
        _show_application(application)


def _show_application(one: Record) -> None:
    click.secho(f"{one['applicationNo']}  {one['statusText']} {one['status']}", bold=True)
    click.echo(f"  {one['applicantName']} {one['applicant']}，所在地海关 customs {one['customs']}")
    click.echo(
        f"  guid {one['guid']}，企业流水号 clientSeqNo {one['clientSeqNo'] or '—'}，文件 file {one['file']}（{one['channel']}）"
    )
    signer = one["signer"]
    click.echo(f"  签名 signed by {signer['person']}，{signer['enterprise']}（{signer['medium']} {signer['card_no']}）")
    if one["info"] not in ("", one["statusText"], one["opinion"]):
        click.echo(f"  海关说明 info: {one['info']}")
    if one["opinion"]:
        click.echo(f"  海关审核意见 opinion: {one['opinion']}")
    show_results(one["results"])
    for finding in one["findings"]:
        show_finding(Finding.from_json(finding))
    for task in one["held"]:
        show_words("暂缓 held: ", held_words(task), "  ")
    _show_history(one)


def _show_history(one: Record) -> None:
    """Every event with its moment; what customs wrote only where it says more than the status and was not just said."""
    click.echo("  经过 history（北京时间）")
    said = {one["info"], one["opinion"]}
    for event in one["history"]:
        detail = event["detail"]
        word = " ".join(map(str, filter(None, (_EVENTS.get(event["event"], event["event"]), detail.get("code")))))
        text = f"{event['toText']}（{word}）" if event["toText"] else word
        info = detail.get("info", "").removeprefix(event["toText"]).lstrip("：")
        new = info and not any(info in known for known in said)
        by_customs = event["event"] == "receipt" and detail.get("returnTime")
        when = f"海关时间 customs' time {china(detail['returnTime'])}" if by_customs else ""
        click.echo("  " + "  ".join(filter(None, (china(event["at"]), text, info if new else "", when))))
        said.add(info)
