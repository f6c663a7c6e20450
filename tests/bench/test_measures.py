"""Every measure of the benchmark works, on a handful of filings; how long it takes is nobody's business here."""

import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager

import pytest

from bench import primitives
from bench.__main__ import SHORT, Sizes, main, plan
from bench.figures import from_json
from bench.memory import watching_memory
from bench.office import drop, expect, work_off
from bench.table import ANSWER_COLUMNS, WORK_COLUMNS
from tools.filings import filings

TINY = Sizes(backlogs=(2,), filings=2, big=2, few=1, drops=2, rows=300, asked=3, commands=1)
MEASURES = list(plan(TINY))
APART = ("apart", "hundred")


@pytest.mark.parametrize(("word", "measure"), MEASURES, ids=[word for word, _ in MEASURES])
def test_a_measure_tells_what_it_did_and_what_it_took(word, measure):
    lines = measure()

    assert lines
    for line in lines:
        assert line.measure == word
        assert line.filings > 0
        assert line.biggest > 1e6
        assert line.all_memory >= line.biggest
        if line.times:
            assert len(line.times) == line.filings
            assert 0 < line.percentile(0.5) <= line.percentile(0.95) <= line.percentile(0.99) <= max(line.times)
        else:
            assert line.rate > 0
            assert line.cpu > 0
            assert {one.role for one in line.memory} >= {"main"} | ({"customs"} if "apart" in line.name else set())
    assert any("apart" in line.name for line in lines) == (word in APART)


def test_the_short_form_measures_the_same():
    assert {word for word, _ in plan(SHORT)} == {word for word, _ in plan(Sizes())}


def test_a_measure_whose_filings_were_not_approved_is_no_measure(home):
    drop(home, filings(home, 1, "LOST"))

    with pytest.raises(SystemExit, match="0 of 1 filings are APPROVED: the figures would mean nothing"):
        expect(home, 1)


def test_memory_is_told_of_every_process_by_its_role():
    asleep = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with watching_memory() as peaks:
        spared = subprocess.Popen([*asleep, "customs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        spared.stdout.readline()
    spared.communicate()

    assert peaks[os.getpid()].role == "main"
    assert peaks[spared.pid].role == "customs"
    assert 1e6 < peaks[spared.pid].bytes < peaks[os.getpid()].bytes


def test_the_command_prints_a_table_and_keeps_the_figures(tmp_path, capsys):
    to, kept = tmp_path / "table.md", tmp_path / "figures.json"

    main(["--short", "--only", "rules", "--filings", "3", "--to", str(to), "--json", str(kept)])

    figures = from_json(kept.read_text("utf-8"))
    assert [(one.measure, one.filings) for one in figures.measures] == [("rules", 3)]
    assert figures.seeds == {"simulator": 1, "asking": 1}
    assert figures.sizes["filings"] == 3
    assert capsys.readouterr().out == to.read_text("utf-8")
    assert f"| {' | '.join(WORK_COLUMNS)} |" in to.read_text("utf-8")
    assert f"| {' | '.join(ANSWER_COLUMNS)} |" not in to.read_text("utf-8")


# ---- the primitives ------------------------------------------------------------------------------


@contextmanager
def counted(calls: Counter):
    """Count calls of functions of this thread, by their qualified name, and of the system by `os.` and theirs."""

    def note(frame, event, function):
        if event == "call":
            calls[frame.f_code.co_qualname] += 1
        elif event == "c_call" and function.__module__ == "posix":
            calls[f"os.{function.__name__}"] += 1

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


def test_no_primitive_is_counted_oftener_than_a_filing_is_seen_to_need_it(home, monkeypatch):
    """Else the benchmark would flatter us: fewer primitives mean a lower rate to be measured by."""
    count, calls = 5, Counter()  # fifteen receipts: too few for worker processes, whose calls nobody sees
    drop(home, filings(home, count, "COUNTED"))

    with counted(calls):
        work_off(home)

    expect(home, count)
    seen = {
        "parse": calls["parse"] + calls["_check_intact"],  # what was signed is parsed there
        "write an envelope": calls["write_dxp_msg"],
        "C14N": calls["canonical_document"] + calls["canonical_subtree"],
        "verify": calls["holds"],
        "sign": calls["SigningKey.sign"],
        "rename": calls["os.replace"] + calls["os.rename"] + calls["os.link"] + calls["os.unlink"],
    }
    told = dict.fromkeys(seen, 0.0)
    for setting in ("RUNS", "CALLS"):
        monkeypatch.setattr(primitives, setting, 1)  # what is asked is how often, not how long
    for one in primitives.primitives():
        kind = next((word for word in seen if one.name.startswith(word)), "")
        if kind:
            told[kind] += one.times
        if one.name == "file written, synced, renamed":
            told["rename"] += one.times
    assert all(told.values())
    assert {kind: calls for kind, calls in seen.items() if calls / count < told[kind]} == {}
