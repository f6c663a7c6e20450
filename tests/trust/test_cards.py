"""Cards through the whole gateway: lost and released, lists missing and late, all kinds of keys in one channel."""

import errno
import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree

from edi.adapters.config import load_config
from edi.adapters.keys import load_signing_key
from edi.adapters.pki import Authority, Issued, KeyKind
from edi.app.composition import open_app, open_card_authority
from edi.app.service import run_once
from edi.checks.parse import parse
from edi.core.identity import Medium
from edi.errors import TryLater, UserError
from edi.messages.dsig import sign_message
from tests.trust.parties import EPORT, HOLDER, TRADER, authority, eport_signed, rsa_sha1_signed, signer
from tools.filings import filings

OPERATOR = "8800010000002"
"""Card number of the operator of channel `demo`."""


@pytest.fixture
def ours(workspace):
    """Filings signed by the operator's card, each another."""
    return filings(workspace.home, 6, "CARDS")


def drop(workspace, filing):
    return workspace.put(filing.data, filing.name)


def answer(workspace, name):
    (file,) = workspace.box("InBox", f"[SF]*ed_{name.removesuffix('.xml')}_2*")
    root = etree.parse(file)
    return file.name.partition("_")[0], root.xpath("//*[local-name()='finding']/*[local-name()='zh']/text()")


def events(workspace, kind):
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        rows = ledger.execute("select detail from events where kind = ? order by seq", (kind,))
        return [json.loads(detail) for (detail,) in rows]


def trust_on_record(workspace):
    """Of the messages that were accepted."""
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        return [json.loads(signer)["trust"] for (signer,) in ledger.execute("select signer from messages")]


def test_a_card_reported_lost_between_two_filings(workspace, ours):
    """挂失: the first stands, the second is refused with the reason; after 解挂 the next is taken."""
    first, second, third, fourth = (next(ours) for _ in range(4))
    drop(workspace, first)
    workspace.run()
    workspace.edi("card", "authority", "report-lost", OPERATOR)
    drop(workspace, second)
    workspace.run()
    workspace.edi("card", "authority", "release", OPERATOR)
    drop(workspace, third)
    workspace.run()
    workspace.edi("card", "authority", "cancel", OPERATOR)
    drop(workspace, fourth)
    workspace.run()
    assert {one["file"]: one["status"] for one in workspace.status()} == {
        first.name: "APPROVED", third.name: "APPROVED",
    }  # fmt: skip
    kind, (told,) = answer(workspace, second.name)
    assert kind == "Failed"
    assert "挂失或冻结" in told
    assert "已被注销" in answer(workspace, fourth.name)[1][0]


def test_the_lists_change_while_the_gateway_runs(workspace, ours):
    first, second = next(ours), next(ours)
    with open_app(workspace.home) as app:
        drop(workspace, first)
        run_once(app)
        workspace.edi("card", "authority", "freeze", OPERATOR)
        drop(workspace, second)
        run_once(app)
    assert answer(workspace, first.name)[0] == "Successed"
    assert answer(workspace, second.name)[0] == "Failed"


def test_the_ledger_keeps_what_was_known(workspace, ours):
    accepted, refused = next(ours), next(ours)
    drop(workspace, accepted)
    workspace.run()
    workspace.edi("card", "authority", "report-lost", OPERATOR)
    drop(workspace, refused)
    workspace.run()
    certificate = x509.load_pem_x509_certificate((workspace.home / "pki" / "operator.pem").read_bytes())
    (good,) = trust_on_record(workspace)
    (bad,) = [one["trust"] for one in events(workspace, "refused")]
    for record in (good, bad):
        assert record["fingerprint"] == certificate.fingerprint(hashes.SHA256()).hex()
        assert record["serial"] == f"{certificate.serial_number:x}"
        assert record["issuer"] == certificate.issuer.rfc4514_string()
        assert record["crl_this_update"] < record["at"]
    assert (good["verdict"], good["crl_number"]) == ("trusted", "1")
    assert (bad["verdict"], bad["crl_number"]) == ("on hold", "2")


# ---- our outages --------------------------------------------------------------------------------


def lists_of(workspace):
    """The list of the authority that `edi init` made."""
    (found,) = (file for file in (workspace.home / "pki" / "crl").iterdir() if file.name != "new.crl")
    return found


