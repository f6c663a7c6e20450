"""The figures of a run as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.figures import PERCENTILES, Figures, Measured

PRIMITIVE_COLUMNS = ("primitive", "ms each", "CPU ms each", "per filing", "ms", "CPU ms", "why so often")
WORK_COLUMNS = (
    "measure", "filings", "a second", "ms each", "CPU ms each", "primitives ÷ CPU", "rate ÷ primitives' rate",
    "biggest MB", "all MB", "processes, MB",
)  # fmt: skip
ANSWER_COLUMNS = ("measure", "asked", *(f"{one} ms" for one in PERCENTILES), "spread", "biggest MB")
_BARS = "▁▂▃▄▅▆▇█"
_BINS = 12


def table(figures: Figures) -> str:
    """Everything that was measured."""
    parts = [list(_about(figures)), list(_primitives(figures))]
    work = [one for one in figures.measures if not one.times]
    answers = [one for one in figures.measures if one.times]
    if work:
        parts.append([*_head(WORK_COLUMNS), *(_row(_work(figures, one)) for one in work)])
    if answers:
        parts.append([*_head(ANSWER_COLUMNS), *(_row(_answers(one)) for one in answers)])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _about(figures: Figures) -> Iterator[str]:
    load = " ".join(f"{one:.1f}" for one in figures.load)
    yield f"Measured {figures.date} on {figures.processors} processors ({figures.system}), load before {load}, Python {figures.python}."
    for measure, of in (("single", "one filing a message"), ("hundred", "100 filings a message")):
        needed = figures.needed(measure)
        if needed:
            rates = ", ".join(
                f"{needed.rate(count):.0f} on {count} processor{'s' * (count > 1)}"
                for count in sorted({1, figures.processors})
            )
            yield f"The primitives alone would allow, {of}, filings a second: {rates}."


def _primitives(figures: Figures) -> Iterator[str]:
    yield from _head(PRIMITIVE_COLUMNS, words=(0, 6))
    for one in figures.primitives:
        yield _row(
            (
                one.name, _ms(one.seconds, 3), _ms(one.cpu, 3), f"{one.times:g}", _ms(one.times * one.seconds, 3),
                _ms(one.times * one.cpu, 3), one.reason,
            )
        )  # fmt: skip
    needed = figures.needed("single")
    if needed:
        yield _row(("sum of the primitives", "", "", "", _ms(needed.seconds, 3), _ms(needed.cpu, 3), ""))


def _work(figures: Figures, line: Measured) -> Sequence[str]:
    return (
        line.name, f"{line.filings:,}", f"{line.rate:.0f}", _ms(line.each), _ms(line.cpu_each),
        _percent(figures.cpu_share(line)), _percent(figures.rate_share(line)), _mb(line.biggest), _mb(line.all_memory),
        _processes(line),
    )  # fmt: skip


def _answers(line: Measured) -> Sequence[str]:
    name = f"{line.name}, {line.backlog:,} applications" if line.backlog else line.name
    percentiles = (_ms(line.percentile(share), 1) for share in PERCENTILES.values())
    return (name, f"{line.filings:,}", *percentiles, spread(line.times), _mb(line.biggest))


def spread(times: Sequence[float]) -> str:
    """The histogram in one line, from nought to the longest time."""
    longest = max(times) or 1.0
    counts = [0] * _BINS
    for one in times:
        counts[min(int(one / longest * _BINS), _BINS - 1)] += 1
    return "".join(_BARS[-(-one * (len(_BARS) - 1) // max(counts))] for one in counts)


def _processes(line: Measured) -> str:
    """The biggest of each role."""
    return ", ".join(f"{role} {_mb(line.biggest_of(role))}" for role in dict.fromkeys(one.role for one in line.memory))


def _head(columns: Sequence[str], words: Sequence[int] = (0,)) -> list[str]:
    return [_row(columns), "|" + "|".join("---" if n in words else "--:" for n in range(len(columns))) + "|"]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ms(seconds: float, digits: int = 2) -> str:
    return f"{seconds * 1e3:.{digits}f}"


def _mb(size: int) -> str:
    return f"{size / 10**6:.0f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
