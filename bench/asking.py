"""How long questions take when the ledger is big: status by key, search by enterprise and by part of a name."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.measures import Measured
from bench.office import percentile, workspace
from edi.adapters.ledger import connect
from edi.adapters.ledger_reader import LedgerReader
from edi.app import open_app
from edi.core.enquiry import Filter

ASKED = 100
"""Questions of each kind."""
MOMENT = "2026-01-01T00:00:00.000000Z"


def asking(rows: int) -> list[Measured]:
    """The p95 of each question to a ledger of `rows` synthetic applications."""
    with workspace() as home:
        with open_app(home):
            pass  # makes the ledger
        path = home / "var" / "ledger.sqlite"
        _fill(path, rows)
        reader, rng = LedgerReader(path), random.Random(rows)
        questions: dict[str, Callable[[int], object]] = {
            "status of one key": lambda number: reader.find(f"SYN-{number:09d}"),
            "search by enterprise": lambda number: reader.search(Filter(uscc=_uscc(number)), (), 100),
            "search by part of a name": lambda number: reader.search(Filter(name_part=f"企业{number:09d}"), (), 100),
        }
        return [_ask(name, ask, rows, rng) for name, ask in questions.items()]


def _ask(name: str, ask: Callable[[int], object], rows: int, rng: random.Random) -> Measured:
    times = []
    for _ in range(ASKED):
        number = rng.randrange(rows)
        started = time.perf_counter()
        found = ask(number)
        times.append(time.perf_counter() - started)
        if not found:
            raise SystemExit(f"{name}: {number} was not found: the figures would mean nothing")
    note = f"median {percentile(times, 0.5) * 1e3:.1f} ms, p95 {percentile(times, 0.95) * 1e3:.1f} ms"
    return Measured(name=f"{name}, {rows:,} applications", filings=ASKED, note=note)


def _fill(path: Path, rows: int) -> None:
    connection = connect(path)
    connection.execute("begin")
    for statement, values in (
        ("insert into content values (?, ?)", [("c", b"<r/>")]),
        (
            (
                "insert into messages (digest, guid, form, channel, claim, file_name, content, signer, answer, receiver, "
                "received_at) values (?, ?, 'QLF101', 'demo', ?, ?, 'c', '{}', 'c', 'customs', ?)"
            ),
            ((f"d{one}", f"m{one}", f"c{one}", f"SYN-{one:09d}.xml", MOMENT) for one in range(rows)),
        ),
        (
            (
                "insert into applications (guid, application_no, message, form, client_seq_no, applicant, applicant_name, "
                "customs, status, owner, types, created_at, updated_at) "
                "values (?, ?, ?, 'QLF101', ?, ?, ?, '0117', 'APPROVED', ?, ' CBEC_SITE ', ?, ?)"
            ),
            _applications(rows),
        ),
    ):
        connection.executemany(statement, values)
    connection.execute("commit")
    connection.close()


def _applications(rows: int) -> Iterator[tuple[str, ...]]:
    for one in range(rows):
        uscc, name = _uscc(one), f"示例企业{one:09d}有限公司"
        yield (f"G{one}", f"2026{one:014d}", f"d{one}", f"SYN-{one:09d}", uscc, name, uscc, MOMENT, MOMENT)


def _uscc(number: int) -> str:
    """An enterprise files a hundred times; these are no real codes and are never checked."""
    return f"SYN{number // 100:015d}"
