"""Letters: what customs says at one time of the applications of one message travels together, signed once."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from edi.adapters.config_faults import FaultsConfig
from edi.customs import letters
from edi.customs.faults import Faults
from edi.customs.letters import Letters, Word, gathered
from edi.messages.dxp import read_dxp_msg
from edi.messages.receipt import MOST_NODES, Receipt, read_receipts

from .office import START, Filing, guid_of

USCC = "91110105XX4898{:04d}"


def many(count, **common):
    return [Filing(uscc=USCC.format(number), seq=f"ERP-{number:03d}", **common) for number in range(count)]


def told(office):
    """What each letter says, in the order of their names: clientSeqNo and code by application."""
    return [
        [(one.client_seq_no, one.code) for one in office._open(file.read_bytes())] for file in office.receipt_files()
    ]


def test_a_hundred_applications_of_one_message_bring_three_letters(office):
    office.file(*many(100))
    expected = [f"ERP-{number:03d}" for number in range(100)]
    assert told(office) == [[(seq, code) for seq in expected] for code in (120, 300, 399)]
    assert office.rows("SELECT count(*), count(DISTINCT application), count(DISTINCT letter) FROM receipts") == [
        (300, 100, 3)
    ]


def test_the_envelope_of_several_names_the_first_and_each_node_its_own(office):
    office.file(*many(3))
    envelope = read_dxp_msg(etree.fromstring(office.receipt_files()[0].read_bytes()))
    numbers = [one.application_no for one in read_receipts(etree.fromstring(envelope.data))]
    assert envelope.keys == {"applicationNo": numbers[0]}
    assert numbers == [f"20260000000000000{digit}" for digit in (1, 2, 3)]


def test_messages_never_share_a_letter(office):
    for number in range(3):
        office.send(*many(2, types=("TRADER",) if number == 0 else ("BROKER",)), number=None)
    office.work()
    per_letter = [{one.guid for one in office._open(file.read_bytes())} for file in office.receipt_files()]
    assert all(len(guids) == 2 for guids in per_letter)
    assert len({frozenset(guids) for guids in per_letter}) == 3


def test_a_letter_says_of_each_what_became_of_it(office):
    office.file(
        Filing(uscc=USCC.format(1), seq="GOOD"),
        Filing(uscc=USCC.format(2), seq="SIM-REFUSE-1"),
        Filing(uscc=USCC.format(3), seq="SIM-DISAPPROVE-1"),
        Filing(uscc=USCC.format(4), seq="SIM-SILENT-1"),
    )
    assert told(office) == [
        [("GOOD", 120), ("SIM-REFUSE-1", 120), ("SIM-DISAPPROVE-1", 120)],
        [("GOOD", 300), ("SIM-REFUSE-1", 100), ("SIM-DISAPPROVE-1", 300)],
        [("GOOD", 399), ("SIM-DISAPPROVE-1", 398)],
    ]


@pytest.mark.parametrize("batch", [1, 3, 5, 200])
def test_however_many_turns_a_transaction_has_a_message_is_not_parted(open_office, batch):
    office = open_office(f"batch-{batch}", batch=batch)
    office.send(Filing(uscc=USCC.format(90)))
    office.send(*many(7))
    office.send(Filing(uscc=USCC.format(91)))
    office.work()
    assert sorted(len(one) for one in told(office)) == [1] * 6 + [7] * 3


def test_a_message_that_fails_brings_one_letter_or_as_many_as_its_nodes_need(office, pki):
    office.send(*many(MOST_NODES + 1), key=pki.stranger)
    office.work()
    first, second = told(office)
    assert ([code for _, code in first], second) == ([-101002] * MOST_NODES, [(f"ERP-{MOST_NODES}", -101002)])


def test_one_guid_twice_in_a_message_is_spoken_of_in_two_letters_one_after_the_other(office, pki):
    guid = guid_of("twice")
    failed = office.file(Filing(guid=guid), Filing(guid=guid), key=pki.stranger)
    assert [len(one) for one in told(office)] == [1, 1]
    assert failed[0].time < failed[1].time


def test_what_is_said_twice_of_one_application_at_one_time_stands_in_two_letters(office):
    office.file(Filing(seq="SIM-HOLD-1"), Filing(seq="SIM-HOLD-2", uscc=USCC.format(2)))
    office.receiver.decide("SIM-HOLD-1", "approve")
    office.work()
    assert told(office) == [[("SIM-HOLD-1", 120), ("SIM-HOLD-2", 120)], [("SIM-HOLD-1", 300)], [("SIM-HOLD-1", 399)]]


def test_much_that_is_to_be_said_is_spread_over_letters(office, monkeypatch):
    monkeypatch.setattr(letters, "MOST_BYTES", 1000)
    office.file(*many(6))
    assert [seq for letter in told(office) for seq, code in letter if code == 399] == [f"ERP-{n:03d}" for n in range(6)]
    sizes = [len(letter) for letter in told(office)]
    assert len(sizes) > 3
    assert 1 < max(sizes) < 6


def test_who_stumbles_takes_back_its_words_and_the_others_still_travel_together(office, monkeypatch):
    say = Letters.say

    def stumbling(self, form, receipt, **options):
        say(self, form, receipt, **options)
        if (receipt.client_seq_no, receipt.code) == ("ERP-001", 300):
            raise ZeroDivisionError

    monkeypatch.setattr(Letters, "say", stumbling)
    office.file(*many(3))
    assert told(office) == [
        [("ERP-000", 120), ("ERP-001", 120), ("ERP-002", 120)],
        [("ERP-000", 300), ("ERP-002", 300)],
        [("ERP-000", 399), ("ERP-002", 399)],
    ]
    assert office.rows("SELECT client_seq_no, status FROM applications WHERE trouble <> ''") == [("ERP-001", "LODGED")]
    ticks = {120: 0, 300: 1, 399: 2}  # what was taken back made nothing later
    assert {one.code: (one.time - START) / timedelta(milliseconds=1) for one in office.receipts()} == ticks


def test_same_bytes_again_bring_each_letter_again_once_and_byte_for_byte(open_office):
    office = open_office(faults=Faults(FaultsConfig(lost=1.0)))
    data = office.send(*many(12))
    office.work()
    office.reopen(faults=Faults())
    office.send_bytes(data)
    office.work()
    assert [(file.name, file.read_bytes()) for file in office.receipt_files()] == office.rows(
        "SELECT file_name, body FROM letters ORDER BY id"
    )
    assert office.rows("SELECT repeats FROM letters") == [(1,)] * 3


def test_what_was_stored_since_is_not_called_failed_again_by_the_letter_of_another(open_office):
    """The letters were lost and are asked for: none may deny what customs has lodged meanwhile."""
    office = open_office(faults=Faults(FaultsConfig(lost=1.0)))
    data = office.send(Filing(seq="GOOD"), Filing(seq="SIM-LODGEFAILONCE", uscc=USCC.format(1)))
    office.work()
    office.reopen(faults=Faults())
    for _ in range(2):
        office.send_bytes(data)
        office.work()
    assert Counter(one for letter in told(office) for one in letter) == {
        (seq, code): 1 for seq in ("GOOD", "SIM-LODGEFAILONCE") for code in (120, 300, 399)
    }


def test_a_contradiction_denies_every_node(open_office):
    office = open_office(faults=Faults(FaultsConfig(contradictory=1.0)))
    office.file(*many(3))
    codes = [[code for _, code in letter] for letter in told(office)]
    assert codes == [[code] * 3 for code in (120, 300, 399, 4, 100, 398)]


def test_late_counts_from_the_last_word_of_a_letter(open_office, days):
    office = open_office(faults=Faults(FaultsConfig(late=1.0, late_seconds=600)))
    office.file(*many(2))
    with office.receiver._store.writing() as connection:
        connection.execute("UPDATE receipts SET said_at = '2026-03-02T01:05:00.000000Z' WHERE id = 2")
    office.clock.now += days(11 / 24 / 60)
    office.work()
    assert office.codes() == [300, 300, 399, 399]
    office.clock.now += days(5 / 24 / 60)
    office.work()
    assert office.codes() == [120, 120, 300, 300, 399, 399]


def word(number, message, guid, code):
    receipt = Receipt(guid=guid, code=code, time=START, info="")
    return Word(
        form=None, receipt=receipt, to="", message=message, application=number, node=None,
        size=letters.MOST_BYTES // 4,
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ABCDE"), st.sampled_from([4, 120, 300]))))
def test_any_words_are_gathered_whole_in_order_and_of_one_message(said):
    words = [word(number, message, f"{message}{guid}", code) for number, (message, guid, code) in enumerate(said)]
    found = gathered(words)
    assert Counter(one.application for letter in found for one in letter) == Counter(range(len(words)))
    assert [letter[0].application for letter in found] == sorted(letter[0].application for letter in found)
    for letter in found:
        assert len({(one.message, one.receipt.code == 4) for one in letter}) == 1
        assert len({one.receipt.guid for one in letter}) == len(letter) <= 4
    for guid in {one.receipt.guid for one in words}:
        spoken = [one.application for letter in found for one in letter if one.receipt.guid == guid]
        assert spoken == sorted(spoken)
