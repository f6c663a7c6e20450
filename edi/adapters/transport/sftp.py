"""Folders at an SFTP server as places: one connection per account, reused, with a time limit on everything.

The server must show one of the host keys that the configuration pins; until it has, nothing of ours is
sent, not even the user's name. Where a server lacks OpenSSH's extensions the work is done without them.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import paramiko

from edi.adapters.boxes import Sighting
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.transport.port import SHELF, Look, Sorter
from edi.adapters.transport.settings import HOST_KEYS, HostKey
from edi.adapters.transport.wire import POSIX_RENAME, Attributes, Garbled, Wire
from edi.errors import EdiError, TryLater, UserError

SECOND = 1_000_000_000
"""Nanoseconds; SFTP 3 knows whole seconds only."""
KEEPALIVE_SECONDS = 15.0
MOST_ENTRIES = 1_000_000
"""Of one listing; a server that has no end of them is not listened to for ever."""
PARAMIKO_LOG = "edi.sftp.paramiko"
_OUTAGES = (OSError, EOFError, Garbled, paramiko.SSHException)


class UntrustedServer(UserError):
    """The server does not show a pinned host key: it may be another one that poses as it."""


class LoginRefused(UserError):
    """The server does not accept our key."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where to connect, as whom, and whom to trust."""

    host: str
    port: int
    user: str
    key: Path
    certificate: Path | None
    host_keys: tuple[HostKey, ...]
    timeout: float
    """Seconds for each step."""
    passphrase: str | None = None


