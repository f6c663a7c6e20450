"""Which receiver a filing goes to: by message type and competent customs, first match wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True)
class Route:
    """A line of the route table in config.toml."""

    messages: str
    """Message types, with `*` and `?`, e.g. `QLF*`."""
    districts: str
    """Customs districts, with `*` and `?`, e.g. `01*`."""
    receiver: str
    """Name of a receiver in config.toml."""

    def takes(self, form: str, district: str) -> bool:
        """True if a message of that type for that district goes this way."""
        return fnmatchcase(form, self.messages) and fnmatchcase(district, self.districts)


def choose(routes: Iterable[Route], form: str, district: str) -> str | None:
    """Name of the receiver, None if no route fits."""
    return next((route.receiver for route in routes if route.takes(form, district)), None)
