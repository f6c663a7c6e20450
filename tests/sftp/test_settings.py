"""[channels.NAME.sftp] and [receivers.NAME.sftp]: read, checked, every problem told at once."""

import pytest

from edi.adapters.config import load_config
from edi.adapters.transport.settings import read_host_key
from edi.errors import UserError

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGYGv1dY3bqkDyJm2EtmfYFXiFfFTWjhIwGNdcYzMgdr"
GOOD = f"""
[channels.demo.sftp]
host = "sftp.example.com"
user = "edi"
key = "pki/sftp.key"
host_key = ["{ED25519}"]
"""


def load(home, text):
    config = home / "config.toml"
    config.write_text(config.read_text("utf-8") + text, "utf-8")
    return load_config(config)


def test_what_is_left_out_has_its_default(home):
    sftp = load(home, GOOD).channels["demo"].sftp
    assert (sftp.port, sftp.outbox, sftp.poll_seconds) == (22, "OutBox", 30.0)
    assert sftp.key == home / "pki/sftp.key"
    assert sftp.certificate is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (f'host_key = ["{ED25519}"]', "host_key = []", "channels.demo.sftp.host_key"),
        (ED25519, "ssh-ed25519 AAAA", "channels.demo.sftp.host_key[0]"),
        (ED25519, "ssh-ed25519 not base64", "channels.demo.sftp.host_key[0]"),
        (ED25519, "SHA256:fingerprint", "channels.demo.sftp.host_key[0]"),
        ('user = "edi"', 'user = ""', "host 和 user"),
        ('user = "edi"', 'user = "edi"\nport = 70000', "channels.demo.sftp.port"),
        ('user = "edi"', 'user = "edi"\npoll_seconds = 0', "poll_seconds"),
        ('user = "edi"', 'user = "edi"\ninbox = "OutBox"', "各远程目录"),
        ('key = "pki/sftp.key"', "", "channels.demo.sftp.key"),
        ('user = "edi"', 'user = "edi"\npassword = "x"', "channels.demo.sftp.password"),
    ],
)
def test_faults_are_told_by_their_place(home, old, new, told):
    assert old in GOOD
    with pytest.raises(UserError) as raised:
        load(home, GOOD.replace(old, new))
    assert any(told in problem for problem in raised.value.problems)


def test_host_keys_are_read_as_ssh_keyscan_writes_them():
    assert read_host_key(f"[sftp.example.com]:2222 {ED25519} comment") == read_host_key(ED25519)
    assert read_host_key(ED25519.replace("ssh-ed25519", "ssh-rsa")) is None, "what the line says and what the key is"
    assert read_host_key("ssh-dss AAAAB3NzaC1kc3M=") is None
