"""What a run of the benchmark found, as data: written as JSON, read again by the plot, shown by the table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

GOAL_RATE = 361
"""Messages of one filing a second, end to end, on two processors: 1.3 million in an hour."""
GOAL_HUNDRED = 3_000
"""Filings a second in messages of a hundred."""
GOAL_MEMORY = 400 * 10**6
"""Bytes, whatever the backlog."""
GOAL_ANSWER = 1.0
"""Seconds to the technical answer, p99."""
GOAL_STATUS = 0.05
"""Seconds to the status of one key in a ledger of a million applications."""
FORMAT = 1
"""Of the JSON; a reader refuses another."""


@dataclass(frozen=True, kw_only=True)
class Primitive:
    """One thing that has to be done, timed in one thread, and how often it must be for one filing that is approved."""

    name: str
    reason: str
    """Why a filing needs it that often."""
    times: float
    """In a message of one filing."""
    in_hundred: float
    """Per filing, in a message of a hundred."""
    seconds: float
    """Of one: processor time, and where it waits for the disk the time of the clock."""
    cpu: float
    """Processor seconds of one, in all threads."""


@dataclass(frozen=True, kw_only=True)
class Needed:
    """All that one filing cannot do without."""

    seconds: float
    """One thing after the other, waiting for the disk included."""
    cpu: float
    """Processor seconds."""

    def rate(self, processors: int) -> float:
        """Filings a second that the primitives alone would allow, if nothing else were ever done.

        Computing is divided among the processors, waiting for the disk is not, and each hides behind the other:
        the most that any program could reach.
        """
        return 1 / max(self.cpu / processors, self.seconds - self.cpu)


@dataclass(frozen=True, kw_only=True)
class Peak:
    """The most memory that one process held."""

    role: str
    """main, worker, customs, service or helper."""
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One line of the table."""

    measure: str
    """The word for `--only`."""
    name: str
    filings: int
    """Or questions."""
    backlog: int = 0
    """Applications that were waiting, or that the ledger held."""
    seconds: float = 0.0
    """By the clock."""
    cpu: float = 0.0
    """Processor seconds of all processes, the start of workers included."""
    memory: tuple[Peak, ...] = ()
    times: tuple[float, ...] = ()
    """Seconds of each answer, where answers are timed one by one."""

    @property
    def rate(self) -> float:
        """Filings a second."""
        return self.filings / self.seconds

    @property
    def each(self) -> float:
        """Seconds of one filing."""
        return self.seconds / self.filings

    @property
    def cpu_each(self) -> float:
        """Processor seconds of one filing."""
        return self.cpu / self.filings

    @property
    def biggest(self) -> int:
        """Bytes of the biggest process."""
        return max((one.bytes for one in self.memory), default=0)

    @property
    def all_memory(self) -> int:
        """Bytes of all processes, each at its peak: what is shared counts once for each of them."""
        return sum(one.bytes for one in self.memory)

    def biggest_of(self, role: str) -> int:
        """Bytes of the biggest process of this role, 0 if there was none."""
        return max((one.bytes for one in self.memory if one.role == role), default=0)

    def percentile(self, share: float) -> float:
        """Seconds that `share` of all answers stay within."""
        ordered = sorted(self.times)
        return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A whole run."""

    date: str
    """When it began, UTC."""
    processors: int
    load: tuple[float, ...]
    """Of one, five and fifteen minutes before the run: what else the machine was doing."""
    python: str
    system: str
    seeds: Mapping[str, int]
    sizes: Mapping[str, Any]
    primitives: tuple[Primitive, ...]
    measures: tuple[Measured, ...] = field(default=())

    def needed(self, measure: str) -> Needed | None:
        """What a filing of this measure cannot do without; None where the counts were made for other filings."""
        counts = {
            "single": [one.times for one in self.primitives],
            "apart": [one.times for one in self.primitives],
            "hundred": [one.in_hundred for one in self.primitives],
        }
        return self._sum(counts[measure]) if measure in counts else None

    def _sum(self, counts: Sequence[float]) -> Needed:
        pairs = list(zip(counts, self.primitives, strict=True))
        return Needed(seconds=sum(n * one.seconds for n, one in pairs), cpu=sum(n * one.cpu for n, one in pairs))

    def cpu_share(self, line: Measured) -> float | None:
        """The primitives' part of the processor time that was used."""
        needed = self.needed(line.measure)
        return needed.cpu / line.cpu_each if needed else None

    def rate_share(self, line: Measured) -> float | None:
        """The rate reached as part of the one that the primitives alone would allow on all processors; goal: a half."""
        needed = self.needed(line.measure)
        return line.rate / needed.rate(self.processors) if needed else None

    def of(self, *measures: str) -> list[Measured]:
        """The lines of these measures, in the order of the run."""
        return [one for one in self.measures if one.measure in measures]

    def to_json(self) -> str:
        """All of it, with what follows from it under `derived` for readers that are not this program."""
        derived = [_derived(self, one) for one in self.measures]
        document = {"format": FORMAT, **asdict(self), "derived": {"allowed": self._allowed(), "measures": derived}}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    def _allowed(self) -> dict[str, dict[str, float]]:
        return {
            measure: {str(count): round(needed.rate(count), 1) for count in sorted({1, self.processors})}
            for measure in ("single", "hundred")
            if (needed := self.needed(measure))
        }


def from_json(text: str) -> Figures:
    """The figures of a run. Raises ValueError if these are none."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise ValueError(f"these are no figures of a benchmark, format {FORMAT}")
    document.pop("derived", None)
    try:
        primitives = tuple(Primitive(**one) for one in document.pop("primitives"))
        measures = tuple(_measured(one) for one in document.pop("measures"))
        return Figures(primitives=primitives, measures=measures, **document | {"load": tuple(document["load"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"the figures are not complete: {error}") from error


def _measured(line: dict[str, Any]) -> Measured:
    peaks = tuple(Peak(**one) for one in line.pop("memory"))
    return Measured(**line | {"memory": peaks, "times": tuple(line["times"])})


PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def _derived(figures: Figures, line: Measured) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": line.name, "filings": line.filings}
    if line.times:
        shown |= {f"{name}_ms": round(line.percentile(share) * 1e3, 3) for name, share in PERCENTILES.items()}
    else:
        shown |= {
            "rate": round(line.rate, 1),
            "ms_each": round(line.each * 1e3, 4),
            "cpu_ms_each": round(line.cpu_each * 1e3, 4),
            "cpu_share": figures.cpu_share(line),
            "rate_share": figures.rate_share(line),
        }
    return shown | {"biggest_bytes": line.biggest, "all_bytes": line.all_memory}
