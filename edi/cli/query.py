"""`edi query`: the queries of the contract (QLF151, QLF161) from the command line."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from edi.adapters.clock import system_clock
from edi.adapters.config import Config, load_config
from edi.adapters.files import write_whole
from edi.adapters.keys import load_signing_key
from edi.adapters.ledger_reader import LedgerReader
from edi.app.asking import Party, Question, filing_query
from edi.app.channels import build_channel
from edi.app.checking import build_forms
from edi.app.composition import passphrase
from edi.app.home import CONFIG_FILE
from edi.checks.holder import Naming, read_signer
from edi.cli import options
from edi.cli.output import quoted, show_finding, show_json, show_table
from edi.cli.results import show_results
from edi.core.enquiry import Filter
from edi.core.findings import Finding
from edi.core.form import Forms
from edi.core.identity import Signer
from edi.core.qualification import Qualification
from edi.core.results import Results
from edi.core.status import Status
from edi.errors import TryLater, UserError
from edi.messages.dsig import SigningKey, sign_message

Record = dict[str, Any]

FILING_QUERY = "QLF161"
_LOOK_EVERY = 0.2
"""Seconds between two looks for the answer."""
_COLUMNS = (
    "申请统一编号 no.",
    "报文 form",
    "申请企业 applicant",
    "资质 types",
    "状态 status",
    "海关审核意见 opinion",
    "更新时间 updated（北京时间）",
)


@click.group()
def query() -> None:
    """查询申请单和备案信息 / Query applications and filings held."""


_type = click.option(
    "--type", "type_", metavar="TYPE", default="", help="资质类型，如 TRADER / qualification type, e.g. TRADER."
)


@query.command()
@options.home
@options.as_json
@click.option("--uscc", default="", help="企业统一社会信用代码 / USCC of the enterprise.")
@click.option("--name", default="", help="企业名称中的文字 / part of its name.")
@click.option("--form", default="", help="申请类型，如 QLF111 / kind of application, e.g. QLF111.")
@_type
@click.option("--status", default="", help="状态，如 APPROVED 或 审批通过 / status, e.g. APPROVED.")
@click.option("--from", "from_", type=click.DateTime(["%Y-%m-%d"]), help="申请日期起 / first day.")
@click.option("--to", type=click.DateTime(["%Y-%m-%d"]), help="申请日期止 / last day.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=500, show_default=True, help="最多几件 / at most.")
def applications(
    home: Path, as_json: bool, uscc: str, name: str, form: str, type_: str, status: str,
    from_: datetime | None, to: datetime | None, limit: int,
) -> int:  # fmt: skip
    """申请单查询，含暂存单 / Applications, drafts included.

    报文 QLF151 做同样的查询，但只答复本企业的申请。The message QLF151 asks the same, but tells an enterprise its own only.
    """
    config = load_config(home / CONFIG_FILE)
    forms = build_forms(config)
    wanted = Filter(
        uscc=uscc,
        name_part=name,
        form=_known_form(forms, form),
        type=_known_type(type_),
        status=_known_status(status),
        from_date=_day(from_),
        to_date=_day(to),
    )
    found = LedgerReader(config.gateway.ledger).search(wanted, forms.applications, limit)
    listed = Results(applications=found).to_json().get("applications", [])
    if as_json:
        show_json(listed)
        return 0
    show_table("申请单 applications", _COLUMNS, map(_row, listed), expendable=(_COLUMNS[5], _COLUMNS[3]))
    return 0


@query.command()
@options.home
@options.as_json
@click.option("--channel", required=True, help="经哪个通道 / the channel to ask through.")
@click.option("--key", required=True, type=options.file, help="本企业私钥（PEM） / private key.")
@click.option("--cert", required=True, type=options.file, help="本企业证书（PEM） / certificate.")
@click.option("--of", "of", default="", help="被代理企业的统一社会信用代码 / USCC of an entity one acts for.")
@_type
@click.option("--wait", type=click.FloatRange(0), default=60.0, show_default=True, help="等候秒数 / seconds to wait.")
def filings(home: Path, as_json: bool, channel: str, key: Path, cert: Path, of: str, type_: str, wait: float) -> int:
    """备案信息查询 / What customs has on record.

    查询本企业，或所代理的企业（--of）。One asks about one's own enterprise, or one it acts for. 签名后投入通道的 OutBox，等候海关答复；网关须在运行。The signed query goes into the channel's OutBox and the command waits
    for the answer of customs; the gateway must be running.
    """
    config = load_config(home / CONFIG_FILE)
    form = build_forms(config).get(FILING_QUERY)
    if form is None or channel not in config.channels:
        raise UserError(
            f"没有通道 {channel} 或查询报文 {FILING_QUERY}", f"There is no channel {channel} or no {FILING_QUERY}"
        )
    signing = load_signing_key(key, cert, passphrase())
    reader = LedgerReader(config.gateway.ledger)
    guid = str(uuid.uuid4()).upper()
    question = _question(reader, _signer(config, signing, cert), of, _known_type(type_))
    message = sign_message(filing_query(form, question, guid, system_clock()), signing)
    box = build_channel(channel, config.channels[channel], config).boxes.outbox
    name = f"{FILING_QUERY}-{guid}.xml"
    write_whole({box / name: message})
    return _show_answer(_answer(reader, guid, name, wait), as_json=as_json)


def _answer(reader: LedgerReader, guid: str, name: str, wait: float) -> Record:
    """The query's record once it is answered or refused. Raises TryLater if that takes longer than `wait` seconds."""
    until = time.monotonic() + wait
    while True:
        for record in (*reader.find(guid), *reader.files(name)):
            if (
                record.get("outcome", "") not in ("", "ACCEPTED")
                or Status.__members__.get(record.get("status", "")) in _ENDS
            ):
                return record
        if time.monotonic() >= until:
            raise TryLater(
                f"还没有答复；查询已投递（{name}），网关运行后用 edi show {guid} 查看",
                f"No answer yet; the query was dropped ({name}); once the gateway runs see `edi show {guid}`",
            )
        time.sleep(_LOOK_EVERY)


