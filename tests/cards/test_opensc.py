"""OpenSC as an independent judge: its tools read the virtual card and sign with it; openssl verifies."""

import json
import subprocess

import pytest
from cryptography import x509

from tests.cards.conftest import PIN, READERS

CARDS = {"operator": "SHA256-RSA-PKCS", "legal-person": "ECDSA-SHA256"}
"""File stem of a key of the workspace → OpenSC's name for how it signs."""
SIGNATURE = "02"
"""OpenSC's ID for slot 9C."""


def run(*command, code=0):
    done = subprocess.run([str(one) for one in command], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(params=CARDS)
def holder(request, reader, home):
    reader.insert(home / "pki" / request.param)
    return request.param


def test_opensc_knows_the_card(holder, edi):
    assert b"Personal Identity Verification Card" in run("opensc-tool", "--reader", READERS[0], "--name")
    serial = run("piv-tool", "--reader", READERS[0], "--serial").decode().split("  ")[0]
    assert serial.replace(" ", "").lower().startswith(json.loads(edi("card", "info", "--json").out)["guid"])
    assert b"login required" in run("pkcs11-tool", "--list-slots")


def test_opensc_reads_the_certificate(holder, home, tmp_path):
    file = tmp_path / "read.der"
    run("pkcs11-tool", "--read-object", "--type", "cert", "--id", SIGNATURE, "--output-file", file)
    ours = x509.load_pem_x509_certificate((home / "pki" / f"{holder}.pem").read_bytes())
    assert x509.load_der_x509_certificate(file.read_bytes()) == ours


def test_opensc_signs_and_openssl_verifies(holder, home, tmp_path):
    text, signature, key = tmp_path / "text", tmp_path / "signature", tmp_path / "key.pem"
    text.write_bytes(b"to be signed")
    run("pkcs11-tool", "--login", "--pin", PIN, "--sign", "--id", SIGNATURE, "--mechanism", CARDS[holder],
        "--signature-format", "openssl", "--input-file", text, "--output-file", signature)  # fmt: skip
    key.write_bytes(run("openssl", "x509", "-in", home / "pki" / f"{holder}.pem", "-pubkey", "-noout"))
    run("openssl", "dgst", "-sha256", "-verify", key, "-signature", signature, text)
    text.write_bytes(b"something else")
    run("openssl", "dgst", "-sha256", "-verify", key, "-signature", signature, text, code=1)


def test_without_the_right_pin_opensc_gets_nothing(holder, tmp_path):
    (tmp_path / "text").write_bytes(b"to be signed")
    run("pkcs11-tool", "--login", "--pin", "00000000", "--sign", "--id", SIGNATURE, "--mechanism", CARDS[holder],
        "--input-file", tmp_path / "text", "--output-file", tmp_path / "signature", code=1)  # fmt: skip
    assert not (tmp_path / "signature").exists()
