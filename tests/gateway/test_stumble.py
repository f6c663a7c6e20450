"""A batch is entered together: if one stumbles each is entered alone and exactly once; an outage undoes all."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from edi.adapters.ledger import Ledger
from edi.core.chain import Event, first_break
from edi.errors import TryLater
from edi.gateway.stumble import enter_batch

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HISTORY = "select seq, at, kind, subject, old, new, detail, hash from events order by seq"


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def enter(ledger, things, fault):
    """Enter things, each as an event; at the third `fault` is raised, and alone it is told."""

    def together(entry, thing):
        entry.event("entered", thing)
        if thing == "third":
            raise fault
        return thing

    def alone(entry, thing):
        entry.event("stumbled" if thing == "third" else "entered", thing)
        return thing.upper()

    parts = SimpleNamespace(ledger=ledger, clock=lambda: NOW)
    return enter_batch(parts, things, together, alone)


def test_where_nothing_stumbles_all_go_together(ledger):
    assert enter(ledger, iter(["first", "second"]), KeyError("our own fault")) == ["first", "second"]


def test_if_one_stumbles_each_is_entered_alone_and_once(ledger):
    things = ["first", "second", "third", "fourth"]
    assert enter(ledger, iter(things), KeyError("our own fault")) == ["FIRST", "SECOND", "THIRD", "FOURTH"]
    rows = [dict(row) for row in ledger.rows(HISTORY)]
    assert [(row["subject"], row["kind"]) for row in rows] == [
        (thing, "stumbled" if thing == "third" else "entered") for thing in things
    ]
    chained = [({name: value for name, value in row.items() if name != "hash"}, row["hash"]) for row in rows]
    assert first_break((Event(**event), stored) for event, stored in chained) is None


def test_what_goes_wrong_with_the_coming_is_raised_and_nothing_is_entered(ledger):
    def coming():
        yield "first"
        raise KeyError("no verdict")

    with pytest.raises(KeyError, match="no verdict"):
        enter(ledger, coming(), None)
    assert ledger.rows(HISTORY) == []


@pytest.mark.parametrize(
    ("fault", "raised"), [(sqlite3.OperationalError("disk is full"), TryLater), (OSError("gone"), OSError)]
)
def test_an_outage_is_raised_and_nothing_is_entered(ledger, fault, raised):
    with pytest.raises(raised):
        enter(ledger, ["first", "second", "third"], fault)
    assert ledger.rows(HISTORY) == []
