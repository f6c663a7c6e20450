"""Commands to a card and its replies (ISO/IEC 7816-4): chaining, GET RESPONSE, BER-TLV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

OK = 0x9000
SHORT = 255
"""Bytes of data in one short command; what is longer is chained."""
LONGEST_REPLY = 65_536
_CHAINED = 0x10
_GET_RESPONSE = 0xC0
_MORE, _WRONG_LE = 0x61, 0x6C


class Link(Protocol):
    """A powered card."""

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command; its reply with the status word at the end. Raises CardAway."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command of class 00; data are kept out of its text, they may be a PIN."""

    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = field(default=b"", repr=False)
    answers: bool = True
    """True if the card is to send data back."""


@dataclass(frozen=True)
class Reply:
    """What the card said."""

    data: bytes
    status: int


def send(link: Link, command: Command) -> Reply:
    """Send a command in as many pieces as it takes and collect the whole reply. Raises CardAway."""
    *first, last = _pieces(command.data)
    for piece in first:
        reply = _once(link, _encode(command, piece, _CHAINED))
        if reply.status != OK:
            return reply
    head = _encode(command, last, 0)
    reply = _once(link, head + b"\0" * command.answers)
    if reply.status >> 8 == _WRONG_LE:
        reply = _once(link, head + bytes([reply.status & 0xFF]))
    data = reply.data
    while reply.status >> 8 == _MORE and len(data) < LONGEST_REPLY:
        reply = _once(link, bytes([0, _GET_RESPONSE, 0, 0, reply.status & 0xFF]))
        data += reply.data
    return Reply(data, reply.status)


def _pieces(data: bytes) -> list[bytes]:
    return [data[start : start + SHORT] for start in range(0, len(data), SHORT)] or [b""]


def _encode(command: Command, data: bytes, chained: int) -> bytes:
    head = bytes([chained, command.ins, command.p1, command.p2])
    return head + bytes([len(data)]) + data if data else head


def _once(link: Link, apdu: bytes) -> Reply:
    answer = link.transmit(apdu)
    return Reply(answer[:-2], int.from_bytes(answer[-2:], "big"))


def tlv(tag: int, value: bytes) -> bytes:
    """One BER-TLV data object."""
    name = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    size = len(value)
    if size < 0x80:  # noqa: PLR2004 - the short form ends here
        return name + bytes([size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return name + bytes([0x80 | len(length)]) + length + value


def read_tlv(data: bytes) -> dict[int, bytes]:
    """The data objects of one level by tag. Raises ValueError where they do not add up."""
    return dict(_objects(data))


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    try:
        while place < len(data):
            end = place + 1
            if data[place] & 0x1F == 0x1F:  # noqa: PLR2004 - the tag goes on
                while data[end] & 0x80:
                    end += 1
                end += 1
            tag = int.from_bytes(data[place:end], "big")
            size, end = _size(data, end)
            if end + size > len(data):
                raise ValueError("a data object ends after its container")
            yield tag, data[end : end + size]
            place = end + size
    except IndexError as error:
        raise ValueError("a data object is cut off") from error


def _size(data: bytes, place: int) -> tuple[int, int]:
    first = data[place]
    if first < 0x80:  # noqa: PLR2004 - the short form ends here
        return first, place + 1
    end = place + 1 + (first & 0x7F)
    if end > len(data):
        raise ValueError("a length is cut off")
    return int.from_bytes(data[place + 1 : end], "big"), end
