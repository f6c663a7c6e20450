"""The program's log: lines for people, or one JSON object a line for programs that collect logs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from edi.core.characters import plain
from edi.core.times import iso

KEYS = ("channel", "file", "claim", "guid", "event")
"""What a line may be about; given as `extra` where it is logged."""


class _Harmless(logging.Formatter):
    """Nobody writes our log but we: a stranger's controls neither end a line nor turn its direction round."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        """The trace, on as many lines as it has."""
        return "\n".join(plain(line) for line in super().formatException(ei).split("\n"))


class JsonLines(_Harmless):
    """One object a line: moment (UTC), level, where in the program, the sentence, and the keys it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {
            "at": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "logger": record.name,
            "message": plain(record.getMessage()),
        }
        told |= {key: plain(str(getattr(record, key))) for key in KEYS if hasattr(record, key)}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


class Lines(_Harmless):
    """Moment and sentence, on one line whatever a stranger named his file."""

    def format(self, record: logging.LogRecord) -> str:
        """The line and the trace, which another handler may have put down its own way already."""
        record.exc_text = None
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line; the trace of an exception stands below it."""
        return plain(super().formatMessage(record))


def set_up_logging(level: int, form: str) -> None:
    """Log to the error stream in the format `text` or `json`; rotation is left to the system."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else Lines("%(asctime)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
