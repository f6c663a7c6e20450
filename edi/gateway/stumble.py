"""Our own program stumbled over a file: kept aside with the reason, never refused (exchange 7); the others go on."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable
from typing import TypeVar

from edi.adapters.ledger import Entry
from edi.core.findings import Dxp, Finding, clip
from edi.gateway.parts import Parts

T = TypeVar("T")
R = TypeVar("R")

Enter = Callable[[Entry, T], R]
"""Enters one thing into a transaction."""


class _Stumbled(Exception):
    """Something of a batch could not be entered together with the others."""


def enter_batch(parts: Parts, things: Iterable[T], together: Enter[T, R], alone: Enter[T, R]) -> list[R]:
    """Enter things in order and in one transaction, by `together`; if one stumbles all are undone and go by `alone`.

    `alone` takes care that what stumbles holds back no other. It needs savepoints, after each of which the database
    copies every page that it changes: that is spared where nothing stumbles. An outage is raised: the whole batch is
    tried again. Raises TryLater.
    """
    coming = iter(things)
    taken: list[T] = []
    try:
        with parts.ledger.transaction(parts.clock()) as entry:
            return [_enter(entry, one, together, taken) for one in coming]
    except _Stumbled:
        with parts.ledger.transaction(parts.clock()) as entry:
            return [alone(entry, one) for one in itertools.chain(taken, coming)]


def _enter(entry: Entry, one: T, together: Enter[T, R], taken: list[T]) -> R:
    taken.append(one)
    try:
        return together(entry, one)
    except (sqlite3.OperationalError, OSError):
        raise
    except Exception as error:
        raise _Stumbled from error


def stumbled(cause: str) -> Finding:
    """What goes beside a file in quarantine."""
    return Finding(
        code=Dxp.OTHER_SYSTEM,
        found=clip(cause),
        zh="本程序处理该文件时出错，文件已原样移入隔离区，未作退回；请把文件和本说明交给系统管理员",
        en="This program stumbled over the file; it was put into quarantine as it is and not refused. Hand the file and "
        "this note to the administrator",
    )
