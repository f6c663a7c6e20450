"""How fast filings go from OutBox to their last receipt in InBox, beside the primitives they cannot do without.

`make bench`, or `python -m bench --only single --backlog 100000`. Machines differ and are shared: what
counts is the ratio between the whole and its primitives, timed in the same run on the same machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import measures
from bench.asking import asking
from bench.measures import Measured
from bench.primitives import Primitive, primitives

FEW = 50
"""Of what is slow: big attachments, files one after the other."""

Measure = Callable[[int], list[Measured]]


def plan(filings: int, backlogs: Sequence[int], rows: int) -> Iterator[tuple[str, Measure, int]]:
    """What is measured: the word for `--only`, the measure, how many of it."""
    for backlog in backlogs:
        yield "single", measures.single, backlog
    yield "apart", measures.apart, filings
    yield "hundred", measures.hundred, filings
    yield "intake", measures.intake, filings
    yield "rules", measures.rules, filings
    yield "keys", measures.keys, filings // 2
    yield "attachments", measures.attachments, FEW
    yield "latency", measures.latency, FEW
    yield "asking", asking, rows


def table(parts: Sequence[Primitive], lines: Sequence[Measured]) -> str:
    """Everything that was measured, as Markdown."""
    needed = sum(one.share for one in parts)
    load = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d %H:%M')}"
    rows = [f"Measured on {load}.", "", "| primitive | ms each | per filing | ms |", "|---|--:|--:|--:|"]
    rows += [f"| {p.name} | {p.seconds * 1e3:.3f} | {p.times:g} | {p.share * 1e3:.3f} |" for p in parts]
    rows += [f"| sum of the primitives | | | {needed * 1e3:.3f} |", ""]
    rows += [
        "| measure | filings | a second | ms each | CPU ms each | ÷ primitives | peak MB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    rows += [_row(one, needed) for one in lines]
    return "\n".join(rows) + "\n"


def _row(one: Measured, needed: float) -> str:
    if one.note:
        return f"| {one.name} | {one.filings} | {one.note} | | | | |"
    each = one.seconds / one.filings
    return (
        f"| {one.name} | {one.filings} | {1 / each:.0f} | {each * 1e3:.2f} | {one.cpu / one.filings * 1e3:.2f} "
        f"| {each / needed:.2f} | {one.memory / 2**20:.0f} |"
    )


def main() -> None:
    """Run the measures asked for, each in a fresh process, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="measure this only; may be repeated")
    parser.add_argument("--filings", type=int, default=1_000)
    parser.add_argument("--backlog", type=int, action="append", default=[], help="default 1000 and 10000")
    parser.add_argument("--rows", type=int, default=100_000, help="synthetic applications for the questions")
    parser.add_argument("--to", type=Path, help="write the table here as well")
    asked = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as fresh:
        parts = fresh.submit(primitives).result()
        lines: list[Measured] = []
        for word, measure, count in plan(asked.filings, asked.backlog or (1_000, 10_000), asked.rows):
            if not asked.only or word in asked.only:
                lines += fresh.submit(measure, count).result()
    text = table(parts, lines)
    print(text, end="")
    if asked.to:
        asked.to.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
