"""`edi sftp-config`: what it prints is taken as it is by sshd and by the shell."""

import subprocess
import tomllib

from tests.sftp.rig import SSHD, free_port, new_key


def test_the_configuration_is_one_that_sshd_takes(edi, home, tmp_path):
    said = edi("sftp-config", "--home", home)
    assert said.code == 0
    new_key(tmp_path / "host", "ed25519")
    config = tmp_path / "sshd_config"
    config.write_text(f"Port {free_port()}\nHostKey {tmp_path / 'host'}\n{said.out}")
    shown = subprocess.run(
        [SSHD, "-T", "-f", config, "-C", "user=edi-demo,host=x,addr=127.0.0.1"], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    for line in (
        "chrootdirectory /srv/edi/demo", "forcecommand internal-sftp -p symlink,hardlink -u 0027", "disableforwarding yes",
        "permittty no", "permittunnel no", "authenticationmethods publickey", "authorizedkeysfile /etc/ssh/edi-keys/%u",
    ):  # fmt: skip
        assert line in shown.lower().splitlines()


def test_the_commands_are_a_script(edi, home):
    said = edi("sftp-config", "--commands", "--root", "/srv/a b", "demo", "--home", home)
    assert subprocess.run(["sh", "-n"], input=said.out, text=True, check=False).returncode == 0
    assert "install -d -o root -g root -m 0755 '/srv/a b/demo'" in said.out
    assert "agent" not in said.out


def test_the_boxes_for_config_toml_stand_in_the_comments(edi, home):
    said = edi("sftp-config", "demo", "--home", home)
    lines = [
        line[2:]
        for line in said.out.splitlines()
        if line.startswith(("# [", "# outbox", "# inbox", "# sent", "# fail"))
    ]
    assert tomllib.loads("\n".join(lines))["channels"]["demo"]["outbox"] == "/srv/edi/demo/OutBox"


def test_a_channel_that_is_not_there_is_told(edi, home):
    said = edi("sftp-config", "nobody", "--home", home)
    assert said.code == 2
    assert "没有通道 nobody" in said.err


def test_a_channel_whose_name_makes_no_account_is_told(edi, home):
    config = home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("[channels.demo]", '[channels."演 示"]'), "utf-8")
    said = edi("sftp-config", "--home", home)
    assert said.code == 2
    assert "演 示" in said.err
