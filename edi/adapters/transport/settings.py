"""Sections [channels.NAME.sftp] and [receivers.NAME.sftp], and what of them cannot be meant."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HOST_KEYS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Kind of a host key → the signatures it may make; SHA-1 is not among them."""
LARGEST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class SftpConfig:
    """An account at an SFTP server."""

    host: str
    port: int = 22
    user: str
    key: Path
    certificate: Path | None = None
    host_key: tuple[str, ...]
    poll_seconds: float = 30.0
    timeout_seconds: float = 20.0
    renames_into_place: bool = False
    keep_fetched: bool = False
    keep_delivered: bool = False


@dataclass(frozen=True, kw_only=True)
class ChannelSftp(SftpConfig):
    """Section [channels.NAME.sftp]: the sender's boxes at the server; one that is empty is not carried."""

    outbox: str = "OutBox"
    sentbox: str = "SentBox"
    failbox: str = "FailBox"
    inbox: str = "InBox"


@dataclass(frozen=True, kw_only=True)
class ReceiverSftp(SftpConfig):
    """Section [receivers.NAME.sftp]: the receiver's folders at the server."""

    send: str
    collect: str


@dataclass(frozen=True)
class HostKey:
    """A public key the server may show."""

    kind: str
    blob: bytes


def read_host_key(line: str) -> HostKey | None:
    """The key in a line as `ssh-keyscan` or a .pub file gives it, with or without the host; None if there is none."""
    words = line.split()
    for kind, text in pairwise(words):
        if kind in HOST_KEYS:
            try:
                blob = base64.b64decode(text, validate=True)
            except binascii.Error:
                return None
            name = kind.encode("ascii")
            return HostKey(kind, blob) if blob.startswith(len(name).to_bytes(4, "big") + name) else None
    return None


def sftp_problems(where: str, sftp: SftpConfig) -> Iterator[str]:
    """What is well-formed but cannot be meant; `where` names the section."""
    if not sftp.host or not sftp.user:
        yield f"{where}: host 和 user 不得为空 / host and user must not be empty"
    if not 1 <= sftp.port <= LARGEST_PORT:
        yield f"{where}.port: 应为 1–{LARGEST_PORT} / must be 1 to {LARGEST_PORT}"
    if not sftp.poll_seconds or not sftp.timeout_seconds:
        yield f"{where}: poll_seconds 和 timeout_seconds 应大于 0 / must be greater than 0"
    if not sftp.host_key:
        yield (
            f"{where}.host_key: 须写明服务器的主机公钥（向对方索取，并与 ssh-keyscan 的结果核对），未经确认的服务器不会连接 / "
            "the server's public host key is needed; ask its operator for it: an unknown server is never trusted"
        )
    for number, line in enumerate(sftp.host_key):
        if read_host_key(line) is None:
            yield (
                f"{where}.host_key[{number}]: 不是公钥行，应形如 “ssh-ed25519 AAAA…” / "
                f"no public key; it should look like 'ssh-ed25519 AAAA…', of the kinds {', '.join(HOST_KEYS)}"
            )
    folders = [value for name in _FOLDERS if (value := getattr(sftp, name, ""))]
    if len(set(folders)) < len(folders):
        yield f"{where}: 各远程目录须各不相同 / each remote folder must be another one"


_FOLDERS = ("outbox", "sentbox", "failbox", "inbox", "send", "collect")
