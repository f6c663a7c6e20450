"""What a job needs that works beside the exchange: configuration, ledger and clock, but no boxes of its own to empty."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edi.adapters.clock import Clock, system_clock
from edi.adapters.config import Config, load_config
from edi.adapters.ledger import Ledger
from edi.adapters.ledger_reader import LedgerReader
from edi.app.channels import channels_of
from edi.app.home import CONFIG_FILE
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
