"""Folders that cannot be written to: one alarm for each when files begin to wait for it, one word when none waits any more.

However many files wait, and however often each is tried, a person is told once; `edi status --held` lists the files.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from edi.adapters.ledger import Entry, Task

log = logging.getLogger(__name__)

_WAITING = """
    select count(*) as n from outgoing where done_at is null and attempts > 0
    and (target = '') = (:box = '') and substr(target, 1, length(:box)) = :box"""


def tell_of_boxes(entry: Entry, quarantine: Path, troubled: Iterable[tuple[Task, str]], done: Iterable[Task]) -> None:
    """Enter what has begun and what is over; the tasks themselves are entered as postponed or done before.

    `troubled` are the tasks that failed, each with the cause, `done` those that had waited and do no more.
    """
    causes: dict[str, tuple[str, str]] = {}
    for task, cause in troubled:
        causes.setdefault(_box(task, quarantine), (task.place, cause))
    for box, (place, cause) in causes.items():
        if not _is_told(entry, box):
            waiting = _waiting(entry, box)
            entry.event("alarm_held", _subject(box), place=place, box=box, waiting=waiting, trouble=cause)
            log.warning(
                "暂缓：%s 有 %d 项未能送达（%s），将自动重试 / held, tried again later",
                box or place, waiting, cause, extra={"channel": place, "event": "alarm_held"},
            )  # fmt: skip
    for box in {_box(one, quarantine) for one in done} - causes.keys():
        if _is_told(entry, box) and not _waiting(entry, box):
            entry.event("healed", _subject(box), box=box)
            log.warning("恢复：%s 已全部送达 / nothing waits for it any more", box)


def _box(task: Task, quarantine: Path) -> str:
    """The folder a task waits for; that of all files put aside is one. Empty for a query to answer."""
    if not task.target:
        return ""
    target = Path(task.target)
    return str(quarantine if target.is_relative_to(quarantine) else target.parent)


def _subject(box: str) -> str:
    return f"held:{box}"


def _is_told(entry: Entry, box: str) -> bool:
    rows = entry.rows("select kind from events where subject = ? order by seq desc limit 1", (_subject(box),))
    return bool(rows) and rows[0]["kind"] == "alarm_held"


def _waiting(entry: Entry, box: str) -> int:
    return int(entry.rows(_WAITING, {"box": f"{box}/" if box else ""})[0]["n"])
