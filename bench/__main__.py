"""How fast filings go from OutBox to their last receipt in InBox, beside the primitives they cannot do without.

`make bench`, or `python -m bench --only single --backlog 100000`. Machines differ and are shared: what
counts is the ratio between the whole and its primitives, timed in the same run on the same machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from bench import asking, measures
from bench.figures import Figures, Measured, Primitive
from bench.office import simulator_seed
from bench.primitives import primitives
from bench.table import table


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much of everything is measured."""

    backlogs: tuple[int, ...] = (1_000, 10_000, 100_000)
    """Of single filings; the issue of a backlog is whether it costs more per filing."""
    filings: int = 1_000
    big: int = 10_000
    """Filings in messages of a hundred: they are over soon."""
    few: int = 50
    """Filings with big attachments."""
    drops: int = 200
    """Files dropped one after the other under light load."""
    rows: int = 1_000_000
    """Synthetic applications for the questions."""
    asked: int = 200
    """Questions of each kind."""
    commands: int = 20
    """Runs of each command."""


SHORT = Sizes(
    backlogs=(100, 200), filings=200, big=400, few=4, drops=20, rows=20_000, asked=50, commands=5
)  # fmt: skip
"""A few minutes: shows that everything works and little else."""

Measure = Callable[[], list[Measured]]


def plan(sizes: Sizes) -> Iterator[tuple[str, Measure]]:
    """What is measured: the word for `--only`, and the measure."""
    for backlog in sizes.backlogs:
        yield "single", partial(measures.single, backlog)
    for backlog in sizes.backlogs:
        yield "apart", partial(measures.apart, backlog)
    yield "hundred", partial(measures.hundred, sizes.big)
    yield "intake", partial(measures.intake, sizes.filings)
    yield "rules", partial(measures.rules, sizes.filings)
    yield "keys", partial(measures.keys, sizes.filings)
    yield "attachments", partial(measures.attachments, sizes.few)
    yield "latency", partial(measures.latency, sizes.drops)
    yield "asking", partial(asking.asking, sizes.rows, sizes.asked, sizes.commands)


def begin(sizes: Sizes, parts: Sequence[Primitive]) -> Figures:
    """Figures without measures: when, where and on what they are made."""
    return Figures(
        date=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        processors=len(os.sched_getaffinity(0)),
        load=os.getloadavg(),
        python=platform.python_version(),
        system=platform.platform(),
        seeds={"simulator": simulator_seed(), "asking": asking.SEED},
        sizes=asdict(sizes),
        primitives=tuple(parts),
    )


def run(sizes: Sizes, only: Sequence[str], keep: Callable[[Figures], None]) -> Figures:
    """Run the measures, each in a fresh process; `keep` gets the figures so far after each of them."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as fresh:
        figures = begin(sizes, fresh.submit(primitives).result())
        for word, measure in plan(sizes):
            if not only or word in only:
                figures = replace(figures, measures=(*figures.measures, *fresh.submit(measure).result()))
                keep(figures)
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the measures asked for and print the table."""
    words = list(dict.fromkeys(word for word, _ in plan(SHORT)))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", default=[], choices=words, help="measure this only; may be repeated")
    parser.add_argument("--short", action="store_true", help="small sizes: does it work, not how fast it is")
    parser.add_argument("--backlog", type=int, action="append", help="default 1000, 10000 and 100000")
    parser.add_argument("--filings", type=int, help="of intake, rules and keys; default 1000")
    parser.add_argument("--rows", type=int, help="synthetic applications for the questions; default 1000000")
    parser.add_argument("--to", type=Path, help="write the table here as well")
    parser.add_argument(
        "--json", type=Path, help="write all figures here, after each measure; `python -m bench.plot` draws them"
    )
    asked = parser.parse_args(arguments)
    given = {"filings": asked.filings, "rows": asked.rows, "backlogs": asked.backlog and tuple(asked.backlog)}
    sizes = replace(SHORT if asked.short else Sizes(), **{name: value for name, value in given.items() if value})

    def keep(figures: Figures) -> None:
        if asked.json:
            asked.json.write_text(figures.to_json(), encoding="utf-8")
        if asked.to:
            asked.to.write_text(table(figures), encoding="utf-8")

    print(table(run(sizes, asked.only, keep)), end="")


if __name__ == "__main__":
    main()
