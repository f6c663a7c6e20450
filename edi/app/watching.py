"""Watching folders: the fast path of picking files up. What it cannot see, the sweep job finds (exchange 3)."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from edi.adapters.causes import cause_en, cause_zh

log = logging.getLogger(__name__)

Tell = Callable[[str], None]
"""Takes the name of a file that was closed by its writer or renamed into the folder."""

LookAgain = Callable[[], object]
"""Watches what has come again."""

_LIMITS = {errno.ENOSPC: "fs.inotify.max_user_watches", errno.EMFILE: "fs.inotify.max_user_instances"}
"""What the system ran out of, which is neither disk nor files: a limit the administrator can raise."""


@contextmanager
def watching(folders: Mapping[Path, Tell]) -> Iterator[LookAgain]:
    """Watch each folder by itself while the context lasts; where the system cannot, that is told once.

    What comes out is to be called now and then: a folder that was made anew, or mounted, is watched from then on.
    """
    try:
        observer = Observer()
    except OSError as error:
        _say([error])
        yield lambda: None
        return
    observer.start()
    watch = _Watch(observer, folders)
    _say(list({cause_zh(error): error for error in watch.look()}.values()))
    try:
        yield watch.look
    finally:
        observer.stop()
        observer.join()


class _Watch:
    """The folders that are to be watched, and those that are."""

    def __init__(self, observer: BaseObserver, folders: Mapping[Path, Tell]) -> None:
        self._observer = observer
        self._folders = folders
        self._watched: dict[Path, tuple[ObservedWatch, tuple[int, int]]] = {}
        """Each with its device and inode: under the same path there may be another folder by now."""

    def look(self) -> list[OSError]:
        """Watch every folder that is there and not watched; why others are not."""
        alive = {one.watch for one in self._observer.emitters if one.is_alive()}
        troubles = []
        for folder, tell in self._folders.items():
            try:
                self._watch(folder, tell, alive)
            except OSError as error:
                self._leave(folder)  # what stands under its name later is another folder, whatever its inode
                troubles.append(error)
        return troubles

    def _leave(self, folder: Path) -> None:
        watch, _ = self._watched.pop(folder, (None, None))
        if watch:
            self._observer.unschedule(watch)

    def _watch(self, folder: Path, tell: Tell, alive: Collection[ObservedWatch]) -> None:
        there = folder.stat()
        identity = there.st_dev, there.st_ino
        watch, seen = self._watched.get(folder, (None, None))
        # The observer leaves a folder that is removed; another one made in its place may even have its inode.
        if watch in alive and seen == identity:
            return
        if watch:
            del self._watched[folder]
            self._observer.unschedule(watch)
        self._watched[folder] = self._observer.schedule(_Announcer(tell), str(folder)), identity
        if watch:
            log.info("重新监视 %s / watched again", folder)


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
