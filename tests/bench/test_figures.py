"""The benchmark's figures: what follows from what was measured, the JSON, the table, the picture."""

import json
import xml.etree.ElementTree as ET
from dataclasses import fields, replace

import pytest

from bench import plot
from bench.figures import Figures, Measured, Peak, Primitive, from_json
from bench.memory import leave_out_replaced
from bench.table import ANSWER_COLUMNS, PRIMITIVE_COLUMNS, WORK_COLUMNS, spread, table

PARSE = Primitive(name="parse", reason="twice", times=2, in_hundred=1, seconds=0.001, cpu=0.001)
FILE = Primitive(name="file", reason="an answer", times=1, in_hundred=0.01, seconds=0.003, cpu=0.001)
PEAKS = (
    Peak(role="main", bytes=90_000_000),
    Peak(role="worker", bytes=70_000_000),
    Peak(role="worker", bytes=80_000_000),
)


def line(measure, name, backlog):
    return Measured(
        measure=measure, name=name, filings=backlog, backlog=backlog, seconds=backlog * 0.004, cpu=backlog * 0.006, memory=PEAKS
    )  # fmt: skip


def answers(measure, name, *milliseconds):
    return Measured(
        measure=measure, name=name, filings=len(milliseconds), memory=PEAKS, times=tuple(one / 1e3 for one in milliseconds)
    )  # fmt: skip


@pytest.fixture
def figures():
    lines = [line(word, word, backlog) for word in ("single", "apart") for backlog in (1_000, 10_000)]
    lines += [line("hundred", "100 filings a message", 1_000), line("intake", "intake alone", 1_000)]
    lines += [answers("latency", "drop to answer", *range(100, 200)), answers("asking", "one key", 1, 2, 3)]
    return Figures(
        date="2026-01-01T00:00:00Z", processors=2, load=(0.5, 0.4, 0.3), python="3.11.0", system="Linux",
        seeds={"asking": 1}, sizes={"filings": 1_000, "backlogs": [1_000, 10_000]}, primitives=(PARSE, FILE),
        measures=tuple(lines),
    )  # fmt: skip


# ---- what follows from what was measured ---------------------------------------------------------


def test_computing_is_divided_among_processors_and_waiting_for_the_disk_is_not(figures):
    needed = figures.needed("single")

    assert needed.cpu == pytest.approx(0.003)
    assert needed.seconds == pytest.approx(0.005)
    assert needed.rate(1) == pytest.approx(1 / 0.003)
    assert needed.rate(2) == pytest.approx(1 / 0.002)  # two thirds of it would do, but the disk takes 2 ms


def test_the_ratio_is_the_rate_beside_the_one_that_all_processors_would_allow(figures):
    single = figures.of("single")[0]

    assert single.rate == pytest.approx(250)
    assert figures.rate_share(single) == pytest.approx(0.5)
    assert figures.cpu_share(single) == pytest.approx(0.5)


def test_filings_in_big_messages_have_counts_of_their_own_and_other_measures_none(figures):
    assert figures.needed("hundred").cpu == pytest.approx(0.00101)
    assert figures.needed("intake") is None
    assert figures.rate_share(figures.of("intake")[0]) is None


def test_memory_is_told_by_the_biggest_process_and_by_all():
    one = line("single", "single", 1_000)

    assert (one.biggest, one.all_memory) == (90_000_000, 240_000_000)
    assert (one.biggest_of("worker"), one.biggest_of("customs")) == (80_000_000, 0)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_the_time_that_so_many_stay_within(share, expected):
    assert answers("latency", "x", *range(100, 0, -1)).percentile(share) == expected / 1e3


def test_the_spread_of_times_is_drawn_in_a_line():
    assert spread([1.0, 1.0, 1.0, 12.0]) == "▁█▁▁▁▁▁▁▁▁▁▄"
    assert spread([0.0]) == "█▁▁▁▁▁▁▁▁▁▁▁"


# ---- JSON ----------------------------------------------------------------------------------------


def test_figures_come_back_from_json_as_they_were(figures):
    assert from_json(figures.to_json()) == figures


