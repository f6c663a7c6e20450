"""What a filing cannot do without, timed in one thread, in the minute of the measures beside it and on real messages."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from bench.figures import Primitive
from bench.office import drop, work_off, workspace
from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.files import write_whole
from edi.adapters.keys import load_signing_key
from edi.checks.certificate import public_key
from edi.checks.contract import Contract
from edi.checks.parse import parse
from edi.core.form import Form
from edi.messages import algorithms
from edi.messages.canonical import C14n, canonical_document, canonical_subtree, without
from edi.messages.dsig import SigningKey, ds
from edi.messages.dxp import DxpMsg, write_dxp_msg
from tools.filings import filings, operator_of

RUNS = 5
"""Of which the best counts, so that neighbours on the machine count least."""
CALLS = 40
"""In each run."""
BATCH = 200
"""Filings that share a bundle and a commit, and whose files are synced side by side, as configured by default."""


Work = Callable[[], object]


@dataclass(frozen=True)
class _Material:
    """Messages as the program really makes them."""

    home: Path
    filing: bytes
    receipt: bytes
    key: SigningKey
    """Of customs; the gateway's is of the same kind."""
    operator: SigningKey
    contract: Contract
    form: Form


def primitives() -> list[Primitive]:
    """The primitives, timed now, with the number of times a filing needs each.

    Nothing is counted twice: to verify is the operation on the key alone; C14N and parsing have lines of their own.
    What a batch shares is counted by its part. Small things (digests, certificates, reading the files, most SQL) are
    left out, so the sum errs on the side of too little.
    """
    with workspace() as home:
        material = _material(home)
        return [*_parsing(material), *_judging(material), *_signing(material), *_keeping(material)]


def _material(home: Path) -> _Material:
    one = next(filings(home, 1, "PRIMITIVE"))
    drop(home, [one])
    work_off(home)
    receipt = max((home / "outbox" / "demo" / "InBox").glob("Receipt_*"))
    forms = discover([own_forms_folder()])
    return _Material(
        home=home,
        filing=one.data,
        receipt=receipt.read_bytes(),
        key=load_signing_key(home / "pki" / "customs.key", home / "pki" / "customs.pem"),
        operator=operator_of(home),
        contract=load([locate_contract()], forms),
        form=forms.by_code["QLF101"],
    )


def _parsing(have: _Material) -> list[Primitive]:
    filing, receipt = _envelope(have.filing), _envelope(have.receipt)
    return [
        _timed("parse a filing", 4, 4, "gateway and customs, each: as it came, then what was signed of it", lambda: parse(have.filing)),
        _timed("parse the envelope of a filing", 1, 1, "customs opens what the gateway sends", lambda: parse(filing)),
        _timed("parse a receipt", 6, 6, "the gateway, each of three: as it came, then what was signed of it", lambda: parse(have.receipt)),
        _timed("parse the envelope of a receipt", 3, 3, "the gateway opens what customs sends", lambda: parse(receipt)),
        _timed("write an envelope", 4, 4, "the filing's and three receipts'", lambda: _envelope(have.receipt)),
    ]  # fmt: skip


def _judging(have: _Material) -> list[Primitive]:
    filing, receipt = (_content(have.filing), _content(have.receipt))
    return [
        _timed("XSD and rules of a filing", 1, 1, "the gateway", lambda: have.contract.check(have.form, filing)),
        _timed("XSD of a filing", 1, 1, "customs believes no gateway", lambda: have.contract.check_schema(have.form, filing)),
        _timed("XSD of a receipt", 3, 3, "the gateway", lambda: have.contract.check_schema(have.form, receipt)),
    ]  # fmt: skip


def _signing(have: _Material) -> list[Primitive]:
    filing, receipt, root = _content(have.filing), _content(have.receipt), _tree(have.receipt)
    info = next(root.iter(ds("SignedInfo")))
    signed = canonical_subtree(info, C14n.INCLUSIVE)
    return [
        _timed("C14N of a filing", 2, 2, "verified by gateway and customs", lambda: canonical_document(filing, C14n.INCLUSIVE)),
        _timed("C14N of a receipt", 7, 6.01, "three signed, three verified; the answer signed", lambda: canonical_document(receipt, C14n.INCLUSIVE)),
        _timed("C14N of SignedInfo", 9, 6.03, "one with every signature made or verified", lambda: canonical_subtree(info, C14n.INCLUSIVE)),
        _timed(f"verify, filing ({_kind(have.operator)})", 2, 0.02, "gateway and customs", _verification(have.operator, signed)),
        _timed(f"verify, receipt ({_kind(have.key)})", 3, 3, "the gateway", _verification(have.key, signed)),
        _timed(f"sign ({_kind(have.key)})", 4, 3.01, "three receipts and the answer", lambda: have.key.sign(signed)),
    ]  # fmt: skip


