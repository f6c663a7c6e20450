"""The wish to stop, by SIGTERM or SIGINT: noted and obeyed between two steps, never raised in the middle of one.

An exception raised by a signal may surface anywhere, even where Python must swallow it; then the wish
would be lost. What a handler does here is safe at any moment: it sets a flag and fills a queue.
"""

from __future__ import annotations

import contextlib
import queue
import signal
from collections.abc import Callable, Iterator
from types import FrameType

EXIT_CODE = 130
"""What a command that was interrupted leaves with, as shells have it."""


class Stop:
    """Whether someone wishes the program to stop."""

    def __init__(self) -> None:
        self.wished = False
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._tell: Callable[[], None] = lambda: None

    @contextlib.contextmanager
    def listening(self) -> Iterator[Stop]:
        """Take SIGTERM and SIGINT as wishes while inside."""
        before = {number: signal.signal(number, self._wish) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def tell(self, wake: Callable[[], None]) -> None:
        """Call `wake` when the wish comes; it must be safe inside a signal handler."""
        self._tell = wake

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the wish."""
        with contextlib.suppress(queue.Empty):
            self._wakes.get(timeout=seconds)

    def _wish(self, _number: int, _frame: FrameType | None) -> None:
        self.wished = True
        self._wakes.put(None)
        self._tell()
