"""The one place that reads the system clock; all others are handed a `Clock`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, aware, UTC."""


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
