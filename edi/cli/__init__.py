"""The command line: words, tables and exit codes; one file per command group."""

from __future__ import annotations

import sys
from types import TracebackType


def _told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Ctrl-C while the program is still loading ends it without a traceback, too."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("\n已中断 / aborted\n")
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _told
