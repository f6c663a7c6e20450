"""`edi init`, `edi run`, `edi jobs`, `edi customs`: working, and telling of it."""

import json
import shutil

import pytest

from edi.app.jobs import find_jobs
from edi.errors import UserError

DEMO = "91110105XX489884X9"


def test_the_next_step_can_be_pasted(edi, tmp_path):
    home = tmp_path / "with blanks"
    assert f"cd '{home}' && " in edi("init", home).out


def test_a_run_is_silent_in_a_pipe_and_leaves_with_0_whatever_was_refused(edi, workspace):
    for name in ("02-TRADER.xml", "QLF-016-no-valid-until.xml"):
        workspace.drop(workspace.sample(name))
    said = edi("run", "--once", "--home", workspace.home)
    assert (said.code, said.out, said.err) == (0, "", "")


def test_a_run_sums_up_on_a_terminal(edi, workspace, terminal):
    for name in ("02-TRADER.xml", "QLF-016-no-valid-until.xml"):
        workspace.drop(workspace.sample(name))
    terminal(100)
    said = edi("run", "--once", "--home", workspace.home).out
    assert "文件 2：受理 1，被拒 1，重复 0；回执 3（被拒文件见 outbox/*/FailBox，原因：edi show 文件名）" in said


def test_an_outage_makes_a_run_ask_to_be_called_later(edi, workspace):
    shutil.rmtree(workspace.home / "customs" / "in")
    (workspace.home / "customs" / "in").write_text("in the way")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    said = edi("run", "--once", "--home", workspace.home)
    assert said.code == 75
    assert "错误" in said.err or "暂缓" in said.err


def test_jobs_are_listed_with_their_schedule(edi, done):
    jobs = {one["name"]: one for one in json.loads(edi("jobs", "list", "--json", "--home", done.home).out)}
    assert set(jobs) == set(find_jobs())
    assert jobs["integrity"]["cron"] == "30 2 * * *"
    assert jobs["sweep"]["everySeconds"] == 5.0
    assert "每 5 秒" in edi("jobs", "list", "--home", done.home).out


def test_jobs_are_listed_outside_a_workspace(edi, tmp_path):
    assert "integrity" in edi("jobs", "list", "--home", tmp_path).out


def test_a_job_run_by_hand_tells_its_result(edi, workspace):
    told = json.loads(edi("jobs", "run", "sweep", "--json", "--home", workspace.home).out)
    assert (told["name"], told["counts"], told["error"]) == ("sweep", {"done": 0}, None)
    assert "没有要做的事" in edi("jobs", "run", "sweep", "--home", workspace.home).out


def test_a_job_that_does_not_load_is_its_authors_fault(tmp_path):
    (tmp_path / "broken.py").write_text("import nothing_of_that_name")
    with pytest.raises(UserError, match=r"broken\.py"):
        find_jobs(tmp_path)


def test_customs_staff_see_and_decide_in_chinese(edi, workspace):
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace('review = "auto"', 'review = "manual"'), "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    listed = edi("customs", "queue", "--home", workspace.home).out
    assert "海关受理中 UNDER_REVIEW" in listed
    assert "北京时间" in listed
    (waiting,) = json.loads(edi("customs", "queue", "--json", "--home", workspace.home).out)
    assert {"applicationNo", "clientSeqNo", "applicantName", "since"} <= set(waiting)
    assert waiting["since"].endswith("Z")
    assert "已决定：审批通过" in edi("customs", "decide", "DEMO-2026-0002", "approve", "--home", workspace.home).out
    assert "北京时间" in edi("customs", "advance", "3d", "--home", workspace.home).out


def test_customs_staff_see_what_is_on_record(edi, workspace):
    workspace.drop(workspace.sample("02-TRADER.xml"))
    workspace.run()
    shown = edi("customs", "show", DEMO, "--home", workspace.home)
    assert shown.code == 0
    assert shown.out.startswith(f"示例贸易（北京）有限公司 {DEMO}\n所在地海关 competent customs: ")
    assert "进出口货物收发货人 TRADER" in shown.out
    assert "有效 VALID" in shown.out
    record = json.loads(edi("customs", "show", DEMO, "--json", "--home", workspace.home).out)
    assert record["qualifications"][0]["filingCode"] in shown.out
    assert {one["declarantNo"] for one in record["declarants"]} <= set(shown.out.split())
    unknown = edi("customs", "show", "NOBODY", "--home", workspace.home)
    assert unknown.code == 2
    assert "海关没有企业 NOBODY 的备案信息" in unknown.err


def test_scenarios_come_with_one_whole_example(edi, terminal):
    terminal(160)
    assert "<clientSeqNo>SIM-DISAPPROVE-2D-R03-000123</clientSeqNo>" in edi("customs", "scenarios").out
    assert "doesZh" in json.loads(edi("customs", "scenarios", "--json").out)[0]
