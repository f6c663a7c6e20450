"""`edi demo`: the whole story on samples, ending with the table of applications and receipts."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import click

from edi.adapters.files import regular_files
from edi.app.composition import App, open_app
from edi.app.service import run_once
from edi.app.words import outcome
from edi.app.workspace import create_workspace
from edi.cli import options
from edi.cli.output import quoted, show_finding, show_table
from edi.core.findings import Finding
from edi.core.status import Status

Record = dict[str, Any]

_CLEAN = ("DEMO-", "AGENT-")
_GOOD_ENDS = (Status.APPROVED, Status.ISSUED, Status.ANSWERED)
"""Where the clean samples must end."""
_NOT_IN_ONE_DAY = (Status.VOID,)
"""A certificate becomes void by a newer one, and there is one a day (QLF-120)."""


@click.command()
@click.argument("directory", required=False, type=options.Folder())
def demo(directory: Path | None) -> int:
    """演示全过程 / The whole story on samples.

    样例从投放到审批通过，最后列出结果。不给目录则用临时目录。From the drop to approval, with a table of results; without
    DIRECTORY a temporary one is used.
    """
    home = directory or Path(tempfile.mkdtemp(prefix="edi-demo-"))
    samples = create_workspace(home)
    click.echo(f"1. 新建工作目录 workspace: {home}（{samples} 份已签名样例 signed samples）")
    dropped = _drop(home)
    click.echo(
        f"2. 向 inbox/demo 和 inbox/agent 投放 {dropped} 份报文 / {dropped} messages dropped into inbox/demo and inbox/agent"
    )
    with open_app(home) as app:
        work = run_once(app)
        click.echo(f"3. 网关与模拟海关运行完毕：文件 {work.files}，回执 {work.receipts} / files and receipts processed")
        records = app.reader.applications()
        details = {one["guid"]: app.reader.find(one["guid"])[0] for one in records}
        _show_applications(list(details.values()))
        _show_refused(app)
    _show_boxes(home)
    click.echo(f"\n再看 look further: cd {quoted(home)} && edi status; edi show DEMO-2026-0001; edi customs queue")
    return _verdict(records)


def _drop(home: Path) -> int:
    """Clean samples, one filing for each other row of the status table, and one that is refused."""
    files = [
        *sorted((home / "samples").glob("*.xml")),
        *sorted((home / "samples" / "scenarios").glob("*.xml")),
        *sorted((home / "samples" / "bad").glob("QLF-012*.xml"))[:1],
    ]
    for file in files:
        shutil.copy(file, home / "inbox" / "demo" / file.name)
    certificates = sorted((home / "samples" / "agent").glob("*-certificate-*.xml"))
    for file in certificates:
        shutil.copy(file, home / "inbox" / "agent" / file.name)
    return len(files) + len(certificates)


def _show_applications(records: list[Record]) -> None:
    click.echo("\n4. 申请、状态与回执 applications, statuses, receipts")
    show_table(
        "",
        ("文件 file", "申请企业 applicant", "状态 status", "回执 receipts", "结果或原因 results or reason"),
        (
            (one["file"], one["applicantName"], f"{one['statusText']}\n{one['status']}", _codes(one), _outcome(one))
            for one in records
        ),
    )
    counted = Counter(Status[one["status"]] for one in records)
    click.echo("\n状态表 status table")
    show_table(
        "",
        ("状态 status", "代号 token", "件数"),
        ((one.text, one.token, counted[one]) for one in Status),
    )


def _codes(one: Record) -> str:
    return " → ".join(
        str(event["detail"]["code"]) for event in one["history"] if event["event"] in ("receipt", "reply")
    )


def _outcome(one: Record) -> str:
    granted = [f"{q['type']} {q['filingCode']}".strip() for q in one["results"].get("qualifications", ())]
    if certificate := one["results"].get("certificate"):
        granted.append(certificate["certificateNo"])
    findings = [f"{finding['code']} {finding['zh']}" for finding in one["findings"]]
    reason = one["opinion"] or (one["info"] if not granted and one["info"] != one["statusText"] else "")
    return "\n".join([*granted, *findings, reason]).strip()


def _show_refused(app: App) -> None:
    click.echo("\n5. 被网关拒绝的文件 files the gateway refused")
    for one in app.reader.refused_files():
        click.echo(f"{one['file']}  {outcome(one)}")
        for finding in one["findings"]:
            show_finding(Finding.from_json(finding))


def _show_boxes(home: Path) -> None:
    click.echo("\n6. 收发箱 boxes")
    for box in ("SentBox", "FailBox", "InBox"):
        names = sorted(entry.name for entry in regular_files(home / "outbox" / "demo" / box))
        kinds = Counter(_kind(name) for name in names) if box == "InBox" else Counter({"原文件 originals": len(names)})
        click.echo(f"  outbox/demo/{box}: " + "，".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))


def _kind(name: str) -> str:
    if name.endswith(".status.json"):
        return "*.status.json"
    return f"{name.partition('_')[0]}_*{Path(name).suffix}"


def _verdict(records: list[Record]) -> int:
    """1 if the story did not end as it must: a demonstration that fails silently is none."""
    reached = {record["status"] for record in records}
    missing = [one.text for one in Status if one.token not in reached and one not in _NOT_IN_ONE_DAY]
    good = {one.token for one in _GOOD_ENDS}
    unfinished = [one["file"] for one in records if one["clientSeqNo"].startswith(_CLEAN) and one["status"] not in good]
    for name in (*missing, *unfinished):
        click.echo(f"演示未达预期 the demonstration fell short: {name}", err=True)
    return int(bool(missing or unfinished))
