"""How long questions take when the ledger is big: status by each key, searches page by page, and whole commands."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.figures import Measured
from bench.memory import watching_memory
from bench.office import workspace
from edi.adapters.ledger import connect
from edi.adapters.ledger_reader import LedgerReader
from edi.app.composition import open_app
from edi.core.enquiry import Filter

SEED = 1
"""Decides which applications are asked for."""
PAGE = 100
"""Applications that a search brings: the newest. There is no second page, one asks more narrowly."""
PER_ENTERPRISE = 100
RARE_EVERY = 5_000
"""One application of so many was disapproved."""
MOMENT = "2026-01-01T00:00:00.000000Z"

Ask = Callable[[int], object]


def asking(rows: int, asked: int, commands: int) -> list[Measured]:
    """Each question `asked` times to a ledger of `rows` synthetic applications, each command `commands` times."""
    with workspace() as home:
        with open_app(home):
            pass  # makes the ledger
        path = home / "var" / "ledger.sqlite"
        _fill(path, rows)
        rng = random.Random(SEED)
        return [
            *(_ask(name, ask, rows, asked, rng) for name, ask in _questions(LedgerReader(path)).items()),
            *(_ask(name, ask, rows, commands, rng) for name, ask in _commands(home).items()),
        ]


def _questions(reader: LedgerReader) -> Mapping[str, Ask]:
    return {
        "one key: clientSeqNo": lambda number: reader.find(_client_seq_no(number)),
        "one key: applicationNo": lambda number: reader.find(_application_no(number)),
        "one key: guid": lambda number: reader.find(_guid(number)),
        "search by enterprise": lambda number: reader.search(Filter(uscc=_uscc(number)), (), PAGE),
        "search by usual status": lambda _: reader.search(Filter(status="APPROVED"), (), PAGE),
        "search by rare status": lambda _: reader.search(Filter(status="DISAPPROVED"), (), PAGE),
        "search by part of name": lambda number: reader.search(Filter(name_part=_name(number)), (), PAGE),
    }


def _commands(home: Path) -> Mapping[str, Ask]:
    """The start of Python included."""
    return {
        "command: edi show": lambda number: _command(home, "show", _client_seq_no(number)),
        "command: edi query": lambda number: _command(home, "query", "applications", "--uscc", _uscc(number)),
    }


def _command(home: Path, *words: str) -> bytes:
    """What `edi WORDS` prints. Raises CalledProcessError if it fails."""
    command = [sys.executable, "-m", "edi", "--home", str(home), *words, "--json"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def _ask(name: str, ask: Ask, rows: int, count: int, rng: random.Random) -> Measured:
    times = []
    with watching_memory() as peaks:
        for _ in range(count):
            number = rng.randrange(rows)
            started = time.perf_counter()
            found = ask(number)
            times.append(time.perf_counter() - started)
            if not found:
                raise SystemExit(f"{name}: {number} was not found: the figures would mean nothing")
    return Measured(
        measure="asking", name=name, filings=count, backlog=rows, memory=tuple(peaks.values()), times=tuple(times)
    )


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
            ((f"d{one}", f"m{one}", f"c{one}", f"{_client_seq_no(one)}.xml", MOMENT) for one in range(rows)),
        ),
        (
            (
                "insert into applications (guid, application_no, message, form, client_seq_no, applicant, applicant_name, "
                "customs, status, owner, types, created_at, updated_at) "
                "values (?, ?, ?, 'QLF101', ?, ?, ?, '0117', ?, ?, ' CBEC_SITE ', ?, ?)"
            ),
            _applications(rows),
        ),
    ):
        connection.executemany(statement, values)
    connection.execute("commit")
    connection.close()


def _applications(rows: int) -> Iterator[tuple[str, ...]]:
    for one in range(rows):
        status = "APPROVED" if one % RARE_EVERY else "DISAPPROVED"
        uscc = _uscc(one)
        yield (
            _guid(one), _application_no(one), f"d{one}", _client_seq_no(one), uscc, _name(one), status, uscc, MOMENT, MOMENT,
        )  # fmt: skip


def _guid(number: int) -> str:
    return f"{number:08X}-0000-4000-8000-{number:012X}"


def _application_no(number: int) -> str:
    return f"2026{number:014d}"


def _client_seq_no(number: int) -> str:
    return f"SYN-{number:09d}"


def _name(number: int) -> str:
    return f"示例企业{number:09d}有限公司"


def _uscc(number: int) -> str:
    """These are no real codes and are never checked."""
    return f"SYN{number // PER_ENTERPRISE:015d}"
