"""`edi status` and `edi show`: applications, files, what is held back, and the balance."""

import json
import shutil
import sqlite3

import pytest

from edi.app.words import alarm_words, held_words, split_cause
from tests.conftest import Workspace

HELD = {
    "what": "dispatch", "file": "a.xml", "applications": ["202600000000000001", "202600000000000002"],
    "place": "customs", "target": "/mnt/in/x.xml", "cause": "[Errno 28] No space left on device",
    "attempts": 3, "nextTryAt": "2026-11-22T01:00:00.000000Z",
}  # fmt: skip


@pytest.fixture
def changeable(done, tmp_path):
    """A copy of the finished workspace, to be changed."""
    shutil.copytree(done.home, tmp_path / "home")
    return Workspace(tmp_path / "home")


def in_ledger(workspace, sql, *values):
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        ledger.execute(sql, values)


def append_event(workspace, kind, subject, **detail):
    sql = "insert into events select max(seq) + 1, '2026-11-22T01:26:21.000000Z', ?, ?, null, null, ?, '' from events"
    in_ledger(workspace, sql, kind, subject, json.dumps(detail))


def test_a_pipe_gets_tab_separated_lines(edi, done):
    said = edi("status", "--home", done.home)
    first, *rows = said.out.splitlines()
    assert len(rows) == 2
    assert {line.count("\t") for line in (first, *rows)} == {5}
    assert rows[0].startswith("202600000000000001\tDEMO-2026-0001\tQLF101\t")


def test_the_foot_tells_of_files_the_table_does_not_show(edi, done):
    assert "被拒文件 1，重复 1，隔离 0（edi status --files 查看）" in edi("status", "--home", done.home).err


def test_times_for_people_are_china_time_and_for_programs_utc(edi, done):
    (updated, *_) = [one["updatedAt"] for one in done.status()]
    assert updated.endswith("Z")
    hour = (int(updated[11:13]) + 8) % 24
    said = edi("status", "--home", done.home)
    assert "北京时间" in said.out
    assert f" {hour:02d}:{updated[14:19]}" in said.out


def test_a_narrow_terminal_drops_what_matters_least(edi, done, terminal):
    terminal(200)
    wide = edi("status", "--home", done.home).out
    terminal(78)
    narrow = edi("status", "--home", done.home).out
    assert "报文 form" in wide
    assert "报文 form" not in narrow
    assert "申请统一编号" in narrow
    assert "状态 status" in narrow
    assert max(len(line) for line in narrow.splitlines() if "│" in line) <= 78


def test_no_applications_are_told_in_words(edi, workspace, terminal):
    workspace.run()
    terminal(100)
    assert "没有申请 / no applications" in edi("status", "--home", workspace.home).out


def test_files_with_outcome_and_codes(edi, done):
    files = {one["file"]: one for one in json.loads(done.edi("status", "--files", "--json"))}
    assert {name: one["outcome"] for name, one in files.items()} == {
        "01-BROKER.xml": "ACCEPTED", "02-TRADER.xml": "ACCEPTED", "again.xml": "DUPLICATE",
        "QLF-016-no-valid-until.xml": "REFUSED",
    }  # fmt: skip
    assert files["QLF-016-no-valid-until.xml"]["codes"] == ["QLF-016"]
    said = edi("status", "--files", "--refused", "--home", done.home)
    assert len(said.out.splitlines()) == 2
    assert "被拒 REFUSED" in said.out


def test_the_books_balance_and_a_file_in_hand_is_counted(edi, changeable):
    claim = changeable.home / "inbox" / "demo" / ".claimed" / "3fc843f50ac0bc-281f782883ca"
    claim.mkdir(parents=True)
    (claim / "in-hand.xml").write_text("<a/>")
    balance = json.loads(changeable.edi("status", "--balance", "--json"))
    assert (balance["seen"], balance["inHand"], balance["balanced"]) == (5, 1, True)
    assert [balance[one] for one in ("ACCEPTED", "REFUSED", "CONFLICT", "DUPLICATE", "QUARANTINED")] == [2, 1, 0, 1, 0]
    said = edi("status", "--balance", "--home", changeable.home)
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith("相符")


