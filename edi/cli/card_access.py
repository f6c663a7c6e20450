"""What commands about cards share: which reader and key, and where the PIN comes from."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

import click

from edi.adapters.cards.piv import Piv, Slot
from edi.adapters.cards.readers import open_card
from edi.adapters.cards.secret import NEW_PIN_VARIABLE, PIN_VARIABLE, PUK_VARIABLE, Secret, pin, puk, stored_pin
from edi.adapters.cards.signer import CardSigner, signing_certificate
from edi.adapters.keys import key_name
from edi.errors import UserError

reader_option = click.option(
    "--reader",
    default="",
    help="读卡器名称或其一部分，默认唯一有卡的 / the reader, by default the only one with a card.",
)
slot_option = click.option(
    "--slot",
    type=click.Choice([one.key for one in Slot], case_sensitive=False),
    default=Slot.SIGNATURE.key,
    show_default=True,
    help="卡上的密钥 / which key of the card.",
)


@contextlib.contextmanager
def card_signer(reader: str, slot: str) -> Iterator[CardSigner]:
    """The card's key as a signer. Raises CardAway, UserError."""
    chosen = Slot.of(slot)
    with open_card(reader) as card:
        certificate = signing_certificate(card, chosen)
        yield CardSigner(card=card, slot=chosen, certificate=certificate, pin=the_pin(key_name(certificate)))


def the_pin(card_no: str) -> Secret:
    """The card's PIN: from the environment, the keyring, or the person at the terminal."""
    return stored_pin(card_no) or _ask("PIN", PIN_VARIABLE, pin)


def present_pin(card: Piv, slot: Slot) -> Secret:
    """The PIN for the card in hand, also where its slot is still empty."""
    certificate = card.certificate(slot)
    return the_pin(key_name(certificate) if certificate else "")


def new_pin() -> Secret:
    """The PIN to be, from the environment or asked for twice."""
    return _from_environment(NEW_PIN_VARIABLE, pin) or _ask("新 PIN new PIN", NEW_PIN_VARIABLE, pin, twice=True)


def the_puk() -> Secret:
    """The PUK, from the environment or asked for."""
    return _from_environment(PUK_VARIABLE, puk) or _ask("PUK", PUK_VARIABLE, puk)


def _from_environment(variable: str, kind: Callable[[str], Secret]) -> Secret | None:
    value = os.environ.get(variable)
    return kind(value) if value else None


def _ask(what: str, variable: str, kind: Callable[[str], Secret], *, twice: bool = False) -> Secret:
    """Ask at the terminal, without showing what is typed; a pipe is not asked."""
    if not sys.stdin.isatty():
        raise UserError(
            f"没有得到 {what}；请在终端运行，或放入环境变量 {variable}",
            f"No {what} was given; run this at a terminal or set {variable}",
        )
    return kind(click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))
