"""A configuration of OpenSSH for those who let partners upload to us: one account per channel, files only.

Each account sees its own four boxes and nothing else: a chroot that belongs to root, no shell, no
forwarding, keys that it cannot change itself, no links that might point out of its boxes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from edi.errors import UserError

KEYS = PurePosixPath("/etc/ssh/edi-keys")
"""One file of public keys per account, outside its chroot."""
BOXES = {"outbox": "OutBox", "sentbox": "SentBox", "failbox": "FailBox", "inbox": "InBox"}
"""Key of config.toml → folder in the chroot."""
_ACCOUNT = re.compile("[a-z_][a-z0-9_-]{0,31}")


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """Where and for whom partners upload."""

    channels: Sequence[str]
    root: PurePosixPath
    """The folder of all chroots; it and all above it must belong to root."""
    run_as: str
    """The account the gateway runs as."""
    keys: PurePosixPath = KEYS

    def accounts(self) -> dict[str, str]:
        """Channel → account. Raises UserError for channels whose names make no account."""
        found = {channel: f"edi-{channel}" for channel in self.channels}
        unfit = [channel for channel, account in found.items() if not _ACCOUNT.fullmatch(account)]
        if unfit:
            raise UserError(
                "以下通道的名称不能作系统帐户名（只能用小写字母、数字、下划线、连字符，不超过 28 个字符）；请在 config.toml 中改名",
                "The names of these channels make no account of the system (lower-case letters, digits, _ and -, at most 28 "
                "characters); rename them in config.toml",
                unfit,
            )
        return found


def sshd_configuration(hosting: Hosting) -> str:
    """Text for /etc/ssh/sshd_config.d/: what each account may do."""
    blocks = [
        f"""\
Match User {account}
    ChrootDirectory {hosting.root / channel}
    ForceCommand internal-sftp -P symlink,hardlink -u 0027
    AuthorizedKeysFile {hosting.keys}/%u
    AuthenticationMethods publickey
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    DisableForwarding yes
    PermitTunnel no
    PermitTTY no
    PermitUserRC no
"""
        for channel, account in hosting.accounts().items()
    ]
    return "\n".join([*blocks, "Match all\n"])


def commands(hosting: Hosting) -> Iterator[str]:
    """Shell commands that make accounts and folders; running them again changes nothing."""
    run_as = shlex.quote(hosting.run_as)
    yield "set -eu"
    yield f"id {run_as} >/dev/null 2>&1 || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {run_as}"
    yield f"install -d -o root -g root -m 0755 {_quoted(hosting.root)} {_quoted(hosting.keys)}"
    for channel, account in hosting.accounts().items():
        home = hosting.root / channel
        yield (
            f"id {account} >/dev/null 2>&1 || "
            f"useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin {account}"
        )
        yield f"usermod -p '*' {account}"  # no password, yet not locked: sshd lets no locked account in
        yield f"install -d -o root -g root -m 0755 {_quoted(home)}"
        for key, box in BOXES.items():
            # Who reads a box is its group; new files inherit it. The partner may clear what it has fetched.
            owner, group = (account, run_as) if key == "outbox" else (run_as, account)
            yield f"install -d -o {owner} -g {group} -m 2770 {_quoted(home / box)}"
        yield f"touch {_quoted(hosting.keys / account)}"


def channel_settings(hosting: Hosting) -> str:
    """What stands in config.toml then."""
    return "\n".join(
        f"[channels.{channel}]\n" + "".join(f'{key} = "{hosting.root / channel / box}"\n' for key, box in BOXES.items())
        for channel in hosting.channels
    )


def _quoted(path: PurePosixPath) -> str:
    return shlex.quote(str(path))
