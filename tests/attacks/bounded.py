"""Runs something hostile in a child process under limits, and tells what it cost: the test dies of it, never the machine."""

import os
import pickle
import resource
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 10
"""Processor time after which the child is killed."""
MEGABYTES = 512
"""Memory beyond that of an idle process at which the child gets no more."""
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Cost:
    """What came out, and what it took."""

    result: Any
    seconds: float
    """Of processor time."""
    megabytes: float
    """Of memory at its highest, beyond what was there before."""


def bounded(function, seconds=SECONDS):
    """The cost of `function`. Raises AssertionError if the child broke its limits or raised anything."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # the child computes and leaves; it takes no lock of a thread
        child = os.fork()
    if not child:
        _run(function, writer, seconds)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read()
    _, status, _ = os.wait4(child, 0)
    assert answer, f"the child died of its limits ({seconds} s, {MEGABYTES} MB): status {status}"
    outcome = pickle.loads(answer)
    assert isinstance(outcome, Cost), f"the child raised {outcome}"
    return outcome


def _run(function, writer, seconds):
    """The whole life of the child."""
    outcome: Any = None
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (_memory("VmSize") + MEGABYTES * _MEGABYTE,) * 2)
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak counts from here
        before, start = _memory("VmRSS"), time.process_time()
        result = function()
        outcome = Cost(result, time.process_time() - start, (_memory("VmHWM") - before) / _MEGABYTE)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        outcome = f"{type(error).__name__}: {error}"
    with os.fdopen(writer, "wb") as stream:
        stream.write(pickle.dumps(outcome))
        stream.flush()
        os._exit(0)


def _memory(what):
    """A figure of /proc/self/status, in bytes."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) << 10
    raise LookupError(what)
