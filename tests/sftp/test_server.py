"""Connections to a real OpenSSH server: whom we trust, how we log in, what we do when it is silent, full or poor."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from edi.adapters.causes import cause_zh
from edi.adapters.transport.port import temporary_name
from edi.adapters.transport.settings import read_host_key
from edi.adapters.transport.sftp import LoginRefused, UntrustedServer
from edi.errors import TryLater, UserError
from tests.sftp.rig import ROOT, by_openssh, new_key, running_sshd


@pytest.fixture
def partner(sshd):
    found = sshd.partners[0]
    yield found
    for path in found.boxes.glob("*/*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def threads():
    return {one for one in threading.enumerate() if "paramiko" in type(one).__module__}


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def names(folder):
    return [path.name for path in folder.iterdir()]


def logins(sshd):
    return (sshd.folder / "log").read_text().count("Accepted publickey")


# ---- trust


def test_a_server_with_another_host_key_is_told_nothing(sshd, partner, tmp_path):
    other = read_host_key(new_key(tmp_path / "other", "ed25519"))
    before, auths = logins(sshd), (sshd.folder / "log").read_text().count(partner.user)
    server = sshd.connect(partner, host_keys=(other,))
    with pytest.raises(UntrustedServer) as raised:
        server.open()
    assert sshd.host_key.split()[1] in raised.value.zh, "the key it showed is told, to be compared"
    assert "没有登录" in raised.value.zh
    time.sleep(0.2)
    assert logins(sshd) == before
    assert (sshd.folder / "log").read_text().count(partner.user) == auths, "not even the user's name was sent"
    assert not threads()


def test_a_server_without_a_key_of_the_pinned_kind_is_not_trusted(sshd, partner, tmp_path):
    other = read_host_key(new_key(tmp_path / "other", "ecdsa"))
    with pytest.raises(UntrustedServer):
        sshd.connect(partner, host_keys=(other,)).open()
    assert not threads()


def test_one_of_several_pinned_keys_is_enough(sshd, partner, tmp_path):
    keys = (read_host_key(new_key(tmp_path / "next", "rsa")), read_host_key(f"host.example {sshd.host_key}"))
    server = sshd.connect(partner, host_keys=keys)
    server.open()
    server.close()


# ---- login


def test_a_key_the_server_does_not_know_is_told(sshd, partner, tmp_path):
    new_key(tmp_path / "stranger", "ed25519")
    with pytest.raises(LoginRefused, match=partner.user):
        sshd.connect(partner, key=tmp_path / "stranger").open()
    assert not threads()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
@pytest.mark.parametrize("passphrase", ["", "秘密 passphrase"])
def test_keys_of_every_kind_with_and_without_passphrase(sshd, partner, tmp_path, kind, passphrase):
    public = new_key(tmp_path / "key", kind, passphrase)
    with (sshd.folder / "keys" / partner.user).open("a") as file:
        file.write(public + "\n")
    for given in {passphrase or None, passphrase or "not needed"}:
        server = sshd.connect(partner, key=tmp_path / "key", passphrase=given)
        assert server.place(f"{partner.remote}/OutBox").look().files == ()
        server.close()
    if passphrase:
        for wrong in (None, "wrong"):
            with pytest.raises(UserError, match="EDI_SFTP_PASSPHRASE"):
                sshd.connect(partner, key=tmp_path / "key", passphrase=wrong).open()


@pytest.mark.parametrize("content", [None, "no key at all"])
def test_a_key_file_that_is_none_is_told(sshd, partner, tmp_path, content):
    if content:
        (tmp_path / "key").write_text(content)
    with pytest.raises(UserError, match="EDI_SFTP_PASSPHRASE"):
        sshd.connect(partner, key=tmp_path / "key").open()


def test_a_certificate_opens_the_door(sshd, partner, tmp_path):
    authority = new_key(tmp_path / "ca", "ed25519")
    new_key(tmp_path / "key", "ed25519")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", tmp_path / "ca", "-I", "test", "-n", partner.user, tmp_path / "key.pub"], check=True
    )
    with pytest.raises(LoginRefused):
        sshd.connect(partner, key=tmp_path / "key").open()
    with (sshd.folder / "keys" / partner.user).open("a") as file:
        file.write(f'cert-authority,principals="{partner.user}" {authority}\n')
    server = sshd.connect(partner, key=tmp_path / "key", certificate=tmp_path / "key-cert.pub")
    server.open()
    server.close()


# ---- outages


def test_nobody_at_home_is_an_outage(sshd, partner, tmp_path):
    with pytest.raises(TryLater, match=r"127\.0\.0\.1:9 .*对方拒绝连接"):
        sshd.connect(partner, port=9).open()
    with pytest.raises(TryLater, match="主机名无法解析"):
        sshd.connect(partner, host="no-such-host.invalid").open()


def test_a_server_that_says_nothing_is_not_waited_for(sshd, partner, proxy):
    proxy.silent = True
    started = time.monotonic()
    with pytest.raises(TryLater, match="中途断开"):
        sshd.connect(partner, port=proxy.port, timeout=0.5).open()
    assert time.monotonic() - started < 5
    assert not threads()


def test_a_connection_is_reused_and_made_anew_after_it_was_cut(sshd, partner, proxy):
    server = sshd.connect(partner, port=proxy.port)
    place = server.place(f"{partner.remote}/OutBox")
    before = logins(sshd)
    for _ in range(5):
        place.look()
    assert logins(sshd) == before + 1
    proxy.cuts = [20_000]
    server.close()
    with pytest.raises(TryLater):
        place.stage({temporary_name("1"): os.urandom(200_000)})
    assert proxy.cut == 1
    place.stage({temporary_name("2"): os.urandom(200_000)})
    server.close()
    assert not threads()


def test_no_thread_and_no_file_is_left_by_many_outages(sshd, partner, proxy):
    """Mirth's readers leaked one connection per outage until none was left."""
    server = sshd.connect(partner, port=proxy.port, timeout=2.0)
    place = server.place(f"{partner.remote}/OutBox")
    place.look()
    server.close()
    before = open_files()
    for bytes_until_cut in range(0, 6000, 200):
        proxy.cuts = [bytes_until_cut]
        server.close()
        try:
            place.look()
        except TryLater:
            continue
    server.close()
    assert proxy.cut > 10
    deadline = time.monotonic() + 5
    while (threads() or proxy.connections) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not threads()
    assert open_files() <= before + 1


