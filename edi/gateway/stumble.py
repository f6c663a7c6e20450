"""Our own program stumbled over a file: kept aside with the reason, never refused (exchange 7); the others go on."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable
from typing import TypeVar

from edi.adapters.ledger import Entry
from edi.core.findings import Dxp, Finding, clip

T = TypeVar("T")
R = TypeVar("R")

TOGETHER = 50
"""Things entered under one savepoint: after each savepoint the database copies every page that it changes."""


def enter_each(entry: Entry, things: Iterable[T], together: Callable[[T], R], alone: Callable[[T], R]) -> list[R]:
    """Enter things in order, some at a time by `together`; if one stumbles these are undone and go by `alone`.

    `alone` takes care that what stumbles holds back no other. An outage is raised: the whole batch is tried again.
    """
    entered: list[R] = []
    coming = iter(things)
    while some := list(itertools.islice(coming, TOGETHER)):
        try:
            with entry.attempt():
                entered += [together(one) for one in some]
        except (sqlite3.OperationalError, OSError):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it comes again in `alone` and is told there
            entered += [alone(one) for one in some]
    return entered


def stumbled(cause: str) -> Finding:
    """What goes beside a file in quarantine."""
    return Finding(
        code=Dxp.OTHER_SYSTEM,
        found=clip(cause),
        zh="本程序处理该文件时出错，文件已原样移入隔离区，未作退回；请把文件和本说明交给系统管理员",
        en="This program stumbled over the file; it was put into quarantine as it is and not refused. Hand the file and "
        "this note to the administrator",
    )