@pytest.mark.parametrize(
    "sql",
    [
        "delete from files where outcome = 'REFUSED'",
        "update files set outcome = 'LOST' where outcome = 'DUPLICATE'",
        "update files set outcome = 'REFUSED' where outcome = 'DUPLICATE'",
        "update files set message = 'nothing' where outcome = 'ACCEPTED'",
    ],
)
def test_books_that_do_not_balance_are_told(edi, changeable, sql):
    in_ledger(changeable, sql)
    said = edi("status", "--balance", "--home", changeable.home)
    assert said.code == 1
    assert said.out.splitlines()[-1].startswith("不符")


def test_what_is_held_is_a_sentence():
    words = held_words(HELD)
    assert words.zh == (
        "申请 202600000000000001 等 2 件（文件 a.xml）尚未送达接收方 customs：/mnt/in/x.xml；原因：磁盘已满；已试 3 次，"
        "下次 2026-11-22 09:00:00（北京时间）"
    )
    assert "the disk is full" in words.en
    assert held_words(HELD | {"what": "receipt", "applications": []}).zh.startswith("文件 a.xml 的海关回执尚未写入通道")


@pytest.mark.parametrize(
    ("trouble", "zh"),
    [
        ("[Errno 2] No such file or directory: '/x'", "文件或目录不存在"),
        ("[Errno 13] Permission denied: '/x'", "没有权限"),
        ("/mnt/in: 没有权限 / /mnt/in: permission denied", "没有权限"),
        ("something else", "something else"),
    ],
)
def test_the_cause_of_an_outage_is_in_chinese(trouble, zh):
    assert split_cause(trouble).zh == zh


def test_held_tasks_are_listed_and_repeated_with_their_application(edi, changeable):
    in_ledger(
        changeable,
        "insert into outgoing (kind, place, target, content, subject, attempts, due_at, trouble) "
        "select 'write', 'customs', '/mnt/in/x.xml', dispatch, digest, 2, '2026-11-22T01:00:00.000000Z', "
        "'[Errno 30] Read-only file system' from messages where file_name = '02-TRADER.xml'",
    )
    (held,) = json.loads(changeable.edi("status", "--held", "--json"))["held"]
    assert (held["what"], held["file"], held["attempts"]) == ("dispatch", "02-TRADER.xml", 2)
    assert "磁盘是只读的" in held["zh"]
    for command in (("status", "--held"), ("show", "DEMO-2026-0002")):
        assert "尚未送达接收方 customs" in edi(*command, "--home", changeable.home).out
    assert "暂缓 1 项" in edi("status", "--home", changeable.home).err
    assert changeable.show("DEMO-2026-0002")["held"][0]["place"] == "customs"


def test_an_alarm_that_healed_is_over(edi, changeable):
    append_event(changeable, "alarm_box", "demo", zh="没有权限", en="permission denied")
    for box in ("/a", "/b"):
        full = {"place": "demo", "box": box, "waiting": 3, "trouble": "磁盘已满 / the disk is full"}
        append_event(changeable, "alarm_held", f"held:{box}", **full)
    assert "告警 3 条" in edi("status", "--home", changeable.home).err
    append_event(changeable, "healed", "demo")
    append_event(changeable, "healed", "held:/a", box="/a")
    alarms = json.loads(changeable.edi("status", "--held", "--json"))["alarms"]
    assert [one["detail"].get("box") for one in alarms] == ["/b"]
    assert "磁盘已满；有 3 个文件在等" in alarms[0]["zh"]
    every = json.loads(changeable.edi("status", "--held", "--all", "--json"))["alarms"]
    assert [one["over"] for one in every] == [True, True, False]
    append_event(changeable, "alarm_box", "demo", zh="没有权限", en="permission denied")
    assert (
        "2026-11-22 09:26:21（北京时间） demo 的目录无法使用：没有权限"
        in edi("status", "--held", "--home", changeable.home).out
    )


