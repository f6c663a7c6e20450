"""One process at a time: a lock that dies with its holder, whatever way the holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from edi.adapters.causes import cause_en, cause_zh
from edi.errors import TryLater


@contextlib.contextmanager
def only_one(path: Path, what_zh: str, what_en: str) -> Iterator[None]:
    """Hold the lock file at `path` while inside. Raises TryLater if another process holds it, or disk or folder fail."""
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "?"
            raise TryLater(
                f"{what_zh}已在运行（进程 {holder}，锁文件 {path}）；请等它结束，或先停止它",
                f"{what_en} is running already (process {holder}, lock {path}); wait for it or stop it first",
            ) from error
        with contextlib.suppress(OSError):  # it is for people; a full disk must not stop what could run
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise TryLater(
            f"锁文件 {path} 无法打开：{cause_zh(error)}；请检查磁盘和权限后再试",
            f"The lock {path} cannot be opened: {cause_en(error)}; check disk and permissions and try again",
        ) from error
