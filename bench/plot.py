"""Draws the figures of a run: `python -m bench.plot FILE.json` writes FILE.png and FILE.svg, without a display."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.figures import (
    GOAL_ANSWER,
    GOAL_MEMORY,
    GOAL_RATE,
    GOAL_STATUS,
    PERCENTILES,
    Figures,
    Measured,
    from_json,
)

INCHES = (15.0, 9.0)
DPI = 110
BINS = 24
STYLE: dict[Any, Any] = {
    "axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold", "axes.titlesize": 10.5,
    "axes.titlelocation": "left", "axes.axisbelow": True, "axes.grid": True, "grid.alpha": 0.3, "font.size": 9.5,
    "legend.frameon": False, "legend.fontsize": 8.5, "svg.hashsalt": "edi-bench",
}  # fmt: skip
LINES = {
    "single": ("customs in the same program", "#1f6fb4", "o"),
    "apart": ("customs apart", "#d9720f", "s"),
}
GOAL = "#b3261e"
NEEDED = "#5b9357"
REST = "#c3cfda"


def draw(figures: Figures) -> Figure:
    """The six panels; one that lacks its measures says so."""
    with rc_context(STYLE):
        figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        panels: Sequence[Callable[[Axes, Figures], None]] = (_rates, _costs, _memory, _parts, _latency, _questions)
        for axes, panel in zip(figure.subplots(2, 3).flat, panels, strict=True):
            panel(axes, figures)
        load = figures.load[0]
        figure.suptitle(
            f"EDI gateway: {figures.processors} processors, load before {load:.1f}, Python {figures.python}, {figures.date}",
            fontsize=12,
        )
    return figure


def save(figures: Figures, stem: Path) -> tuple[Path, Path]:
    """PNG and SVG beside each other, the same bytes for the same figures; their names."""
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    with rc_context(STYLE):
        figure = draw(figures)
        figure.savefig(png, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None})
    return png, svg


def _rates(axes: Axes, figures: Figures) -> None:
    """How the rate bears a backlog, and what limits it."""
    axes.set_title("Filings a second, end to end")
    if not _against_backlog(axes, figures, lambda line: line.rate):
        return
    needed = figures.needed("single")
    if needed:
        for processors, style in {1: ":", figures.processors: "--"}.items():
            rate = needed.rate(processors)
            word = "processor" if processors == 1 else "processors"
            axes.axhline(
                rate, color=NEEDED, linestyle=style, label=f"primitives alone, {processors} {word}: {rate:.0f}"
            )
    axes.axhline(GOAL_RATE, color=GOAL, linewidth=1.2, label=f"goal: {GOAL_RATE}")
    _from_nought(axes)


def _costs(axes: Axes, figures: Figures) -> None:
    """Flat where a backlog costs nothing."""
    axes.set_title("Processor ms per filing (should be flat)")
    if not _against_backlog(axes, figures, lambda line: line.cpu_each * 1e3):
        return
    needed = figures.needed("single")
    if needed:
        axes.axhline(
            needed.cpu * 1e3, color=NEEDED, linestyle="--", label=f"primitives alone: {needed.cpu * 1e3:.2f} ms"
        )
    _from_nought(axes)


def _memory(axes: Axes, figures: Figures) -> None:
    axes.set_title("Peak memory, MB (should be flat)")
    if not _against_backlog(axes, figures, lambda line: line.biggest / 1e6, "biggest process, "):
        return
    for measure, (_, colour, marker) in LINES.items():
        lines = figures.of(measure)
        axes.plot(
            [one.backlog for one in lines], [one.all_memory / 1e6 for one in lines],
            color=colour, marker=marker, linestyle=":", markerfacecolor="white", alpha=0.8,
            label=f"all processes, {LINES[measure][0]}" if lines else None,
        )  # fmt: skip
    axes.axhline(GOAL_MEMORY / 1e6, color=GOAL, linewidth=1.2, label=f"goal: under {GOAL_MEMORY / 1e6:.0f}")
    _from_nought(axes)


def _parts(axes: Axes, figures: Figures) -> None:
    """The processor time of each kind of filing beside that of the primitives it cannot do without."""
    axes.set_title("Processor time per filing, ms")
    lines = _last_of_each([one for one in figures.measures if not one.times and one.measure != "attachments"])
    if not lines:
        _nothing(axes)
        return
    for place, line in enumerate(lines):
        used = line.cpu_each * 1e3
        needed = figures.needed(line.measure)
        part = min(needed.cpu * 1e3, used) if needed else 0.0
        axes.barh(place, part, color=NEEDED, label="primitives" if place == 0 and part else None)
        axes.barh(place, used - part, left=part, color=REST, label="all the rest" if place == 0 else None)
        axes.text(used, place, f" {used:.1f}" + (f" ({part / used:.0%})" if part else ""), va="center", fontsize=8.5)
    axes.set_yticks(range(len(lines)), [one.name.replace(", ", ",\n") for one in lines], fontsize=8.5)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(right=max(one.cpu_each for one in lines) * 1e3 * 1.3)
    _legend_below(axes, columns=2)


def _latency(axes: Axes, figures: Figures) -> None:
    axes.set_title("Drop to technical answer, light load, ms")
    lines = figures.of("latency")
    if not lines:
        _nothing(axes)
        return
    line = lines[-1]
    axes.hist([one * 1e3 for one in line.times], bins=BINS, color=REST, edgecolor="white")
    for (name, share), style in zip(PERCENTILES.items(), (":", "--", "-", "-."), strict=True):
        at = line.percentile(share) * 1e3
        axes.axvline(at, color=LINES["single"][1], linestyle=style, label=f"{name}: {at:.0f} ms")
    axes.plot([], [], color=GOAL, label=f"goal: p99 under {GOAL_ANSWER * 1e3:.0f} ms")
    axes.set_xlim(left=0)
    axes.set_ylabel(f"answers, of {line.filings}")
    _legend_below(axes, columns=3)


def _questions(axes: Axes, figures: Figures) -> None:
    lines = figures.of("asking")
    size = f" ({lines[-1].backlog:,} applications)" if lines else ""
    axes.set_title(f"Questions, ms{size}")
    if not lines:
        _nothing(axes)
        return
    for place, line in enumerate(lines):
        low, high, last = (line.percentile(PERCENTILES[one]) * 1e3 for one in ("p50", "p95", "p99"))
        axes.plot([low, last], [place, place], color=REST, linewidth=5, solid_capstyle="butt", zorder=1)
        axes.plot(low, place, "o", color="#1f6fb4", label="p50" if not place else None)
        axes.plot(high, place, "D", color="#d9720f", label="p95" if not place else None)
        axes.plot(last, place, "|", color="black", markersize=11, label="p99" if not place else None)
    axes.axvline(GOAL_STATUS * 1e3, color=GOAL, linewidth=1.2, label=f"goal, one key: {GOAL_STATUS * 1e3:.0f}")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yticks(range(len(lines)), [one.name for one in lines], fontsize=8.5)
    axes.invert_yaxis()
    _legend_below(axes, columns=4)


def _against_backlog(axes: Axes, figures: Figures, value: Callable[[Measured], float], before: str = "") -> bool:
    """A line for each way to run customs; False if there is nothing to draw."""
    backlogs = sorted({one.backlog for one in figures.of(*LINES)})
    if not backlogs:
        _nothing(axes)
        return False
    for measure, (name, colour, marker) in LINES.items():
        lines = sorted(figures.of(measure), key=lambda one: one.backlog)
        if lines:
            axes.plot(
                [one.backlog for one in lines], [value(one) for one in lines],
                color=colour, marker=marker, label=f"{before}{name}",
            )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(backlogs))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
    axes.margins(x=0.15)
    axes.set_xlabel("filings waiting at the start")
    return True


def _from_nought(axes: Axes) -> None:
    """The whole height, so that flat looks flat; with the legend where it covers nothing."""
    axes.set_ylim(0, axes.get_ylim()[1] * 1.05)
    _legend_below(axes)


def _legend_below(axes: Axes, columns: int = 1) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1 if not axes.get_xlabel() else -0.16), ncols=columns)


def _last_of_each(lines: Sequence[Measured]) -> list[Measured]:
    """One line of each name: that of the biggest backlog, which came last."""
    return list({one.name: one for one in lines}.values())


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not measured in this run", ha="center", va="center", transform=axes.transAxes, color="grey")
    axes.set_axis_off()


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the figures in a file."""
    parser = argparse.ArgumentParser(prog="python -m bench.plot", description=__doc__)
    parser.add_argument("figures", type=Path, help="what `python -m bench --json` wrote")
    asked = parser.parse_args(arguments)
    try:
        figures = from_json(asked.figures.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{asked.figures}: {error}")
    for written in save(figures, asked.figures):
        print(written)


if __name__ == "__main__":
    main()