def publish_stale(workspace):
    """A list that ran out an hour ago."""
    config = load_config(workspace.home / "config.toml")
    ago = datetime.now(UTC) - timedelta(hours=2)
    with open_card_authority(workspace.home, config, lambda: ago) as cards:
        cards.publish(timedelta(hours=1))


@pytest.mark.parametrize("outage", ["missing", "stale"])
def test_without_a_list_filings_are_held_told_and_taken_later(workspace, ours, outage):
    """Never a refusal; and those of another authority go on."""
    held, other = next(ours), next(ours)
    new = authority(KeyKind.SM2, "示例新机构")
    add_authority(workspace, new)
    if outage == "missing":
        lists_of(workspace).unlink()
    else:
        publish_stale(workspace)
    drop(workspace, held)
    workspace.put(sign_message(parse(other.data), signer(new, KeyKind.SM2, medium=Medium.OPERATOR_CARD)), other.name)
    with pytest.raises(TryLater, match="演示发证机构"):
        workspace.run()
    assert [one["file"] for one in workspace.status()] == [other.name]
    assert workspace.box("FailBox") == []
    assert json.loads(workspace.edi("status", "--balance", "--json"))["inHand"] == 1
    (alarm,) = json.loads(workspace.edi("status", "--held", "--json"))["alarms"]
    assert "CRL" in alarm["zh"]
    with pytest.raises(TryLater):
        workspace.run()
    workspace.edi("card", "authority", "publish-crl")
    workspace.run()
    assert {one["file"]: one["status"] for one in workspace.status()} == {
        held.name: "APPROVED", other.name: "APPROVED",
    }  # fmt: skip
    assert len(events(workspace, "alarm_crl")) == 1, "told once, not at every try"
    assert json.loads(workspace.edi("status", "--held", "--json"))["alarms"] == []


def test_a_held_file_is_judged_for_the_moment_it_came(workspace, ours, monkeypatch):
    """A certificate that runs out while the list is missing does not make a refusal of our outage."""
    monkeypatch.setattr("edi.gateway.intake.AGAIN_SECONDS", 0.0)
    filing = next(ours)
    certificate = x509.load_pem_x509_certificate((workspace.home / "pki" / "operator.pem").read_bytes())
    moments = [certificate.not_valid_after_utc - timedelta(minutes=1)]
    file = lists_of(workspace)
    data = file.read_bytes()
    file.unlink()
    drop(workspace, filing)
    with open_app(workspace.home, clock=lambda: moments[-1]) as app:
        with pytest.raises(TryLater):
            run_once(app)
        moments.append(certificate.not_valid_after_utc + timedelta(minutes=1))
        file.write_bytes(data)
        app.pipeline.round()
    assert answer(workspace, filing.name)[0] == "Successed"


@pytest.mark.parametrize("batch", [3, 200], ids=["many batches", "in worker processes"])
def test_many_held_files_let_the_others_pass(workspace, batch):
    """However many files wait for a list, those of another authority are not behind them."""
    configure(workspace, "batch = 200 ", f"batch = {batch} ")
    lists_of(workspace).unlink()
    new = authority(name="示例新机构")
    add_authority(workspace, new)
    card = signer(new, medium=Medium.OPERATOR_CARD)
    for number, one in enumerate(filings(workspace.home, 24, "MANY")):
        workspace.put(one.data if number < 20 else sign_message(parse(one.data), card), one.name)
    for _ in range(2):
        with pytest.raises(TryLater):
            workspace.run()
        assert len(workspace.status()) == 4
    workspace.edi("card", "authority", "publish-crl")
    workspace.run()
    assert len(workspace.status()) == 24


def test_a_channel_full_of_waiting_files_leaves_the_rest_in_its_outbox(workspace, monkeypatch):
    monkeypatch.setattr("edi.gateway.intake.MOST_HELD", 2)
    configure(workspace, "batch = 200 ", "batch = 2 ")
    monkeypatch.setattr("edi.app.service.PATIENCE_SECONDS", 0.1)
    lists_of(workspace).unlink()
    for one in filings(workspace.home, 6, "FULL"):
        drop(workspace, one)
    with pytest.raises(TryLater, match="演示发证机构"):
        workspace.run()
    assert len(list((workspace.home / "inbox" / "demo").glob("*.xml"))) == 4
    workspace.edi("card", "authority", "publish-crl")
    workspace.run()
    assert len(workspace.status()) == 6


