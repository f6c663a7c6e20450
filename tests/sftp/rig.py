"""A real OpenSSH server on loopback, a proxy that cuts lines, and partners that speak through OpenSSH's client.

As root the accounts and boxes are made by the very commands that `edi sftp-config` prints, each account in
a chroot; as an ordinary user there is that user alone, without a chroot. Whatever is made is removed.
"""

import contextlib
import fcntl
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edi.adapters.transport.settings import read_host_key
from edi.adapters.transport.sftp import Account, SftpServer
from edi.adapters.transport.sshd import Hosting, commands, sshd_configuration

ROOT = os.geteuid() == 0
SSHD = "/usr/sbin/sshd"
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Partner:
    """One account."""

    user: str
    key: Path
    boxes: Path
    """Its boxes as they lie on the disk."""
    remote: str
    """The same as its own sessions see them."""


class Sshd:
    """The server, with one account per name given."""

    def __init__(self, folder: Path, names: list[str], denied: str = "symlink,hardlink", largest_kib: int = 0):
        self.folder = folder
        self.port = free_port()
        self._limit = f"trap '' XFSZ; ulimit -f {largest_kib * 2}; " if largest_kib else ""
        self.host_key = new_key(folder / "host", "ed25519")
        self._process = None
        keys = folder / "keys"
        keys.mkdir()
        if ROOT:
            Path("/run/sshd").mkdir(exist_ok=True)
            chroots = PurePosixPath(folder / "chroots")
            hosting = Hosting(channels=names, root=chroots, run_as="root", keys=PurePosixPath(keys))
            self._accounts = list(hosting.accounts().values())
            with one_at_a_time():
                subprocess.run(["sh"], input="\n".join(commands(hosting)), text=True, check=True)
            rules = sshd_configuration(hosting).replace("symlink,hardlink", denied)
            boxes = {name: Path(chroots / name) for name in names}
            self.partners = [self._partner(f"edi-{name}", boxes[name], "") for name in names]
        else:
            self._accounts = []
            rules = f"AuthorizedKeysFile {keys}/%u\n"
            self.partners = []
            for name in names:
                for box in ("OutBox", "SentBox", "FailBox", "InBox"):
                    (folder / name / box).mkdir(parents=True)
                self.partners.append(self._partner(getpass.getuser(), folder / name, str(folder / name)))
        self.config = folder / "sshd_config"
        self.config.write_text(
            f"Port {self.port}\nListenAddress {HERE}\nHostKey {folder / 'host'}\nPidFile none\nUsePAM no\n"
            f"StrictModes no\nMaxStartups 100\nSubsystem sftp internal-sftp -P {denied}\n{rules}"
        )

    def _partner(self, user, boxes, remote):
        key = self.folder / f"{boxes.name}.key"
        public = new_key(key, "ed25519")
        with (self.folder / "keys" / user).open("a") as file:
            file.write(public + "\n")
        return Partner(user, key, boxes, remote)

    def start(self):
        if self._process:
            return
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", f'{self._limit}exec "$@"', "sh", SSHD, "-D", "-e", "-f", self.config],
                stderr=log,
            )
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((HERE, self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def kill(self):
        """Dead in an instant, sessions included."""
        if self._process:
            for number in [*descendants(self._process.pid), self._process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def remove(self):
        self.kill()
        with one_at_a_time():
            for account in self._accounts:
                subprocess.run(["userdel", account], check=True)
        if ROOT:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
        shutil.rmtree(self.folder)

    def account(self, partner: Partner, **changes) -> Account:
        known = Account(
            host=HERE, port=self.port, user=partner.user, key=partner.key, certificate=None,
            host_keys=(read_host_key(self.host_key),), timeout=5.0,
        )  # fmt: skip
        return replace(known, **changes)

    def connect(self, partner: Partner, **changes) -> SftpServer:
        return SftpServer(self.account(partner, **changes))


@contextlib.contextmanager
def running_sshd(names: list[str], denied: str = "symlink,hardlink", largest_kib: int = 0):
    """A server of one's own. Chroots want a path that belongs to root alone, which /tmp does not."""
    folder = Path(tempfile.mkdtemp(prefix="edi-sshd-", dir="/run" if ROOT else None))
    if ROOT:  # in memory: what is measured here is not the disk
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder], check=True)
    folder.chmod(0o755)
    server = Sshd(folder, [f"t{os.getpid()}{one}" for one in names], denied, largest_kib)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextlib.contextmanager
def one_at_a_time():
    """useradd and userdel give up where another of them is at work; tests run side by side."""
    folder = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def descendants(number: int) -> list[int]:
    """Processes that a process started, and theirs: sshd makes each session a group of its own."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    children = [child for child, parent in parents.items() if parent == number]
    return [one for child in children for one in (child, *descendants(child))]


def new_key(path: Path, kind: str, passphrase: str = "") -> str:
    """Makes a key pair; the public line."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True)
    return path.with_name(path.name + ".pub").read_text().strip()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HERE, 0))
        return sock.getsockname()[1]


class Proxy:
    """Stands between client and server and cuts connections after so many bytes."""

    def __init__(self, port: int):
        self._to = port
        self._listener = socket.create_server((HERE, 0))
        self.port = self._listener.getsockname()[1]
        self.cuts: list[int] = []
        """Bytes after which the coming connections are cut, in this order; when used up they live."""
        self.cut = 0
        self.accepted = 0
        self.silent = False
        """Take connections and say nothing."""
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def connections(self):
        return len(self._open) // 2

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.silent:
                self._open.add(client)
                continue
            try:
                server = socket.create_connection((HERE, self._to), 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._open |= {client, server}
            budget = [self.cuts.pop(0) if self.cuts else None]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(one, other, budget), daemon=True).start()

    def _pass_on(self, one, other, budget):
        with contextlib.suppress(OSError):
            while data := one.recv(16384):
                if budget[0] is not None:
                    if len(data) > budget[0]:
                        other.sendall(data[: budget[0]])
                        self.cut += 1
                        break
                    budget[0] -= len(data)
                other.sendall(data)
        for sock in (one, other):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
            self._open.discard(sock)

    def close(self):
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def by_openssh(server: Sshd, partner: Partner, lines: list[str]) -> None:
    """What a partner does with OpenSSH's own client: an independent judge of our server's set-up."""
    subprocess.run(
        [
            "sftp", "-q", "-b", "-", "-i", partner.key, "-P", str(server.port), "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", f"{partner.user}@{HERE}",
        ],
        input="\n".join(lines), text=True, check=True, capture_output=True,
    )  # fmt: skip
