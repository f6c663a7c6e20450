"""One day of receipts, as values: what the nightly receipt log says, before it is put on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Line:
    """A receipt as the log lists it."""

    application_no: str
    client_seq_no: str
    applicant: str
    applicant_name: str
    form: str
    form_name: str
    customs: str
    code: int
    status: str
    """What the receipt says, in Chinese."""
    tone: str
    """`good` or `bad` where that is the end of the matter, else empty."""
    effect: str
    """What it did to the application."""
    received: str
    """China time."""
    customs_time: str
    opinion: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Two numbers that must be the same, found in two ways."""

    zh: str
    left: int
    right: int

    @property
    def good(self) -> bool:
        """True if they are."""
        return self.left == self.right


@dataclass(frozen=True, kw_only=True)
class DayLog:
    """One day of one channel."""

    channel: str
    day: date
    made_at: str
    lines: Sequence[Line]
    statuses: Sequence[tuple[str, int]]
    """Receipts by status, in the order of the status table."""
    outcomes: Sequence[tuple[str, int]]
    """Files by what became of them."""
    proofs: Sequence[Proof]

    @property
    def balanced(self) -> bool:
        """True if all sums hold."""
        return all(one.good for one in self.proofs)
