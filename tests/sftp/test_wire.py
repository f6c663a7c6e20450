"""The protocol under a server that means us harm: whatever comes, it ends in a refusal or in `Garbled`, soon."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.adapters.transport.wire import MOST_BYTES_OF_A_PACKET, Garbled, Wire

VERSION = struct.pack(">IBI", 5, 2, 3)


class Script:
    """A channel whose other end has written all it will ever say."""

    def __init__(self, said: bytes):
        self._said = said
        self.heard = b""

    def sendall(self, data):
        self.heard += data

    def recv(self, count):
        part, self._said = self._said[:count], self._said[count:]
        return part


def packet(kind, payload):
    return struct.pack(">IB", len(payload) + 1, kind) + payload


def answer(number, kind, payload):
    return packet(kind, struct.pack(">I", number) + payload)


def text(data):
    return struct.pack(">I", len(data)) + data


def refusal(number, code, words=b"no"):
    return answer(number, 101, struct.pack(">I", code) + text(words) + text(b""))


def wire(*said):
    return Wire(Script(VERSION + b"".join(said)))


def test_extensions_are_read():
    pairs = text(b"fsync@openssh.com") + text(b"1") + text(b"posix-rename@openssh.com") + text(b"1")
    assert Wire(Script(packet(2, struct.pack(">I", 3) + pairs))).extensions == {
        b"fsync@openssh.com",
        b"posix-rename@openssh.com",
    }


@pytest.mark.parametrize(
    "greeting",
    [
        b"",
        packet(2, struct.pack(">I", 2)),
        packet(101, b""),
        struct.pack(">I", MOST_BYTES_OF_A_PACKET + 1),
        struct.pack(">I", 0),
        packet(2, struct.pack(">I", 3) + text(b"half a pair")),
    ],
    ids=["silence", "old", "another kind", "endless", "empty", "half"],
)
def test_what_is_no_greeting_is_garbled(greeting):
    with pytest.raises(Garbled):
        Wire(Script(greeting))


@pytest.mark.parametrize(
    ("code", "error"), [(2, FileNotFoundError), (3, PermissionError), (4, OSError), (8, OSError), (99, OSError)]
)
def test_refusals_are_told_with_path_and_words(code, error):
    with pytest.raises(error) as raised:
        wire(refusal(0, code, "没有 \x1b[2J".encode())).lstat("申报.xml".encode())
    assert raised.value.filename == "申报.xml"
    assert raised.value.strerror == "没有 ?[2J", "no control character reaches a terminal"


def test_answers_may_come_in_any_order():
    attributes = struct.pack(">IQ", 1, 5)
    said = [
        answer(0, 102, text(b"handle")),
        answer(1, 103, text(b"12345")),
        refusal(3, 0),
        answer(2, 105, attributes),
    ]
    data, told = wire(*said).read(b"a.xml", 5)
    assert (data, told.size) == (b"12345", 5)


def test_an_answer_nobody_asked_for_is_garbled():
    with pytest.raises(Garbled):
        wire(refusal(7, 0)).remove(b"a.xml")


def test_an_ok_where_data_belong_is_garbled():
    with pytest.raises(Garbled):
        wire(refusal(0, 0)).lstat(b"a.xml")


def test_a_file_that_comes_out_shorter_is_not_written():
    said = [answer(0, 102, text(b"handle")), refusal(1, 0), answer(2, 105, struct.pack(">IQ", 1, 4)), refusal(3, 0)]
    with pytest.raises(OSError, match="not whole"):
        wire(*said).write(b"a.xml", b"12345")


def test_a_listing_of_a_billion_entries_in_ten_bytes_is_garbled():
    said = [answer(0, 102, text(b"handle")), answer(1, 104, struct.pack(">I", 10**9))]
    with pytest.raises(Garbled):
        list(wire(*said).entries(b"/"))


@given(st.binary(max_size=200))
def test_noise_ends_in_refusal_or_garbled(noise):
    for act in (
        lambda one: list(one.entries(b"/")),
        lambda one: one.read(b"a", 10),
        lambda one: one.write(b"a", b"data"),
        lambda one: one.lstat(b"a"),
        lambda one: one.rename(b"a", b"b"),
    ):
        with contextlib.suppress(Garbled, OSError):  # any other error fails the test
            act(wire(answer(0, 102, text(b"handle")), noise))