@pytest.mark.parametrize(
    ("kind", "detail", "told"),
    [
        ("alarm_contradiction", {"current": "APPROVED", "reported": "REFUSED", "code": 100}, "与现状“审批通过”矛盾"),
        ("alarm_receipt", {"receiver": "customs", "reasons": ["not signed"]}, "不可信或对不上申请"),
        ("alarm_quarantined", {"file": "a.xml", "reason": "x"}, "文件 a.xml 无法处理，已移入隔离区"),
        ("alarm_not_a_file", {"names": ["folder"]}, "系统不许移动）：folder"),
        ("alarm_sftp", {"zh": "主机密钥不符", "en": "another host key"}, "s：主机密钥不符"),
        ("alarm_not_carried", {"names": ["a", "b"], "place": "sftp://x/OutBox"}, "sftp://x/OutBox 中有不能收取的东西"),
        ("alarm_no_channel", {"channel": "old"}, "通道 old 已不在 config.toml 中"),
        ("alarm_of_tomorrow", {}, "alarm_of_tomorrow"),
    ],
)
def test_every_alarm_is_a_sentence(kind, detail, told):
    words = alarm_words({"kind": kind, "subject": "s", "applicationNo": "", "file": "a.xml", "detail": detail})
    assert told in words.zh
    assert words.en


def test_show_of_an_application_says_nothing_twice(edi, done):
    said = edi("show", "DEMO-2026-0002", "--home", done.home)
    history = said.out.partition("经过 history")[2].splitlines()[1:]
    assert len(history) == 4
    for line in history:
        words = line.split("  ")
        assert len(words) == len(set(words))
    assert said.out.count("申请已受理，正在审核") == 1
    assert "进出口货物收发货人 TRADER" in said.out


def test_show_in_json_has_camel_case_keys_only(done):
    def keys(value):
        if isinstance(value, dict):
            return set(value) | {key for one in value.values() for key in keys(one)}
        return {key for one in value for key in keys(one)} if isinstance(value, list) else set()

    shown = done.show("DEMO-2026-0002")
    assert {key for key in keys(shown) if "_" in key} == set()
    assert shown["results"]["qualifications"][0]["filingCode"]
    assert shown["signer"]["cardNo"]


def test_show_of_a_file_tells_its_application(edi, done):
    said = edi("show", "02-TRADER.xml", "--home", done.home).out
    assert said.startswith("02-TRADER.xml  受理 ACCEPTED")
    assert "审批通过 APPROVED" in said
    shown = done.show("02-TRADER.xml")
    assert (shown["file"], shown["outcome"]) == ("02-TRADER.xml", "ACCEPTED")
    assert [one["clientSeqNo"] for one in shown["applications"]] == ["DEMO-2026-0002"]
    assert {"history", "findings", "opinion", "results"} <= set(shown)


def test_show_of_a_repeated_file_names_the_first(edi, done):
    said = edi("show", "again.xml", "--home", done.home).out
    assert "与 02-TRADER.xml（" in said
    assert "内容相同，已重发原回执" in said
    shown = done.show("again.xml")
    assert shown["first"]["file"] == "02-TRADER.xml"
    assert [one["status"] for one in shown["applications"]] == ["APPROVED"]


def test_show_of_a_refused_file_tells_why(edi, done):
    assert "QLF-016" in edi("show", "inbox/demo/QLF-016-no-valid-until.xml", "--home", done.home).out
    shown = done.show("QLF-016-no-valid-until.xml")
    assert shown["applications"] == []
    assert [one["code"] for one in shown["findings"]] == ["QLF-016"]
