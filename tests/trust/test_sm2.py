"""SM2 with SM3 beside an independent judge: what the openssl command line makes we accept, and the other way round."""

import subprocess
import sys
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from edi.adapters.keys import load_certificates, load_signing_key
from edi.adapters.pki import Issued, KeyKind
from edi.checks.parse import parse
from edi.checks.signature import Refused, Signed, verify
from edi.checks.trust import TrustPolicy
from edi.errors import UserError
from edi.messages.algorithms import SM2_SM3, SM3, digest
from edi.messages.canonical import C14n, canonical_document, canonical_subtree
from edi.messages.dsig import ds, sign_message
from edi.messages.sm2 import Sm2PrivateKey
from tests.trust.parties import MEDIA, NOW, authority, bare, pem, policy, signer

DISTID = "distid:1234567812345678"
SM2_OPTIONS = ["-rawin", "-digest", "sm3", "-pkeyopt", DISTID]


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)


def made_by_openssl(*words):
    done = openssl(*words)
    assert done.returncode == 0, done.stderr


def as_der(raw):
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


@pytest.fixture
def message(workspace):
    return parse(workspace.sample("02-TRADER.xml").read_bytes())


def test_the_digest_is_that_of_openssl(tmp_path):
    (tmp_path / "data").write_bytes("海关".encode())
    said = openssl("dgst", "-sm3", tmp_path / "data").stdout
    assert digest(SM3, "海关".encode()).hex() in said


