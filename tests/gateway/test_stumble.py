"""Things entered together: one that stumbles is entered alone, the others exactly once; an outage undoes all."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from edi.adapters.ledger import Ledger
from edi.core.chain import Event, first_break
from edi.errors import TryLater
from edi.gateway import stumble
from edi.gateway.stumble import enter_each

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HISTORY = "select seq, at, kind, subject, old, new, detail, hash from events order by seq"


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def enter(ledger, things, fault):
    """Enter things two at a time, each as an event; at the third `fault` is raised, and alone it is told."""

    def together(thing):
        entry.event("entered", thing)
        if thing == "third":
            raise fault
        return thing

    def alone(thing):
        entry.event("stumbled" if thing == "third" else "entered", thing)
        return thing.upper()

    with ledger.transaction(NOW) as entry:
        return enter_each(entry, iter(things), together, alone)


def test_who_stumbles_sends_its_group_one_by_one_and_no_other(ledger, monkeypatch):
    monkeypatch.setattr(stumble, "TOGETHER", 2)
    things = ["first", "second", "third", "fourth", "fifth"]
    assert enter(ledger, things, KeyError("our own fault")) == ["first", "second", "THIRD", "FOURTH", "fifth"]
    rows = [dict(row) for row in ledger.rows(HISTORY)]
    assert [(row["subject"], row["kind"]) for row in rows] == [
        (thing, "stumbled" if thing == "third" else "entered") for thing in things
    ]
    chained = [({name: value for name, value in row.items() if name != "hash"}, row["hash"]) for row in rows]
    assert first_break((Event(**event), stored) for event, stored in chained) is None


@pytest.mark.parametrize(
    ("fault", "raised"), [(sqlite3.OperationalError("disk is full"), TryLater), (OSError("gone"), OSError)]
)
def test_an_outage_is_raised_and_nothing_is_entered(ledger, fault, raised):
    with pytest.raises(raised):
        enter(ledger, ["first", "second", "third"], fault)
    assert ledger.rows(HISTORY) == []
