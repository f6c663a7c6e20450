"""The most memory each process of a measure held, by what Linux itself remembers of it (VmHWM)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Peak

EVERY = 0.2
"""Seconds between two looks. Each finds the peak until then: only what a process takes at its very end is missed."""
_ROLES = (("resource_tracker", "helper"), ("multiprocessing", "worker"), ("customs", "customs"), (" run ", "service"))


@contextmanager
def watching_memory(*, this_too: bool = True) -> Iterator[dict[int, Peak]]:
    """Peaks of what this process starts meanwhile, by process id, and of itself as `main`; complete when it ends."""
    peaks: dict[int, Peak] = {}
    most: Counter[str] = Counter()
    over = threading.Event()
    before = set(_descendants(os.getpid()))
    _forget_peak()

    def look() -> None:
        nonlocal most
        ours = [one for one in _descendants(os.getpid()) if one not in before]
        living = {pid: peak for pid in [os.getpid()] * this_too + ours if (peak := _peak(pid))}
        most |= Counter(one.role for one in living.values())
        peaks.update(living)

    def keep_looking() -> None:
        while not over.wait(EVERY):
            look()

    watcher = threading.Thread(target=keep_looking, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()
        look()
        leave_out_replaced(peaks, most)


def leave_out_replaced(peaks: dict[int, Peak], most: Mapping[str, int]) -> None:
    """Of each role as many stay as were there at one time, the biggest: a worker and its successor need no room together."""
    for role, number in most.items():
        theirs = sorted((pid for pid, one in peaks.items() if one.role == role), key=lambda pid: -peaks[pid].bytes)
        for pid in theirs[number:]:
            del peaks[pid]


def _forget_peak() -> None:
    """What this process held before does not count; where the system does not allow that, it does."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _descendants(pid: int) -> Iterator[int]:
    try:
        listed = [one.read_text("ascii") for one in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return  # it has ended
    for child in (int(one) for text in listed for one in text.split()):
        yield child
        yield from _descendants(child)


def _peak(pid: int) -> Peak | None:
    """None for a process that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return None
    sizes = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return Peak(role=_role(pid, command), bytes=sizes[0] * 1024) if sizes else None


def _role(pid: int, command: str) -> str:
    if pid == os.getpid():
        return "main"
    return next((role for word, role in _ROLES if word in command), "helper")
