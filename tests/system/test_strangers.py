"""Whoever can write into an OutBox is a stranger: odd names, links, other people's drafts, broken certificates."""

import base64
import contextlib
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from edi.checks.parse import parse
from edi.errors import TryLater

CERTIFICATE = re.compile(rb"(<ds:X509Certificate>)[^<]*")


def codes(workspace, pattern="Failed_*"):
    return [
        code
        for file in workspace.box("InBox", pattern)
        for code in etree.parse(file).xpath("//*[local-name()='code']/text()")
    ]


def with_certificate(data: bytes, der: bytes) -> bytes:
    return CERTIFICATE.sub(lambda found: found[1] + base64.b64encode(der), data)


def self_signed(key, **extra) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    )  # fmt: skip


def odd_certificates(tmp_path):
    """Certificates that parse, but have something in them that a careless reader stumbles over."""
    key = ec.generate_private_key(ec.SECP256R1())
    good = self_signed(key).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    yield "version", good.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020108"), 1)
    yield "name", good.replace(b"stranger", b"strang\xff\xfe")
    yield "not-der", b"\x30\x03\x02\x01\x01"
    made = tmp_path / "sm2"
    for command in (
        ["genpkey", "-algorithm", "SM2", "-out", f"{made}.key"],
        ["req", "-x509", "-key", f"{made}.key", "-sm3", "-subj", "/CN=x", "-out", f"{made}.der", "-outform", "DER"],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    yield "sm2", made.with_suffix(".der").read_bytes()


def test_broken_and_unknown_certificates_are_refused_and_never_stop_the_run(workspace, tmp_path):
    trader = workspace.sample("02-TRADER.xml")
    certificates = dict(odd_certificates(tmp_path))
    for name, der in certificates.items():
        workspace.put(with_certificate(trader.read_bytes(), der), f"{name}.xml")
    workspace.drop(trader)
    workspace.run()
    for name in certificates:
        assert set(codes(workspace, f"Failed_{name}_*")) <= {"1001", "1999"}
        assert codes(workspace, f"Failed_{name}_*")
    assert [one["status"] for one in workspace.status()] == ["APPROVED"]


def test_a_relative_namespace_is_refused(workspace):
    workspace.put(
        workspace.sample("02-TRADER.xml")
        .read_bytes()
        .replace(b"<QLF101Message ", b'<QLF101Message xmlns:r="relative" '),
        "r.xml",
    )
    workspace.run()
    assert "1001" in codes(workspace) or "1004" in codes(workspace)


def test_names_in_gbk_are_read_as_such(workspace):
    def in_gbk(name: str) -> Path:
        return workspace.home / "inbox" / "demo" / os.fsdecode(name.encode("gbk"))

    in_gbk("申报.xml").write_bytes(workspace.sample("02-TRADER.xml").read_bytes())
    in_gbk("坏的.xml").write_bytes(b"<a/>")
    in_gbk("目录").mkdir()
    workspace.run()
    assert [one["file"] for one in workspace.status()] == ["申报.xml"]
    assert len(workspace.box("InBox", "Receipt_申报_*")) == 3
    assert [file.name for file in workspace.box("FailBox")] == ["坏的.xml"]


@pytest.mark.parametrize("where", ["claim", "claimed"])
def test_links_in_or_as_the_claimed_folder_lead_nowhere(workspace, tmp_path, where):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "secret.xml").write_text("top secret")
    claimed = workspace.home / "inbox" / "demo" / ".claimed"
    if where == "claim":
        (claimed / "abc-0123456789ab").symlink_to(secret)
    else:
        claimed.rmdir()
        claimed.symlink_to(secret)
    with pytest.raises(TryLater, match="demo") if where == "claimed" else contextlib.nullcontext():
        workspace.run()
    assert (secret / "secret.xml").read_text() == "top secret"
    assert workspace.box("FailBox") == []
    assert workspace.box("InBox") == []


