"""`edi run` beside partners that are silent or mean: the rest goes on, what was seen is told once, a stop is quick."""

import json
import sqlite3
import time

import pytest

from edi.adapters.transport.sftp import UntrustedServer
from tests.sftp.rig import by_openssh
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
