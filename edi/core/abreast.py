"""Many pieces of work of one kind side by side: the first step of all, then the second of all, and so on.

The code of a step then stays in the processor's caches for all of them; one after the other they take a third more time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

R = TypeVar("R")

Steps = Generator[None, None, R]
"""A piece of work that yields between its steps and returns its result."""


def alone(work: Steps[R]) -> R:
    """The result of one piece of work."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return] # what the work returns


def abreast(works: Iterable[Steps[R]], failed: Callable[[Exception], R]) -> list[R]:
    """The results, in order; `failed` gives that of a piece of work that raises, the others go on."""
    under_way = dict(enumerate(works))
    results: dict[int, R] = {}
    while under_way:
        for number, work in list(under_way.items()):
            try:
                next(work)
                continue
            except StopIteration as done:
                results[number] = done.value
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told in the result
                results[number] = failed(error)
            del under_way[number]
    return [results[number] for number in sorted(results)]
