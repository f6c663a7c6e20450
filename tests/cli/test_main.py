"""Whatever happens, people get words in both languages and an exit code, never a traceback."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edi.cli import main as program
from edi.cli.main import cli
from edi.cli.output import show_json


def test_what_nobody_expected_goes_into_a_file(edi, workspace, monkeypatch):
    monkeypatch.setattr("edi.adapters.ledger_reader.LedgerReader.applications", lambda _self: 1 / 0)
    workspace.run()
    said = edi("status", "--home", workspace.home)
    assert said.code == 1
    assert "程序遇到意外情况" in said.err
    assert "Traceback" not in said.err
    (file,) = (workspace.home / "var").glob("edi-error-*.txt")
    assert str(file) in said.err
    assert "ZeroDivisionError" in file.read_text("utf-8")


def test_where_the_workspace_cannot_be_written_the_temporary_folder_serves(edi, tmp_path, monkeypatch):
    monkeypatch.setattr(program.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("edi.cli.jobs.find_jobs", lambda: 1 / 0)
    said = edi("jobs", "list", "--home", tmp_path / "nowhere")
    assert said.code == 1
    assert [str(file) in said.err for file in tmp_path.glob("edi-error-*.txt")] == [True]


def test_ctrl_c_leaves_with_130(edi, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("edi.cli.jobs.find_jobs", interrupted)
    said = edi("jobs", "list")
    assert (said.code, "已中断" in said.err) == (130, True)


def test_ctrl_c_while_loading_shows_no_traceback():
    """Who starts programs in the background has them ignore Ctrl-C; here it counts, however the tests were started."""
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    text = f"{heed}; import edi.cli, os, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(5)"
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert ended.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in ended.stderr


def test_ctrl_c_in_the_middle_of_a_run(workspace):
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("settle_seconds = 0.02", "settle_seconds = 60"), "utf-8")
    workspace.drop(workspace.sample("02-TRADER.xml"))
    command = [sys.executable, "-m", "edi", "run", "--once", "--home", str(workspace.home)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    lock = workspace.home / "var" / "run.lock"
    while not lock.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk"])
def test_a_terminal_that_cannot_write_chinese_is_no_reason_to_fail(done, encoding):
    command = [sys.executable, "-m", "edi", "status", "--home", str(done.home)]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    ended = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert ended.returncode == 0
    assert b"APPROVED" in ended.stdout


def test_output_that_is_escaped_is_json_all_the_same(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", stream)
    show_json([{"filing_code": "备案 é 😀"}])
    stream.flush()
    assert json.loads(stream.buffer.getvalue()) == [{"filingCode": "备案 é 😀"}]


def test_a_damaged_ledger_is_told_as_such(edi, workspace):
    workspace.run()
    (workspace.home / "var" / "ledger.sqlite").write_bytes(b"not a database at all " * 100)
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (workspace.home / "var" / name).unlink(missing_ok=True)
    said = edi("status", "--home", workspace.home)
    assert said.code == 2
    assert "台账已损坏" in said.err
    assert "从备份恢复" in said.err


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (("chek",), "没有命令 chek；是否想用 check？", "did you mean check?"),
        (("status", "--jsn"), "没有选项 --jsn；是否想用 --json？", "did you mean --json?"),
        (("check", "--format", "pdf", "x"), "选项 --format 的值不对；可用：text、json、junit、html", "'pdf' is not one of"),
        (("sign", "pyproject.toml"), "缺少必填的选项 --output", "Missing option --output"),
        (("show",), "缺少必填的参数 KEY", "Missing argument KEY"),
        (("show", "a", "b"), "多余的参数：b", "unexpected extra argument"),
        (("status", "--home"), "选项 --home 后面缺少值", "requires an argument"),
        (("verify", "nothing.xml", "--ca", "README.md"), "FILE：文件 nothing.xml 不存在", "no file nothing.xml"),
        (("verify", "edi", "--ca", "README.md"), "FILE：edi 是目录", "edi is a folder"),
        (("status", "--home", "pyproject.toml"), "--home：pyproject.toml 是文件", "is a file"),
        (("customs", "advance", "soon"), "DURATION：soon 不是时长", "no length of time"),
        (("customs", "decide", "x", "perhaps"), "可用：approve、disapprove、refuse", "Invalid value for argument DECISION"),
        (("jobs", "run", "nothing"), "没有名为 nothing 的任务", "no job nothing"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_in_both_languages(edi, monkeypatch, arguments, zh, en):
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    said = edi(*arguments)
    assert said.code == 2
    assert zh in said.err
    assert en in said.err


def test_the_workspace_may_be_named_before_the_command(edi, done, tmp_path):
    assert edi("--home", done.home, "status").out == edi("status", "--home", done.home).out
    assert edi("--home", tmp_path, "status", "--home", done.home).code == 0, "the command's own option counts"


def test_short_help_is_whole_on_a_small_terminal(edi, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    groups = [(name,) for name, one in cli.commands.items() if hasattr(one, "commands")]
    for group in [(), *groups]:
        said = edi(*group, "--help")
        commands = said.out.partition("Commands:")[2]
        assert commands
        assert "..." not in commands
