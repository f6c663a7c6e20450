"""`edi customs`: the simulated customs as its own program, and the desk of those who decide by hand."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from edi.app.composition import open_customs
from edi.app.playing import play, work_off
from edi.app.stopping import Stop
from edi.cli import options
from edi.cli.output import on_terminal, show_json, show_table
from edi.cli.usage import Wrong
from edi.core.qlf import claim_words
from edi.core.results import KeptCertificate, Results
from edi.core.status import Status
from edi.core.times import china, iso
from edi.customs.scenarios import REASONS, SCENARIOS

EXAMPLE = "SIM-DISAPPROVE-2D-R03-000123"
_DURATION = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[smhdSMHD])")
_QUEUE = (
    "申请统一编号 no.",
    "企业流水号 client no.",
    "申请企业 applicant",
    "申请内容 about",
    "状态 status",
    "自 since（北京时间）",
)
_HELD = ("资质类型 type", "海关备案编码 filing code", "有效期起 from", "有效期止 until", "状态 standing")
_STAFF = ("报关人员备案号 no.", "姓名 name", "身份证件 document", "移动电话 mobile")
_PAPERS = ("证明编号 no.", "签发日期 issued on", "状态 status")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Duration(click.ParamType[timedelta]):
    """A length of time such as 90s, 30m, 12h or 3d."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length of time, or a usage error."""
        found = _DURATION.fullmatch(str(value))
        if not found:
            raise Wrong(
                f"{value} 不是时长；请写成 90s、30m、12h 或 3d",
                f"{value} is no length of time like 90s, 30m, 12h, 3d",
                ctx,
                param,
            )
        return timedelta(**{_UNITS[found["unit"].lower()]: int(found["number"])})


@click.group()
def customs() -> None:
    """模拟海关，仅供测试 / The simulated customs, for tests only."""


@customs.command("run")
@options.home
@click.option("--once", is_flag=True, help="做完到期的即退出 / do what is due, then exit.")
def customs_run(home: Path, once: bool) -> None:
    """单独运行模拟海关 / Run it on its own."""
    with Stop().listening() as stop, closing(open_customs(home)) as receiver:
        (work_off if once else play)(receiver, stop)


@customs.command("queue")
@options.home
@options.as_json
def customs_queue(home: Path, as_json: bool) -> None:
    """等待人工处理的申请 / What waits for a person."""
    with closing(open_customs(home)) as receiver:
        cases = receiver.queue()
    if as_json:
        show_json([asdict(one) | {"since": iso(one.since)} for one in cases])
        return
    show_table(
        f"待办 waiting: {len(cases)}",
        _QUEUE,
        [
            (one.application_no, one.client_seq_no, f"{one.applicant_name} {one.applicant}", one.summary,
             f"{Status[one.status].text} {one.status}", china(iso(one.since)))
            for one in cases
        ],
        expendable=(_QUEUE[5], _QUEUE[3], _QUEUE[1]),
        empty="没有待办的申请 / nothing waits",
    )  # fmt: skip


@customs.command("decide")
@click.argument("key")
@click.argument("decision", type=click.Choice(["approve", "disapprove", "refuse"]))
@click.option("--opinion", default="", help="海关审核意见，不通过和不予受理时必填 / opinion, required unless approved.")
@options.home
@options.as_json
def customs_decide(key: str, decision: str, opinion: str, home: Path, as_json: bool) -> None:
    """对一个申请作出决定 / Decide an application by hand.

    KEY 为申请统一编号、guid 或企业流水号。KEY is an application number, a guid or a clientSeqNo. approve 审批通过，disapprove
    审批不通过，refuse 不予受理。
    """
    with closing(open_customs(home)) as receiver:
        case = receiver.decide(key, decision, opinion)
    if as_json:
        show_json(asdict(case) | {"since": iso(case.since), "statusText": Status[case.status].text})
        return
    click.echo(f"{key}：已决定：{Status[case.status].text}，回执随下一轮运行发出")
    click.echo(f"{key}: decided, {case.status}; the receipt goes out with the next round")


@customs.command("show")
@click.argument("uscc")
@options.home
@options.as_json
def customs_show(uscc: str, home: Path, as_json: bool) -> None:
    """海关登记的一家企业的备案信息 / What is on record of an enterprise.

    USCC 为统一社会信用代码。USCC is its unified social credit code.
    """
    with closing(open_customs(home)) as receiver:
        record = receiver.on_record(uscc)
    if as_json:
        show_json(Results(filings=(record,)).to_json()["filings"][0])
        return
    click.echo(f"{record.name} {record.uscc}")
    click.echo(f"所在地海关 competent customs: {record.customs}  登记日期 recorded on: {record.recorded_on}")
    show_table(
        "资质 qualifications",
        _HELD,
        [
            (f"{claim_words(one.granted.type)} {one.granted.type}", one.granted.filing_code, one.granted.valid_from, one.granted.valid_until,
             f"{one.standing.value} {one.standing.name}")
            for one in record.qualifications
        ],
    )  # fmt: skip
    show_table(
        "报关人员 declarants",
        _STAFF,
        [(one.declarant_no, one.name, f"{one.doc_type} {one.doc_no}", one.mobile) for one in record.declarants],
    )
    show_table(
        "备案证明 certificates",
        _PAPERS,
        [(one.certificate_no, one.issued_on, _certificate_words(one)) for one in record.certificates],
    )


def _certificate_words(one: KeptCertificate) -> str:
    status = Status.VOID if one.void else Status.ISSUED
    return f"{status.text} {status.token}"


@customs.command("advance")
@click.argument("duration", type=Duration())
@options.home
def customs_advance(duration: timedelta, home: Path) -> None:
    """拨快模拟海关的时钟 / Put its clock forward.

    DURATION 如 90s、30m、12h、3d。DURATION is e.g. 90s, 30m, 12h, 3d.
    """
    with closing(open_customs(home)) as receiver:
        receiver.advance(duration)
        now = receiver.now()
    click.echo(f"模拟海关的时间 simulated time: {china(iso(now))}（北京时间 China time）")


@customs.command("scenarios")
@options.as_json
def customs_scenarios(as_json: bool) -> None:
    """企业流水号可选的测试场景 / Scenarios chosen by clientSeqNo."""
    rows = list(SCENARIOS.values())
    if as_json:
        show_json([asdict(one) | {"outcome": one.outcome.value, "prefix": f"SIM-{one.outcome.value}"} for one in rows])
        return
    show_table(
        "场景 scenarios: SIM-<OUTCOME>[-<时长 delay, e.g. 2D>][-R<nn>][-…]",
        ("前缀 prefix", "结果 outcome", "模拟海关怎样做 what customs does", "默认原因 reason"),
        (
            (f"SIM-{one.outcome.value}", f"{one.zh} {one.en}", f"{one.does_zh}\n{one.does_en}", one.reason)
            for one in rows
        ),
    )
    click.echo("\n原因 reasons")
    show_table("", ("R<nn>", "中文", "English"), ((key, one.zh, one.en) for key, one in REASONS.items()))
    click.echo(
        f"例：<clientSeqNo>{EXAMPLE}</clientSeqNo> 为两天后审批不通过，原因 R03，末尾的编号任意", err=not on_terminal()
    )
    click.echo(
        f"e.g. {EXAMPLE}: disapproved after two days for reason R03; what follows is up to you", err=not on_terminal()
    )
