"""Faults on purpose: by rate and by seed, and never a fault of what customs has stored."""

import signal
from collections import Counter
from datetime import timedelta

import pytest
from lxml import etree

from edi.adapters.config_faults import DELIVERIES, RECEIVER, FaultsConfig
from edi.checks.intact import check_intact
from edi.core.findings import Finding
from edi.customs.faults import WORDS, Faults
from edi.errors import TryLater
from edi.messages.dxp import read_dxp_msg
from edi.messages.receipt import read_receipts

from .office import Filing


@pytest.fixture
def faulty(open_office):
    return lambda name="faulty", **rates: open_office(name, faults=Faults(FaultsConfig(**rates)))


def told(file):
    """The code in a receipt's file, and whether its signature holds."""
    root = etree.fromstring(read_dxp_msg(etree.fromstring(file.read_bytes())).data)
    return read_receipts(root)[0].code, not isinstance(check_intact(root), Finding)


def after(office):
    """What lies in the folder after one filing, in the order in which names sort."""
    office.send(Filing())
    office.work()
    return office.receipt_files()


def test_every_fault_is_explained():
    assert tuple(WORDS) == (*DELIVERIES, *RECEIVER)


def test_lost(faulty):
    office = faulty(lost=1.0)
    assert after(office) == []
    assert office.rows("SELECT count(*) FROM letters WHERE delivered") == [(3,)], "customs takes them for sent"


def test_doubled(faulty):
    copies = Counter(file.read_bytes() for file in after(faulty(doubled=1.0)))
    assert list(copies.values()) == [2, 2, 2]


def test_late(faulty):
    office = faulty(late=1.0, late_seconds=600)
    assert after(office) == []
    office.clock.now += timedelta(minutes=9)
    office.work()
    assert office.receipt_files() == []
    office.clock.now += timedelta(minutes=2)
    office.work()
    assert office.codes() == [120, 300, 399]


def test_out_of_order(faulty):
    office = faulty(out_of_order=0.5, seed=3)
    assert sorted(told(file)[0] for file in after(office)) == [120, 300, 399]
    assert office.codes() != [120, 300, 399]


def test_truncated(faulty):
    office = faulty(truncated=1.0)
    cut = {file.name: file.read_bytes() for file in after(office)}
    whole = dict(office.rows("SELECT file_name, body FROM letters"))
    assert cut == {name: body[: len(body) // 2] for name, body in whole.items()}


def test_wrongly_signed(faulty):
    assert [told(file) for file in after(faulty(wrongly_signed=1.0))] == [(120, False), (300, False), (399, False)]


def test_contradictory_after_the_true_word(faulty):
    files = after(faulty(contradictory=1.0))
    assert [told(file) for file in files] == [
        (120, True),
        (300, True),
        (399, True),
        (4, True),
        (100, True),
        (398, True),
    ]


def test_down_for_a_round(faulty):
    office = faulty(receiver_down=1.0)
    office.send(Filing())
    with pytest.raises(TryLater, match="receiver_down"):
        office.receiver.step()
    office.reopen(faults=Faults())
    office.work()
    assert office.codes() == [120, 300, 399]


def test_death_after_storing(faulty, monkeypatch):
    office = faulty(death_after_storing=1.0)
    office.send(Filing())
    killed = []

    def kill(_process, number):
        killed.append(number)
        raise KeyboardInterrupt

    monkeypatch.setattr("edi.customs.faults.os.kill", kill)
    with pytest.raises(KeyboardInterrupt):
        office.work()
    assert killed == [signal.SIGKILL]
    assert office.rows("SELECT count(*) FROM applications") == [(1,)]
    assert [path for path in office.settings.collect_from.rglob("*.xml") if path.is_file()], "its file is still there"
    office.reopen(faults=Faults())
    office.work()
    assert office.codes() == [120, 300, 399]


def some(faulty, name, seed):
    office = faulty(name, seed=seed, lost=0.3, truncated=0.2, doubled=0.2)
    for number in range(8):
        office.send(Filing(uscc=f"91110105XX489884{number:02d}"))
    office.work()
    return {file.name: len(file.read_bytes()) for file in office.receipt_files()}


def test_the_same_seed_gives_the_same_faults_and_another_seed_others(faulty):
    assert some(faulty, "one", 5) == some(faulty, "two", 5) != some(faulty, "three", 6)


def test_same_bytes_again_bring_the_lost_receipts(faulty):
    office = faulty(lost=1.0)
    data = office.send(Filing())
    office.work()
    office.reopen(faults=Faults())
    office.work()
    assert office.codes() == [], "nobody asked"
    office.send_bytes(data)
    office.work()
    assert office.codes() == [120, 300, 399]
    assert [(file.name, file.read_bytes()) for file in office.receipt_files()] == office.rows(
        "SELECT file_name, body FROM letters ORDER BY id"
    )


def test_a_failure_before_is_not_said_again_of_what_was_stored_since(faulty):
    """Whoever hears of a failure after all would take the filing for failed."""
    office = faulty(lost=1.0)
    data = office.send(Filing(seq="SIM-LODGEFAILONCE"))
    office.work()
    office.reopen(faults=Faults())
    for _ in range(2):
        office.send_bytes(data)
        office.work()
    assert office.codes() == [120, 300, 399]
