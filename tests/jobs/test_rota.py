"""Schedules in China time, runs that never overlap, and what is kept of each."""

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from edi.adapters.lock import only_one
from edi.adapters.schedule import JobConfig, cron, latest_two, next_time
from edi.app.jobs import find_jobs
from edi.errors import UserError
from tests.office import MONDAY_NOON
from tests.system.test_watch import running, stop, wait_for

DAY = timedelta(days=1)


def test_cron_means_china_time_on_every_machine():
    due = next_time(JobConfig(cron="30 2 * * *"), MONDAY_NOON, MONDAY_NOON)
    assert due == datetime(2026, 11, 16, 18, 30, tzinfo=UTC)


def test_what_was_missed_is_due_since_the_first_time():
    plan = JobConfig(cron="30 2 * * *")
    assert next_time(plan, MONDAY_NOON, MONDAY_NOON + 5 * DAY) == datetime(2026, 11, 16, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["30 2 * *", "61 2 * * *", "30 2 * * 1", "30 2 * * mon-5", "hourly"])
def test_a_schedule_that_cannot_be_meant_is_told(expression):
    with pytest.raises(ValueError, match=" / "):
        cron(expression)


def test_weekdays_by_name_mean_those_days():
    friday = next_time(JobConfig(cron="0 9 * * fri"), MONDAY_NOON, MONDAY_NOON)
    assert (friday.weekday(), friday.hour) == (4, 9)


@pytest.mark.parametrize(("expression", "days"), [("0 9 * * *", 1), ("0 9 1 * *", 31), ("0 9 1 jan *", 365)])
def test_the_two_latest_deadlines(expression, days):
    before, latest = latest_two(expression, MONDAY_NOON)
    assert latest <= MONDAY_NOON
    assert (latest - before).days == days


def test_a_job_runs_once_at_a_time_also_across_processes(night):
    with only_one(night.home / "var" / "jobs" / "integrity.lock", "此任务", "the job"):
        other = subprocess.run(
            [sys.executable, "-m", "edi", "jobs", "run", "integrity", "--home", night.home],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert other.returncode == 75
    assert "已在运行" in other.stderr
    assert night.sql("select sum(runs) from job_runs where name = 'integrity'") == [(0,)]


def test_jobs_beside_the_exchange_run_while_it_does(night):
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    with night.at_work():
        assert "events" in night.edi("jobs", "run", "integrity")


def test_a_run_that_failed_is_kept_with_its_error(night):
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    night.sql("update content set bytes = x'00' where rowid = 1")
    with pytest.raises(Exception, match="摘要"), night.at_work() as shift:
        shift.run("integrity")
    (run,) = [one for one in json.loads(night.edi("jobs", "list", "--json")) if one["name"] == "integrity"]
    assert "摘要" in run["lastRun"]["error"]["zh"]
    assert "出错" in night.edi("jobs", "list")


def test_idle_runs_of_a_day_share_a_row_and_are_all_counted(night):
    with night.at_work() as shift:
        for _ in range(100):
            night.clock.advance(seconds=5)
            shift.run("sweep")
    assert night.sql("select runs, counts from job_runs where name = 'sweep'") == [(100, '{"done": 0}')]


def test_work_between_idle_runs_has_a_row_of_its_own(night):
    with night.at_work() as shift:
        shift.run("sweep")
        night.drop(night.sample("02-TRADER.xml"))
        shift.run("sweep")  # sees the file for the first time
        night.clock.advance(seconds=5)
        shift.run("sweep")
        night.clock.advance(seconds=5)
        shift.run("sweep")
    assert [json.loads(counts)["done"] for (counts,) in night.sql("select counts from job_runs where name = 'sweep'")][
        1:
    ] == [1, 0]


def test_everything_due_is_run_by_one_line_of_cron(night):
    night.edi("jobs", "run", "--due")
    ledger = night.home / "var" / "ledger.sqlite"
    with sqlite3.connect(ledger) as rows:
        rows.execute("update job_runs set first_at = '2026-01-01T00:00:00Z', started_at = '2026-01-01T00:00:00Z'")
    told = night.edi("jobs", "run", "--due")
    assert {line.partition(":")[0] for line in told.splitlines()} == set(find_jobs())


def test_neither_a_job_nor_due_is_wrong_usage(night):
    with pytest.raises(UserError, match="--due"):
        night.edi("jobs", "run")


def test_a_service_catches_up_once_what_was_missed(workspace):
    workspace.edi("jobs", "run", "integrity")
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        ledger.execute("update job_runs set started_at = '2026-01-01T00:00:00Z' where name = 'integrity'")

    def runs():
        with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
            return ledger.execute(
                "select sum(runs) from job_runs where name = 'integrity' and error_en = ''"
            ).fetchone()

    before = runs()
    workspace.drop(workspace.sample("02-TRADER.xml"))
    with running(workspace) as process:
        wait_for(lambda: runs() > before)
        wait_for((workspace.home / "var" / "health.json").exists)
        health = json.loads(workspace.edi("health", "--json"))
        assert {one["state"] for one in health} == {"WELL"}
        assert json.loads((workspace.home / "var" / "health.json").read_text("utf-8"))["pid"] == process.pid
        assert stop(process) == 0
    assert runs() == (before[0] + 1,)
    assert not (workspace.home / "var" / "health.json").exists(), "a service that was stopped leaves no sign of life"
