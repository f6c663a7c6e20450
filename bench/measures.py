"""What is measured: each measure works in a process of its own, so that its memory is its own as well."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.figures import Measured
from bench.memory import watching_memory
from bench.office import card, drop, expect, work_off, workspace
from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.pki import KeyKind
from edi.app.composition import open_app
from edi.checks.parse import parse
from edi.core.status import Status
from tools.filings import Filing, filings, messages_of, operator_of, with_attachment

PER_MESSAGE = 100
"""Filings in a big message."""
LIGHT_LOAD = 0.2
"""Seconds between two files when latency is measured."""
ATTACHMENT = 4 << 20
PATIENCE = 30.0

Make = Callable[[Path], Iterable[Filing]]


@contextmanager
def _measuring(measure: str, name: str, count: int, lines: list[Measured]) -> Iterator[None]:
    with watching_memory() as peaks:
        started, used = time.perf_counter(), _cpu()
        yield
        seconds, cpu = time.perf_counter() - started, _cpu() - used
    lines.append(
        Measured(
            measure=measure, name=name, filings=count, backlog=count, seconds=seconds, cpu=cpu,
            memory=tuple(peaks.values()),
        )
    )  # fmt: skip


def _cpu() -> float:
    usage = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def _end_to_end(measure: str, name: str, make: Make, count: int) -> list[Measured]:
    """From the first look at the OutBox until the last receipt lies in InBox, simulator included, all durable."""
    lines: list[Measured] = []
    with workspace() as home:
        drop(home, make(home))
        with _measuring(measure, name, count, lines):
            work_off(home)
        expect(home, count)
    return lines


def _end_to_end_apart(measure: str, name: str, make: Make, count: int) -> list[Measured]:
    """The same with the simulated customs as a program of its own, as a real receiver is."""
    lines: list[Measured] = []
    with workspace() as home:
        drop(home, make(home))
        with _measuring(measure, name, count, lines), _program(home, "customs", "run"):
            _exchange(home, count)
        expect(home, count)
    return lines


@contextmanager
def _program(home: Path, *words: str) -> Iterator[None]:
    """`edi WORDS` on the workspace, until it is no longer needed."""
    program = subprocess.Popen(
        [sys.executable, "-m", "edi", *words, "--home", str(home)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        program.terminate()
        program.wait()


def _exchange(home: Path, count: int) -> None:
    """The gateway alone until everything is approved and every task done."""
    with open_app(home) as app:
        gateway, last = replace(app, customs=None), time.monotonic()
        open_ones = "select (select count(*) from applications where status = 'APPROVED') as good, (select count(*) "
        open_ones += "from outgoing where done_at is null) as tasks"
        while time.monotonic() - last < PATIENCE:
            if gateway.work():
                last = time.monotonic()
                continue
            row = app.pipeline.parts.ledger.rows(open_ones)[0]
            if row["good"] == count and not row["tasks"]:
                return
            time.sleep(0.01)
    raise SystemExit("the gateway waits for receipts that do not come")


def single(count: int) -> list[Measured]:
    """Messages of one filing; count after count this shows whether a backlog costs more per file."""
    return _end_to_end("single", "one filing a message", lambda home: filings(home, count, "ONE"), count)


def apart(count: int) -> list[Measured]:
    """Messages of one filing, customs as a program of its own."""
    name = "one filing a message, customs apart"
    return _end_to_end_apart("apart", name, lambda home: filings(home, count, "APART"), count)


def hundred(count: int) -> list[Measured]:
    """Messages of a hundred filings, with customs in the program and apart."""

    def make(home: Path) -> Iterator[Filing]:
        return messages_of(filings(home, count, "HUNDRED"), PER_MESSAGE, "HUNDRED", operator_of(home))

    name = f"{PER_MESSAGE} filings a message"
    return [
        *_end_to_end("hundred", name, make, count),
        *_end_to_end_apart("hundred", f"{name}, customs apart", make, count),
    ]


def intake(count: int) -> list[Measured]:
    """Claimed, examined, entered, answered, dispatched; no customs."""
    lines: list[Measured] = []
    with workspace() as home:
        drop(home, filings(home, count, "INTAKE"))
        with _measuring("intake", "intake alone", count, lines), open_app(home) as app:
            gateway = replace(app, customs=None)
            while gateway.work() or gateway.waiting():
                pass
        expect(home, count, Status.SUBMITTED)
    return lines


def rules(count: int) -> list[Measured]:
    """Schema and rules of one filing, again and again, in this process."""
    lines: list[Measured] = []
    with workspace() as home:
        data = next(filings(home, 1, "RULES")).data
    forms = discover([own_forms_folder()])
    contract, form, root = load([locate_contract()], forms), forms.by_code["QLF101"], parse(data)
    if isinstance(root, list):
        raise SystemExit(f"the sample cannot be parsed: {root}")
    contract.check(form, root)  # compiled at its first use
    with _measuring("rules", "schema and rules alone", count, lines):
        for _ in range(count):
            contract.check(form, root)
    return lines


def keys(count: int) -> list[Measured]:
    """Filings signed with each kind of key."""
    lines: list[Measured] = []
    for kind in KeyKind:
        lines += _end_to_end(
            "keys",
            f"signed with {kind.value}",
            lambda home, kind=kind: filings(home, count, kind.name, signer=card(home, kind)),  # type: ignore[misc]
            count,
        )
    return lines


def attachments(count: int) -> list[Measured]:
    """Filings with an attachment of 4 MB."""

    def make(home: Path) -> Iterator[Filing]:
        signer = operator_of(home)
        return (with_attachment(one, ATTACHMENT, signer) for one in filings(home, count, "BIG"))

    return _end_to_end("attachments", "4 MB attachment", make, count)


def latency(count: int) -> list[Measured]:
    """From the rename into the OutBox to the technical answer in InBox, under `edi run` and light load."""
    with workspace() as home, watching_memory(this_too=False) as peaks, _program(home, "run"):
        ready, *others = filings(home, count + 1, "LATENCY")
        _answered(home, ready)
        times = tuple(_answered(home, one) for one in others)
    name = "drop to technical answer, light load"
    return [Measured(measure="latency", name=name, filings=count, memory=tuple(peaks.values()), times=times)]


def _answered(home: Path, filing: Filing) -> float:
    box, stem = home / "outbox" / "demo" / "InBox", filing.name.removesuffix(".xml")
    time.sleep(LIGHT_LOAD)
    drop(home, [filing])
    started = time.perf_counter()
    while time.perf_counter() - started < PATIENCE:
        if any(name.startswith(f"Successed_{stem}_") for name in os.listdir(box)):  # noqa: PTH208
            return time.perf_counter() - started
        time.sleep(0.001)
    raise SystemExit(f"no answer to {filing.name}")
