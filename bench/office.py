"""A workspace to be measured: made anew in a temporary folder, filled, worked off."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from edi.adapters.config import load_config
from edi.adapters.keys import key_name, load_signing_key
from edi.adapters.pki import Authority, Holder, Issued, KeyKind
from edi.app.composition import open_app
from edi.app.home import open_reader
from edi.app.service import run_once
from edi.app.workspace import create_workspace
from edi.core.identity import Medium
from edi.core.status import Status
from edi.messages.dsig import SigningKey
from tools.filings import Filing

TRADER = "91110105XX489884X9"
"""USCC of the enterprise of channel `demo`."""


@contextmanager
def workspace() -> Iterator[Path]:
    """A fresh workspace; how long a sender may pause, and how often it may send, is not what is measured."""
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        home = Path(folder) / "home"
        create_workspace(home)
        config = home / "config.toml"
        text = config.read_text("utf-8").replace("settle_seconds = 1.0", "settle_seconds = 0.05")
        config.write_text(text, "utf-8")
        yield home


def drop(home: Path, batch: Iterable[Filing]) -> None:
    """Put files into the OutBox of channel `demo`, each by a rename."""
    for one in batch:
        hidden = home / "inbox" / "demo" / f".{one.name}"
        hidden.write_bytes(one.data)
        hidden.rename(home / "inbox" / "demo" / one.name)


def work_off(home: Path) -> None:
    """Gateway and simulator until nothing is left."""
    with open_app(home) as app:
        run_once(app)


def expect(home: Path, count: int, status: Status = Status.APPROVED) -> None:
    """Stop the benchmark unless `count` applications have this status: the figures would mean nothing."""
    with open_reader(home).view() as ledger:
        found = ledger.execute("select count(*) from applications where status = ?", (status.token,)).fetchone()[0]
    if found != count:
        raise SystemExit(f"{found} of {count} filings are {status.token}: the figures would mean nothing")


def card(home: Path, kind: KeyKind) -> SigningKey:
    """An operator's card of channel `demo` with a key of this kind."""
    ca = load_signing_key(home / "pki" / "ca.key", home / "pki" / "ca.pem")
    holder = Holder(
        organisation="示例贸易（北京）有限公司", uscc=TRADER, person="张示例", card_no="8899999999901",
        medium=Medium.OPERATOR_CARD,
    )  # fmt: skip
    issued = Authority(Issued(ca.key, ca.certificate)).issue(holder, datetime.now(UTC), key=kind.generate())
    return SigningKey(issued.key, issued.certificate, key_name(issued.certificate))


def simulator_seed() -> int:
    """The seed of the simulated customs in a fresh workspace."""
    with workspace() as home:
        return load_config(home / "config.toml").simulator.seed
