"""The legal states of a file, its row in the ledger, and its envelope to the receiver: all of them, in one table.

Whatever dies and when, a file is in one of the states that are legal here; those that are not finished are
finished by the program itself. Every other state is an illness: it has a code and, where that is safe, a
repair (exchange 10). The doctor looks things up here and decides nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class File(Enum):
    """Where the original lies."""

    CLAIMED = "claimed"
    PUT_AWAY = "put away"
    BOTH = "in both places"
    NOWHERE = "nowhere"


class Row(Enum):
    """What the ledger knows of it."""

    NONE = "no row"
    OPEN = "a row, and the original is to be put away"
    DONE = "a row, and nothing is to be done with the original"


class Envelope(Enum):
    """What is between us and the receiver."""

    NONE = "nothing to be sent"
    TO_SEND = "to be sent"
    SENT = "sent"
    MISSING = "to be sent, yet never recorded"


class Repair(Enum):
    """What sets an illegal state right."""

    PUT_AWAY = "the original is put away"
    BY_HAND = "a person must look at it"


@dataclass(frozen=True)
class State:
    """One line of the table."""

    files: frozenset[File]
    row: Row
    envelopes: frozenset[Envelope]
    meaning: str
    code: str = ""
    """Of the illness; empty: the state is legal."""
    repair: Repair = Repair.BY_HAND


_ANY = frozenset(Envelope)
_WELL = _ANY - {Envelope.MISSING}
_NOTHING = frozenset({Envelope.NONE})
_ELSEWHERE = frozenset(File) - {File.CLAIMED}

STATES = (
    State(frozenset({File.CLAIMED}), Row.NONE, _NOTHING, "taken; about to be examined"),
    State(_ELSEWHERE, Row.NONE, _NOTHING, "not ours: the ledger never saw it"),
    State(frozenset({File.CLAIMED}), Row.OPEN, _WELL, "entered; the original is about to be put away"),
    State(frozenset({File.BOTH}), Row.OPEN, _WELL, "put away by a link; the claim is about to go"),
    State(frozenset({File.PUT_AWAY}), Row.OPEN, _WELL, "put away; about to be marked done"),
    State(frozenset({File.NOWHERE}), Row.OPEN, _WELL, "somebody took the claim away; written from the ledger"),
    State(frozenset({File.PUT_AWAY}), Row.DONE, _WELL, "finished"),
    State(frozenset({File.NOWHERE}), Row.DONE, _WELL, "finished; sender or archive has taken the original"),
    State(
        frozenset({File.CLAIMED, File.BOTH}), Row.DONE, _WELL, "done with, yet its claim is still there",
        "original-not-put-away", Repair.PUT_AWAY,
    ),
    State(frozenset(File), Row.NONE, _ANY - _NOTHING, "an envelope of a file never entered", "envelope-without-row"),
    State(frozenset(File), Row.OPEN, _ANY - _WELL, "accepted for a receiver, no envelope recorded", "never-sent"),
    State(frozenset(File), Row.DONE, _ANY - _WELL, "accepted for a receiver, no envelope recorded", "never-sent"),
)  # fmt: skip
"""Every state there can be, each in one line."""


def state_of(file: File, row: Row, envelope: Envelope) -> State:
    """The line of the table for a state."""
    return next(one for one in STATES if file in one.files and row is one.row and envelope in one.envelopes)
