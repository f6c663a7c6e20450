"""SFTP version 3 as spoken on the wire: the few requests we need, over a channel that paramiko opened.

paramiko's own client decodes every name as UTF-8 and fails on the first that is not, drops the list of
extensions and the server's error codes, and waits for each answer before it asks the next. Here names
are bytes, errors have their errno, and requests that belong together travel together, which over a
long line is most of the speed.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

VERSION = 3
MOST_BYTES_OF_A_PACKET = 256 << 10
"""What OpenSSH allows too; a server that sends more is no SFTP server."""
CHUNK = 32 << 10
"""Bytes of one read or write; every server takes as much."""
CHUNKS_AT_ONCE = 32

_INIT, _VERSION = 1, 2
_OPEN, _CLOSE, _READ, _WRITE, _LSTAT, _FSTAT = 3, 4, 5, 6, 7, 8
_OPENDIR, _READDIR, _REMOVE, _MKDIR, _RENAME, _EXTENDED = 11, 12, 13, 14, 18, 200
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS = 101, 102, 103, 104, 105
_FOR_READING, _NEW_FOR_WRITING = 0x01, 0x02 | 0x08 | 0x20
_OK, _END = 0, 1
_CAUSES = {2: errno.ENOENT, 3: errno.EACCES, 8: errno.EOPNOTSUPP}
POSIX_RENAME = b"posix-rename@openssh.com"
FSYNC = b"fsync@openssh.com"

T = TypeVar("T")
Request = tuple[int, bytes]
"""Kind and payload."""


class Garbled(Exception):
    """What came is not SFTP, or the line ended in the middle of it: the connection is of no more use."""


class Line(Protocol):
    """What of paramiko's channel is used."""

    def sendall(self, s: bytes) -> object:
        """Send all of it."""

    def recv(self, nbytes: int) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True)
class Attributes:
    """What a server tells of a file."""

    size: int = 0
    mode: int = 0
    """0 where the server does not tell."""
    modified: int = 0
    """Seconds since 1970."""


