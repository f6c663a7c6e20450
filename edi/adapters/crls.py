"""Revocation lists in a folder: read when they change, never an older one again (exchange 6).

Whoever fetches the lists puts them there, as PEM or DER, best by a rename; the job `crl_refresh` does. The highest number ever
seen of each authority is written down, so that an old list that is put back does not set free a card
that was reported lost since.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import read_regular, write_whole
from edi.checks.certificate import fingerprint
from edi.checks.revocation import Crl, Crls, UnusableList, judge_crl, read_crl

COPIES = "crls"
"""Folder of the copies of the lists that certificates were judged by, beside the marks."""
LARGEST = 64 << 20
"""Bytes of one list."""

Look = tuple[tuple[str, int, int, int], ...]
"""Name, size, time and inode of every file: what tells that something has changed."""


class CrlFolder:
    """The lists of our authorities as they lie in a folder now."""

    def __init__(
        self, folder: Path, authorities: Sequence[x509.Certificate], *, longest: timedelta, marks: Path
    ) -> None:
        """`longest` is the greatest age of a list (zero: nextUpdate alone), `marks` the file of the numbers seen."""
        self._folder = folder
        self._authorities = tuple(authorities)
        self._longest = longest
        self._marks = marks
        self._seen: Look | None = None
        self._current = Crls(longest=longest)

    def __call__(self) -> Crls:
        """The lists to judge by; read anew if a file has changed."""
        look = self._look()
        if look != self._seen:
            self._current = self._read([self._folder / name for name, *_ in look])
            self._seen = look
        return self._current

    def highest(self, authority: x509.Certificate) -> int:
        """The highest number of a list of `authority` that was ever seen; -1 if none was."""
        return self._load_marks().get(fingerprint(authority), -1)

    def _look(self) -> Look:
        found = []
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    found.append((entry.name, status.st_size, status.st_mtime_ns, status.st_ino))
        return tuple(sorted(found))

    def _read(self, files: Sequence[Path]) -> Crls:
        lists: dict[str, Crl] = {}
        troubles: dict[str, tuple[str, str]] = {}
        for file in files:
            self._read_file(file, lists, troubles)
        marks = self._load_marks()
        for key in [key for key, crl in lists.items() if crl.number < marks.get(key, 0)]:
            number = lists.pop(key).number
            troubles[key] = (
                f"其吊销列表（CRL）第 {number} 号比已见过的第 {marks[key]} 号旧",
                f"its revocation list (CRL) {number} is older than {marks[key]}, which was seen before",
            )
        self._save_marks(marks, {key: crl.number for key, crl in lists.items()})
        self._keep_copies(files, lists)
        told = {key: trouble for key, trouble in troubles.items() if key not in lists}
        return Crls(lists=lists, troubles=told, longest=self._longest)

    def _read_file(self, file: Path, lists: dict[str, Crl], troubles: dict[str, tuple[str, str]]) -> None:
        """Enter what a file says for the authorities it is about; the newest list of each counts."""
        concerned = self._authorities
        try:
            crl = read_crl(read_regular(file, LARGEST))
            concerned = tuple(one for one in self._authorities if one.subject == crl.issuer)
            for authority in concerned:
                key, found = fingerprint(authority), judge_crl(crl, authority)
                if key not in lists or found.number > lists[key].number:
                    lists[key] = found
        except UnusableList as error:
            trouble = (f"吊销列表 {file.name} 无法使用：{error.zh}", f"the revocation list {file.name}: {error.en}")
        except OSError as error:
            trouble = (
                f"吊销列表 {file.name} 无法读取：{cause_zh(error)}",
                f"the revocation list {file.name}: {cause_en(error)}",
            )
        else:
            return
        troubles.update({fingerprint(one): trouble for one in concerned})

    def _keep_copies(self, files: Sequence[Path], lists: dict[str, Crl]) -> None:
        """What certificates are judged by is evidence, and is kept when a newer list takes its place."""
        copies = {key: _copy(self._marks.parent, key, crl.number) for key, crl in lists.items()}
        missing = {key: path for key, path in copies.items() if not path.exists()}
        for file in files if missing else ():
            with contextlib.suppress(OSError, UnusableList):
                crl = read_crl(read_regular(file, LARGEST))
                for authority in self._authorities:
                    path = missing.get(fingerprint(authority))
                    if (
                        path
                        and authority.subject == crl.issuer
                        and judge_crl(crl, authority).number == _number_of(path)
                    ):
                        path.parent.mkdir(parents=True, exist_ok=True)
                        write_whole({path: crl.public_bytes(Encoding.PEM)})

    def _load_marks(self) -> dict[str, int]:
        try:
            return {str(key): int(number) for key, number in json.loads(self._marks.read_text("ascii")).items()}
        except (FileNotFoundError, ValueError, AttributeError):
            return {}

    def _save_marks(self, marks: dict[str, int], numbers: dict[str, int]) -> None:
        """Several processes may do this at once: the highest stays, at the latest with the next list."""
        higher = {key: number for key, number in numbers.items() if number > marks.get(key, -1)}
        if higher:
            text = json.dumps(marks | higher, indent=2, sort_keys=True)
            with contextlib.suppress(OSError):  # a disk that is full now must not keep good lists from being used
                self._marks.parent.mkdir(parents=True, exist_ok=True)
                write_whole({self._marks: text.encode("ascii")})


def kept_list(folder: Path, authority: str, number: str) -> bytes | None:
    """The copy, as PEM, of the list of that number; `folder` is that of the marks, `authority` a fingerprint."""
    path = _copy(folder, authority, int(number))
    return path.read_bytes() if path.exists() else None


def _copy(folder: Path, authority: str, number: int) -> Path:
    return folder / COPIES / f"{authority[:32]}-{number}.crl"


def _number_of(copy: Path) -> int:
    return int(copy.stem.partition("-")[2])
