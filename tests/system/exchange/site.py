"""A workspace at work: gateway and simulated customs in one program, on a clock of their own."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from lxml import etree

from edi.app.composition import open_app
from edi.app.service import run_once
from edi.app.workspace import create_workspace
from edi.core.times import CHINA
from edi.messages.receipt import Receipt, read_receipts
from tests.customs.office import START, MovableClock
from tests.system.exchange.letters import Letter

LAST_YEAR = 2090
"""Later customs' clock goes no further: what is valid for ever is valid until 2099."""


def make_template(home: Path) -> Path:
    """A workspace whose customs has nothing on record, made on the site's clock."""
    create_workspace(home, MovableClock(START))
    for register in (home / "customs").glob("register.sqlite*"):
        register.unlink()
    config = home / "config.toml"
    quick = config.read_text("utf-8").replace("settle_seconds = 1.0", "settle_seconds = 0.01")
    config.write_text(quick, "utf-8")
    return home


class Site:
    """A copy of the template, gone when it is left."""

    def __init__(self, template: Path) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="edi-exchange-")) / "home"
        shutil.copytree(template, self.home)
        self.clock = MovableClock(START)
        self.files = 0
        self.closing_after = ""
        """`gateway` or `customs`: the program is closed and opened when that has done its next round."""
        self._ahead = timedelta()
        self._stack = ExitStack()
        self.open()

    # The program

    def open(self) -> None:
        self.app = self._stack.enter_context(open_app(self.home, self.clock))
        assert self.app.customs is not None
        self.customs = self.app.customs
        self.customs.now()  # the register is there from now on

    def reopen(self) -> None:
        self._stack.close()
        self.open()

    def leave(self) -> None:
        self._stack.close()
        shutil.rmtree(self.home.parent)

    def work(self) -> None:
        """Until nothing is left to do."""
        self.clock.now += timedelta(seconds=1)
        if self.closing_after:
            self.app.exchange()
            if self.closing_after == "customs":
                self.app.review()
            self.reopen()
            self.closing_after = ""
        run_once(self.app)

    # Time

    @property
    def today(self) -> date:
        """On customs' calendar."""
        return (self.clock.now + self._ahead).astimezone(CHINA).date()

    def let_pass(self, days: int) -> None:
        if self.today.year < LAST_YEAR:
            self.customs.advance(timedelta(days=days))
            self._ahead += timedelta(days=days)

    # Files in, files out

    def drop(self, letters: Sequence[Letter]) -> list[tuple[str, Letter]]:
        """Put files into the OutBoxes, in the order in which the gateway will look at them."""
        channels = [*self.app.config.channels]
        return [(self._drop(one), one) for one in sorted(letters, key=lambda one: channels.index(one.channel))]

    def _drop(self, letter: Letter) -> str:
        """By a rename, of which the system tells the gateway at once."""
        self.files += 1
        name = f"{self.files:05d}.xml"
        outbox = self.home / "inbox" / letter.channel
        (outbox / f".{name}").write_bytes(letter.data)
        (outbox / f".{name}").rename(outbox / name)
        self.app.pipeline.intakes[letter.channel].settled.announce(name)
        return name

    def look_at(self, file: str, letter: Letter, outcome: str, codes: set[str]) -> None:
        """The outcome in the ledger, the original in its box, byte for byte, and the answer in InBox."""
        (record,) = self.app.reader.files(file)
        found = {one["code"] for one in record["findings"] if one["severity"] == "error"}
        assert (record["outcome"], found) == (outcome, codes)
        good = outcome in ("ACCEPTED", "DUPLICATE")
        kept = self.home / "outbox" / letter.channel / ("SentBox" if good else "FailBox") / file
        assert kept.read_bytes() == letter.data
        (answer,) = self.inbox(letter.channel).glob(f"{'Successed' if good else 'Failed'}_{_stem(file)}_*.xml")
        assert codes <= {one.text for one in etree.parse(answer).findall(".//{*}finding/{*}code")}

    def receipts(self, channel: str, file: str) -> list[Receipt]:
        """The receipts that came for a file, in the order in which they came."""
        files = sorted(self.inbox(channel).glob(f"Receipt_{_stem(file)}_*.xml"))
        return [one for file in files for one in read_receipts(etree.parse(file).getroot())]

    def inbox(self, channel: str) -> Path:
        return self.home / "outbox" / channel / "InBox"

    def in_transit(self) -> list[Path]:
        """Files in the OutBoxes, and on their way to customs and back."""
        folders = [self.home / "inbox", self.home / "customs" / "in", self.home / "customs" / "out"]
        return [file for folder in folders for file in folder.rglob("*") if file.is_file()]

    # The two databases, without the program

    def ledger(self, query: str) -> list[tuple[Any, ...]]:
        return self._rows("var/ledger.sqlite", query)

    def register(self, query: str) -> list[tuple[Any, ...]]:
        return self._rows("customs/register.sqlite", query)

    def _rows(self, database: str, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.home / database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()


def _stem(file: str) -> str:
    return file.removesuffix(".xml")
