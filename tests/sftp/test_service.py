"""`edi run` beside partners that are silent or mean: the rest goes on, what was seen is told once, a stop is quick."""

import json
import re
import sqlite3
import time

import pytest
from click.testing import CliRunner

from edi.adapters.transport.sftp import UntrustedServer
from edi.cli.main import cli
from edi.errors import EdiError
from tests.sftp.rig import by_openssh, new_key
from tests.sftp.test_exchange import Exchange, section
from tests.system.test_watch import running, statuses, stop, wait_for


def alarms(workspace):
    return json.loads(workspace.edi("status", "--held", "--json"))["alarms"]


def test_a_silent_server_blocks_neither_the_exchange_nor_the_stop(workspace, sshd, proxy):
    proxy.silent = True
    config = workspace.home / "config.toml"
    agent = section("channels.agent", sshd, sshd.partners[0], proxy.port, outbox="OutBox").replace("= 5.0", "= 60.0")
    config.write_text(config.read_text("utf-8") + agent, "utf-8")
    with running(workspace) as process:
        wait_for(lambda: proxy.accepted)
        workspace.drop(workspace.sample("02-TRADER.xml"))
        wait_for(lambda: statuses(workspace).get("02-TRADER.xml") == "APPROVED")
        started = time.monotonic()
        assert stop(process) == 0
    assert time.monotonic() - started < 15


def test_a_server_that_comes_and_goes_is_told_once_each(workspace, sshd, tmp_path):
    exchange = Exchange(workspace, sshd, [sshd.port, sshd.port])
    ledger = workspace.home / "var" / "ledger.sqlite"

    def events():
        with sqlite3.connect(ledger) as opened:
            return opened.execute("select kind from events where subject = 'channels.demo' order by seq").fetchall()

    with running(workspace) as process:
        wait_for((workspace.home / "var" / "ferry.sqlite").exists)
        sshd.kill()
        wait_for(lambda: events() == [("alarm_sftp",)])
        time.sleep(2)
        sshd.start()
        wait_for(lambda: events() == [("alarm_sftp",), ("healed",)])
        (tmp_path / "a.xml").write_bytes(workspace.sample("02-TRADER.xml").read_bytes())
        by_openssh(sshd, exchange.erp, [f"put {tmp_path / 'a.xml'} {exchange.erp.remote}/OutBox/a.xml"])
        wait_for(lambda: any(name.startswith("Successed_a_") for name in exchange.names("InBox")))
        assert stop(process) == 0


def test_what_a_partner_should_not_have_put_there_is_told_once_and_left(workspace, sshd):
    exchange = Exchange(workspace, sshd, [sshd.port, sshd.port])
    box = exchange.erp.boxes / "OutBox"
    (box / "bell\a.xml").write_bytes(b"x")
    (box / "link.xml").symlink_to("/etc/passwd")
    (box / "folder.xml").mkdir()
    for _ in range(2):
        workspace.edi("jobs", "run", "sftp_poll")
    (alarm,) = alarms(workspace)
    assert alarm["subject"] == "channels.demo.outbox"
    assert alarm["detail"]["names"] == ["bell\\x07.xml", "folder.xml", "link.xml"]
    assert len(exchange.names("OutBox")) == 3
    assert "bell\\x07.xml" in workspace.edi("status", "--held")


def test_a_wrong_host_key_is_an_alarm_and_exit_code_2(workspace, sshd):
    exchange = Exchange(workspace, sshd, [sshd.port, sshd.port])
    config = workspace.home / "config.toml"
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGYGv1dY3bqkDyJm2EtmfYFXiFfFTWjhIwGNdcYzMgdr"
    config.write_text(config.read_text("utf-8").replace(sshd.host_key, other), "utf-8")
    (exchange.erp.boxes / "OutBox" / "a.xml").write_bytes(b"x")
    for _ in range(2):
        with pytest.raises(UntrustedServer, match="host_key") as raised:
            workspace.edi("jobs", "run", "sftp_poll")
        assert raised.value.exit_code == 2
    assert [one["subject"] for one in alarms(workspace)] == ["channels.demo", "receivers.customs"]
    assert exchange.names("OutBox") == ["a.xml"]


def health(workspace):
    """What the ferry says of itself, and whether the ledger has an open alarm to tell besides."""
    told = json.loads(CliRunner().invoke(cli, ["health", "--json"], env={"EDI_HOME": str(workspace.home)}).stdout)
    said = {one["component"]: [] for one in told}
    for one in told:
        said[one["component"]].append((one["state"], one["zh"]))
    return said["sftp"], said["ledger"]


def poll(workspace, times=1):
    for _ in range(times):
        with pytest.raises(EdiError):
            workspace.edi("jobs", "run", "sftp_poll")


WELL = [("WELL", "正常")]


def test_health_tells_of_a_server_that_is_down_until_it_is_back(workspace, sshd):
    Exchange(workspace, sshd, [sshd.port, sshd.port])
    assert health(workspace) == (WELL, WELL)
    sshd.kill()
    poll(workspace, times=2)
    (channel, receiver), ledger = health(workspace)
    assert (channel[0], receiver[0]) == ("LATER", "LATER")
    assert "channels.demo" in channel[1]
    assert "对方拒绝连接" in channel[1]
    assert re.search("自 20[-0-9: ]+ 起已试 [23] 次，下次 20", channel[1])
    assert ledger == WELL, "the trouble is told once"
    sshd.start()
    still, _ = health(workspace)
    assert [state for state, _ in still] == ["LATER", "LATER"], "nobody connects to ask"
    workspace.edi("jobs", "run", "sftp_poll")
    assert health(workspace) == (WELL, WELL)


@pytest.mark.parametrize("what", ["another host key", "login refused"])
def test_health_asks_for_a_person_where_a_server_is_not_what_it_should_be(workspace, sshd, tmp_path, what):
    exchange = Exchange(workspace, sshd, [sshd.port, sshd.port])
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGYGv1dY3bqkDyJm2EtmfYFXiFfFTWjhIwGNdcYzMgdr"
    new_key(strange := tmp_path / "strange", "ed25519")
    old, new = (sshd.host_key, other) if "host key" in what else (str(exchange.erp.key), str(strange))
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace(old, new), "utf-8")
    poll(workspace)
    (channel, *_), ledger = health(workspace)
    assert channel[0] == "FAULT"
    assert ("不符" if "host key" in what else "不接受用户") in channel[1]
    assert ledger == WELL


def test_health_forgets_a_line_that_is_no_longer_configured(workspace, sshd):
    config = workspace.home / "config.toml"
    before = config.read_text("utf-8")
    Exchange(workspace, sshd, [sshd.port, sshd.port])
    sshd.kill()
    poll(workspace, times=2)
    config.write_text(before, "utf-8")
    assert health(workspace)[0] == WELL