_ENDS = (Status.ANSWERED, Status.REFUSED, Status.LODGE_FAILED)


def _show_answer(record: Record, *, as_json: bool) -> int:
    answered = record.get("status") == Status.ANSWERED.token
    if as_json:
        show_json(record["results"].get("filings", []) if answered else record)
        return 0 if answered else 1
    if answered:
        click.echo(record["info"])
        show_results(record["results"])
        return 0
    click.secho(f"查询未获答复 the query was refused: {record.get('statusText', record.get('outcome'))}", bold=True)
    for finding in record["findings"]:
        show_finding(Finding.from_json(finding))
    return 1


def _question(reader: LedgerReader, signer: Signer, of: str, type_: str) -> Question:
    """Name and customs of the enterprise come from what was filed last."""
    uscc = of or signer.uscc
    last = reader.search(Filter(uscc=uscc), (), 1)
    if not last:
        raise UserError(
            f"台账中没有 {uscc} 的申请，不知道其名称和所在地海关；请先经本网关申报，或直接发送 {FILING_QUERY} 报文",
            f"The ledger has no application of {uscc}, its name and customs are not known; file for it first, or send a "
            f"{FILING_QUERY} message",
        )
    return Question(
        about=Party(uscc=uscc, name=last[0].name),
        customs=last[0].customs,
        asker=Party(uscc=signer.uscc, name=signer.enterprise),
        by_card=signer.medium.is_card,
        type=type_,
    )


def _signer(config: Config, signing: SigningKey, cert: Path) -> Signer:
    signer = read_signer(signing.certificate, Naming(media=config.trust.media, places=config.trust.names))
    if signer is None:
        raise UserError(
            f"证书 {cert} 未载明企业、人员或介质；请用企业的卡或账号证书",
            f"The certificate {quoted(cert)} names no enterprise, person or medium; use a card or account certificate",
        )
    return signer


def _row(one: Record) -> tuple[str, ...]:
    names = "、".join(_type_name(token) for token in one["types"])
    status = Status[one["status"]]
    updated = one["updatedAt"]
    when = f"{updated[:4]}-{updated[4:6]}-{updated[6:8]} {updated[8:10]}:{updated[10:12]}:{updated[12:14]}"
    applicant = f"{one['nameZh']} {one['uscc']}"
    return (one["applicationNo"], one["form"], applicant, names, f"{status.text} {status.token}", one["opinion"], when)


def _type_name(token: str) -> str:
    return Qualification[token].value if token in Qualification.__members__ else token


def _known_form(forms: Forms, code: str) -> str:
    if code and code not in forms.applications:
        raise _unknown("申请类型", "kind of application", code, forms.applications)
    return code


def _known_type(token: str) -> str:
    if token and token not in Qualification.__members__:
        raise _unknown("资质类型", "qualification type", token, Qualification.__members__)
    return token


def _known_status(text: str) -> str:
    found = next((one for one in Status if text in (one.token, one.text)), None)
    if text and found is None:
        raise _unknown("状态", "status", text, Status.__members__)
    return found.token if found else ""


def _unknown(zh: str, en: str, value: str, known: Iterable[str]) -> UserError:
    listed = ", ".join(known)
    return UserError(f"没有{zh} {value}；可用：{listed}", f"There is no {en} {value}; there are: {listed}")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
