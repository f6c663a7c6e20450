"""Health, metrics and logs: each trouble is told by the component it belongs to."""

import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest

from edi.adapters.logs import JsonLines
from edi.app.ops.health import COMPONENTS, State, ask_all, exit_code
from edi.app.ops.metrics import METRICS
from tests.system.test_watch import running, statuses, wait_for

SAMPLE = re.compile(r"(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>[-0-9.e+]+)")


def states(night):
    with night.office() as office:
        answers = ask_all(office.config, night.clock)
    return {one.component: one.state for one in answers if one.state is not State.WELL}, exit_code(answers)


@pytest.fixture
def well(night):
    """Everything in order: the jobs ran just now, and the service is this process."""
    night.configure("free_megabytes = 1024", "free_megabytes = 1")
    with night.at_work() as shift:
        for name in shift.rota.plans:
            shift.run(name)
    pulse = {"pid": os.getpid(), "lastRound": "2026-11-16T04:00:00.000000Z"}
    (night.home / "var" / "health.json").write_text(json.dumps(pulse))
    return night


def test_all_well(well):
    assert states(well) == ({}, 0)


def test_a_missing_box_is_held_up_and_asks_for_nobody(well):
    shutil.rmtree(well.home / "outbox" / "demo" / "InBox")
    assert states(well) == ({"boxes": State.LATER}, 75)


def test_a_certificate_that_ended(well):
    well.clock.advance(days=2000)
    found, code = states(well)
    assert found["keys"] is State.FAULT
    assert code == 1


def test_a_key_that_does_not_fit(well):
    shutil.copyfile(well.home / "pki" / "customs.key", well.home / "pki" / "gateway.key")
    assert states(well) == ({"keys": State.FAULT}, 1)


def test_a_disk_that_is_nearly_full(well):
    well.configure("free_megabytes = 1", "free_megabytes = 1000000000")
    assert states(well) == ({"disk": State.FAULT}, 1)


def test_jobs_that_no_longer_run_and_a_service_that_stands_still(well):
    well.clock.advance(hours=1)
    assert states(well) == ({"jobs": State.FAULT, "service": State.FAULT}, 1)


def test_a_job_that_failed(well):
    well.sql("update job_runs set error_zh = '坏了', error_en = 'broken' where name = 'integrity'")
    assert states(well) == ({"jobs": State.FAULT}, 1)


def test_a_ledger_that_is_locked_away_keeps_nobody_else_from_answering(well):
    (well.home / "var" / "ledger.sqlite").rename(well.home / "var" / "elsewhere")
    (well.home / "var" / "ledger.sqlite").mkdir()
    answers = json.loads(well.edi("health", "--json", code=1))
    assert {one["component"] for one in answers} == {"config", *COMPONENTS}
    assert {one["component"] for one in answers if one["state"] != "WELL"} >= {"ledger", "jobs"}


@pytest.mark.parametrize(
    ("pulse", "state"), [("not json", State.FAULT), ('{"pid": 1}', State.FAULT), ("[]", State.FAULT)]
)
def test_a_health_file_that_is_none(well, pulse, state):
    (well.home / "var" / "health.json").write_text(pulse)
    assert states(well) == ({"service": state}, 1)


def test_where_cron_does_the_work_no_service_is_missed(well):
    (well.home / "var" / "health.json").unlink()
    assert states(well) == ({"service": State.FAULT}, 1)
    well.configure("service = true", "service = false")
    assert states(well) == ({}, 0)


def test_a_service_that_was_killed_is_missed(workspace):
    with running(workspace) as process:
        wait_for((workspace.home / "var" / "health.json").exists)
        process.kill()
        process.wait()
    told = json.loads(workspace.edi("health", "--json", code=1))
    (service,) = [one for one in told if one["component"] == "service"]
    assert str(process.pid) in service["zh"]


def test_metrics_say_what_the_ledger_says(night):
    for name in ("01-BROKER.xml", "02-TRADER.xml", "SIM-SILENT.xml"):
        night.drop(night.sample(name))
    night.run()
    text = night.edi("metrics")
    samples = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            found = SAMPLE.fullmatch(line)
            assert found, line
            samples[found["name"], found["labels"] or ""] = float(found["value"])
    assert samples["edi_files_total", 'outcome="ACCEPTED"'] == 3
    assert samples["edi_applications", 'status="APPROVED"'] == 2
    assert samples["edi_applications", 'status="SUBMITTED"'] == 1
    assert samples["edi_receipts_total", ""] == 6
    assert samples["edi_backlog_files", 'channel="demo"'] == 0
    assert re.findall(r"# TYPE (\S+)", text) == list(METRICS)
    with night.at_work() as shift:
        shift.run("metrics")
    assert "edi_files_total" in (night.home / "var" / "metrics.prom").read_text("utf-8")


def test_a_channel_may_be_called_anything(night):
    night.configure("[channels.demo]", '[channels."a\\"b"]')
    assert 'edi_backlog_files{channel="a\\"b"} 0' in night.edi("metrics")


def test_the_log_as_objects(workspace):
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace('format = "text"', 'format = "json"'), "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    told = subprocess.run(
        [sys.executable, "-m", "edi", "run", "--once", "--verbose", "--home", workspace.home],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert statuses(workspace) == {"02-TRADER.xml": "APPROVED"}
    lines = [json.loads(line) for line in told.stderr.splitlines()]
    (taken,) = [one for one in lines if one.get("file") == "02-TRADER.xml"]
    assert (taken["channel"], taken["level"], taken["event"]) == ("demo", "INFO", "entered")
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        assert ledger.execute("select claim from files").fetchone() == (taken["claim"],)
        ((guid,),) = ledger.execute("select guid from applications").fetchall()
    assert [one["event"] for one in lines if one.get("guid") == guid] == ["receipt"] * 3


def test_an_object_of_the_log_is_one_line_whatever_is_told():
    record = logging.LogRecord("edi", logging.ERROR, "", 0, "two\nlines %s", ('"quoted"',), None)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == 'two�lines "quoted"'
