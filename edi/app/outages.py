"""What is out of reach at the moment: told once when it begins and once when it ends, never at every try."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from edi.errors import TryLater

log = logging.getLogger(__name__)


class Outages:
    """The parts of the program that cannot work now; each holds only itself."""

    def __init__(self) -> None:
        self._current: dict[str, TryLater] = {}

    @contextlib.contextmanager
    def holding(self, part: str) -> Iterator[None]:
        """Note an outage of `part` instead of passing it on, and its end."""
        try:
            yield
        except TryLater as outage:
            if part not in self._current:
                log.warning("暂缓：%s / held: %s", outage.zh, outage.en)
            self._current[part] = outage
        else:
            if self._current.pop(part, None):
                log.warning("恢复：%s 恢复正常 / %s is back", part, part)

    def raise_any(self) -> None:
        """Raise the first outage there is, so that the command line leaves with exit code 75."""
        for outage in self._current.values():
            raise outage
