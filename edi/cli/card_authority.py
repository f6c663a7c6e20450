"""`edi card authority`: the authority of the simulator, which issues cards and takes them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.config import load_config
from edi.adapters.files import write_whole
from edi.adapters.pki import Holder, KeyKind
from edi.app.composition import open_card_authority
from edi.app.home import CONFIG_FILE
from edi.cli import options
from edi.cli.output import show_json, show_table
from edi.core.identity import Medium
from edi.core.times import china
from edi.customs.authority import LIST_VALIDITY, Card, CardAuthority, Published
from edi.errors import UserError

_COLUMNS = (
    "卡号 card no.",
    "介质 medium",
    "企业 enterprise",
    "姓名 person",
    "状态 state",
    "自 since（北京时间）",
)
_MEDIA = {
    "legal-person": Medium.LEGAL_PERSON_CARD,
    "operator": Medium.OPERATOR_CARD,
    "account": Medium.ACCOUNT,
}
Move = Callable[[CardAuthority, str], Published]

card_number = click.argument("card_no")
days = click.option("--days", type=click.IntRange(min=1), default=1095, help="有效期，天 / validity in days.")


@click.group()
def authority() -> None:
    """模拟的发证机构，仅供测试 / The simulated card authority, for tests only.

    发卡、挂失、冻结、解除、注销、延期，并发布吊销列表。It issues cards, takes them back and publishes revocation lists.
    """


@authority.command("issue")
@options.home
@click.argument("card_no")
@click.option(
    "--medium", type=click.Choice(list(_MEDIA)), required=True, help="介质 / legal person, operator or account."
)
@click.option("--uscc", required=True, help="统一社会信用代码 / USCC of the enterprise.")
@click.option("--organisation", required=True, help="企业名称 / name of the enterprise.")
@click.option("--person", required=True, help="持卡人姓名 / the holder's name.")
@click.option(
    "--key", "kind", type=click.Choice([one.value for one in KeyKind]), default="p256", help="密钥 / kind of key."
)
@days
@click.option(
    "-o", "--output", required=True, type=options.NewFile(), help="密钥和证书的文件名，不带后缀 / file name, no suffix."
)
def issue(
    home: Path,
    card_no: str,
    medium: str,
    uscc: str,
    organisation: str,
    person: str,
    kind: str,
    days: int,
    output: Path,
) -> None:
    """发卡 / Issue a card or an account.

    写出 OUTPUT.key 和 OUTPUT.pem。Writes OUTPUT.key and OUTPUT.pem.
    """
    for file in (output.with_name(f"{output.name}.key"), output.with_name(f"{output.name}.pem")):
        if file.exists():
            raise UserError(
                f"文件 {file} 已存在，未发卡；请换一个文件名", f"{file} is there already; choose another name"
            )
    holder = Holder(organisation=organisation, uscc=uscc, person=person, card_no=card_no, medium=_MEDIA[medium])
    with _open(home) as cards:
        issued = cards.issue(holder, KeyKind(kind), timedelta(days=days))
        try:
            issued.save(output)
        except OSError as error:
            cards.cancel(card_no)
            raise _cannot_write(
                output, error, "该卡已注销，请换卡号重新发卡", "the card was cancelled, issue another"
            ) from error
    click.echo(f"已发卡 issued: {card_no} → {output}.key, {output}.pem")


@authority.command("list")
@options.home
@options.as_json
def list_cards(home: Path, as_json: bool) -> None:
    """列出所有的卡 / List all cards."""
    with _open(home) as cards:
        listed = cards.cards()
    if as_json:
        show_json([_record(one) for one in listed])
        return
    show_table(
        f"卡 cards: {len(listed)}",
        _COLUMNS,
        [
            (one.card_no, one.medium.value, f"{one.organisation} {one.uscc}", one.person, _state(one), china(one.since))
            for one in listed
        ],
        expendable=(_COLUMNS[5], _COLUMNS[1]),
        empty="没有卡 / no cards",
    )


@authority.command("report-lost")
@options.home
@card_number
def report_lost(home: Path, card_no: str) -> None:
    """挂失 / Report a card lost."""
    _move(home, card_no, CardAuthority.report_lost)


@authority.command("freeze")
@options.home
@card_number
def freeze(home: Path, card_no: str) -> None:
    """冻结 / Freeze a card."""
    _move(home, card_no, CardAuthority.freeze)


@authority.command("release")
@options.home
@card_number
def release(home: Path, card_no: str) -> None:
    """解挂、解冻 / Release a card that was lost or frozen."""
    _move(home, card_no, CardAuthority.release)


@authority.command("cancel")
@options.home
@card_number
def cancel(home: Path, card_no: str) -> None:
    """注销，不可恢复 / Cancel a card for good."""
    _move(home, card_no, CardAuthority.cancel)


@authority.command("extend")
@options.home
@card_number
@days
@click.option(
    "-o", "--output", required=True, type=options.NewFile(), help="新证书的文件（PEM） / the new certificate."
)
def extend(home: Path, card_no: str, days: int, output: Path) -> None:
    """延期 / Extend a card.

    同一密钥换发有效期更长的证书。A certificate for the same key, valid for longer.
    """
    with _open(home) as cards:
        certificate = cards.extend(card_no, timedelta(days=days))
    try:
        write_whole({output.absolute(): certificate.public_bytes(Encoding.PEM)})
    except OSError as error:
        raise _cannot_write(output, error, "请换个位置重新办理", "try again elsewhere") from error
    click.echo(f"已延期 extended: {card_no} → {certificate.not_valid_after_utc:%Y-%m-%d}")


@authority.command("publish-crl")
@options.home
@click.option(
    "--days", type=click.IntRange(min=1), default=LIST_VALIDITY.days, help="列表有效期，天 / until nextUpdate, days."
)
def publish_crl(home: Path, days: int) -> None:
    """发布吊销列表 / Publish a new revocation list."""
    with _open(home) as cards:
        _tell(cards.publish(timedelta(days=days)))


def _open(home: Path) -> CardAuthority:
    return open_card_authority(home, load_config(home / CONFIG_FILE))


def _move(home: Path, card_no: str, move: Move) -> None:
    with _open(home) as cards:
        published = move(cards, card_no)
        click.echo(f"{card_no}: {_state(cards.card(card_no))}")
    _tell(published)


def _cannot_write(output: Path, error: OSError, zh: str, en: str) -> UserError:
    return UserError(
        f"文件 {output} 写不了：{cause_zh(error)}；{zh}", f"{output} cannot be written: {cause_en(error)}; {en}"
    )


def _tell(published: Published) -> None:
    click.echo(
        f"已发布吊销列表第 {published.number} 号，载有 {published.taken_back} 张证书：{published.file} / "
        f"revocation list {published.number} published, {published.taken_back} certificates on it"
    )


def _state(one: Card) -> str:
    return f"{one.state.text} {one.state.value}"


def _record(one: Card) -> dict[str, object]:
    return asdict(one) | {"medium": one.medium.value, "state": one.state.value, "state_text": one.state.text}