# ---- populations --------------------------------------------------------------------------------


def fresh_list(issuer, number=1):
    now = datetime.now(UTC)
    return issuer.revocation_list({}, number, now - timedelta(minutes=1), now + timedelta(days=1))


def add_authority(workspace, issuer):
    pki = workspace.home / "pki"
    Issued(issuer.root.key, issuer.root.certificate).save(pki / "new")
    configure(workspace, 'authorities = ["pki/ca.pem"]', 'authorities = ["pki/ca.pem", "pki/new.pem"]')
    (pki / "crl" / "new.crl").write_bytes(fresh_list(issuer))


def configure(workspace, old, new):
    config = workspace.home / "config.toml"
    text = config.read_text("utf-8")
    assert old in text
    config.write_text(text.replace(old, new, 1), "utf-8")


def test_rsa_p256_and_sm2_cards_of_two_authorities_in_one_channel(workspace, ours):
    """Cards from the command line and of an SM2 authority, beside the RSA card the samples are signed with."""
    add_authority(workspace, authority(KeyKind.SM2, "示例新机构"))
    pki = workspace.home / "pki"
    sm2 = load_signing_key(pki / "new.key", pki / "new.pem")
    new = Authority(Issued(sm2.key, sm2.certificate))
    cards = [signer(new, KeyKind.SM2, medium=Medium.OPERATOR_CARD), signer(new, medium=Medium.OPERATOR_CARD)]
    for number, kind in enumerate(KeyKind):
        words = ["--medium", "operator", "--uscc", TRADER, "--organisation", HOLDER.organisation, "--person", "张示例"]
        made = pki / kind.value
        workspace.edi(
            "card", "authority", "issue", f"890000000010{number}", *words, "--key", kind.value, "-o", str(made)
        )
        cards.append(load_signing_key(pki / f"{kind.value}.key", pki / f"{kind.value}.pem"))
    for card, filing in zip(cards, ours, strict=False):
        workspace.put(sign_message(parse(filing.data), card), filing.name)
    workspace.run()
    assert [one["status"] for one in workspace.status()] == ["APPROVED"] * len(cards)


@pytest.mark.parametrize("opted", [True, False])
def test_eport_keys_and_rsa_sha1_through_the_gateway(workspace, ours, opted):
    new = authority(KeyKind.SM2, "示例新机构")
    add_authority(workspace, new)
    configure(workspace, "[trust.media]", '[trust.media]\n"1.3.6.1.4.1.5315.100.5.3=01" = "OPERATOR_CARD"\n#')
    if opted:
        configure(workspace, "signatures = []", 'signatures = ["rsa-sha1", "eport-key"]')
    eport, old = next(ours), next(ours)
    workspace.put(eport_signed(parse(eport.data), signer(new, KeyKind.SM2, EPORT)), eport.name)
    pki = workspace.home / "pki"
    key = load_signing_key(pki / "operator.key", pki / "operator.pem")
    by_rsa = rsa_sha1_signed(parse(old.data), key)
    workspace.put(by_rsa, old.name)
    workspace.run()
    assert {one["file"]: one["status"] for one in workspace.status()} == (
        {eport.name: "APPROVED", old.name: "APPROVED"} if opted else {}
    )
    if not opted:
        assert answer(workspace, eport.name)[0] == answer(workspace, old.name)[0] == "Failed"


def test_eport_keys_need_the_enterprises_of_their_channel(workspace):
    configure(workspace, "signatures = []", 'signatures = ["eport-key"]')
    configure(workspace, f'enterprises = ["{TRADER}"]', "enterprises = []")
    with pytest.raises(UserError) as raised:
        workspace.run()
    assert any("channels.demo.enterprises" in one for one in raised.value.problems)


# ---- the authority ------------------------------------------------------------------------------


