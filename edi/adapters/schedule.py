"""When something is due: every so many seconds, or by a cron expression in China time.

China has one time zone and no daylight saving, so a cron expression means the same moment on every
machine, whatever its own time zone is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from edi.core.times import CHINA

FIELDS = 5
"""Minute, hour, day of month, month, weekday."""
_LOOK_BACK_DAYS = (2, 10, 70, 800)


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """Section [jobs.NAME]: either `every_seconds` or `cron`."""

    every_seconds: float = 0.0
    cron: str = ""


def cron(expression: str) -> CronTrigger:
    """The moments of a cron expression in China time. Raises ValueError with a sentence in both languages.

    Weekdays are named: cron counts them from Sunday and APScheduler 3 from Monday, so that a number
    would mean one day to the reader and another to the program.
    """
    fields = expression.split()
    if len(fields) == FIELDS and re.search("[0-9]", fields[-1].partition("/")[0]):
        raise ValueError("星期请用英文缩写 mon–sun / write weekdays as mon to sun")
    try:
        return CronTrigger.from_crontab(expression, timezone=CHINA)
    except ValueError as error:
        raise ValueError(
            f"“{expression}”不是有效的五段 cron 表达式（分 时 日 月 周） / not a valid cron expression of five fields: {error}"
        ) from error


def trigger(plan: JobConfig) -> BaseTrigger:
    """The plan as the scheduler takes it."""
    return cron(plan.cron) if plan.cron else IntervalTrigger(seconds=plan.every_seconds, timezone=CHINA)


def next_time(plan: JobConfig, last: datetime, now: datetime) -> datetime | None:
    """The moment after `last` at which the plan is due, in the past if it was missed; None if it never is.

    However many moments were missed, they count as one. A `last` that lies ahead was told by a clock that
    was wrong: then it is due at once.
    """
    if last > now:
        return now
    if not plan.cron:
        return last + timedelta(seconds=plan.every_seconds)
    due: datetime | None = cron(plan.cron).get_next_fire_time(last, now)
    return due


def latest_two(expression: str, now: datetime) -> tuple[datetime, datetime] | None:
    """The two latest moments of a cron expression not after `now`; None if there are not two within two years."""
    moments = cron(expression)
    for days in _LOOK_BACK_DAYS:
        found: list[datetime] = []
        at: datetime | None = now - timedelta(days=days)
        while (at := moments.get_next_fire_time(at, at)) is not None and at <= now:
            found.append(at)
        if len(found) > 1:
            return found[-2], found[-1]
    return None
