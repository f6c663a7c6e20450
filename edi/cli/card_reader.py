"""`edi card list|info|sign|unlock|change-pin|resume|simulate`: the card in the reader, and a virtual one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from edi.adapters.cards.piv import Piv, Slot
from edi.adapters.cards.readers import choose_reader, list_readers, open_card
from edi.adapters.cards.secret import PIN_VARIABLE, PUK_VARIABLE, pin, puk
from edi.adapters.cards.virtual import VirtualCard
from edi.adapters.cards.vpcd import PORT, inserted, serve
from edi.adapters.config import load_config
from edi.adapters.keys import key_name, load_signing_key
from edi.app.composition import passphrase
from edi.app.home import CONFIG_FILE
from edi.app.pin_guard import PinGuard
from edi.cli import options
from edi.cli.card_access import new_pin, present_pin, reader_option, slot_option, the_puk
from edi.cli.output import show_json, show_table
from edi.cli.sign import sign_by_card
from edi.core.times import china, iso
from edi.errors import EdiError

TEST_PIN = "123456"
TEST_PUK = "12345678"
"""Of the virtual card, where the environment names no others; those PIV cards are delivered with."""


@click.command("list")
@options.as_json
def list_cards(as_json: bool) -> None:
    """列出读卡器和其中的卡 / List readers and the cards in them."""
    rows = [{"reader": one.name, "card": one.has_card} | _summary(one.name, one.has_card) for one in list_readers()]
    if as_json:
        show_json(rows)
        return
    show_table(
        "读卡器 readers",
        ("读卡器 reader", "卡号 card no.", "企业 enterprise", "持卡人 holder", "备注 note"),
        [[row[name] for name in ("reader", "cardNo", "organisation", "person", "note")] for row in rows],
    )


def _summary(reader: str, has_card: bool) -> dict[str, str]:
    """What a list tells of the card in a reader; a card that cannot be read does not hide the others."""
    empty = {"cardNo": "", "organisation": "", "person": "", "note": ""}
    if not has_card:
        return empty | {"note": "无卡 no card"}
    try:
        with open_card(reader) as card:
            found = next(filter(None, (card.certificate(slot) for slot in reversed(Slot))), None)
    except EdiError as error:
        return empty | {"note": f"{error.zh} / {error.en}"}
    return empty | ({name: _certificate(found)[name] for name in ("cardNo", "organisation", "person")} if found else {})


@click.command()
@reader_option
@options.as_json
def info(reader: str, as_json: bool) -> None:
    """卡上的证书、PIN 剩余次数 / Certificates on the card, tries left."""
    name = choose_reader(reader)
    with open_card(name) as card:
        found = {slot.key: _certificate(one) for slot in Slot if (one := card.certificate(slot))}
        told = {"reader": name, "guid": card.guid(), "pinTriesLeft": card.tries_left(), "certificates": found}
    if as_json:
        show_json(told)
        return
    click.echo(f"读卡器 reader: {name}\nGUID: {told['guid'] or '—'}")
    tries = "不详 not told" if told["pinTriesLeft"] is None else told["pinTriesLeft"]
    click.echo(f"PIN 还可尝试 tries left: {tries}")
    show_table(
        "证书 certificates",
        ("位置 slot", "卡号 card no.", "企业 enterprise", "持卡人 holder", "算法 key", "有效期至 until（北京时间）"),
        [
            (slot, one["cardNo"], f"{one['organisation']} {one['uscc']}", one["person"], one["key"],
             china(one["validUntil"]))
            for slot, one in found.items()
        ],
        empty="卡上没有可签名的证书 / the card has no certificate to sign with",
    )  # fmt: skip


def _certificate(one: x509.Certificate) -> dict[str, Any]:
    key = one.public_key()
    return {
        "cardNo": key_name(one),
        "organisation": _named(one, NameOID.ORGANIZATION_NAME),
        "uscc": _named(one, NameOID.ORGANIZATION_IDENTIFIER),
        "person": _named(one, NameOID.COMMON_NAME),
        "key": f"RSA-{key.key_size}" if isinstance(key, rsa.RSAPublicKey) else "EC",
        "validUntil": iso(one.not_valid_after_utc),
    }


def _named(one: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = one.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


@click.command()
@click.argument("file", type=options.file)
@click.option("-o", "--output", required=True, type=options.NewFile(), help="签名后的文件 / signed file.")
@reader_option
@slot_option
def sign(file: Path, output: Path, reader: str, slot: str) -> int:
    """用卡签名 / Sign a message by card.

    同 edi sign --card / the same as `edi sign --card`.
    """
    return sign_by_card(file, output, reader, slot)


@click.command()
@reader_option
def unlock(reader: str) -> None:
    """凭 PUK 解锁并设新 PIN / Unblock the PIN by the PUK.

    PUK 和新 PIN 从环境变量 EDI_CARD_PUK、EDI_CARD_NEW_PIN 读取，没有则在终端输入。Both come from EDI_CARD_PUK and
    EDI_CARD_NEW_PIN or are asked for. PUK 输错也计次数 / a wrong PUK costs a try, too.
    """
    with open_card(reader) as card:
        card.unblock(the_puk(), new_pin())
    click.echo("已解锁，新 PIN 即时生效 / unblocked, the new PIN is in force")


@click.command("change-pin")
@reader_option
@slot_option
def change_pin(reader: str, slot: str) -> None:
    """修改 PIN / Change the PIN.

    旧 PIN、新 PIN 从环境变量 EDI_CARD_PIN、EDI_CARD_NEW_PIN 读取，没有则在终端输入。They come from EDI_CARD_PIN and
    EDI_CARD_NEW_PIN or are asked for.
    """
    with open_card(reader) as card:
        card.change_pin(present_pin(card, Slot.of(slot)), new_pin())
    click.echo("PIN 已修改；签名站的 PIN 请一并更新 / the PIN was changed; tell the signing station, too")


@click.command()
@options.home
def resume(home: Path) -> None:
    """核对 PIN，恢复签名站 / Check the PIN, restart the station.

    签名站遇到错误的 PIN 即停，不会再试。更正其 PIN 后运行本命令：只核对一次，正确才恢复。The station stops at a wrong PIN and
    does not try it again. Mend its PIN, then run this: it is checked once, and only a right one lets the station go on.
    """
    config = load_config(home / CONFIG_FILE)
    with open_card(config.station.reader) as card:
        _show_pin(card, Slot.of(config.station.slot))
    PinGuard.of(config).clear()
    click.echo("PIN 正确，签名站恢复 / the PIN is right, the signing station goes on")


def _show_pin(card: Piv, slot: Slot) -> None:
    card.verify(present_pin(card, slot))


@click.command()
@click.option("--key", required=True, type=options.file, help="私钥（PEM） / private key.")
@click.option("--cert", required=True, type=options.file, help="证书（PEM） / certificate.")
@click.option("--host", default="127.0.0.1", show_default=True, help="vpcd 所在主机 / where vpcd listens.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535), help="vpcd 端口 / its port.")
@slot_option
def simulate(key: Path, cert: Path, host: str, port: int, slot: str) -> None:
    """插入虚拟卡，仅供测试 / Insert a virtual card, for tests only.

    经 vpcd（软件包 vsmartcard-vpcd）进入 pcscd 的虚拟读卡器，直到中断。It sits in a virtual reader of pcscd until it is
    stopped. PIN 123456，PUK 12345678，或取自环境变量 EDI_CARD_PIN、EDI_CARD_PUK / or those of the environment.
    """
    pair = load_signing_key(key, cert, passphrase())
    card = VirtualCard(
        key=pair.key,
        certificate=pair.certificate,
        pin=pin(os.environ.get(PIN_VARIABLE) or TEST_PIN),
        puk=puk(os.environ.get(PUK_VARIABLE) or TEST_PUK),
        slot=Slot.of(slot),
    )
    with inserted(host, port) as reader:
        click.echo(f"虚拟卡 {pair.key_name} 已插入 {host}:{port}，按 Ctrl-C 拔出 / inserted, Ctrl-C pulls it")
        serve(card, reader)
    click.echo("读卡器已断开 / the reader hung up", err=True)
