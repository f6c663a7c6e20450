"""Examination in worker processes: signature and schema checks are CPU work (architecture, speed).

Workers are started by `spawn`, compile the contract once and are handed bytes; what comes back are
values. Small batches are examined in this process: starting workers would take longer.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edi.adapters.config import load_config
from edi.app.checking import build_examiner
from edi.core.abreast import Steps, abreast
from edi.gateway.collected import Collected, receipt_steps
from edi.gateway.examine import ChannelPolicy, Examined, Examiner
from edi.gateway.parts import Received, Receiver
from edi.gateway.stumble import stumbled

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>."""
WORTH_A_WORKER = 16
"""Files from which on a batch is split over worker processes."""
WORTH_BYTES = 8 << 20
"""Bytes from which on that is done with a few big files as well."""

SHARES = 4
"""Shares of a batch per worker: whoever waits for the results can begin with the first of them."""
MOST_ABREAST = 32
"""Files that are examined abreast,"""
MOST_BYTES_ABREAST = 1 << 20
"""and their bytes, unless it is one bigger file alone."""
WORKER_LIFE = 50_000
"""Files after which the worker processes are replaced."""
LOST = "检查该文件的进程异常终止 / the process that examined the file died"

J = TypeVar("J", "_FileJob", "_ReceiptJob")
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
        self._done = 0

    def examine(self, batch: Sequence[Received]) -> Iterator[Examined]:
        """The verdicts on a batch of files, as they come."""
        jobs = [_FileJob(one.data, one.channel.policy, one.at) for one in batch]
        return self._run(_examine_all, _examine_there, jobs, lambda: Examined(stumble=LOST))

    def open(self, receiver: Receiver, batch: Sequence[bytes]) -> Iterator[Collected]:
        """The receipts in a batch of envelopes, as they come."""
        certificates = tuple(one.public_bytes(Encoding.DER) for one in receiver.certificates)
        jobs = [_ReceiptJob(one, certificates) for one in batch]
        return self._run(_open_all, _open_there, jobs, lambda: Collected(trouble=(stumbled(LOST),)))

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
        lost: Callable[[], R],
    ) -> Iterator[R]:
        if self._count == 1 or not _is_worth_a_worker(jobs):
            return iter(here(self._examiner, jobs))
        size = -(-len(jobs) // (self._count * SHARES))
        chunks = [jobs[start : start + size] for start in range(0, len(jobs), size)]
        self._recycle(len(jobs))
        try:
            begun = self._started().map(there, chunks)
        except BrokenProcessPool:
            begun = iter(())
        return self._as_they_come(begun, there, jobs, lost)

    def _as_they_come(
        self,
        begun: Iterator[list[R]],
        there: Callable[[Sequence[J]], list[R]],
        jobs: Sequence[J],
        lost: Callable[[], R],
    ) -> Iterator[R]:
        """Results in order, the first while others are still at work; after a worker died the rest one by one."""
        done = 0
        try:
            for chunk in begun:
                yield from chunk
                done += len(chunk)
        except BrokenProcessPool:
            self.close()
        for job in jobs[done:]:
            yield self._alone(there, job, lost)

    def _alone(self, there: Callable[[Sequence[J]], list[R]], job: J, lost: Callable[[], R]) -> R:
        """One job in a worker, after a worker died: the job that kills its worker again is given up."""
        try:
            return self._started().submit(there, [job]).result()[0]
        except BrokenProcessPool:
            self.close()
            return lost()

    def _recycle(self, jobs: int) -> None:
        """Start afresh now and then: libxml2 keeps every name it ever read until its process ends."""
        self._done += jobs
        if self._done > WORKER_LIFE:
            self.close()
            self._done = 0

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._count,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_Worker.start,
                initargs=(self._config, os.getpid()),
            )
        return self._pool


class _Worker:
    """What one worker process keeps between its jobs."""

    examiner: Examiner

    @classmethod
    def start(cls, config: Path, parent: int) -> None:
        _die_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program; it ends its workers itself
        cls.examiner = build_examiner(load_config(config))


def _die_with(parent: int) -> None:
    """A program that is killed takes its workers with it (Linux: PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _is_worth_a_worker(jobs: Sequence[_FileJob] | Sequence[_ReceiptJob]) -> bool:
    return len(jobs) >= WORTH_A_WORKER or (len(jobs) > 1 and sum(len(one.data) for one in jobs) >= WORTH_BYTES)


def _examine_there(jobs: Sequence[_FileJob]) -> list[Examined]:
    return _examine_all(_Worker.examiner, jobs)


def _open_there(jobs: Sequence[_ReceiptJob]) -> list[Collected]:
    return _open_all(_Worker.examiner, jobs)


def _examine_all(examiner: Examiner, jobs: Sequence[_FileJob]) -> list[Examined]:
    """A file that makes our own program stumble is our trouble: it is told apart from a refusal."""
    works = [[examiner.steps(job.data, job.policy, job.at) for job in group] for group in _groups(jobs)]
    return [one for group in works for one in abreast(group, lambda error: Examined(stumble=_told(error)))]


def _open_all(examiner: Examiner, jobs: Sequence[_ReceiptJob]) -> list[Collected]:
    works = [[_receipt_steps(examiner, job) for job in group] for group in _groups(jobs)]
    return [
        one for group in works for one in abreast(group, lambda error: Collected(trouble=(stumbled(_told(error)),)))
    ]


def _receipt_steps(examiner: Examiner, job: _ReceiptJob) -> Steps[Collected]:
    return receipt_steps(job.data, examiner.forms, examiner.contract, _loaded(job.certificates))


def _groups(jobs: Sequence[J]) -> Iterator[list[J]]:
    """Jobs that may be done abreast: their trees are in memory at the same time."""
    group: list[J] = []
    size = 0
    for job in jobs:
        if group and (len(group) == MOST_ABREAST or size + len(job.data) > MOST_BYTES_ABREAST):
            yield group
            group, size = [], 0
        group.append(job)
        size += len(job.data)
    if group:
        yield group


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@lru_cache(maxsize=64)
def _loaded(certificates: tuple[bytes, ...]) -> tuple[x509.Certificate, ...]:
    """A receiver's certificates, the same for all its receipts."""
    return tuple(x509.load_der_x509_certificate(one) for one in certificates)
