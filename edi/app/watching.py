"""Watching folders: the fast path of picking files up. What it cannot see, the sweep job finds (exchange 3)."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from edi.adapters.causes import cause_en, cause_zh

log = logging.getLogger(__name__)

Tell = Callable[[str], None]
"""Takes the name of a file that was closed by its writer or renamed into the folder."""

_LIMITS = {errno.ENOSPC: "fs.inotify.max_user_watches", errno.EMFILE: "fs.inotify.max_user_instances"}
"""What the system ran out of, which is neither disk nor files: a limit the administrator can raise."""


@contextmanager
def watching(folders: Mapping[Path, Tell]) -> Iterator[None]:
    """Watch each folder by itself while the context lasts; where the system cannot, that is told once."""
    troubles: dict[str, OSError] = {}
    try:
        observer = Observer()
    except OSError as error:
        _say([error])
        yield
        return
    observer.start()
    for folder, tell in folders.items():
        try:
            observer.schedule(_Announcer(tell), str(folder))
        except OSError as error:
            troubles.setdefault(cause_zh(error), error)
    _say(list(troubles.values()))
    try:
        yield
    finally:
        observer.stop()
        observer.join()


def _say(troubles: list[OSError]) -> None:
    for error in troubles:
        zh, en = cause_zh(error), cause_en(error)
        if limit := _LIMITS.get(error.errno or 0):
            zh, en = f"已达系统上限 {limit}，可请管理员调高", f"the system's limit {limit} is reached, have it raised"
        log.warning("无法监视目录，改由定时扫描：%s / not watched but swept: %s", zh, en)


class _Announcer(FileSystemEventHandler):
    """Tells of files that were closed by their writer or renamed into a box."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def on_closed(self, event: FileSystemEvent) -> None:
        self._tell_of(event.src_path)

    def on_moved(self, event: FileSystemEvent) -> None:
        self._tell_of(event.dest_path)

    def _tell_of(self, path: bytes | str) -> None:
        name = Path(path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path).name
        if name and not name.startswith("."):
            self._tell(name)