# ---- poor and full servers


@pytest.mark.parametrize("denied", ["posix-rename,fsync", "fsync", "posix-rename"])
def test_a_server_without_extensions_is_served_as_well(denied):
    with running_sshd(["poor"], denied) as sshd:
        (partner,) = sshd.partners
        server = sshd.connect(partner)
        place = server.place(f"{partner.remote}/InBox")
        place.stage({temporary_name("1"): b"one", temporary_name("2"): b"two", temporary_name("3"): b"three"})
        place.rename(temporary_name("1"), "a.xml")
        with pytest.raises(FileExistsError):
            place.rename(temporary_name("2"), "a.xml")
        assert (partner.boxes / "InBox" / "a.xml").read_bytes() == b"one"
        place.replace(temporary_name("2"), "a.xml")
        assert (partner.boxes / "InBox" / "a.xml").read_bytes() == b"two"
        server.close()


def test_a_server_that_refuses_the_rename_of_the_protocol(sshd):
    with running_sshd(["odd"], "rename") as odd:
        (partner,) = odd.partners
        server = odd.connect(partner)
        place = server.place(f"{partner.remote}/InBox")
        place.stage({temporary_name("1"): b"one"})
        place.rename(temporary_name("1"), "a.xml")
        assert names(partner.boxes / "InBox") == ["a.xml"]
        server.close()


def test_a_folder_we_may_not_write_is_told_as_such(sshd, partner):
    if not ROOT:
        (partner.boxes / "InBox").chmod(0o500)
    server = sshd.connect(partner)
    place = server.place(partner.remote or "/")
    target = place if ROOT else server.place(f"{partner.remote}/InBox")
    with pytest.raises(PermissionError):
        target.stage({temporary_name("1"): b"x"})
    (partner.boxes / "InBox").chmod(0o770)
    assert target.look() is not None, "the connection lives on"
    server.close()


def test_a_full_disk_leaves_nothing_behind():
    """A limit of file size stands for the disk: the server gets an error in the middle of a write either way."""
    with running_sshd(["full"], largest_kib=256) as full:
        (partner,) = full.partners
        server = full.connect(partner)
        place = server.place(f"{partner.remote}/InBox")
        with pytest.raises(OSError) as raised:
            place.stage({temporary_name("1"): b"fits", temporary_name("2"): os.urandom(1 << 20)})
        assert "拒绝" in cause_zh(raised.value)
        assert names(partner.boxes / "InBox") == []
        place.stage({temporary_name("3"): b"fits"})
        server.close()


# ---- what `edi sftp-config` makes


def test_an_account_sees_its_own_boxes_and_nothing_else(sshd, partner, tmp_path):
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    by_openssh(
        sshd,
        partner,
        [
            f"put {tmp_path / 'a.xml'} {partner.remote}/OutBox/.a",
            f"rename {partner.remote}/OutBox/.a {partner.remote}/OutBox/a.xml",
        ],
    )
    assert (partner.boxes / "OutBox" / "a.xml").read_bytes() == b"<a/>"
    if ROOT:
        for forbidden in (
            "get /etc/passwd",
            "get ../../../etc/passwd",
            "ln -s /etc/passwd OutBox/link.xml",
            "put /etc/hostname x",
        ):
            with pytest.raises(subprocess.CalledProcessError):
                by_openssh(sshd, partner, [forbidden])
        assert sorted(one.name for one in partner.boxes.iterdir()) == ["FailBox", "InBox", "OutBox", "SentBox"]


if ROOT:  # else there are no accounts; the summary of the run says so

    def test_an_account_has_no_shell_and_no_forwarding(sshd, partner):
        base = [
            "ssh", "-i", partner.key, "-p", str(sshd.port), "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
            "-o", "UserKnownHostsFile=/dev/null", f"{partner.user}@127.0.0.1",
        ]  # fmt: skip
        said = subprocess.run(
            [*base, "id"], capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL
        )
        assert "uid=" not in said.stdout
        said = subprocess.run(
            [*base[:-1], "-W", f"127.0.0.1:{sshd.port}", base[-1]], capture_output=True, text=True, timeout=10, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert "SSH-2.0" not in said.stdout
        assert said.returncode