class SftpServer:
    """One connection to one account; made when needed, made anew after it failed. For one thread at a time."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.address = f"sftp://{account.user}@{account.host}:{account.port}"
        self._transport: paramiko.Transport | None = None
        self._wire: Wire | None = None

    def place(self, folder: str) -> SftpPlace:
        """A folder of the account, by a path that is absolute or relative to where the login leads."""
        return SftpPlace(self, folder)

    def open(self) -> None:
        """Connect, unless connected. Raises TryLater, UntrustedServer or LoginRefused."""
        if self._wire is not None and self._transport is not None and self._transport.is_active():
            return
        self.close()
        with self.asking():
            try:
                self._wire = self._connect()
            except (EdiError, *_OUTAGES):
                raise
            except Exception as error:  # what a stranger sends can make paramiko raise anything
                raise Garbled(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """End the connection; safe at any time and from any thread."""
        transport, self._transport, self._wire = self._transport, None, None
        if transport is not None:
            transport.close()
            transport.join(self._account.timeout)

    @property
    def wire(self) -> Wire:
        """The session. Raises as `open` does."""
        self.open()
        if self._wire is None:
            raise self._outage(Garbled("closed"))
        return self._wire

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Turns what breaks the connection into TryLater and drops it; what the server refuses passes through."""
        try:
            yield
        except (UserError, TryLater):
            self.close()
            raise
        except _OUTAGES as error:
            if isinstance(error, OSError) and error.errno in _REFUSALS and error.filename is not None:
                raise
            self.close()
            raise self._outage(error) from error

    def _outage(self, error: Exception) -> TryLater:
        zh, en = _cause(error)
        return TryLater(
            f"SFTP 服务器 {self.address} 暂时连不上或中途断开：{zh}；请检查网络和对方服务器，稍后会自动重试",
            f"The SFTP server {self.address} cannot be reached or the line was cut: {en}; check the network and the "
            "server; it is tried again",
        )

    # ---- connecting -----------------------------------------------------------------------------

    def _connect(self) -> Wire:
        key = self._load_key()
        account = self._account
        sock = socket.create_connection((account.host, account.port), account.timeout)
        try:
            self._transport = transport = paramiko.Transport(sock)
        except BaseException:
            sock.close()
            raise
        transport.set_log_channel(PARAMIKO_LOG)  # it logs tracebacks; what matters is raised
        logging.getLogger(PARAMIKO_LOG).setLevel(logging.CRITICAL)
        transport.banner_timeout = transport.handshake_timeout = account.timeout
        transport.auth_timeout = transport.channel_timeout = transport.clear_to_send_timeout = account.timeout
        self._shake_hands(transport)
        self._log_in(transport, key)
        transport.set_keepalive(int(min(KEEPALIVE_SECONDS, max(account.timeout, 1))))
        channel = transport.open_session(timeout=account.timeout)
        channel.settimeout(account.timeout)
        channel.invoke_subsystem("sftp")
        return Wire(channel)

    def _shake_hands(self, transport: paramiko.Transport) -> None:
        """Agree on keys and look who is there, before anything of ours is told."""
        pinned = self._account.host_keys
        transport.get_security_options().key_types = tuple(
            dict.fromkeys(signature for one in pinned for signature in HOST_KEYS[one.kind])
        )
        try:
            transport.start_client(timeout=self._account.timeout)
        except paramiko.IncompatiblePeer as error:
            if "host key" in str(error):
                raise self._untrusted("没有所约定种类的主机密钥", "it has no host key of the pinned kind") from error
            raise
        shown_key = transport.get_remote_server_key()
        if HostKey(shown_key.get_name(), shown_key.asbytes()) not in pinned:
            told = f"{shown_key.get_name()} {shown_key.get_base64()}"
            raise self._untrusted(f"其主机公钥为 {told}", f"it shows {told}")

    def _untrusted(self, zh: str, en: str) -> UntrustedServer:
        return UntrustedServer(
            f"SFTP 服务器 {self.address} 的主机密钥与配置的 host_key 不符（{zh}），没有登录，未发送任何数据；可能有人冒充，"
            "请先用其他途径向对方核实，确属更换密钥后再改 host_key",
            f"The SFTP server {self.address} does not show the pinned host_key ({en}); we did not log in and sent nothing. "
            "Someone may pose as it: ask its operator by another way, and change host_key only if the key was renewed",
        )

    def _log_in(self, transport: paramiko.Transport, key: paramiko.PKey) -> None:
        try:
            transport.auth_publickey(self._account.user, key)
        except paramiko.AuthenticationException as error:
            if not transport.is_active() or "timeout" in str(error):
                raise  # no refusal: the line was cut, or the server said nothing
            raise LoginRefused(
                f"SFTP 服务器 {self.address} 不接受用户 {self._account.user} 的密钥 {self._account.key}；请让对方登记该公钥，"
                "或核对 user、key、certificate",
                f"The SFTP server {self.address} refuses the key {self._account.key} of {self._account.user}; have its "
                "public part registered there, or check user, key and certificate",
            ) from error

    def _load_key(self) -> paramiko.PKey:
        """Read anew for each connection, so that a renewed key needs no restart."""
        path = self._account.key
        try:
            key = _read_key(path, self._account.passphrase)
            if self._account.certificate:
                key.load_certificate(str(self._account.certificate))
        except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
            raise UserError(
                f"SFTP 登录密钥 {path} 无法使用：{error}；请核对文件，有口令的在环境变量 EDI_SFTP_PASSPHRASE 中给出",
                f"The SFTP key {path} cannot be used: {error}; check the file; a passphrase stands in the environment "
                "variable EDI_SFTP_PASSPHRASE",
            ) from error
        return key


def _cause(error: Exception) -> tuple[str, str]:
    """Why there is no connection, in Chinese and English."""
    if isinstance(error, socket.gaierror):
        return "主机名无法解析", "the name of the host is not known"
    if isinstance(error, TimeoutError):
        return "等待超时", "timed out"
    if isinstance(error, OSError) and error.errno:
        return cause_zh(error), cause_en(error)
    words = str(error) or type(error).__name__
    return f"对话中断（{words}）", f"the talk broke off ({words})"


def _read_key(path: Path, passphrase: str | None) -> paramiko.PKey:
    """A passphrase that is set but not needed does no harm."""
    try:
        return paramiko.PKey.from_path(path)
    except (TypeError, ValueError, paramiko.PasswordRequiredException):
        if passphrase is None:
            raise
        return paramiko.PKey.from_path(path, passphrase.encode("utf-8"))


