"""The application status table (source 002, appendix; 5.1.4 for certificates) and the only legal moves in it.

Everything that affects an application's status lives in this file. The database's trigger, the
published code list and the diagram in `docs/flow.md` are generated from it or tested against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """A row of the status table: the Chinese text is shown exactly so."""

    DRAFT = "暂存"
    SUBMITTED = "申报成功"
    LODGED = "海关入库成功，请等待审核"
    LODGE_FAILED = "海关入库失败"
    REFUSED = "海关不予受理"
    UNDER_REVIEW = "海关受理中"
    APPROVED = "审批通过"
    DISAPPROVED = "审批不通过"
    ISSUED = "已签发"
    VOID = "已失效"
    ANSWERED = "已答复"

    @property
    def token(self) -> str:
        """The name used by programs, e.g. `UNDER_REVIEW`."""
        return self.name

    @property
    def text(self) -> str:
        """The Chinese name, for people."""
        return self.value

    @property
    def final(self) -> bool:
        """True if customs has spoken its last word on the application."""
        return self in FINAL


TRANSITIONS: dict[Status | None, frozenset[Status]] = {
    None: frozenset({Status.DRAFT, Status.SUBMITTED}),
    Status.DRAFT: frozenset({Status.SUBMITTED}),
    Status.SUBMITTED: frozenset({Status.LODGED, Status.LODGE_FAILED, Status.ANSWERED}),
    Status.LODGED: frozenset({Status.UNDER_REVIEW, Status.REFUSED}),
    Status.UNDER_REVIEW: frozenset({Status.APPROVED, Status.DISAPPROVED, Status.ISSUED}),
    Status.LODGE_FAILED: frozenset({Status.SUBMITTED}),
    Status.REFUSED: frozenset(),
    Status.APPROVED: frozenset(),
    Status.DISAPPROVED: frozenset(),
    Status.ISSUED: frozenset({Status.VOID}),
    Status.VOID: frozenset(),
    Status.ANSWERED: frozenset(),
}
"""From each status the ones that may follow; a pair that is not listed is an error."""

FINAL = frozenset({Status.REFUSED, Status.APPROVED, Status.DISAPPROVED, Status.ISSUED, Status.VOID, Status.ANSWERED})
"""Where an application ends. An issued certificate becomes void when a newer one is issued (QLF-121)."""

RECEIPT_CODES: dict[int, Status] = {
    1: Status.DRAFT,
    3: Status.SUBMITTED,
    4: Status.LODGE_FAILED,
    100: Status.REFUSED,
    120: Status.LODGED,
    300: Status.UNDER_REVIEW,
    398: Status.DISAPPROVED,
    399: Status.APPROVED,
    200: Status.ANSWERED,
    401: Status.ISSUED,
    402: Status.VOID,
}
"""What customs' return codes mean. Negative codes mean LODGE_FAILED; 200, 398, 401 and 402 are this project's own."""

CODE_OF: dict[Status, int] = {status: code for code, status in RECEIPT_CODES.items()}
"""The return code that reports a status."""

_ROAD: dict[Status, tuple[Status, ...]] = {
    Status.LODGED: (Status.LODGED,),
    Status.LODGE_FAILED: (Status.LODGE_FAILED,),
    Status.REFUSED: (Status.LODGED, Status.REFUSED),
    Status.UNDER_REVIEW: (Status.LODGED, Status.UNDER_REVIEW),
    Status.APPROVED: (Status.LODGED, Status.UNDER_REVIEW, Status.APPROVED),
    Status.DISAPPROVED: (Status.LODGED, Status.UNDER_REVIEW, Status.DISAPPROVED),
    Status.ISSUED: (Status.LODGED, Status.UNDER_REVIEW, Status.ISSUED),
    Status.VOID: (Status.LODGED, Status.UNDER_REVIEW, Status.ISSUED, Status.VOID),
    Status.ANSWERED: (Status.ANSWERED,),
}
"""The way from SUBMITTED to each status that a receipt can report."""

_AFTER_LODGING = frozenset(status for status, road in _ROAD.items() if road[0] is not Status.LODGE_FAILED)
"""What customs can only report of what it has stored."""


class IllegalTransition(ValueError):
    """A move the table does not list."""


class Verdict(Enum):
    """What a receipt does to the table."""

    MOVES = "moves"
    """The table moves on, over `Advance.steps`."""
    KNOWN = "known"
    """A receipt that was already counted, or one overtaken by a later one: nothing moves."""
    CONTRADICTS = "contradicts"
    """It denies what customs said before: nothing moves, an alarm is raised."""


@dataclass(frozen=True)
class Advance:
    """The effect of one receipt on one application."""

    verdict: Verdict
    steps: tuple[Status, ...] = ()
    """Statuses entered, in order; a missing step is filled in from the later receipt."""


def check_transition(old: Status | None, new: Status) -> None:
    """Raise `IllegalTransition` unless the table lists the move."""
    if new not in TRANSITIONS[old]:
        source = old.token if old else "(new)"
        raise IllegalTransition(f"{source} → {new.token}")


def status_of_code(code: int) -> Status | None:
    """The status a return code reports, None for a code customs has not published."""
    return Status.LODGE_FAILED if code < 0 else RECEIPT_CODES.get(code)


def advance(current: Status, reported: Status) -> Advance:
    """What a receipt reporting `reported` does to an application in `current`.

    Receipts may arrive late, twice or out of order: the table never moves back, a missing step is
    filled in from the later one, and a contradiction changes nothing (domain 1.6).
    """
    if reported not in _ROAD:
        return Advance(Verdict.KNOWN)
    road = _ROAD[reported]
    if current in (Status.DRAFT, Status.LODGE_FAILED):
        return _after_failure(current, reported)
    if current is Status.SUBMITTED:
        return Advance(Verdict.MOVES, road)
    travelled = _ROAD[current]
    if reported in travelled:
        return Advance(Verdict.KNOWN)
    if current in road:
        return Advance(Verdict.MOVES, road[road.index(current) + 1 :])
    return Advance(Verdict.CONTRADICTS)


def _after_failure(current: Status, reported: Status) -> Advance:
    """A repeated failure is known; anything else was said of a filing that customs does not have."""
    known = current is reported
    return Advance(Verdict.KNOWN if known else Verdict.CONTRADICTS)


def advance_resent(current: Status, reported: Status, *, later: bool) -> Advance:
    """What a receipt does to an application that was sent to customs again while nothing was heard of it.

    Customs may have failed to store it the first time and stored it the second: then its failure, whenever it
    arrives, is of the past. `later`: by customs' own clock the receipt was said after all that were counted.
    """
    if reported is Status.LODGE_FAILED and current in _AFTER_LODGING and not later:
        return Advance(Verdict.KNOWN)
    if current is Status.LODGE_FAILED and reported in _AFTER_LODGING and later:
        return Advance(Verdict.MOVES, (Status.SUBMITTED, *_ROAD[reported]))
    return advance(current, reported)
