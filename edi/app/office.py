"""What a job needs that works beside the exchange: configuration, ledger and clock, but no boxes of its own to empty."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edi.adapters.boxes import CLAIMED, Claim, claim_of, is_claim
from edi.adapters.clock import Clock, system_clock
from edi.adapters.config import Config, load_config
from edi.adapters.ledger import Ledger
from edi.adapters.ledger_reader import LedgerReader
from edi.app.composition import CONFIG_FILE, build_channel
from edi.gateway.parts import Channel


@dataclass(frozen=True)
class Office:
    """The back office of a workspace; several may be at work at once, in as many processes."""

    config: Config
    ledger: Ledger
    """Written in short transactions, so that the exchange is never held up."""
    reader: LedgerReader
    clock: Clock

    def channels(self) -> dict[str, Channel]:
        """The channels as configured, by name."""
        return channels_of(self.config)


@contextlib.contextmanager
def open_office(home: Path, clock: Clock = system_clock) -> Iterator[Office]:
    """The back office of the workspace `home`. Raises UserError for a faulty configuration, TryLater."""
    config = load_config(home / CONFIG_FILE)
    with contextlib.closing(Ledger(config.gateway.ledger)) as ledger:
        yield Office(config, ledger, LedgerReader(config.gateway.ledger), clock)


def channels_of(config: Config) -> dict[str, Channel]:
    """The channels as configured, by name."""
    return {name: build_channel(name, one, config) for name, one in config.channels.items()}


def claims_on_disk(config: Config) -> list[str]:
    """The claims whose files lie in the OutBoxes; to be counted before the ledger is asked for its balance.

    One that is entered meanwhile is then found in the ledger.
    """
    return [claim.id for one in channels_of(config).values() for claim in claimed_files(one)]


def claimed_files(channel: Channel) -> list[Claim]:
    """The files of a channel that are claimed and not put away; only looked at."""
    found = sorted((channel.boxes.outbox / CLAIMED).glob("*/*"))
    return [claim_of(file) for file in found if is_claim(file) and file.is_file()]