def test_json_has_every_figure_and_what_follows_from_it(figures):
    document = json.loads(figures.to_json())

    assert document.keys() == {one.name for one in fields(Figures)} | {"format", "derived"}
    assert all(one.keys() == {part.name for part in fields(Measured)} for one in document["measures"])
    assert document["derived"]["allowed"]["single"] == {"1": 333.3, "2": 500.0}
    first, last = document["derived"]["measures"][0], document["derived"]["measures"][-1]
    assert first.keys() == {
        "name", "filings", "rate", "ms_each", "cpu_ms_each", "cpu_share", "rate_share", "biggest_bytes", "all_bytes",
    }  # fmt: skip
    assert [last[f"{one}_ms"] for one in ("p50", "p95", "p99", "max")] == [2, 3, 3, 3]


@pytest.mark.parametrize("text", ["{}", "[]", '{"format": 2}', '{"format": 1, "primitives": []}', "no json"])
def test_what_is_no_run_of_the_benchmark_is_refused(text):
    with pytest.raises(ValueError):
        from_json(text)


# ---- the table -----------------------------------------------------------------------------------


def test_the_table_has_every_column_and_every_measure(figures):
    text = table(figures)

    for columns in (PRIMITIVE_COLUMNS, WORK_COLUMNS, ANSWER_COLUMNS):
        assert f"| {' | '.join(columns)} |" in text
        width = len(columns)
        rows = text.split(f"| {' | '.join(columns)} |")[1].split("\n\n")[0].strip().splitlines()
        assert {row.count(" | ") for row in rows[1:]} == {width - 1}
    assert all(f"| {one.name}" in text for one in figures.measures)
    assert "one filing a message, filings a second: 333 on 1 processor, 500 on 2 processors" in text
    assert "| single | 1,000 | 250 | 4.00 | 6.00 | 50% | 50% | 90 | 240 | main 90, worker 80 |" in text
    assert "load before 0.5 0.4 0.3, Python 3.11.0" in text


# ---- the picture ---------------------------------------------------------------------------------


def test_the_picture_is_drawn_from_the_file_as_png_and_svg_the_same_every_time(figures, tmp_path, capsys):
    source = tmp_path / "figures.json"
    source.write_text(figures.to_json(), "utf-8")

    plot.main([str(source)])

    png, svg = tmp_path / "figures.png", tmp_path / "figures.svg"
    assert capsys.readouterr().out.splitlines() == [str(png), str(svg)]
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert len(png.read_bytes()) > 50_000
    assert ET.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    again = plot.save(figures, tmp_path / "again")
    assert [one.read_bytes() for one in again] == [png.read_bytes(), svg.read_bytes()]


def words(axes):
    legend = axes.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else [text.get_text() for text in axes.texts]


def test_the_panels_show_backlogs_goals_and_primitives(figures):
    rates, costs, memory, parts, latency, questions = plot.draw(figures).axes

    assert words(rates) == [
        "customs in the same program", "customs apart", "primitives alone, 1 processor: 333",
        "primitives alone, 2 processors: 500", "goal: 361",
    ]  # fmt: skip
    assert list(rates.lines[0].get_xdata()) == [1_000, 10_000]
    assert list(costs.lines[0].get_ydata()) == pytest.approx([6.0, 6.0])
    assert list(memory.lines[0].get_ydata()) == [90, 90]
    assert all(one.get_ylim()[0] == 0 for one in (rates, costs, memory))
    assert words(parts) == ["primitives", "all the rest"]
    assert words(latency)[:4] == ["p50: 149 ms", "p95: 194 ms", "p99: 198 ms", "max: 199 ms"]
    assert [one.get_text() for one in questions.get_yticklabels()] == ["one key"]


def test_a_panel_without_its_measures_says_so(figures):
    for axes in plot.draw(replace(figures, measures=())).axes:
        assert words(axes) == ["not measured in this run"]


def test_a_file_that_holds_no_figures_is_told_of_without_a_traceback(tmp_path, capsys):
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}", "utf-8")

    with pytest.raises(SystemExit) as ended:
        plot.main([str(wrong)])

    assert ended.value.code == 2
    assert "no figures of a benchmark" in capsys.readouterr().err


def test_a_worker_and_its_successor_are_not_counted_together():
    peaks = dict(enumerate((*PEAKS, Peak(role="worker", bytes=75_000_000))))
    leave_out_replaced(peaks, {"main": 1, "worker": 2})
    assert sorted(one.bytes for one in peaks.values()) == [75_000_000, 80_000_000, 90_000_000]
