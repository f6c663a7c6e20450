"""Readers and cards through PC/SC, by pyscard, which is loaded only when a card is wanted."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edi.adapters.cards.faults import CardAway
from edi.adapters.cards.piv import Piv
from edi.errors import UserError

_CASE_4 = 5
"""Bytes of a command before its data; what follows the data is Le."""
_STATUS = 2
"""Bytes of the status word that ends every reply."""

_CAUSES = {
    "SCARD_E_NO_SERVICE": (
        "读卡服务 pcscd 没有运行；请启动它（systemctl start pcscd）",
        "the service pcscd does not run; start it (systemctl start pcscd)",
    ),
    "SCARD_E_SERVICE_STOPPED": (
        "读卡服务 pcscd 已停止；请重新启动它",
        "the service pcscd was stopped; start it again",
    ),
    "SCARD_E_NO_READERS_AVAILABLE": ("没有读卡器；请接上读卡器", "there is no reader; plug one in"),
    "SCARD_E_READER_UNAVAILABLE": ("读卡器已拔出；请重新接上", "the reader was unplugged; plug it in again"),
    "SCARD_E_UNKNOWN_READER": ("读卡器已拔出；请重新接上", "the reader was unplugged; plug it in again"),
    "SCARD_E_NO_SMARTCARD": ("读卡器中没有卡；请插卡", "there is no card in the reader; insert it"),
    "SCARD_W_REMOVED_CARD": ("卡已拔出；请重新插卡", "the card was pulled; insert it again"),
    "SCARD_W_UNPOWERED_CARD": ("卡没有通电；请重新插卡", "the card has no power; insert it again"),
    "SCARD_W_UNRESPONSIVE_CARD": (
        "卡没有应答；请检查插入方向，或换卡",
        "the card does not answer; check how it lies, or change it",
    ),
    "SCARD_E_NOT_TRANSACTED": (
        "与卡的通信中断，可能已拔卡；请重新插卡",
        "the card broke off, perhaps it was pulled; insert it again",
    ),
    "SCARD_E_SHARING_VIOLATION": (
        "另一程序正在使用卡；请关闭该程序",
        "another program is using the card; close that program",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A reader as PC/SC knows it."""

    name: str
    has_card: bool


class Card:
    """A powered card that no other program can use meanwhile; a `Link`."""

    def __init__(self, scard: Any, handle: Any, protocol: int) -> None:
        self._scard = scard
        self._handle = handle
        self._protocol = protocol

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command; its reply with the status word. Raises CardAway."""
        if self._protocol == self._scard.SCARD_PROTOCOL_T0 and len(apdu) > _CASE_4:
            apdu = apdu[: _CASE_4 + apdu[4]]  # T=0 has no room for Le behind data
        code, answer = self._scard.SCardTransmit(self._handle, self._protocol, list(apdu))
        _check(self._scard, code)
        if len(answer) < _STATUS:  # some drivers tell so that the card went
            _check(self._scard, self._scard.SCARD_E_NOT_TRANSACTED)
        return bytes(answer)


def list_readers() -> list[Reader]:
    """The readers that are plugged in. Raises CardAway if the service is down, UserError without pyscard."""
    scard = _pyscard()
    with _context(scard) as context:
        code, names = scard.SCardListReaders(context, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE or not names:
            return []
        _check(scard, code)
        code, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE) for name in names])
        _check(scard, code)
        return [Reader(name=name, has_card=bool(state & scard.SCARD_STATE_PRESENT)) for name, state, _ in states]


def choose_reader(wanted: str) -> str:
    """The reader whose name contains `wanted`; without one, the only reader that holds a card.

    Raises CardAway if there is none, UserError if several would do.
    """
    found = [one for one in list_readers() if wanted in one.name]
    if not found:
        raise CardAway(
            f"没有名称含“{wanted}”的读卡器；请接上读卡器" if wanted else "没有读卡器；请接上读卡器",
            f"No reader has {wanted!r} in its name; plug it in" if wanted else "There is no reader; plug one in",
        )
    if exact := [one for one in found if one.name == wanted]:
        found = exact
    holding = [one.name for one in found if one.has_card]
    if len(holding) > 1:
        raise UserError(
            f"有 {len(holding)} 张卡，不知用哪一张；请用 --reader 或配置 station.reader 指定：{'、'.join(holding)}",
            f"There are {len(holding)} cards; choose a reader by --reader or station.reader: {', '.join(holding)}",
        )
    return holding[0] if holding else found[0].name


@contextlib.contextmanager
def open_card(reader: str) -> Iterator[Piv]:
    """The card in the reader that `choose_reader` finds, its PIV application selected. Raises CardAway, UserError."""
    with powered(choose_reader(reader)) as link:
        yield Piv(link)


@contextlib.contextmanager
def powered(reader: str) -> Iterator[Card]:
    """The card in `reader`, for us alone while inside; afterwards it has no power and forgets the PIN it was shown.

    Raises CardAway.
    """
    scard = _pyscard()
    with _context(scard) as context:
        code, handle, protocol = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        _check(scard, code)
        try:
            yield Card(scard, handle, protocol)
        finally:
            scard.SCardDisconnect(handle, scard.SCARD_UNPOWER_CARD)


@contextlib.contextmanager
def _context(scard: Any) -> Iterator[Any]:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check(scard, code)
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


def _check(scard: Any, code: int) -> None:
    if code == scard.SCARD_S_SUCCESS:
        return
    for name, (zh, en) in _CAUSES.items():
        if code == getattr(scard, name):
            raise CardAway(f"卡暂不可用：{zh}", f"The card is out of reach: {en}")
    told = scard.SCardGetErrorMessage(code)
    raise CardAway(
        f"卡暂不可用：PC/SC 返回 {told}；请重新插卡或重新启动 pcscd",
        f"The card is out of reach: PC/SC says {told}; insert it again or start pcscd again",
    )


def _pyscard() -> Any:
    try:
        return importlib.import_module("smartcard.scard")
    except ImportError as error:
        raise UserError(
            f"没有安装读卡所需的 pyscard（{error}）；请运行 pip install 'customs-edi[card]'（需先装 swig 和 libpcsclite-dev）",
            f"pyscard, which cards need, is not installed ({error}): pip install 'customs-edi[card]' (needs swig and "
            "libpcsclite-dev)",
        ) from error
