"""The nightly receipt log for staff: one page and one table per China day and channel (exchange 13).

A day is reported once it is over. A day whose files are missing is reported by the next run, so that
nights on which the machine was off are made up for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from edi.adapters.files import write_whole
from edi.adapters.ledger_reader import OUTCOMES
from edi.app.channels import claims_on_disk
from edi.app.checking import build_forms
from edi.app.office import Office
from edi.app.ops.receipt_day import DayLog, Line, Proof
from edi.app.ops.receipt_pages import as_csv, as_html
from edi.app.words import OUTCOME_TEXT
from edi.core.status import Status, Verdict, status_of_code
from edi.core.times import CHINA, china, from_iso, iso

_UNFIT = r"[^-.\w]"
"""What of a channel's name does not go into the name of a file."""
LOOK_BACK = 31
"""Days that are made up for."""

_LINES = """
    select r.guid as receipt, r.code, r.time, r.received_at, r.verdict, a.guid, a.application_no, a.client_seq_no,
           a.applicant, a.applicant_name, a.customs, a.form, a.opinion, a.status, m.file_name
    from receipts r join applications a on a.guid = r.application join messages m on m.digest = a.message
    where r.received_at >= ? and r.received_at < ? and m.channel = ? order by r.received_at, r.rowid"""
_CHANNELS = """
    select channel from files where seen_at >= ? and seen_at < ? union
    select m.channel from receipts r join applications a on a.guid = r.application
    join messages m on m.digest = a.message where r.received_at >= ? and r.received_at < ?"""
_BORNE_OUT = """
    select count(*) from receipts r join applications a on a.guid = r.application join messages m on m.digest = a.message
    where r.received_at >= ? and r.received_at < ? and m.channel = ? and exists (
        select 1 from events where subject = r.application and kind in ('receipt', 'reply')
        and json_extract(detail, '$.receipt') = r.guid)"""


EFFECTS = {
    Verdict.MOVES.value: "状态更新",
    Verdict.KNOWN.value: "已知，未变",
    Verdict.CONTRADICTS.value: "与现状矛盾，未变",
}
_TONES = {
    Status.APPROVED: "good",
    Status.ISSUED: "good",
    Status.ANSWERED: "good",
    Status.DISAPPROVED: "bad",
    Status.REFUSED: "bad",
    Status.LODGE_FAILED: "bad",
}


def write_receipt_logs(office: Office) -> dict[str, int]:
    """Write the logs of all days that are over and have none; how many, and how many do not balance."""
    folder = office.config.reports.folder
    logs = unbalanced = 0
    for day, channel in list(_missing(office, folder)):
        log = day_log(office, channel, day)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        page, table = _files(folder, channel, day)
        write_whole({page: as_html(log).encode("utf-8"), table: as_csv(log).encode("utf-8-sig")})
        logs, unbalanced = logs + 1, unbalanced + (not log.balanced)
    return {"logs": logs, "unbalanced": unbalanced}


def day_log(office: Office, channel: str, day: date) -> DayLog:
    """What the ledger knows of a channel's day, from one view of it."""
    names = {one.code: one.name_zh for one in build_forms(office.config)}
    span = _span(day)
    claims = claims_on_disk(office.config)
    with office.reader.view() as ledger:
        rows = ledger.execute(_LINES, (*span, channel)).fetchall()
        lines = [_line(row, names) for row in rows]
        outcomes = _outcomes(ledger, channel, span)
        moved = int(ledger.execute(_BORNE_OUT, (*span, channel)).fetchone()[0])
    return DayLog(
        channel=channel,
        day=day,
        made_at=f"{office.clock().astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        lines=lines,
        statuses=_by_status(lines),
        outcomes=[(OUTCOME_TEXT[one], outcomes.get(one, 0)) for one in OUTCOMES],
        proofs=[
            Proof(
                zh="当日使状态更新的回执 = 其中有台账事件为证的",
                left=sum(row["verdict"] == Verdict.MOVES.value for row in rows),
                right=moved,
            ),
            *_whole_balance(office, claims),
        ],
    )


def _whole_balance(office: Office, claims: Sequence[str]) -> Iterator[Proof]:
    """The ledger's own balance, over all channels and days, when the log is made."""
    balance = office.reader.balance(claims)
    ends = sum(balance[one] for one in OUTCOMES)
    yield Proof(
        zh="全部文件：见到 = 受理 + 被拒 + 冲突 + 重复 + 隔离 + 在手",
        left=balance["seen"],
        right=ends + balance["inHand"],
    )
    yield Proof(zh="全部文件：与事件记录对不上 = 0", left=balance["unproven"], right=0)


def _outcomes(ledger: Connection, channel: str, span: tuple[str, str]) -> dict[str, int]:
    query = (
        "select outcome, count(*) as n from files where channel = ? and seen_at >= ? and seen_at < ? group by outcome"
    )
    return {row["outcome"]: row["n"] for row in ledger.execute(query, (channel, *span))}


def _line(row: Any, names: dict[str, str]) -> Line:
    reported = status_of_code(row["code"])
    return Line(
        application_no=row["application_no"],
        client_seq_no=row["client_seq_no"] or "",
        applicant=row["applicant"],
        applicant_name=row["applicant_name"] or "",
        form=row["form"],
        form_name=names.get(row["form"], row["form"]),
        customs=row["customs"] or "",
        code=row["code"],
        status=reported.text if reported else f"代码 {row['code']}",
        tone=_TONES.get(reported, "") if reported else "",
        effect=EFFECTS.get(row["verdict"], row["verdict"]),
        received=china(row["received_at"]),
        customs_time=china(row["time"]),
        opinion=(row["opinion"] or "") if reported and reported.token == row["status"] else "",
        file=row["file_name"],
    )


def _by_status(lines: Sequence[Line]) -> list[tuple[str, int]]:
    order = [one.text for one in Status]
    counted = Counter(one.status for one in lines)
    return sorted(counted.items(), key=lambda one: (order.index(one[0]) if one[0] in order else len(order), one[0]))


def _span(day: date) -> tuple[str, str]:
    """The China day in UTC, as the ledger writes moments."""
    start = datetime.combine(day, time(), CHINA)
    return iso(start), iso(start + timedelta(days=1))


def _missing(office: Office, folder: Path) -> Iterator[tuple[date, str]]:
    """Days that are over since the program was set up, with each channel that has no log for it."""
    today = office.clock().astimezone(CHINA).date()
    with office.reader.view() as ledger:
        query = "select min(at) from (select min(first_at) as at from job_runs union select min(at) from events)"
        first = ledger.execute(query).fetchone()[0]
        since = from_iso(first).astimezone(CHINA).date() if first else today
        for back in range(min(LOOK_BACK, (today - since).days), 0, -1):
            day = today - timedelta(days=back)
            heard = {row["channel"] for row in ledger.execute(_CHANNELS, _span(day) * 2)}
            for channel in sorted(heard | office.config.channels.keys()):
                if not all(file.exists() for file in _files(folder, channel, day)):
                    yield day, channel


def _files(folder: Path, channel: str, day: date) -> tuple[Path, Path]:
    stem = f"receipts-{day}-{re.sub(_UNFIT, '_', channel)}"
    return folder / f"{stem}.html", folder / f"{stem}.csv"
