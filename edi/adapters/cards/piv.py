"""The card's side of a signature: the PIV application of NIST SP 800-73-4, part 2, as far as we need it."""

from __future__ import annotations

import zlib
from enum import Enum

from cryptography import x509

from edi.adapters.cards.apdu import LONGEST_REPLY, OK, Command, Link, Reply, read_tlv, send, tlv
from edi.adapters.cards.faults import CardBlocked, CardFault, WrongSecret, unexpected
from edi.adapters.cards.secret import Secret
from edi.errors import UserError

AID = bytes.fromhex("A000000308000010000100")
PIN, PUK = 0x80, 0x81
"""References of the application's PIN and of the key that unblocks it."""
_CHUID = 0x5FC102
_GUID = 0x34

_SELECT, _GET_DATA = 0xA4, 0xCB
_VERIFY, _CHANGE_REFERENCE_DATA, _RESET_RETRY_COUNTER = 0x20, 0x24, 0x2C
_GENERAL_AUTHENTICATE = 0x87
_BLOCKED = 0x6983
_TRIES_LEFT = 0x63C0
_NOT_FOUND = (0x6A82, 0x6A88)
_WINDOW = 15 + 16
"""zlib: a gzip header and the largest window."""


class Slot(Enum):
    """Keys that may sign a filing: reference of the key, and the object that holds its certificate."""

    AUTHENTICATION = ("9A", 0x5FC105)
    SIGNATURE = ("9C", 0x5FC10A)

    def __init__(self, key: str, certificate: int) -> None:
        self.key = key
        self.certificate = certificate

    @classmethod
    def of(cls, key: str) -> Slot:
        """The slot of a key reference such as `9C`. Raises UserError."""
        for one in cls:
            if one.key == key.upper():
                return one
        allowed = ", ".join(one.key for one in cls)
        raise UserError(
            f"卡上没有可签名的位置 {key}；可用：{allowed}", f"No slot {key} for signing; there are: {allowed}"
        )


class Algorithm(Enum):
    """SP 800-78: what GENERAL AUTHENTICATE is to compute."""

    RSA_2048 = 0x07
    ECC_P256 = 0x11


class Piv:
    """A card whose PIV application is selected. All methods raise CardAway when the card goes."""

    def __init__(self, link: Link) -> None:
        self._link = link
        reply = send(link, Command(ins=_SELECT, p1=0x04, data=AID))
        if reply.status != OK:
            raise UserError(
                f"卡上没有 PIV 应用（状态字 {reply.status:04X}）；请换用带 PIV 应用的卡",
                f"The card has no PIV application (status {reply.status:04X}); use one that has",
            )

    def certificate(self, slot: Slot) -> x509.Certificate | None:
        """The certificate of a slot, None if the slot is empty. Raises CardFault for one that cannot be read."""
        content = self._object(slot.certificate)
        if content is None:
            return None
        try:
            parts = read_tlv(content)
            der = parts[0x70]
            if parts.get(0x71, b"\0")[:1] == b"\1":
                der = zlib.decompressobj(_WINDOW).decompress(der, LONGEST_REPLY)
            return x509.load_der_x509_certificate(der)
        except (ValueError, KeyError, zlib.error) as error:
            raise CardFault(
                f"卡上 {slot.key} 的证书无法读取（{error}）；请联系发卡机构",
                f"The certificate in slot {slot.key} cannot be read ({error}); ask who issued the card",
            ) from error

    def guid(self) -> str:
        """The GUID in the card holder's unique identifier, in hex; empty if there is none."""
        content = self._object(_CHUID)
        try:
            return read_tlv(content or b"").get(_GUID, b"").hex()
        except ValueError:
            return ""

    def tries_left(self) -> int | None:
        """Wrong PINs the card still bears; None if it does not tell. Costs no try."""
        reply = send(self._link, Command(ins=_VERIFY, p2=PIN, answers=False))
        if reply.status == _BLOCKED:
            return 0
        return reply.status & 0xF if reply.status & 0xFFF0 == _TRIES_LEFT else None

    def verify(self, pin: Secret) -> None:
        """Show the card its PIN, once. Raises WrongSecret, CardBlocked."""
        reply = send(self._link, Command(ins=_VERIFY, p2=PIN, data=pin.padded, answers=False))
        _judge(reply, "PIN", "核对 PIN", "VERIFY")

    def change_pin(self, old: Secret, new: Secret) -> None:
        """Put a new PIN in the place of the old one. Raises WrongSecret, CardBlocked."""
        data = old.padded + new.padded
        reply = send(self._link, Command(ins=_CHANGE_REFERENCE_DATA, p2=PIN, data=data, answers=False))
        _judge(reply, "PIN", "修改 PIN", "CHANGE REFERENCE DATA")

    def unblock(self, puk: Secret, new: Secret) -> None:
        """Set a new PIN by the PUK, with all its tries. Raises WrongSecret, CardBlocked."""
        data = puk.padded + new.padded
        reply = send(self._link, Command(ins=_RESET_RETRY_COUNTER, p2=PIN, data=data, answers=False))
        _judge(reply, "PUK", "凭 PUK 解锁", "RESET RETRY COUNTER")

    def authenticate(self, slot: Slot, algorithm: Algorithm, challenge: bytes) -> bytes:
        """What the slot's private key makes of `challenge`: RSA of a padded block, or a DER signature of a digest."""
        data = tlv(0x7C, tlv(0x82, b"") + tlv(0x81, challenge))
        command = Command(ins=_GENERAL_AUTHENTICATE, p1=algorithm.value, p2=int(slot.key, 16), data=data)
        reply = send(self._link, command)
        try:
            return read_tlv(read_tlv(reply.data)[0x7C])[0x82]
        except (ValueError, KeyError) as error:
            raise unexpected("签名", "GENERAL AUTHENTICATE", reply.status) from error

    def _object(self, tag: int) -> bytes | None:
        """The content of a data object, None if the card has none."""
        reply = send(self._link, Command(ins=_GET_DATA, p1=0x3F, p2=0xFF, data=tlv(0x5C, tag.to_bytes(3, "big"))))
        if reply.status in _NOT_FOUND:
            return None
        try:
            return read_tlv(reply.data)[0x53] or None
        except (ValueError, KeyError) as error:
            raise unexpected("读取数据", "GET DATA", reply.status) from error


def _judge(reply: Reply, what: str, zh: str, en: str) -> None:
    """What a reply about a PIN or PUK means."""
    if reply.status == OK:
        return
    if reply.status == _BLOCKED:
        raise CardBlocked(what)
    if reply.status & 0xFFF0 == _TRIES_LEFT:
        raise WrongSecret(what, reply.status & 0xF)
    raise unexpected(zh, en, reply.status)
