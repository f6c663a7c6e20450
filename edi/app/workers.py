"""Examination in worker processes: signature and schema checks are CPU work (architecture, speed).

Workers are started by `spawn`, compile the contract once and are handed bytes; what comes back are
values. Small batches are examined in this process: starting workers would take longer.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edi.adapters.config import load_config
from edi.app.checking import build_examiner
from edi.gateway.collected import Collected, open_receipt
from edi.gateway.examine import ChannelPolicy, Examined, Examiner
from edi.gateway.parts import Received, Receiver
from edi.gateway.stumble import stumbled

WORTH_A_WORKER = 16
"""Files from which on a batch is split over worker processes."""

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True)
class _FileJob:
    data: bytes
    policy: ChannelPolicy
    at: datetime


@dataclass(frozen=True)
class _ReceiptJob:
    data: bytes
    certificates: tuple[bytes, ...]


class Workers:
    """Examines batches, in order; one per program."""

    def __init__(self, config: Path, examiner: Examiner, count: int) -> None:
        self._config = config
        self._examiner = examiner
        self._count = count or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def examine(self, batch: Sequence[Received]) -> list[Examined]:
        """The verdicts on a batch of files."""
        jobs = [_FileJob(one.data, one.channel.policy, one.at) for one in batch]
        return self._run(_examine_all, _examine_there, jobs)

    def open(self, receiver: Receiver, batch: Sequence[bytes]) -> list[Collected]:
        """The receipts in a batch of envelopes."""
        certificates = tuple(one.public_bytes(Encoding.DER) for one in receiver.certificates)
        return self._run(_open_all, _open_there, [_ReceiptJob(one, certificates) for one in batch])

    def close(self) -> None:
        """Stop the worker processes."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _run(
        self,
        here: Callable[[Examiner, Sequence[J]], list[R]],
        there: Callable[[Sequence[J]], list[R]],
        jobs: Sequence[J],
    ) -> list[R]:
        if len(jobs) < WORTH_A_WORKER or self._count == 1:
            return here(self._examiner, jobs)
        size = -(-len(jobs) // (self._count * 2))
        chunks = [jobs[start : start + size] for start in range(0, len(jobs), size)]
        try:
            return [one for chunk in self._started().map(there, chunks) for one in chunk]
        except BrokenProcessPool:  # a worker died under us (memory, a signal): do its work here
            self._pool = None
            return here(self._examiner, jobs)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._count,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_Worker.start,
                initargs=(self._config,),
            )
        return self._pool


class _Worker:
    """What one worker process keeps between its jobs."""

    examiner: Examiner

    @classmethod
    def start(cls, config: Path) -> None:
        cls.examiner = build_examiner(load_config(config))


def _examine_there(jobs: Sequence[_FileJob]) -> list[Examined]:
    return _examine_all(_Worker.examiner, jobs)


def _open_there(jobs: Sequence[_ReceiptJob]) -> list[Collected]:
    return _open_all(_Worker.examiner, jobs)


def _examine_all(examiner: Examiner, jobs: Sequence[_FileJob]) -> list[Examined]:
    return [_examine_one(examiner, job) for job in jobs]


def _examine_one(examiner: Examiner, job: _FileJob) -> Examined:
    """A file that makes our own program stumble is our trouble: it is told apart from a refusal."""
    try:
        return examiner.examine(job.data, job.policy, job.at)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other files go on
        return Examined(stumble=f"{type(error).__name__}: {error}")


def _open_all(examiner: Examiner, jobs: Sequence[_ReceiptJob]) -> list[Collected]:
    return [_open_one(examiner, job) for job in jobs]


def _open_one(examiner: Examiner, job: _ReceiptJob) -> Collected:
    certificates = [x509.load_der_x509_certificate(one) for one in job.certificates]
    try:
        return open_receipt(job.data, examiner.forms, examiner.contract, certificates)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other receipts go on
        return Collected(trouble=(stumbled(f"{type(error).__name__}: {error}"),))
