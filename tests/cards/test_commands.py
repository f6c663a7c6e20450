"""`edi card …` and `edi sign --card` as a person meets them, through pcscd."""

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from edi.adapters.pki import Authority, Holder
from tests.cards.conftest import PIN, PUK, READERS

WRONG = "11111111"


@pytest.fixture(params=["operator", "legal-person"])
def holder(request, reader, home):
    """Both kinds of key: operators have RSA cards, legal persons P-256."""
    reader.insert(home / "pki" / request.param)
    return request.param


@pytest.fixture
def operator(reader, home):
    reader.insert(home / "pki" / "operator")


def tries(edi):
    return json.loads(edi("card", "info", "--json").out)["pinTriesLeft"]


def block(edi, monkeypatch, home, times=3):
    monkeypatch.setenv("EDI_CARD_PIN", WRONG)
    for _ in range(times):
        edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml")
    monkeypatch.setenv("EDI_CARD_PIN", PIN)


def test_readers_and_cards_are_listed(edi, reader, home):
    reader.insert(home / "pki/operator", slot=1)
    first, second = json.loads(edi("card", "list", "--json").out)
    assert (first["reader"], first["card"], first["cardNo"]) == (READERS[0], False, "")
    assert (second["reader"], second["card"], second["cardNo"]) == (READERS[1], True, "8800010000002")
    assert "无卡" in edi("card", "list").out


def test_a_card_tells_of_itself(edi, holder):
    told = json.loads(edi("card", "info", "--json").out)
    assert told["pinTriesLeft"] == 3
    assert told["certificates"]["9C"]["key"] == {"operator": "RSA-2048", "legal-person": "EC"}[holder]
    assert told["certificates"]["9C"]["uscc"]
    assert "tries left: 3" in edi("card", "info").out


@pytest.mark.parametrize("command", [("sign", "--card"), ("card", "sign")])
def test_what_a_card_signs_is_good_to_us_and_to_xmlsec1(edi, holder, home, pin, command):
    source, target = home / "samples/02-TRADER.xml", home / "signed.xml"
    assert edi(*command, source, "-o", target).code == 0
    assert target.read_bytes() != source.read_bytes()
    assert edi("verify", target, "--ca", home / "pki/ca.pem").code == 0
    subprocess.run(
        ["xmlsec1", "--verify", "--trusted-pem", home / "pki/ca.pem", target], check=True, capture_output=True
    )


def test_the_pin_comes_from_the_keyring_by_the_number_of_the_card(edi, operator, home, monkeypatch):
    """The keyring is no dependency of ours: here a module of that name stands for it."""

    class Keyring:
        class errors:  # noqa: N801 - as the real one has it
            KeyringError = RuntimeError

        @staticmethod
        def get_password(service, name):
            return {("customs-edi", "8800010000002"): PIN}.get((service, name))

    monkeypatch.setitem(sys.modules, "keyring", Keyring)
    assert edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml").code == 0


def test_a_person_at_a_terminal_is_asked_and_nothing_is_shown(operator, home):
    command = [sys.executable, "-m", "edi", "card", "sign", str(home / "samples/01-BROKER.xml"), "-o", "signed.xml"]
    child, terminal = pty.fork()
    if not child:
        os.chdir(home)
        os.execv(command[0], command)
    seen = b""
    while b"PIN" not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, f"{PIN}\n".encode())
    while b"next" not in seen:
        seen += os.read(terminal, 1000)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)
    assert PIN.encode() not in seen


def test_a_pipe_is_not_asked(edi, operator, home):
    said = edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml")
    assert said.code == 2
    assert "EDI_CARD_PIN" in said.err


def test_a_wrong_pin_is_shown_once_and_the_tries_are_told(edi, operator, home, monkeypatch):
    monkeypatch.setenv("EDI_CARD_PIN", WRONG)
    said = edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml")
    assert (said.code, "还可尝试 2 次" in said.err, WRONG in said.err) == (2, True, False)
    assert not (home / "signed.xml").exists()
    assert tries(edi) == 2


