"""`edi status`: where applications stand, what became of files, what is held back, whether the books balance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from edi.adapters.config import load_config
from edi.adapters.ledger_reader import OUTCOMES, LedgerReader
from edi.app.channels import claims_on_disk
from edi.app.home import CONFIG_FILE, open_reader
from edi.app.words import OUTCOME_TEXT, Words, alarm_words, held_words, outcome, still_open
from edi.cli import options
from edi.cli.output import on_terminal, show_json, show_table, show_words
from edi.core.times import china

Record = dict[str, Any]

_APPLICATIONS = (
    "申请统一编号 no.",
    "企业流水号 client no.",
    "报文 form",
    "申请企业 applicant",
    "状态 status",
    "更新时间 updated（北京时间）",
)
_FILES = ("文件 file", "通道 channel", "结果 outcome", "收到时间 received（北京时间）", "代码 codes")


@click.command()
@options.home
@options.as_json
@click.option("--files", is_flag=True, help="列出文件及其结果 / list the files and what became of them.")
@click.option("--refused", is_flag=True, help="只列被拒和隔离的文件 / only files refused or in quarantine.")
@click.option("--held", is_flag=True, help="列出因故暂缓的事项和告警 / what an outage holds back, and alarms.")
@click.option(
    "--all", "everything", is_flag=True, help="与 --held 同用，含已恢复的告警 / with --held, past alarms too."
)
@click.option("--balance", is_flag=True, help="文件收支是否相符 / do the files seen and their outcomes balance.")
def status(home: Path, as_json: bool, files: bool, refused: bool, held: bool, everything: bool, balance: bool) -> int:
    """申请、文件的当前状态 / Where applications and files stand.

    不带选项列出所有申请。Without options all applications are listed. --balance 不符时退出码为 1 / exit code 1 if the
    balance does not hold.
    """
    if balance:
        return _balance(home, as_json=as_json)
    reader = open_reader(home)
    if held or everything:
        _held(reader, everything=everything, as_json=as_json)
    elif files or refused:
        _files(reader.refused_files() if refused else reader.all_files(), as_json=as_json)
    else:
        _applications(reader, as_json=as_json)
    return 0


def _applications(reader: LedgerReader, *, as_json: bool) -> None:
    records = reader.applications()
    if as_json:
        show_json(records)
        return
    show_table(
        f"申请 applications: {len(records)}",
        _APPLICATIONS,
        [_row(one) for one in records],
        expendable=(_APPLICATIONS[2], _APPLICATIONS[5], _APPLICATIONS[1]),
        empty="没有申请 / no applications",
    )
    for line in _foot(reader):
        click.echo(line, err=not on_terminal())


def _row(one: Record) -> tuple[str, ...]:
    applicant = f"{one['applicantName']} {one['applicant']}"
    status_text = f"{one['statusText']} {one['status']}"
    return (
        one["applicationNo"],
        one["clientSeqNo"],
        one["messageType"],
        applicant,
        status_text,
        china(one["updatedAt"]),
    )


def _foot(reader: LedgerReader) -> list[str]:
    """What the table of applications does not show."""
    lines = []
    outcomes = reader.outcomes()
    refused, repeated, aside = (
        outcomes["REFUSED"] + outcomes["CONFLICT"],
        outcomes["DUPLICATE"],
        outcomes["QUARANTINED"],
    )
    if refused or repeated or aside:
        lines.append(
            f"被拒文件 {refused}，重复 {repeated}，隔离 {aside}（edi status --files 查看） / "
            f"files refused {refused}, repeated {repeated}, in quarantine {aside}"
        )
    held = reader.waiting()
    alarms = still_open(reader.alarms(), held)
    if held or alarms:
        lines.append(
            f"暂缓 {len(held)} 项，告警 {len(alarms)} 条（edi status --held 查看） / held {len(held)}, alarms {len(alarms)}"
        )
    return lines


def _files(records: Sequence[Record], *, as_json: bool) -> None:
    if as_json:
        show_json([one | {"outcomeText": OUTCOME_TEXT.get(one["outcome"], ""), "codes": codes(one)} for one in records])
        return
    show_table(
        f"文件 files: {len(records)}",
        _FILES,
        [(one["file"], one["channel"], outcome(one), china(one["seenAt"]), " ".join(codes(one))) for one in records],
        expendable=(_FILES[1], _FILES[3]),
        empty="没有文件 / no files",
    )


def codes(one: Record) -> list[str]:
    """Codes of a file's findings, each once, in order."""
    return list(dict.fromkeys(finding["code"] for finding in one["findings"]))


def _held(reader: LedgerReader, *, everything: bool, as_json: bool) -> None:
    held, alarms = reader.waiting(), reader.alarms()
    shown = alarms if everything else still_open(alarms, held)
    if as_json:
        show_json(
            {
                "held": [_with_words(one, held_words(one)) for one in held],
                "alarms": [_with_words(one, alarm_words(one)) for one in shown],
            }
        )
        return
    for one in held:
        show_words("暂缓 held: ", held_words(one))
    for one in shown:
        over = "（已恢复 over）" if one["over"] else ""
        show_words(f"告警 alarm: {china(one['at'])}（北京时间）{over} ", alarm_words(one))
    if not held and not shown:
        click.echo("没有暂缓的事项，也没有告警 / nothing is held, no alarms")


def _with_words(one: Record, words: Words) -> Record:
    return one | {"zh": words.zh, "en": words.en}


def _balance(home: Path, *, as_json: bool) -> int:
    """Files on the disk are counted first: one that is entered meanwhile is then found in the ledger."""
    config = load_config(home / CONFIG_FILE)
    claims = claims_on_disk(config)
    balance = LedgerReader(config.gateway.ledger).balance(claims)
    if as_json:
        show_json(balance)
        return int(not balance["balanced"])
    show_table(
        "文件收支 balance",
        ("结果 outcome", "件数 files"),
        [
            ("见到的文件 seen", balance["seen"]),
            *((f"{OUTCOME_TEXT[one]} {one}", balance[one]) for one in OUTCOMES),
            ("在手 IN_HAND", balance["inHand"]),
        ],
    )
    if balance["unproven"]:
        click.echo(
            f"{balance['unproven']} 个文件与事件记录对不上 / files not borne out by events: {balance['unproven']}"
        )
    click.echo("相符 balanced" if balance["balanced"] else "不符 NOT balanced")
    return int(not balance["balanced"])
