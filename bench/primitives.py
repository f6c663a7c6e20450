"""What a filing cannot do without, timed on the machine and in the minute of the measures beside it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from bench.office import workspace
from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.files import write_whole
from edi.adapters.keys import load_certificates, load_signing_key
from edi.checks.intact import check_intact
from edi.checks.parse import parse
from edi.messages.canonical import C14n, canonical_document
from edi.messages.dsig import sign_message
from tools.filings import filings

REPEATS = 200


@dataclass(frozen=True)
class Primitive:
    """One thing that has to be done, and how often for one filing that is approved."""

    name: str
    times: float
    seconds: float

    @property
    def share(self) -> float:
        """Seconds for one filing."""
        return self.times * self.seconds


def primitives() -> list[Primitive]:
    """The primitives, timed now, with the number of times a filing needs each.

    A filing is verified twice (gateway, customs), each of its three receipts and its answer is signed
    once, each receipt verified once. Files: answer, envelope, three receipts out and in, status file twice.
    """
    with workspace() as home:
        return _primitives(home)


def _primitives(home: Path) -> list[Primitive]:
    data = next(filings(home, 1, "PRIMITIVE")).data
    root = _tree(data)
    forms = discover([own_forms_folder()])
    contract = load([locate_contract()], forms)
    form = forms.by_code["QLF101"]
    key = load_signing_key(home / "pki" / "customs.key", home / "pki" / "customs.pem")
    load_certificates(home / "pki" / "ca.pem")
    receipt = etree.fromstring(sign_message(etree.fromstring(b"<r/>"), key))
    return [
        Primitive("parse", 10, _time(lambda: _tree(data))),
        Primitive("XSD", 5, _time(lambda: contract.check_schema(form, root))),
        Primitive("XSD + rules", 1, _time(lambda: contract.check(form, root))),
        Primitive("C14N", 8, _time(lambda: canonical_document(root, C14n.INCLUSIVE))),
        Primitive("verify, filing (RSA)", 2, _time(lambda: check_intact(root))),
        Primitive("verify, receipt (P-256)", 3, _time(lambda: check_intact(receipt))),
        Primitive("sign (P-256)", 4, _time(lambda: sign_message(etree.fromstring(b"<r/>"), key))),
        Primitive("write one file, synced", 10, _time_files(home / "var")),
        Primitive("commit of a batch of 200", 6 / 200, _time_commit(home / "var")),
    ]


def _tree(data: bytes) -> etree._Element:
    root = parse(data)
    if isinstance(root, list):
        raise SystemExit(f"the sample cannot be parsed: {root}")
    return root


def _time(work: Callable[[], object]) -> float:
    """Seconds for one call: the best of five runs, so that neighbours on the machine count least."""
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(REPEATS // 5):
            work()
        best = min(best, (time.perf_counter() - started) / (REPEATS // 5))
    return best


def _time_files(folder: Path) -> float:
    files = {folder / f"bench-{number}": os.urandom(6000) for number in range(50)}
    started = time.perf_counter()
    write_whole(files)
    seconds = (time.perf_counter() - started) / len(files)
    for file in files:
        file.unlink()
    return seconds


def _time_commit(folder: Path) -> float:
    database = sqlite3.connect(folder / "bench.sqlite", isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table t (a blob)")

    def commit() -> None:
        database.execute("begin")
        database.executemany("insert into t values (?)", [(b"x" * 6000,)] * 200)
        database.execute("commit")

    return _time(commit)
