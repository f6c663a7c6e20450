"""The lines to SFTP partners as configured; a workspace without any never loads paramiko, which takes a while."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edi.adapters.config import Config
from edi.adapters.transport.disk import DiskPlace
from edi.adapters.transport.journal import Journal
from edi.adapters.transport.settings import ChannelSftp, ReceiverSftp, SftpConfig, read_host_key
from edi.gateway.collect import LARGEST_ENVELOPE
from edi.gateway.ferry import Leg, Route
from edi.gateway.lines import Ferry, Line, News
from edi.gateway.names import STATUS_ENDING
from edi.gateway.parts import Channel, Parts, Receiver

if TYPE_CHECKING:
    from edi.adapters.transport.sftp import SftpServer

PASSPHRASE = "EDI_SFTP_PASSPHRASE"  # noqa: S105 - the name of a variable
JOURNAL = "ferry.sqlite"
LARGEST_OF_OURS = 1 << 30
"""Bytes; whatever we wrote ourselves is to go out."""

Arrived = Callable[[str, str], None]
"""Told channel and name of each file that came in."""


def build_ferry(config: Config, parts: Parts, arrived: Arrived) -> Ferry:
    """All lines of the configuration. Raises TryLater if the journal is out of reach."""
    news: deque[News] = deque()
    build = _Builder(config, parts, news)
    lines = []
    for name, channel in config.channels.items():
        if channel.sftp:
            lines.append(build.channel(parts.channels[name], channel.sftp, partial(arrived, name)))
    for name, receiver in config.receivers.items():
        if receiver.sftp:
            lines.append(build.receiver(parts.receivers[name], receiver.sftp))
    return Ferry(lines, news)


def journal_of(config: Config) -> Path:
    """The file the ferry remembers in, beside the ledger."""
    return config.gateway.ledger.parent / JOURNAL


def fetching_leg(channel: str) -> str:
    """The name of the leg that fetches a channel's filings, in the journal."""
    return f"channels.{channel}.outbox"


class _Builder:
    def __init__(self, config: Config, parts: Parts, news: deque[News]) -> None:
        self._journal = journal_of(config)
        self._parts = parts
        self._news = news

    def channel(self, channel: Channel, sftp: ChannelSftp, arrived: Callable[[str], None]) -> Line:
        """The sender's OutBox comes in, our answers go out."""
        server, boxes, limit = server_of(sftp), channel.boxes, channel.policy.limits.file
        here = f"channels.{channel.name}"
        routes = [_inward(fetching_leg(channel.name), server, sftp.outbox, boxes.outbox, sftp, limit, self._parts)]
        for box, folder, remote in (
            ("inbox", boxes.inbox, sftp.inbox),
            ("sentbox", boxes.sentbox, sftp.sentbox),
            ("failbox", boxes.failbox, sftp.failbox),
        ):
            if remote:
                replaces = STATUS_ENDING if box == "inbox" else ""
                routes.append(_outward(f"{here}.{box}", server, folder, remote, sftp, replaces))
        return self._line(here, server, routes, sftp, arrived)

    def receiver(self, receiver: Receiver, sftp: ReceiverSftp) -> Line:
        """Envelopes go out, receipts come in."""
        server, here = server_of(sftp), f"receivers.{receiver.name}"
        routes = [
            _outward(f"{here}.send", server, receiver.send, sftp.send, sftp),
            _inward(f"{here}.collect", server, sftp.collect, receiver.collect, sftp, LARGEST_ENVELOPE, self._parts),
        ]
        return self._line(here, server, routes, sftp, lambda _name: None)

    def _line(
        self, name: str, server: SftpServer, routes: list[Route], sftp: SftpConfig, arrived: Callable[[str], None]
    ) -> Line:
        journal = Journal(self._journal, name)
        legs = [
            Leg(
                route=route,
                journal=journal,
                clock=self._parts.clock,
                tell=partial(self._tell, route.name),
                arrived=arrived if route.inward else lambda _name: None,
            )
            for route in routes
        ]
        return Line(
            name, server, legs,
            journal=journal, retry=self._parts.retry, clock=self._parts.clock, tell=self._news.append,
            poll_seconds=sftp.poll_seconds,
        )  # fmt: skip

    def _tell(self, subject: str, kind: str, detail: Mapping[str, object]) -> None:
        self._news.append(News(kind, subject, detail))


def server_of(sftp: SftpConfig) -> SftpServer:
    """The connection to an account; it is made when it is used."""
    from edi.adapters.transport.sftp import Account, SftpServer  # noqa: PLC0415

    return SftpServer(
        Account(
            host=sftp.host,
            port=sftp.port,
            user=sftp.user,
            key=sftp.key,
            certificate=sftp.certificate,
            host_keys=tuple(key for line in sftp.host_key if (key := read_host_key(line))),
            timeout=sftp.timeout_seconds,
            passphrase=os.environ.get(PASSPHRASE),
        )
    )


def _inward(
    name: str, server: SftpServer, remote: str, folder: Path, sftp: SftpConfig, limit: int, parts: Parts
) -> Route:
    return Route(
        name=name,
        source=server.place(remote),
        target=DiskPlace(folder),
        inward=True,
        settle_seconds=0.0 if sftp.renames_into_place else parts.settle_seconds,
        limit=limit,
        keep=sftp.keep_fetched,
    )


def _outward(name: str, server: SftpServer, folder: Path, remote: str, sftp: SftpConfig, replaces: str = "") -> Route:
    """Our own files appear whole, by a rename, and need no rest."""
    return Route(
        name=name,
        source=DiskPlace(folder),
        target=server.place(remote),
        inward=False,
        limit=LARGEST_OF_OURS,
        replaces=replaces,
        keep=sftp.keep_delivered,
    )