class Wire:
    """One SFTP session. Any OSError it raises bears the errno of the server's answer; see `Garbled` for the rest."""

    def __init__(self, channel: Line) -> None:
        self._channel = channel
        self._number = 0
        self._send(_INIT, struct.pack(">I", VERSION))
        kind, told = self._receive()
        if kind != _VERSION or told.integer() < VERSION:
            raise Garbled("no SFTP version 3")
        self.extensions = frozenset(told.pairs())

    # ---- requests -------------------------------------------------------------------------------

    def entries(self, path: bytes) -> Iterator[tuple[bytes, Attributes]]:
        """Names and attributes of a folder's entries, as the server gives them."""
        handle = self._open(_OPENDIR, _text(path), path)
        try:
            while True:
                (answer,) = self._ask([(_READDIR, _text(handle))])
                if answer.kind == _STATUS:
                    if answer.code(path) == _END:
                        return
                    raise Garbled("neither names nor their end")
                yield from answer.expect(_NAME).entries()
        finally:
            self._ask([(_CLOSE, _text(handle))])

    def lstat(self, path: bytes) -> Attributes:
        """Attributes of an entry, links not followed."""
        (answer,) = self._ask([(_LSTAT, _text(path))])
        return answer.about(path, _ATTRS).attributes()

    def read(self, path: bytes, size: int) -> tuple[bytes, Attributes]:
        """The first `size` bytes of a file, fewer if it has no more, and its attributes after they were read."""
        handle = self._open(_OPEN, _text(path) + struct.pack(">II", _FOR_READING, 0), path)
        wanted = [(start, min(CHUNK, size - start)) for start in range(0, size, CHUNK)]
        answers: list[_Answer] = []
        for some in _in_portions(wanted):
            answers += self._ask([(_READ, _text(handle) + struct.pack(">QI", start, count)) for start, count in some])
        told, closed = self._ask([(_FSTAT, _text(handle)), (_CLOSE, _text(handle))])
        data = b"".join(answer.data(path) for answer in answers)
        closed.done(path)
        return data, told.about(path, _ATTRS).attributes()

    def write(self, path: bytes, data: bytes) -> None:
        """A new file, whole, synced where the server can. Raises OSError if it exists or comes out shorter."""
        handle = self._open(_OPEN, _text(path) + struct.pack(">II", _NEW_FOR_WRITING, 0), path)
        asked = [
            (_WRITE, _text(handle) + struct.pack(">Q", start) + _text(data[start : start + CHUNK]))
            for start in range(0, len(data), CHUNK)
        ]
        ends: list[Request] = [(_FSTAT, _text(handle)), (_CLOSE, _text(handle))]
        if FSYNC in self.extensions:
            ends.insert(0, (_EXTENDED, _text(FSYNC) + _text(handle)))
        answers = [one for some in _in_portions([*asked, *ends]) for one in self._ask(some)]
        told = answers.pop(-2)
        for answer in answers:
            answer.done(path)
        if told.about(path, _ATTRS).attributes().size != len(data):
            raise OSError(errno.EIO, "written, but not whole", path.decode("utf-8", "replace"))

    def rename(self, old: bytes, new: bytes) -> None:
        """The rename of the protocol: it fails where the new name is taken, or so it should."""
        self._do(_RENAME, _text(old) + _text(new), old)

    def posix_rename(self, old: bytes, new: bytes) -> None:
        """A rename over whatever has the name; only where `POSIX_RENAME` is among the extensions."""
        self._do(_EXTENDED, _text(POSIX_RENAME) + _text(old) + _text(new), old)

    def remove(self, path: bytes) -> None:
        """Remove a file."""
        self._do(_REMOVE, _text(path), path)

    def make_folder(self, path: bytes) -> None:
        """Make a folder."""
        self._do(_MKDIR, _text(path) + struct.pack(">I", 0), path)

    # ---- packets --------------------------------------------------------------------------------

    def _do(self, kind: int, payload: bytes, path: bytes) -> None:
        (answer,) = self._ask([(kind, payload)])
        answer.done(path)

    def _open(self, kind: int, payload: bytes, path: bytes) -> bytes:
        (answer,) = self._ask([(kind, payload)])
        return answer.about(path, _HANDLE).text()

    def _ask(self, requests: Sequence[Request]) -> list[_Answer]:
        """Send them all, then take in all answers, in whatever order they come."""
        numbers = [self._number + one for one in range(len(requests))]
        self._number += len(requests)
        for number, (kind, payload) in zip(numbers, requests, strict=True):
            self._send(kind, struct.pack(">I", number & 0xFFFFFFFF) + payload)
        answers: dict[int, _Answer] = {}
        awaited = {number & 0xFFFFFFFF for number in numbers}
        while awaited:
            kind, packet = self._receive()
            number = packet.integer()
            if number not in awaited:
                raise Garbled("an answer to a question nobody asked")
            awaited.discard(number)
            answers[number] = _Answer(kind, packet)
        return [answers[number & 0xFFFFFFFF] for number in numbers]

    def _send(self, kind: int, payload: bytes) -> None:
        self._channel.sendall(struct.pack(">IB", len(payload) + 1, kind) + payload)

    def _receive(self) -> tuple[int, _Packet]:
        (length,) = struct.unpack(">I", self._exactly(4))
        if not 1 <= length <= MOST_BYTES_OF_A_PACKET:
            raise Garbled(f"a packet of {length} bytes")
        packet = self._exactly(length)
        return packet[0], _Packet(packet[1:])

    def _exactly(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count:
            part = self._channel.recv(count)
            if not part:
                raise Garbled("the connection ended")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


class _Packet:
    """The payload of a packet, read from the front."""

    def __init__(self, payload: bytes) -> None:
        self._rest = memoryview(payload)

    def integer(self, form: str = ">I") -> int:
        size = struct.calcsize(form)
        if len(self._rest) < size:
            raise Garbled("a packet that is too short")
        (value,) = struct.unpack(form, self._rest[:size])
        self._rest = self._rest[size:]
        return int(value)

    def text(self) -> bytes:
        length = self.integer()
        if len(self._rest) < length:
            raise Garbled("a packet that is too short")
        value, self._rest = bytes(self._rest[:length]), self._rest[length:]
        return value

    def pairs(self) -> Iterator[bytes]:
        """The first of each pair of texts up to the end."""
        while self._rest:
            yield self.text()
            self.text()

    def entries(self) -> Iterator[tuple[bytes, Attributes]]:
        for _ in range(self.integer()):
            name = self.text()
            self.text()  # a line for people
            yield name, self.attributes()

    def attributes(self) -> Attributes:
        flags = self.integer()
        size = self.integer(">Q") if flags & 0x01 else 0
        if flags & 0x02:
            self.integer(">Q")  # owner and group
        mode = self.integer() if flags & 0x04 else 0
        modified = self.integer(">Q") & 0xFFFFFFFF if flags & 0x08 else 0  # after the time of access
        for _ in range(self.integer() if flags & 0x80000000 else 0):
            self.text()
            self.text()
        return Attributes(size, mode, modified)


class _Answer:
    """What came back for one request."""

    def __init__(self, kind: int, packet: _Packet) -> None:
        self.kind = kind
        self._packet = packet

    def expect(self, kind: int) -> _Packet:
        if self.kind != kind:
            raise Garbled(f"an answer of kind {self.kind} instead of {kind}")
        return self._packet

    def about(self, path: bytes, kind: int) -> _Packet:
        """What was asked for. Raises the server's refusal."""
        if self.kind == _STATUS:
            self.code(path)
        return self.expect(kind)

    def done(self, path: bytes) -> None:
        """Raises the server's refusal, if it is one."""
        if self.code(path) != _OK:
            raise Garbled("an end where there is none")

    def data(self, path: bytes) -> bytes:
        """Bytes of a file, none at its end."""
        if self.kind == _STATUS and self.code(path) == _END:
            return b""
        return self.expect(_DATA).text()

    def code(self, path: bytes) -> int:
        """OK or end; every other status is raised as the OSError it means."""
        status = self.expect(_STATUS)
        code = status.integer()
        if code in (_OK, _END):
            return code
        words = "".join(c if c.isprintable() else "?" for c in status.text().decode("utf-8", "replace")[:200])
        raise OSError(_CAUSES.get(code, errno.EREMOTEIO), words or "refused", path.decode("utf-8", "replace"))


def _text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _in_portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), CHUNKS_AT_ONCE):
        yield items[start : start + CHUNKS_AT_ONCE]
