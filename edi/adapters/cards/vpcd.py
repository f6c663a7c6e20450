"""Puts a virtual card into a virtual reader of pcscd: the protocol of vpcd (package vsmartcard-vpcd).

Each message is two bytes of length and its payload. One byte is a word to the card, anything longer a command.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from edi.adapters.cards.virtual import ATR, VirtualCard
from edi.errors import TryLater

PORT = 35963
"""Of the first virtual reader; the second has the next."""
_POWER_OFF, _POWER_ON, _RESET, _TELL_ATR = b"\0", b"\1", b"\2", b"\4"
_CONNECT_SECONDS = 5.0


@contextlib.contextmanager
def inserted(host: str, port: int) -> Iterator[socket.socket]:
    """The connection that is the reader's slot. Raises TryLater if no vpcd listens there."""
    try:
        connection = socket.create_connection((host, port), _CONNECT_SECONDS)
    except OSError as error:
        raise TryLater(
            f"连不上 {host}:{port} 的虚拟读卡器（{error.strerror or error}）；请安装 vsmartcard-vpcd 并启动 pcscd",
            f"No virtual reader at {host}:{port} ({error.strerror or error}); install vsmartcard-vpcd and start pcscd",
        ) from error
    with connection:
        connection.settimeout(None)
        yield connection


def serve(card: VirtualCard, slot: socket.socket) -> None:
    """Answer the reader until it hangs up."""
    while (message := _receive(slot)) is not None:
        reply = _obey(card, message)
        if reply is not None:
            slot.sendall(len(reply).to_bytes(2, "big") + reply)


def _obey(card: VirtualCard, message: bytes) -> bytes | None:
    if message in (_POWER_OFF, _POWER_ON, _RESET):
        card.power()
        return None
    return ATR if message == _TELL_ATR else card.answer(message)


def _receive(slot: socket.socket) -> bytes | None:
    """One message, None at the end of the connection."""
    length = _exactly(slot, 2)
    return _exactly(slot, int.from_bytes(length, "big")) if length else None


def _exactly(slot: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        try:
            slot.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # vpcd sends the payload when its length came
            more = slot.recv(size - len(data))
        except OSError:
            return None
        if not more:
            return None
        data += more
    return data
