"""Base64 in messages: white space anywhere, nothing else, and no more memory than the text takes."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.messages.base64_text import from_base64
from tests.attacks.scene import b64


@given(st.binary(max_size=60), st.text(" \t\r\n", max_size=5))
def test_white_space_does_not_matter(data, blanks):
    assert from_base64(blanks.join(["", *b64(data), ""])) == data


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAA",
        "A===",
        "AAAA=",
        "AAAA====",
        "=",
        "AB==",
        "AA==AA==",
        "AA-_",
        "AA\u00a0AA",
        "ＡＡＡＡ",
        "AA\0A",
        "AA\ud800A",
    ],
)
def test_whatever_else_is_refused(text):
    with pytest.raises(ValueError):
        from_base64(text)


def test_many_pieces_take_no_more_memory_than_one():
    text = "AA " * 300_000
    tracemalloc.start()
    from_base64(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(text)