def test_what_we_sign_openssl_verifies(tmp_path, message):
    """The signature value over the canonical SignedInfo, turned from r‖s into DER."""
    key = signer(authority(), KeyKind.SM2)
    root = parse(sign_message(message, key))
    info = root.find(f"{ds('Signature')}/{ds('SignedInfo')}")
    assert info.find(ds("SignatureMethod")).get("Algorithm") == SM2_SM3
    (tmp_path / "data").write_bytes(canonical_subtree(info, C14n.INCLUSIVE))
    raw = b64decode(root.findtext(f".//{ds('SignatureValue')}"))
    assert len(raw) == 64
    (tmp_path / "value").write_bytes(as_der(raw))
    Issued(key.key, key.certificate).save(tmp_path / "card")
    made_by_openssl("x509", "-in", tmp_path / "card.pem", "-pubkey", "-noout", "-out", tmp_path / "pub")
    verified = ["pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "pub", "-in", tmp_path / "data", *SM2_OPTIONS]
    assert openssl(*verified, "-sigfile", tmp_path / "value").returncode == 0
    (tmp_path / "data").write_bytes(b"other data")
    assert openssl(*verified, "-sigfile", tmp_path / "value").returncode != 0


def test_what_openssl_signs_we_verify(tmp_path):
    made_by_openssl("genpkey", "-algorithm", "SM2", "-out", tmp_path / "key")
    (tmp_path / "data").write_bytes(b"some data")
    value = tmp_path / "value"
    made_by_openssl(
        "pkeyutl", "-sign", "-inkey", tmp_path / "key", "-in", tmp_path / "data", *SM2_OPTIONS, "-out", value
    )
    key = Sm2PrivateKey.from_pem((tmp_path / "key").read_bytes(), None).public_key()
    assert key.holds_der(value.read_bytes(), b"some data")
    assert not key.holds_der(value.read_bytes(), b"other data")


def test_our_sm2_chains_are_verified_by_openssl(tmp_path):
    """Link by link: openssl takes the user id for the certificate in question only, not for those above it."""
    root = authority(KeyKind.SM2)
    middle = root.subordinate("示例中间机构", NOW, KeyKind.SM2.generate())
    leaf = signer(middle, KeyKind.SM2)
    Issued(leaf.key, leaf.certificate).save(tmp_path / "leaf")
    for name, one in (("root", root), ("middle", middle), ("stranger", authority(KeyKind.SM2))):
        (tmp_path / f"{name}.pem").write_bytes(pem(one))

    def judged(certificate, issuer):
        words = ["verify", "-partial_chain", "-vfyopt", DISTID, "-CAfile", tmp_path / f"{issuer}.pem"]
        return openssl(*words, tmp_path / f"{certificate}.pem").returncode == 0

    assert judged("leaf", "middle")
    assert judged("middle", "root")
    assert not judged("middle", "stranger")


def test_sm2_chains_of_openssl_are_believed(tmp_path, message):
    """Authority, certificate and key all made by openssl; we sign with them and believe them."""
    here = {name: tmp_path / name for name in ("ca.key", "ca.pem", "card.key", "card.csr", "card.pem", "card.ext")}
    sign = ["-sm3", "-sigopt", DISTID]
    for key in ("ca.key", "card.key"):
        made_by_openssl("genpkey", "-algorithm", "SM2", "-out", here[key])
    made_by_openssl(
        "req", "-x509", "-new", "-key", here["ca.key"], *sign, "-subj", "/O=Example CA", "-days", "30",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", here["ca.pem"],
    )  # fmt: skip
    subject = "/O=Example/organizationIdentifier=91110105XX489884X9/CN=Zhang/serialNumber=8900000000001"
    made_by_openssl("req", "-new", "-key", here["card.key"], *sign, "-subj", subject, "-out", here["card.csr"])
    policy_oid = next(iter(MEDIA))
    here["card.ext"].write_text(f"keyUsage=critical,digitalSignature\ncertificatePolicies={policy_oid}\n")
    made_by_openssl(
        "x509", "-req", "-in", here["card.csr"], "-CA", here["ca.pem"], "-CAkey", here["ca.key"], "-CAcreateserial",
        *sign, "-vfyopt", DISTID, "-days", "30", "-extfile", here["card.ext"], "-out", here["card.pem"],
    )  # fmt: skip
    signed = sign_message(bare(message), load_signing_key(here["card.key"], here["card.pem"]))
    believed = TrustPolicy(load_certificates(here["ca.pem"]), MEDIA)
    verdict = verify(parse(signed), believed, datetime.now(UTC))
    assert isinstance(verdict, Signed), verdict
    assert verdict.signer.card_no == "8900000000001"


def test_an_sm2_signature_of_another_form_or_key_is_refused(message):
    ca = authority(KeyKind.SM2)
    key, other = signer(ca, KeyKind.SM2), signer(ca, KeyKind.SM2)
    good = parse(sign_message(message, key))
    value = good.find(f".//{ds('SignatureValue')}")
    raw = b64decode(value.text)
    canonical = canonical_document(good, C14n.INCLUSIVE)
    forged = replace(key, key=other.key)
    bad = {"der": as_der(raw), "zero": bytes(64), "short": raw[:-1], "swapped": raw[32:] + raw[:32]}
    for name, octets in bad.items():
        root = etree.fromstring(canonical)
        root.find(f".//{ds('SignatureValue')}").text = b64encode(octets).decode()
        verdict = verify(root, policy(ca), NOW)
        assert isinstance(verdict, Refused), name
        assert verdict.finding.code == "1001", name
    verdict = verify(parse(sign_message(bare(message), forged)), policy(ca), NOW)
    assert isinstance(verdict, Refused)


def test_keys_and_certificates_that_do_not_belong_together_are_told(tmp_path):
    ca = authority(KeyKind.SM2)
    one, two = signer(ca, KeyKind.SM2), signer(ca, KeyKind.SM2)
    Issued(one.key, two.certificate).save(tmp_path / "mixed")
    with pytest.raises(UserError, match="不是一对"):
        load_signing_key(tmp_path / "mixed.key", tmp_path / "mixed.pem")


def test_a_passphrase_of_an_sm2_key_is_asked_for(tmp_path):
    key = signer(authority(KeyKind.SM2), KeyKind.SM2)
    Issued(key.key, key.certificate).save(tmp_path / "card")
    locked = tmp_path / "locked.key"
    made_by_openssl("pkcs8", "-topk8", "-in", tmp_path / "card.key", "-passout", "pass:secret", "-out", locked)
    assert load_signing_key(locked, tmp_path / "card.pem", b"secret").algorithm == SM2_SM3
    for wrong, told in ((None, "有口令"), (b"guess", "不正确")):
        with pytest.raises(UserError, match=told):
            load_signing_key(locked, tmp_path / "card.pem", wrong)


@pytest.fixture
def without_sm2(monkeypatch):
    """As if the extra had not been installed."""
    monkeypatch.setitem(sys.modules, "tongsuopy.crypto", None)


def test_without_the_library_all_else_works_and_sm2_is_told(workspace, tmp_path, request):
    key = signer(authority(), KeyKind.SM2)
    Issued(key.key, key.certificate).save(tmp_path / "card")
    workspace.put(sign_message(parse(workspace.sample("02-TRADER.xml").read_bytes()), key), "sm2.xml")
    request.getfixturevalue("without_sm2")
    with pytest.raises(UserError, match=r"customs-edi\[sm\]"):
        load_signing_key(tmp_path / "card.key", tmp_path / "card.pem")
    workspace.drop(workspace.sample("01-BROKER.xml"))
    workspace.run()
    assert {one["file"]: one["status"] for one in workspace.status()} == {"01-BROKER.xml": "APPROVED"}
    (answer,) = workspace.box("InBox", "Failed_sm2_*")
    assert "国密" in answer.read_text("utf-8")


def test_without_the_library_an_sm2_authority_is_a_mistake_of_configuration(workspace, request):
    ca = authority(KeyKind.SM2)
    (workspace.home / "pki" / "ca.pem").write_bytes(pem(ca))
    request.getfixturevalue("without_sm2")
    with pytest.raises(UserError, match=r"customs-edi\[sm\]"):
        workspace.run()
