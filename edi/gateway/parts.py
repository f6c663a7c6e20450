"""What the gateway is made of, handed over by the composition root; and the clock's ticks for names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from edi.adapters.boxes import Boxes, Claim
from edi.adapters.clock import Clock
from edi.adapters.ledger import Ledger
from edi.core.form import Form, Forms
from edi.core.node import Node
from edi.core.results import Document
from edi.core.retry import RetryPolicy
from edi.core.routing import Route
from edi.core.status import Status
from edi.core.times import tick_of
from edi.gateway.collected import Collected
from edi.gateway.examine import ChannelPolicy, Examined
from edi.messages.dsig import SigningKey

T = TypeVar("T")


class Ticks:
    """Ever-growing 100-nanosecond ticks, so that no two files we name share a time."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: datetime) -> int:
        """A tick at or after `now`, never the same twice, whatever the clock does."""
        self._last = max(self._last + 1, tick_of(now))
        return self._last


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One sender's connection."""

    name: str
    boxes: Boxes
    policy: ChannelPolicy
    files_per_minute: int


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """One receiver's connection."""

    name: str
    node: str
    """Its DXP node id."""
    send: Path
    collect: Path
    certificates: tuple[x509.Certificate, ...]
    """Its receipts must be signed by one of these."""
    renames_into_place: bool = False
    """True if its files appear whole, by a rename: then they need not come to rest first."""
    takes_bundles: bool = False
    """True if it reads bundles, many envelopes in one file; what it sends may be either."""


@dataclass(frozen=True)
class Received:
    """A file read once; everything that follows is about these bytes."""

    channel: Channel
    claim: Claim
    data: bytes
    at: datetime
    """The moment of receipt, aware."""


Examine = Callable[[Sequence[Received]], Iterator[Examined]]
"""Examines a batch, in order; in worker processes where that pays, and then the first verdicts come before the last."""

Open = Callable[[Receiver, Sequence[bytes]], Iterator[Collected]]
"""Opens a batch of envelopes from a receiver, in order; the first come before the last."""


QUICK_BYTES = 16 << 20
"""Bytes of a batch up to which its results are waited for inside a transaction."""


def for_transaction(results: Iterator[T], size: int) -> Iterable[T]:
    """The results of a batch of `size` bytes, to be entered in one transaction as they come.

    Those of a big batch are all waited for first: a transaction that lasts would hold up other writers.
    """
    return results if size <= QUICK_BYTES else list(results)


PrintForm = Callable[[Form, Node, str, Status], Document]
"""Prints 《报关单位备案信息表》 of a business node, its application number and its status."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything the gateway works with."""

    node: str
    """Our DXP node id."""
    channels: Mapping[str, Channel]
    receivers: Mapping[str, Receiver]
    routes: Sequence[Route]
    forms: Forms
    ledger: Ledger
    key: SigningKey
    """Signs technical answers."""
    quarantine: Path
    retry: RetryPolicy
    clock: Clock
    examine: Examine
    open: Open
    print_form: PrintForm
    settle_seconds: float
    batch: int
    ticks: Ticks = field(default_factory=Ticks)
