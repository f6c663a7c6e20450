"""A week in some seconds: every job as often as it should, reports there and right, one alarm per trouble."""

import csv
from collections import Counter
from datetime import date, timedelta

import pytest

from tests.office import MONDAY_NOON

HOURS = 7 * 24
DAILY = ("receipt_log", "reminders", "retention", "integrity", "checkpoint")
HOURLY = ("sweep", "collect", "customs_review", "sign_station", "sftp_poll", "silence", "ask_again", "alarms")
HOURLY += ("metrics",)
DROPS = {
    0: "01-BROKER.xml",
    1: "02-TRADER.xml",
    2: "SIM-SILENT.xml",
    # on two evenings nothing comes
    5: "03-BROKER_BRANCH.xml",
    6: "05-TEMPORARY.xml",
}
"""What the ERP drops at eight in the evening, by day."""


@pytest.fixture
def week(night):
    for pause in ("5.0", "300.0", "30.0", "60.0"):
        night.configure(f"every_seconds = {pause}", "every_seconds = 3600.0")
    night.configure('expect_by = ""', 'expect_by = "0 22 * * *"', 1)  # channel demo
    ran = Counter()
    with night.at_work() as shift:
        for hour in range(1, HOURS + 1):
            night.clock.advance(hours=1)
            day, of_day = divmod(hour + 12, 24)
            if of_day == 20 and day in DROPS:
                night.drop(night.sample(DROPS[day]))
                shift.app.exchange()  # as the watcher would
            ran.update(shift.run_due())
            shift.app.work_until_quiet()
    return night, ran


def test_a_week_of_nights(week):
    night, ran = week
    assert ran == dict.fromkeys(DAILY, 7) | dict.fromkeys(HOURLY, HOURS)
    kept = dict(night.sql("select name, sum(runs) from job_runs group by name"))
    assert kept == dict(ran), "every run is in the ledger"
    assert night.sql("select * from job_runs where error_en <> ''") == []

    monday = date(2026, 11, 16)
    approved = {"01-BROKER.xml": 0, "02-TRADER.xml": 1, "03-BROKER_BRANCH.xml": 5, "05-TEMPORARY.xml": 6}
    for day in range(7):
        rows = lines(night, "demo", monday + timedelta(days=day))
        assert {row["申报文件"] for row in rows} == {name for name, when in approved.items() if when == day}
        assert [row["状态"] for row in rows[-1:]] == (["审批通过"] if rows else [])
        page = (night.home / "reports" / f"receipts-{monday + timedelta(days=day)}-demo.html").read_text("utf-8")
        assert "✓ 核对相符" in page
        assert f"当日回执明细（{len(rows)} 件）" in page
        assert lines(night, "agent", monday + timedelta(days=day)) == []

    assert night.events("alarm_silent_channel") == ["silence:channel:demo"], "one alarm for two silent evenings"
    assert len(night.events("alarm_overdue")) == 1, "one alarm for days without a receipt"
    assert night.events("healed") == ["silence:channel:demo"]
    told = (night.home / "var" / "alarms.log").read_text("utf-8").splitlines()
    assert [line.split()[1] for line in told] == ["告警", "告警", "恢复"]
    assert 'edi_job_good{job="receipt_log"} 1' in (night.home / "var" / "metrics.prom").read_text("utf-8")


def lines(night, channel, day):
    text = (night.home / "reports" / f"receipts-{day}-{channel}.csv").read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_nights_without_the_machine_are_made_up_for_once(night):
    with night.at_work():
        pass  # set up on Monday, then switched off
    night.clock.advance(days=5)
    with night.at_work() as shift:
        assert sorted(shift.run_due()) == sorted([*DAILY, *HOURLY])
        assert shift.run_due() == []
    days = {file.name[9:19] for file in (night.home / "reports").glob("*-demo.html")}
    assert days == {f"2026-11-{day}" for day in range(16, 21)}


def test_a_clock_that_was_wrong_does_not_stop_the_jobs(night):
    night.clock.advance(days=365)
    with night.at_work() as shift:
        shift.run_due()
    night.clock.now = MONDAY_NOON
    with night.at_work() as shift:
        assert sorted(shift.run_due()) == sorted([*DAILY, *HOURLY])
        assert shift.run_due() == []
