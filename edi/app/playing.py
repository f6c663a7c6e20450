"""The simulated customs as a program of its own: it works while there is work and wakes up when a file comes."""

from __future__ import annotations

import contextlib
import queue

from edi.app.stopping import Stop
from edi.app.watching import watching
from edi.customs.receiver import Receiver

POLL_SECONDS = 1.0
"""How often customs looks at its clock while no file comes: turns are due by it, and others may put it forward."""


def play(customs: Receiver, stop: Stop) -> None:
    """Play customs until the wish to stop comes. Raises TryLater if another program plays it already."""
    work_off(customs, stop)  # the folder is there from now on and can be watched
    woken: queue.SimpleQueue[None] = queue.SimpleQueue()
    stop.tell(lambda: woken.put(None))
    with watching({customs.folder: lambda _name: woken.put(None)}):
        while True:
            _empty(woken)
            if stop.wished:
                return
            work_off(customs, stop)
            with contextlib.suppress(queue.Empty):
                woken.get(timeout=POLL_SECONDS)


def work_off(customs: Receiver, stop: Stop) -> None:
    """Do all that is due."""
    while not stop.wished and customs.step():
        pass


def _empty(woken: queue.SimpleQueue[None]) -> None:
    """However many files came, one look finds them all."""
    with contextlib.suppress(queue.Empty):
        while True:
            woken.get_nowait()
