"""Retention: what is old and resolved goes, archived first; what is unresolved never does."""

import zipfile

import pytest

from edi.errors import TryLater

RESOLVED = ("01-BROKER.xml", "02-TRADER.xml")
UNRESOLVED = ("SIM-SILENT.xml", "SIM-REVIEW.xml", "SIM-LODGEFAIL.xml", "draft.xml")
NEVER = ("events", "receipts", "applications", "messages", "files")


@pytest.fixture
def old(night):
    """Filings of last year, of which some still wait for a word."""
    for name in (*RESOLVED, *UNRESOLVED):
        night.drop(night.sample(name))
    night.drop(min((night.home / "samples" / "bad").glob("QLF-031-*.xml")), "bad.xml")
    night.run()
    for key in ("originals_days = 1095", "content_days = 1095"):
        night.configure(key, key.replace("1095", "180"))
    night.clock.advance(days=200)
    return night


def prune(night):
    with night.at_work() as shift:
        return shift.run("retention").counts


def counts(night, *tables):
    return {table: night.sql(f"select count(*) from {table}")[0][0] for table in tables}


def archived(night):
    found = {}
    for file in (night.home / "archive").glob("*/*.zip"):
        with zipfile.ZipFile(file) as archive:
            found |= {name: archive.read(name) for name in archive.namelist()}
    return found


def test_old_and_resolved_goes_and_the_rest_stays(old):
    before = counts(old, *NEVER)
    originals = {file.name: file.read_bytes() for box in ("SentBox", "FailBox") for file in old.box(box)}
    pruned = prune(old)
    assert {file.name for box in ("SentBox", "FailBox") for file in old.box(box)} == set(UNRESOLVED)
    assert archived(old) == {name: originals[name] for name in (*RESOLVED, "bad.xml")}
    assert [file.name for file in (old.home / "archive").iterdir()] == ["2026-11"]
    assert pruned["originals"] == 3
    assert pruned["tasks"] > 0
    assert counts(old, *NEVER) == before
    assert counts(old, "outgoing") == {"outgoing": 0}
    assert {name for (name,) in old.sql("select name from files where content <> ''")} == set(UNRESOLVED)
    assert not any(prune(old).values()), "a second time there is nothing left to do"


def test_the_ledger_holds_afterwards_and_knows_its_filings(old):
    prune(old)
    assert "events" in old.edi("jobs", "run", "integrity")
    old.drop(old.sample("02-TRADER.xml"), "again.xml")
    old.run()
    assert len(old.box("InBox", "Successed_again_*")) == 1, "a filing sent again is still known and answered"
    assert len(old.box("InBox", "Receipt_again_*")) == 3


def test_nothing_young_goes(old):
    old.configure("originals_days = 180", "originals_days = 300")
    old.configure("content_days = 180", "content_days = 300")
    old.configure("tasks_days = 90", "tasks_days = 300")
    old.configure("job_runs_days = 90", "job_runs_days = 300")
    assert not any(prune(old).values())


def test_nought_keeps_for_ever(old):
    for key in ("originals_days = 180", "content_days = 180", "tasks_days = 90", "job_runs_days = 90"):
        old.configure(key, f"{key.split()[0]} = 0")
    old.clock.advance(days=40_000)
    assert not any(prune(old).values())


def test_originals_may_be_deleted_instead(old):
    old.configure("archive_originals = true", "archive_originals = false")
    assert prune(old)["originals"] == 3
    assert not (old.home / "archive").exists()


def test_a_name_that_was_used_again_lately_keeps_all_of_that_name(old):
    old.drop(old.sample("03-BROKER_BRANCH.xml"), "02-TRADER.xml")
    old.run()
    prune(old)
    assert {file.name[:9] for file in old.box("SentBox")} >= {"02-TRADER"}
    assert len([file for file in old.box("SentBox") if file.name.startswith("02-TRADER")]) == 2


def test_what_is_not_ours_is_left_alone(old):
    stranger = old.home / "outbox" / "demo" / "SentBox" / "notes of the clerk.txt"
    stranger.write_text("mine")
    prune(old)
    assert stranger.exists()


def test_an_archive_that_cannot_be_written_leaves_the_originals(old):
    (old.home / "archive").write_text("in the way")
    with pytest.raises(TryLater, match="archive"):
        prune(old)
    assert {file.name for file in old.box("SentBox")} == {*RESOLVED, *UNRESOLVED}
    assert old.sql("select count(*) from job_runs where name = 'retention' and error_en <> ''") == [(1,)]


def test_the_book_of_runs_keeps_the_last_of_each_job(old):
    old.clock.advance(days=-200)
    with old.at_work() as shift:
        shift.run("sweep")
    old.clock.advance(days=200)
    prune(old)
    assert old.sql("select count(*) from job_runs where name = 'sweep'") == [(1,)]