_REFUSALS = frozenset({errno.ENOENT, errno.EACCES, errno.EOPNOTSUPP, errno.EREMOTEIO, errno.EEXIST, errno.EIO})


class SftpPlace:
    """One folder at a server."""

    def __init__(self, server: SftpServer, folder: str) -> None:
        self._server = server
        self._folder = folder.rstrip("/") or "/"
        self.address = f"{server.address}/{folder}"

    def look(self) -> Look:
        """See `Place.look`."""
        sorter = Sorter()
        with self._server.asking():
            entries = self._server.wire.entries(self._folder.encode("utf-8"))
            for raw, told in itertools.islice(entries, MOST_ENTRIES):
                if raw not in (b".", b".."):
                    sorter.add(raw.decode("utf-8", "surrogateescape"), partial(_sighting, told=told))
        return sorter.look()

    def see(self, name: str) -> Sighting | None:
        """See `Place.see`."""
        try:
            with self._server.asking():
                return _sighting(name, self._server.wire.lstat(self._path(name)))
        except FileNotFoundError:
            return None

    def fetch(self, seen: Sighting) -> bytes | None:
        """See `Place.fetch`."""
        try:
            with self._server.asking():
                data, told = self._server.wire.read(self._path(seen.name), seen.size)
        except FileNotFoundError:
            return None
        return data if len(data) == seen.size and _sighting(seen.name, told) == seen else None

    def stage(self, contents: Mapping[str, bytes]) -> None:
        """See `Place.stage`."""
        staged: list[str] = []
        with self._server.asking():
            for name, data in contents.items():
                staged.append(name)
                try:
                    self._server.wire.write(self._path(name), data)
                except OSError as error:
                    if error.filename is not None:
                        self._withdraw(staged)
                    raise

    def _withdraw(self, staged: list[str]) -> None:
        for name in staged:
            with contextlib.suppress(PermissionError):
                self.remove(name)

    def rename(self, old: str, new: str) -> None:
        """See `Place.rename`: some servers overwrite whatever the protocol says, so the name is looked for first."""
        with self._server.asking():
            if self._exists(new):
                raise FileExistsError(errno.EEXIST, "exists", f"{self._folder}/{new}")
            try:
                self._server.wire.rename(self._path(old), self._path(new))
            except OSError as error:
                if error.filename is None or isinstance(error, FileNotFoundError):
                    raise
                if self._exists(new):
                    raise FileExistsError(errno.EEXIST, "exists", f"{self._folder}/{new}") from error
                if POSIX_RENAME not in self._server.wire.extensions:
                    raise
                self._server.wire.posix_rename(self._path(old), self._path(new))

    def replace(self, old: str, new: str) -> None:
        """See `Place.replace`; without the extension the name is free for a moment."""
        with self._server.asking():
            if POSIX_RENAME in self._server.wire.extensions:
                self._server.wire.posix_rename(self._path(old), self._path(new))
                return
        self.remove(new)
        self.rename(old, new)

    def remove(self, name: str) -> None:
        """See `Place.remove`."""
        with contextlib.suppress(FileNotFoundError), self._server.asking():
            self._server.wire.remove(self._path(name))

    def make_shelf(self) -> None:
        """See `Place.make_shelf`."""
        with self._server.asking():
            if not self._exists(SHELF):
                self._server.wire.make_folder(self._path(SHELF))

    def sync(self) -> None:
        """See `Place.sync`: the protocol has nothing for folders."""

    def _exists(self, name: str) -> bool:
        """True if anything has that name, of whatever kind."""
        try:
            self._server.wire.lstat(self._path(name))
        except FileNotFoundError:
            return False
        return True

    def _path(self, name: str) -> bytes:
        return f"{self._folder}/{name}".encode("utf-8", "surrogateescape")


def _sighting(name: str, told: Attributes) -> Sighting | None:
    """The file, if it is one. Where a server keeps the kind of its entries to itself, reading it will tell."""
    if told.mode and not stat.S_ISREG(told.mode):
        return None
    return Sighting(name, told.size, told.modified * SECOND, 0)