def _keeping(have: _Material) -> list[Primitive]:
    folder = have.home / "var" / "primitives"
    folder.mkdir()
    answer, bundle = os.urandom(len(have.receipt)), os.urandom(len(_envelope(have.filing)) * BATCH)
    return [
        _stored("file written, synced, renamed", 6, 3.03, "answer, three receipts, status at entry and at the end", _writing(folder, answer), BATCH),
        _stored(f"bundle of {BATCH} written, synced, renamed", 2 / BATCH, 2 / BATCH, "to customs and back", lambda: write_whole({folder / "bundle": bundle})),
        _stored("rename", 3, 0.03, "the claim; the original into its box by link and unlink, which overwrites nothing", _renaming(folder), 2),
        _stored(f"commit of a batch of {BATCH}", 9 / BATCH, 9 / BATCH, "gateway: entered, done, receipts, done; customs: entered, three turns, delivered", _committing(folder, have.receipt)),
    ]  # fmt: skip


def _tree(data: bytes) -> etree._Element:
    root = parse(data)
    if isinstance(root, list):
        raise SystemExit(f"the sample cannot be parsed: {root}")
    return root


def _content(data: bytes) -> etree._Element:
    """A message without its signature: what is digested and judged."""
    root = _tree(data)
    return without(root, root[-1])


def _envelope(data: bytes) -> bytes:
    return write_dxp_msg(
        DxpMsg(
            message_id="primitive", sender="SENDER", receivers=("RECEIVER",), created="2026-01-01T00:00:00",
            message_type="QLF101", data=data, file_name="primitive.xml", keys={"applicationNo": "1"},
        )
    )  # fmt: skip


def _kind(key: SigningKey) -> str:
    return algorithms.METHODS[key.algorithm].name


def _verification(key: SigningKey, data: bytes) -> Work:
    value, public = key.sign(data), public_key(key.certificate)
    return lambda: algorithms.holds(public, key.algorithm, value, data)


def _writing(folder: Path, data: bytes) -> Work:
    files = {folder / f"file-{number}": data for number in range(BATCH)}
    return lambda: write_whole(files)


def _renaming(folder: Path) -> Work:
    one, other = folder / "one", folder / "other"
    one.write_bytes(b"")

    def there_and_back() -> None:
        one.rename(other)
        other.rename(one)

    return there_and_back


def _committing(folder: Path, data: bytes) -> Work:
    database = sqlite3.connect(folder / "primitives.sqlite", isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table t (a blob)")

    def commit() -> None:
        database.execute("begin")
        database.executemany("insert into t values (?)", [(data,)] * BATCH)
        database.execute("commit")

    return commit


def _timed(name: str, times: float, in_hundred: float, reason: str, work: Work) -> Primitive:
    """What computes costs processor time; that others take the processor from it meanwhile is not its cost."""
    cpu = min(_run(work, CALLS)[1] for _ in range(RUNS))
    return Primitive(name=name, reason=reason, times=times, in_hundred=in_hundred, seconds=cpu, cpu=cpu)


def _stored(name: str, times: float, in_hundred: float, reason: str, work: Work, count: int = 1) -> Primitive:
    """What waits for the disk costs the time of the clock; `work` does `count` of it."""
    seconds, cpu = min(_run(work, max(CALLS // count, 1)) for _ in range(RUNS))
    return Primitive(
        name=name, reason=reason, times=times, in_hundred=in_hundred, seconds=seconds / count, cpu=cpu / count
    )


def _run(work: Work, calls: int) -> tuple[float, float]:
    """Seconds of one call, by the clock and of the processors."""
    started, used = time.perf_counter(), time.process_time()
    for _ in range(calls):
        work()
    return (time.perf_counter() - started) / calls, (time.process_time() - used) / calls
