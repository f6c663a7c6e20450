"""What goes over the wire to a card: data objects, commands in pieces, replies in pieces, and cards that misbehave."""

import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.adapters.cards.apdu import Command, Reply, read_tlv, send, tlv
from edi.adapters.cards.faults import CardAway, CardBlocked, CardFault, WrongSecret
from edi.adapters.cards.piv import Piv, Slot
from edi.adapters.cards.readers import Card
from edi.adapters.cards.secret import pin, puk
from edi.errors import UserError

TAGS = st.sampled_from([0x53, 0x70, 0x7E, 0x5F2F, 0x5FC102])


class Scripted:
    """A card that gives the replies it was told to, and remembers what it was sent."""

    def __init__(self, *replies):
        self.replies = [bytes.fromhex(one) for one in replies]
        self.sent = []

    def transmit(self, apdu):
        self.sent.append(apdu)
        return self.replies.pop(0)


def selected(*replies):
    return Piv(Scripted("9000", *replies))


@given(st.dictionaries(TAGS, st.binary(max_size=70_000), max_size=4))
def test_data_objects_are_read_as_they_were_written(objects):
    assert read_tlv(b"".join(tlv(tag, value) for tag, value in objects.items())) == objects


@given(st.binary(max_size=40))
def test_whatever_a_card_sends_is_read_or_refused(data):
    with contextlib.suppress(ValueError):
        assert all(value in data for value in read_tlv(data).values())


def test_long_data_are_chained_and_long_replies_collected():
    card = Scripted("9000", "AABB6102", "CCDD9000")
    assert send(card, Command(ins=0x87, p1=7, p2=0x9C, data=bytes(300))) == Reply(bytes.fromhex("AABBCCDD"), 0x9000)
    first, last, more = card.sent
    assert first == bytes.fromhex("1087079CFF") + bytes(255)
    assert last == bytes.fromhex("0087079C2D") + bytes(45) + b"\0"
    assert more == bytes.fromhex("00C0000002")


def test_a_card_that_wants_another_length_is_asked_again():
    card = Scripted("6C02", "AABB9000")
    assert send(card, Command(ins=0xCB)) == Reply(b"\xaa\xbb", 0x9000)
    assert card.sent[1] == bytes.fromhex("00CB000002")


def test_a_chain_the_card_breaks_off_is_not_gone_on_with():
    card = Scripted("6883")
    assert send(card, Command(ins=0x87, data=bytes(300))).status == 0x6883
    assert len(card.sent) == 1


def test_a_card_that_never_ends_is_left():
    class Endless:
        def transmit(self, _apdu):
            return bytes(256) + b"\x61\x00"

    assert len(send(Endless(), Command(ins=0xCB)).data) <= 65_536 + 256


@pytest.mark.parametrize(
    ("status", "error"),
    [("63C2", WrongSecret), ("63C0", WrongSecret), ("6983", CardBlocked), ("6A88", CardFault), ("6700", CardFault)],
)
def test_what_a_card_says_of_a_pin(status, error):
    with pytest.raises(error):
        selected(status).verify(pin("123456"))


def test_a_pin_is_in_no_text():
    secret = pin("87654321")
    assert "8765" not in repr(secret)
    assert "8765" not in repr(Command(ins=0x20, data=secret.padded))


@pytest.mark.parametrize("text", ["12345", "123456789", "12345a", "１２３４５６", ""])
def test_a_slip_of_the_finger_costs_no_try(text):
    with pytest.raises(UserError, match="PIN"):
        pin(text)


def test_a_puk_has_letters_too_but_no_blanks():
    assert puk("Ab3!efgh").padded == b"Ab3!efgh"
    with pytest.raises(UserError, match="PUK"):
        puk("Ab 3efgh")


@pytest.mark.parametrize("content", ["", "53", "5305AABB", "53027000", "530670040102030471"])
def test_a_damaged_certificate_is_the_cards_fault(content):
    with pytest.raises(CardFault):
        selected(content + "9000").certificate(Slot.SIGNATURE)


def test_a_packed_certificate_is_unpacked_within_bounds():
    """SP 800-73-4, part 1, 3.3.2: CertInfo 01 stands for gzip; a bomb is cut off and then is no certificate."""
    bomb = tlv(0x53, tlv(0x70, gzip.compress(bytes(10_000_000))) + tlv(0x71, b"\1")).hex()
    pieces = [bomb[start : start + 512] + "6100" for start in range(0, len(bomb), 512)]
    with pytest.raises(CardFault):
        selected(*pieces[:-1], pieces[-1][:-4] + "9000").certificate(Slot.SIGNATURE)


class Pcsc:
    """As much of pyscard as a powered card needs."""

    SCARD_S_SUCCESS, SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 0, 1, 2

    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = []

    def __getattr__(self, name):
        return name

    def SCardTransmit(self, _handle, _protocol, apdu):  # noqa: N802 - as PC/SC has it
        self.sent.append(bytes(apdu).hex())
        return self.SCARD_S_SUCCESS, self.answers.pop(0)


def test_the_older_protocol_gets_no_length_behind_data():
    scard = Pcsc([0x61, 0x02], [1, 2, 0x90, 0], [0x90, 0])
    card = Card(scard, None, scard.SCARD_PROTOCOL_T0)
    assert send(card, Command(ins=0xCB, data=b"\xaa\xbb")) == Reply(b"\1\2", 0x9000)
    send(card, Command(ins=0x20, answers=False))
    assert scard.sent == ["00cb000002aabb", "00c0000002", "00200000"]


def test_an_answer_without_a_status_means_that_the_card_is_gone():
    scard = Pcsc([])
    with pytest.raises(CardAway, match="重新插卡"):
        Card(scard, None, scard.SCARD_PROTOCOL_T1).transmit(b"\0\xcb\0\0")


def test_a_card_without_the_application_is_told():
    with pytest.raises(UserError, match="PIV"):
        Piv(Scripted("6A82"))
