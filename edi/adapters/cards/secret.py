"""PIN and PUK: checked before a card sees them, never part of a text, never stored by this program.

A PIN comes from the environment, from the system's keyring, or from a person at the prompt.
"""

from __future__ import annotations

import importlib
import os
import re
from dataclasses import dataclass, field

from edi.errors import UserError

PIN_VARIABLE = "EDI_CARD_PIN"
NEW_PIN_VARIABLE = "EDI_CARD_NEW_PIN"
PUK_VARIABLE = "EDI_CARD_PUK"
KEYRING_SERVICE = "customs-edi"
"""Under this name and the card's number a PIN may lie in the keyring."""
LENGTH = 8
"""Bytes of a reference as the card takes it, filled up with FF (SP 800-73, part 2, 3.2.1)."""
_PIN = re.compile(r"[0-9]{6,8}", re.ASCII)
_PUK = re.compile(r"[!-~]{6,8}", re.ASCII)


@dataclass(frozen=True)
class Secret:
    """A PIN or PUK; its `repr` does not show it."""

    padded: bytes = field(repr=False)


def pin(text: str) -> Secret:
    """A PIN of 6 to 8 digits. Raises UserError, so that a slip of the finger costs none of the card's tries."""
    if not _PIN.fullmatch(text):
        raise UserError(
            "PIN 应为 6–8 位数字；未向卡发送，不计尝试次数",
            "A PIN has 6 to 8 digits; it was not sent to the card and counts as no try",
        )
    return _padded(text)


def puk(text: str) -> Secret:
    """A PUK of 6 to 8 characters. Raises UserError."""
    if not _PUK.fullmatch(text):
        raise UserError(
            "PUK 应为 6–8 个字符；未向卡发送，不计尝试次数",
            "A PUK has 6 to 8 characters; it was not sent to the card and counts as no try",
        )
    return _padded(text)


def stored_pin(card_no: str) -> Secret | None:
    """The PIN in the environment, else the one the keyring has for this card, else None."""
    text = os.environ.get(PIN_VARIABLE) or _from_keyring(card_no)
    return pin(text) if text else None


def _from_keyring(card_no: str) -> str | None:
    """What the keyring holds; a keyring that is not installed or does not open holds nothing."""
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        found = keyring.get_password(KEYRING_SERVICE, card_no)
    except keyring.errors.KeyringError:
        return None
    return str(found) if found else None


def _padded(text: str) -> Secret:
    return Secret(text.encode("ascii").ljust(LENGTH, b"\xff"))
