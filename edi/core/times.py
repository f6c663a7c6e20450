"""The time formats of the exchange. Inside the program every time is an aware UTC datetime.

On the wire times are written as the import client and the 202205 specification write them:
digits only, China Standard Time (UTC+8, no daylight saving), without a zone.

What happens in one batch mostly happens at one moment, so the moments written last are remembered.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_FIELDS = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
CHINA = timezone(timedelta(hours=8), "CST")
LONG_TERM = "2099-12-31"
"""The date that stands for "long-term or without end of validity" (source 002, 5.1.1.5)."""


def digits14(moment: datetime) -> str:
    """YyyyMMddHHmmss in China time."""
    return moment.astimezone(CHINA).strftime("%Y%m%d%H%M%S")


@lru_cache(maxsize=256)
def digits17(moment: datetime) -> str:
    """YyyyMMddHHmmssfff in China time."""
    return moment.astimezone(CHINA).strftime("%Y%m%d%H%M%S%f")[:17]


def digits21(tick: int) -> str:
    """YyyyMMddHHmmss and seven more digits in China time.

    `tick` counts units of 100 nanoseconds since 1970-01-01 UTC.
    """
    second, rest = divmod(tick, 10_000_000)
    return f"{_digits14(second)}{rest:07d}"


@lru_cache(maxsize=8)
def _digits14(second: int) -> str:
    """Every file we write has a time in its name, and a batch is written within few seconds."""
    return datetime.fromtimestamp(second, CHINA).strftime("%Y%m%d%H%M%S")


def tick_of(moment: datetime) -> int:
    """`moment` in units of 100 nanoseconds since 1970-01-01 UTC."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


def from_digits17(text: str) -> datetime:
    """The UTC moment of yyyyMMddHHmmssfff. Raises ValueError for anything else."""
    if not re.fullmatch("[0-9]{17}", text):
        raise ValueError(f"not a 17-digit time: {text!r}")
    year, month, day, hour, minute, second = (int(text[at:end]) for at, end in _FIELDS)
    return datetime(year, month, day, hour, minute, second, int(text[14:]) * 1000, CHINA).astimezone(UTC)


@lru_cache(maxsize=256)
def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds, sortable as text."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_iso(text: str) -> datetime:
    """The moment that `iso` wrote."""
    return datetime.fromisoformat(text)


def china(moment: str) -> str:
    """A moment that `iso` wrote as people in China read it, e.g. `2026-11-22 09:26:21`; a dash for none."""
    return f"{from_iso(moment).astimezone(CHINA):%Y-%m-%d %H:%M:%S}" if moment else "—"
