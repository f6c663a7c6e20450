"""The hash chain over the ledger's events: cutting, changing or reordering them shows (exchange 10)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = "0" * 64
"""The hash before the first event."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened, as it is chained."""

    seq: int
    at: str
    """UTC, ISO 8601."""
    kind: str
    subject: str
    """What it happened to: guid of an application or claim of a file."""
    old: str | None = None
    new: str | None = None
    """Status before and after, where the event moves one."""
    detail: str = "{}"
    """JSON object."""


@dataclass(frozen=True)
class Head:
    """The end of the chain; it stands in every answer and status file we write."""

    seq: int = 0
    hash: str = GENESIS


def chain(head: Head, event: Event) -> Head:
    """The head after `event`. Raises ValueError if the event does not follow."""
    if event.seq != head.seq + 1:
        raise ValueError(f"event {event.seq} does not follow {head.seq}")
    return Head(event.seq, hashlib.sha256(chained_text(head.hash, event).encode("utf-8")).hexdigest())


def chained_text(before: str, event: Event) -> str:
    """The one line whose SHA-256 is the event's hash; it begins with the hash before it."""
    fields = [before, event.seq, event.at, event.kind, event.subject, event.old, event.new, event.detail]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def first_break(events: Iterable[tuple[Event, str]]) -> int | None:
    """The first event whose stored hash does not fit, None if the chain holds."""
    head = Head()
    for event, stored in events:
        if event.seq != head.seq + 1:
            return event.seq
        head = chain(head, event)
        if head.hash != stored:
            return event.seq
    return None
