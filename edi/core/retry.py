"""When to try again: growing delays with jitter, without end; an outage is never a refusal (exchange 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How delays grow."""

    first_seconds: float = 5.0
    longest_seconds: float = 3600.0

    def next_try(self, attempts: int, now: datetime, jitter: float) -> datetime:
        """The moment of the next try after `attempts` failures; `jitter` is drawn from 0…1.

        Delays double from the first to the longest; jitter takes off up to a quarter, so that many
        messages held by one outage do not come back in one instant.
        """
        doubled = self.first_seconds * 2.0 ** min(attempts - 1, 30)
        delay = min(doubled, self.longest_seconds) * (1 - jitter / 4)
        return now + timedelta(seconds=delay)