def draft_of_demo(workspace, tmp_path):
    workspace.drop(workspace.sample("scenarios/draft.xml"))
    workspace.run()
    (one,) = workspace.status()
    assert one["status"] == "DRAFT"
    return one["guid"]


def test_nobody_deletes_anothers_draft(workspace, tmp_path):
    guid = draft_of_demo(workspace, tmp_path)
    root = parse(workspace.sample("scenarios/draft.xml").read_bytes())
    text = etree.tostring(root, encoding="UTF-8").replace(b"<appType>1<", b"<appType>3<")
    agent = next(iter(re.findall(rb'enterprises = \["([^"]+)"\]', (workspace.home / "config.toml").read_bytes())[1:]))
    text = re.sub(rb"<copCode>[^<]*", b"<copCode>" + agent, text)
    text = re.sub(rb"<agentUscc>[^<]*", b"<agentUscc>" + agent, text)
    source = tmp_path / "steal.xml"
    source.write_bytes(text)
    pki = workspace.home / "pki" / "agent"
    workspace.edi(
        "sign", str(source), "--key", str(pki / "operator.key"), "--cert", str(pki / "operator.pem"), "-o", str(source)
    )
    workspace.drop(source, channel="agent")
    workspace.run()
    (answer,) = workspace.box("InBox", "Failed_steal_*", "agent")
    assert b"QLF-130" in answer.read_bytes()
    assert workspace.show(guid)["status"] == "DRAFT"


def test_a_draft_is_saved_replaced_submitted_and_stays_so(workspace, tmp_path):
    pki = workspace.home / "pki"

    def variant(name, *changes):
        data = workspace.sample("scenarios/draft.xml").read_bytes()
        for old, new in changes:
            assert old in data
            data = data.replace(old, new)
        file = tmp_path / name
        file.write_bytes(data)
        key, cert = (str(pki / f"operator.{kind}") for kind in ("key", "pem"))
        workspace.edi("sign", str(file), "--key", key, "--cert", cert, "-o", str(file))
        return file

    def status_after(file):
        workspace.drop(file)
        workspace.run()
        return [one["status"] for one in workspace.status()]

    saved = variant("saved.xml")
    number = (b"<postcode>", b"<postcode>")
    assert status_after(saved) == ["DRAFT"]
    replaced = variant("replaced.xml", (b"<appType>1<", b"<appType>2<"), number)
    assert status_after(replaced) == ["DRAFT"]
    first = workspace.status()[0]["applicationNo"]
    assert status_after(saved) == ["DRAFT"], "an old draft that comes again changes nothing"
    assert workspace.status()[0]["file"] == "replaced.xml"
    submitted = variant("submitted.xml", (b"<appStatus>1<", b"<appStatus>2<"))
    assert status_after(submitted) == ["APPROVED"]
    assert workspace.status()[0]["applicationNo"] == first
    assert status_after(variant("late.xml", (b"<appType>1<", b"<appType>3<"))) == ["APPROVED"]
    assert "QLF-130" in codes(workspace, "Failed_late_*")


def test_a_deleted_draft_does_not_rise_again(workspace, tmp_path):
    draft_of_demo(workspace, tmp_path)
    data = workspace.sample("scenarios/draft.xml").read_bytes()
    gone = tmp_path / "gone.xml"
    gone.write_bytes(data.replace(b"<appType>1<", b"<appType>3<"))
    pki = workspace.home / "pki"
    workspace.edi(
        "sign", str(gone), "--key", str(pki / "operator.key"), "--cert", str(pki / "operator.pem"), "-o", str(gone)
    )
    workspace.drop(gone)
    workspace.run()
    assert workspace.status() == []
    workspace.drop(workspace.sample("scenarios/draft.xml"), "again.xml")
    workspace.run()
    assert workspace.status() == []
    assert len(workspace.box("InBox", "Successed_again_*")) == 1