def test_a_card_is_extended_and_its_hold_covers_all_its_certificates(workspace, ours):
    pki = workspace.home / "pki"
    workspace.edi("card", "authority", "extend", OPERATOR, "--days", "2000", "-o", str(pki / "longer.pem"))
    longer = load_signing_key(pki / "operator.key", pki / "longer.pem")
    first, second, third = next(ours), next(ours), next(ours)
    workspace.put(sign_message(parse(first.data), longer), first.name)
    workspace.run()
    workspace.edi("card", "authority", "report-lost", OPERATOR)
    workspace.put(sign_message(parse(second.data), longer), second.name)
    drop(workspace, third)
    workspace.run()
    assert [answer(workspace, one.name)[0] for one in (first, second, third)] == ["Successed", "Failed", "Failed"]


def test_a_card_goes_from_state_to_state_and_never_back_from_cancelled(workspace):
    def state():
        listed = json.loads(workspace.edi("card", "authority", "list", "--json"))
        return next(one["state"] for one in listed if one["cardNo"] == OPERATOR)

    seen = [state()]
    for command in ("report-lost", "release", "freeze", "release", "freeze", "cancel"):
        workspace.edi("card", "authority", command, OPERATOR)
        seen.append(state())
    assert seen == ["VALID", "LOST", "VALID", "FROZEN", "VALID", "FROZEN", "CANCELLED"]
    for command in ("report-lost", "release", "freeze", "cancel"):
        with pytest.raises(UserError, match="注销"):
            workspace.edi("card", "authority", command, OPERATOR)
    with pytest.raises(UserError, match="没有卡号"):
        workspace.edi("card", "authority", "freeze", "nobody")


def test_a_card_whose_files_cannot_be_written_is_void(workspace, monkeypatch):
    def full(_self, stem):
        raise OSError(errno.ENOSPC, "no room", str(stem))

    monkeypatch.setattr(Issued, "save", full)
    words = ["--medium", "account", "--uscc", TRADER, "--organisation", HOLDER.organisation, "--person", "张示例"]
    with pytest.raises(UserError, match="磁盘已满"):
        workspace.edi("card", "authority", "issue", "8900000000200", *words, "-o", str(workspace.home / "pki" / "new"))
    listed = json.loads(workspace.edi("card", "authority", "list", "--json"))
    assert {one["cardNo"]: one["state"] for one in listed}["8900000000200"] == "CANCELLED"


def test_a_number_is_issued_once_and_files_are_not_overwritten(workspace):
    words = ["--medium", "account", "--uscc", TRADER, "--organisation", HOLDER.organisation, "--person", "张示例"]
    pki = workspace.home / "pki"
    with pytest.raises(UserError, match="已经发过"):
        workspace.edi("card", "authority", "issue", OPERATOR, *words, "-o", str(pki / "new"))
    before = (pki / "account.key").read_bytes()
    with pytest.raises(UserError, match="已存在"):
        workspace.edi("card", "authority", "issue", "8900000000200", *words, "-o", str(pki / "account"))
    assert (pki / "account.key").read_bytes() == before


def test_a_list_that_cannot_be_written_changes_nothing(workspace):
    lists = workspace.home / "pki" / "crl"
    aside = lists.rename(lists.with_name("aside"))
    lists.write_text("in the way")
    with pytest.raises(TryLater):
        workspace.edi("card", "authority", "report-lost", OPERATOR)
    lists.unlink()
    aside.rename(lists)
    listed = json.loads(workspace.edi("card", "authority", "list", "--json"))
    assert {one["state"] for one in listed} == {"VALID"}


def test_a_signature_that_does_not_fit_its_schema_is_refused_with_its_place(workspace):
    """Nothing of what was signed is touched: the Signature itself is judged by xmldsig.xsd."""
    sample = workspace.sample("02-TRADER.xml").read_bytes()
    elsewhere = b'<ds:RetrievalMethod URI="https://example.invalid/"/></ds:KeyInfo>'
    workspace.put(sample.replace(b"</ds:KeyInfo>", elsewhere), "odd.xml")
    workspace.run()
    (file,) = workspace.box("InBox", "Failed_odd_*")
    (finding,) = etree.parse(file).xpath("//*[local-name()='finding']")
    told = {etree.QName(part).localname: part.text for part in finding}
    assert told["code"] == "0002"
    assert told["path"].startswith("/QLF101Message/Signature/KeyInfo")
    assert int(told["line"]) > 1
