"""Files in: taken by one rename, kept until what they brought is committed, quarantined if unreadable.

A claimed file lies in `.claimed` under a name with a token of its own. The token is committed with
the file's content, so a file that a crash left there is either read again or known to be done. Only
regular files are taken, never a name with a leading dot; nothing is lost and nothing overwritten.
"""

from __future__ import annotations

import heapq
import os
import secrets
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edi.adapters.files import move_without_overwriting, regular_files, sync_folders, write_whole

CLAIMED = ".claimed"
QUARANTINE = "quarantine"

LISTED_AT_ONCE = 20_000
"""Names kept of one look at the folder: however many lie there, memory and cost per file stay flat."""
BATCH_BYTES = 16 << 20
"""Bytes of files taken in one batch, however many envelopes they hold; a single file may be bigger."""
_NAME_BYTES = 150  # of the original name kept in ours; a name holds 255 bytes


@dataclass(frozen=True)
class Claim:
    """A file that is ours."""

    path: Path

    @property
    def token(self) -> str:
        """What tells this arrival from every other."""
        return self.path.name.split(".", 3)[2]

    @property
    def original_name(self) -> str:
        """The name it arrived under, or the end of it."""
        return self.path.name.split(".", 3)[3]


class Inbox:
    """The folder in which filings arrive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._claimed = folder / CLAIMED
        self._quarantine = folder / QUARANTINE
        self._listed: deque[Path] = deque()

    def open(self) -> None:
        """Make sure the folders are there."""
        for folder in (self.folder, self._claimed, self._quarantine):
            folder.mkdir(parents=True, exist_ok=True)

    def take(self, limit: int) -> list[Claim]:
        """Files to read now, in order of arrival: those a crash left behind, else up to `limit` new ones."""
        left = sorted(Path(entry.path) for entry in regular_files(self._claimed))
        claims = [Claim(path) for path in left] or self._claim_new(limit)
        if claims:
            sync_folders((self._claimed, self.folder))  # a claim, once acted upon, must survive a power cut
        return claims

    def finish(self, claims: Iterable[Claim]) -> None:
        """Remove files whose content is committed."""
        for claim in claims:
            claim.path.unlink(missing_ok=True)
        sync_folders((self._claimed,))

    def quarantine(self, claim: Claim, reason: Sequence[str]) -> None:
        """Put a file aside, with the reason beside it. The reason comes first: no file there lacks one."""
        target = self._quarantine / f"{claim.token}-{claim.original_name}"
        write_whole({_beside(target): _told(claim, reason)})
        move_without_overwriting(claim.path, target)
        sync_folders((self._quarantine,))

    def put_aside(self, claim: Claim, number: int, envelope: bytes, reason: Sequence[str]) -> None:
        """Put one envelope of a bundle aside, the `number`-th from 0, with the reason beside it."""
        target = self._quarantine / f"{claim.token}-{number}-{Path(claim.original_name).stem}.xml"
        write_whole({_beside(target): _told(claim, reason)})
        write_whole({target: envelope})

    def _claim_new(self, limit: int) -> list[Claim]:
        if not self._listed:
            self._listed.extend(self._list())
        claims: list[Claim] = []
        size = 0
        while self._listed and len(claims) < limit and size < BATCH_BYTES:
            claim = self._claim(self._listed.popleft(), len(claims))
            if claim:
                claims.append(claim)
                size += claim.path.stat().st_size
        return claims

    def _list(self) -> list[Path]:
        """The files that have waited longest, by time of change and name."""
        waiting = (
            (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
            for entry in regular_files(self.folder)
            if not entry.name.startswith(".")
        )
        return [self.folder / name for _, name in heapq.nsmallest(LISTED_AT_ONCE, waiting)]

    def _claim(self, path: Path, index: int) -> Claim | None:
        """Claim by one rename; None if the file is gone. The name keeps the order of arrival."""
        name = os.fsdecode(os.fsencode(path.name)[-_NAME_BYTES:])
        try:
            arrived = max(path.stat().st_mtime_ns, 0)
            target = self._claimed / f"{arrived:020d}.{index:06d}.{secrets.token_hex(8)}.{name}"
            path.rename(target)
        except FileNotFoundError:
            return None
        return Claim(target)


def _beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.reason.txt")


def _told(claim: Claim, reason: Sequence[str]) -> bytes:
    return "\n".join((claim.original_name, *reason, "")).encode("utf-8", "replace")
