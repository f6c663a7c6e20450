"""A workspace on a clock of its own, which a test puts forward: a night passes in a second."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edi.app.composition import open_app
from edi.app.office import open_office
from edi.app.rota import open_rota
from edi.app.service import run_once
from tests.conftest import Workspace

MONDAY_NOON = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)
"""Noon in China."""


class Hand:
    """A clock that stands still until it is put forward."""

    def __init__(self, now=MONDAY_NOON):
        self.now = now

    def __call__(self):
        return self.now

    def advance(self, **span):
        self.now += timedelta(**span)


class Night(Workspace):
    """A workspace, its clock, and what a test asks of both."""

    def __init__(self, home: Path, clock: Hand) -> None:
        super().__init__(home)
        self.clock = clock

    def run(self):
        with open_app(self.home, self.clock) as app:
            return run_once(app)

    @contextlib.contextmanager
    def at_work(self):
        """Rota, exchange and back office, as the service has them."""
        with (
            open_app(self.home, self.clock) as app,
            open_rota(self.home, self.clock) as rota,
            open_office(self.home, self.clock) as office,
        ):
            yield Shift(rota, app, office)

    @contextlib.contextmanager
    def office(self):
        with open_office(self.home, self.clock) as office:
            yield office

    def configure(self, old: str, new: str, times: int = -1) -> None:
        config = self.home / "config.toml"
        text = config.read_text("utf-8")
        assert old in text
        config.write_text(text.replace(old, new, times), "utf-8")

    def sql(self, query: str, *values):
        with contextlib.closing(sqlite3.connect(self.home / "var" / "ledger.sqlite")) as ledger, ledger:
            return ledger.execute(query, values).fetchall()

    def events(self, kind: str) -> list[str]:
        return [subject for (subject,) in self.sql("select subject from events where kind = ? order by seq", kind)]


class Shift:
    def __init__(self, rota, app, office):
        self.rota, self.app, self.office = rota, app, office

    def run_due(self) -> list[str]:
        """Run every job whose time has come; their names."""
        return [self.run(job.name).name for job in self.rota.due()]

    def run(self, name: str):
        job = self.rota.jobs[name]
        return self.rota.run(job, self.office if job.beside else self.app)
