"""Cut off anywhere, done again: nothing lost, nothing twice, the same bytes under the same names."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sqlite3
import warnings

import pytest

from edi.adapters import files
from edi.customs import intake, receipts, receiver, store
from edi.customs.desk import Desk
from edi.customs.docket import Docket
from edi.customs.intake import Inbox
from edi.customs.letters import Letters
from edi.customs.receipts import ReceiptDesk
from edi.errors import TryLater

from .office import Filing


class Crash(BaseException):
    """Not an Exception: nothing may catch it and carry on."""


def dies_before(*_args, **_kwargs):
    raise Crash


def dies_after(function):
    def wrapper(*args, **kwargs):
        function(*args, **kwargs)
        raise Crash

    return wrapper


def dies_at_call(function, number):
    """Die before the call of that number, from 1."""
    calls = iter(range(1, 1000))

    def wrapper(*args, **kwargs):
        if next(calls) == number:
            raise Crash
        return function(*args, **kwargs)

    return wrapper


PLACES = {
    "after the first claim": (Inbox, "_claim", lambda original: dies_at_call(original, 2)),
    "after all claims": (receiver, "read_regular", lambda _: dies_before),
    "while entering": (Docket, "enter", lambda original: dies_at_call(original, 3)),
    "entered, not committed": (Docket, "note_arrival", lambda original: dies_at_call(original, 4)),
    "committed, files not removed": (Inbox, "finish", lambda _: dies_before),
    "files removed": (Inbox, "finish", dies_after),
    "first turns": (Desk, "_perform", lambda original: dies_at_call(original, 5)),
    "receipt signed, not committed": (Letters, "write", dies_after),
    "turns committed, receipts not written": (ReceiptDesk, "deliver", lambda _: dies_before),
    "a receipt staged": (files, "_write_all", lambda original: dies_at_call(original, 4)),
    "receipts written, not marked": (receipts, "write_whole", dies_after),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_crash_anywhere_loses_and_doubles_nothing(open_office, monkeypatch, place):
    office = open_office(batch=5)
    office.send(*[Filing(seq=f"PAIR-{index}", uscc=f"91110105XX489885{index:02d}") for index in range(2)])
    for index in range(4):
        office.send(Filing(seq=f"ERP-{index}", uscc=f"91110105XX489884{index:02d}"))
    office.send(Filing(seq="SIM-LODGEFAIL"))
    office.send_bytes(b"unreadable")

    target, name, make = PLACES[place]
    with monkeypatch.context() as patch:
        patch.setattr(target, name, make(getattr(target, name)))
        with pytest.raises(Crash):
            office.work()
    promised = office.rows("SELECT id, file_name, body FROM letters")
    office.reopen()
    office.work()

    assert office.rows("SELECT id, file_name, body FROM letters")[: len(promised)] == promised
    assert sorted(office.codes()) == [4] + [120] * 6 + [300] * 6 + [399] * 6
    assert len(office.receipt_files()) == 1 + 3 * 5, "the pair shares its letters"
    assert {file.name: file.read_bytes() for file in office.receipt_files()} == {
        name: body for _, name, body in office.rows("SELECT id, file_name, body FROM letters")
    }
    assert office.rows("SELECT count(*) FROM applications WHERE status = 'APPROVED'") == [(6,)]
    assert office.rows("SELECT count(*), count(DISTINCT filing_code) FROM qualifications") == [(6, 6)]
    everything = sorted(office.settings.collect_from.rglob("*"))
    assert len([path for path in everything if path.is_file()]) == 2  # the quarantined file and its reason
    assert [path for path in office.settings.deliver_to.iterdir() if path.suffix != ".xml"] == []


def test_a_crash_between_reason_and_move_keeps_the_file(office, monkeypatch):
    office.send_bytes(b"unreadable")
    with monkeypatch.context() as patch:
        patch.setattr(intake, "move_without_overwriting", dies_before)
        with pytest.raises(Crash):
            office.work()
    office.reopen()
    office.work()
    kept = [path for path in office.settings.collect_from.rglob("*") if path.is_file()]
    assert len(kept) == 2


def _work_until_killed(office, fuse):
    """In a process of its own: dies by SIGKILL at one of its system calls that change something."""
    names = ("fsync", "rename", "unlink", "link", "replace")
    calls = iter(range(10_000))

    def fused(function):
        def wrapper(*args, **kwargs):
            if next(calls) == fuse:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return wrapper

    for name in names:
        setattr(os, name, fused(getattr(os, name)))
    office.open()
    office.work()


def test_kill_9_at_every_file_operation(open_office):
    """The process is really killed, at one file operation after the other, until a run gets through."""
    context = multiprocessing.get_context("fork")
    for fuse in range(1000):
        office = open_office(f"fuse-{fuse}", batch=2)
        office.close()
        office.send(Filing(uscc="91110105XX48988400"))
        office.send(*[Filing(uscc=f"91110105XX489885{index:02d}") for index in range(2)])
        office.send(Filing(seq="SIM-LODGEFAIL"))
        process = context.Process(target=_work_until_killed, args=(office, fuse))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads: the child only works and dies
            process.start()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        office.open()
        office.work()
        assert sorted(office.codes()) == [4] + [120] * 3 + [300] * 3 + [399] * 3, f"killed at operation {fuse}"
        office.close()
        if process.exitcode == 0:
            break
    assert fuse > 20


def test_a_full_disk_is_our_outage(office, monkeypatch):
    office.send(Filing())
    with monkeypatch.context() as patch:

        def full(_files):
            raise OSError(28, "No space left on device")

        patch.setattr(receipts, "write_whole", full)
        with pytest.raises(TryLater, match="No space left"):
            office.receiver.step()
    office.work()
    assert office.codes() == [120, 300, 399]


def test_a_locked_register_is_our_outage(office, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    office.reopen()
    office.send(Filing())
    other = sqlite3.connect(office.settings.register, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryLater, match="locked"):
        office.receiver.step()
    other.execute("ROLLBACK")
    other.close()
    office.work()
    assert office.codes() == [120, 300, 399]


def test_two_receivers_never_work_on_one_register(office):
    office.work()
    second = type(office)(office.home, office.pki, office.forms, office.contract, office.settings, office.clock)
    with pytest.raises(TryLater, match="is running already"):
        second.receiver.step()
    office.close()
    assert second.file(Filing())[-1].code == 399
    second.close()
    office.open()


def test_receipts_are_committed_before_they_are_written(office, monkeypatch):
    seen = []
    original = receipts.write_whole

    def watch(batch):
        stored = {row[0] for row in office.rows("SELECT body FROM letters")}
        seen.extend(data in stored for data in batch.values())
        original(batch)

    monkeypatch.setattr(receipts, "write_whole", watch)
    office.file(Filing())
    assert seen == [True, True, True]
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in office.receipt_files()}) == 3