def test_a_blocked_card_is_unblocked_by_its_puk(edi, operator, home, monkeypatch):
    block(edi, monkeypatch, home)
    assert tries(edi) == 0
    said = edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml")
    assert said.code == 2
    assert "edi card unlock" in said.err
    monkeypatch.setenv("EDI_CARD_PUK", "22222222")
    monkeypatch.setenv("EDI_CARD_NEW_PIN", "55667788")
    assert "PUK 不正确，还可尝试 2 次" in edi("card", "unlock").err
    monkeypatch.setenv("EDI_CARD_PUK", PUK)
    assert edi("card", "unlock").code == 0
    assert tries(edi) == 3
    monkeypatch.setenv("EDI_CARD_PIN", "55667788")
    assert edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml").code == 0


def test_a_puk_can_be_blocked_too(edi, operator, monkeypatch):
    monkeypatch.setenv("EDI_CARD_PUK", "22222222")
    monkeypatch.setenv("EDI_CARD_NEW_PIN", "55667788")
    said = [edi("card", "unlock") for _ in range(4)][-1]
    assert said.code == 2
    assert "发卡机构" in said.err


def test_a_pin_is_changed(edi, operator, home, monkeypatch, pin):
    monkeypatch.setenv("EDI_CARD_NEW_PIN", "55667788")
    assert edi("card", "change-pin").code == 0
    assert edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml").code == 2
    monkeypatch.setenv("EDI_CARD_PIN", "55667788")
    assert edi("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml").code == 0


def test_what_is_out_of_reach_is_told_in_both_languages(edi, reader, pin, home):
    sign = ("sign", "--card", home / "samples/01-BROKER.xml", "-o", home / "signed.xml")
    said = edi(*sign)
    assert (said.code, "没有卡" in said.err, "no card" in said.err) == (75, True, True)
    said = edi(*sign, "--reader", "Reader of old")
    assert (said.code, "Reader of old" in said.err) == (75, True)
    reader.insert(home / "pki/operator")
    reader.insert(home / "pki/legal-person", slot=1)
    said = edi(*sign)
    assert (said.code, "--reader" in said.err) == (2, True)
    assert edi(*sign, "--reader", "00 01").code == 0


def test_an_empty_slot_is_told(edi, operator, home, pin):
    said = edi("sign", "--card", "--slot", "9a", home / "samples/01-BROKER.xml", "-o", home / "signed.xml")
    assert (said.code, "9A" in said.err) == (2, True)


def test_a_service_that_is_down_is_told(home, rig):
    environment = os.environ | {"PCSCLITE_CSOCK_NAME": "/nowhere/pcscd.comm"}
    command = [sys.executable, "-m", "edi", "card", "list"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 75
    assert "systemctl start pcscd" in said.stderr


def test_a_missing_library_is_told(edi, monkeypatch):
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    said = edi("card", "list")
    assert said.code == 2
    assert "pip install" in said.err


def test_a_file_or_a_card_but_not_both(edi, home):
    for words in ((), ("--card", "--key", home / "pki/operator.key"), ("--key", home / "pki/operator.key")):
        assert edi("sign", home / "samples/01-BROKER.xml", "-o", home / "signed.xml", *words).code == 2


def test_a_reader_that_is_not_there_cannot_take_the_virtual_card(edi, home):
    pair = ("--key", home / "pki/operator.key", "--cert", home / "pki/operator.pem")
    said = edi("card", "simulate", *pair, "--port", "1")
    assert said.code == 75
    assert "vsmartcard-vpcd" in said.err


def test_a_key_of_another_kind_makes_no_card(edi, home):
    pair = Authority.create("示例发证机构", datetime.now(UTC)).issue(
        Holder(organisation="示例贸易有限公司"), datetime.now(UTC), key=rsa.generate_private_key(65537, 3072)
    )
    pair.save(home / "pki/large")
    said = edi("card", "simulate", "--key", home / "pki/large.key", "--cert", home / "pki/large.pem")
    assert said.code == 2
    assert "RSA-2048" in said.err
