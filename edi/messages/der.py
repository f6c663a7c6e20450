"""Just enough DER to take a certificate apart and to put it together again.

Only for bytes that `cryptography` has read before, or that we wrote ourselves: it is no judge of DER.
"""

from __future__ import annotations

SEQUENCE = 0x30
BIT_STRING = 0x03
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
_LONG = 0x80


def contents(element: bytes) -> bytes:
    """What stands inside an element. Raises ValueError if it is not one whole element."""
    start, end = _extent(element, 0)
    if end != len(element):
        raise ValueError("not one DER element")
    return element[start:end]


def elements(constructed: bytes) -> list[bytes]:
    """The elements inside a constructed one, each with tag and length. Raises ValueError if they do not fit."""
    inside = contents(constructed)
    found, position = [], 0
    while position < len(inside):
        _, end = _extent(inside, position)
        found.append(inside[position:end])
        position = end
    return found


def element(tag: int, *parts: bytes) -> bytes:
    """An element with that tag, around the parts."""
    inside = b"".join(parts)
    if len(inside) < _LONG:
        return bytes((tag, len(inside))) + inside
    length = len(inside).to_bytes((len(inside).bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(length))) + length + inside


def text(value: bytes) -> str:
    """The text of a UTF8String or PrintableString. Raises ValueError for anything else."""
    if value[:1] not in (bytes((UTF8_STRING,)), bytes((PRINTABLE_STRING,))):
        raise ValueError("not a text")
    return contents(value).decode("utf-8")


def _extent(data: bytes, position: int) -> tuple[int, int]:
    """Where the contents of the element at `position` begin and end."""
    if position + 2 > len(data):
        raise ValueError("cut off")
    length, start = data[position + 1], position + 2
    if length >= _LONG:
        size = length - _LONG
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    if start + length > len(data):
        raise ValueError("cut off")
    return start, start + length
