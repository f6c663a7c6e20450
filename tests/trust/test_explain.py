"""`edi verify --explain`: every step is told, and every usual mishap is recognised by trying it out."""

import base64
import codecs
import copy
import hashlib
import json
import re
import subprocess
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from edi.adapters.pki import Issued, KeyKind
from edi.checks import mismatch
from edi.checks.diagnosis import Bench, diagnose
from edi.checks.intact import Part
from edi.checks.parse import parse
from edi.checks.signature import Terms
from edi.errors import UserError
from edi.messages.algorithms import DS, METHODS, SM3, Extra, digest
from edi.messages.canonical import C14n, canonical_document, canonical_in_one_line, canonical_subtree, without
from edi.messages.certificate import TITLE
from edi.messages.dsig import ds, sign_message
from edi.messages.dxp import DXP
from tests.trust.parties import NOW, TRADER, authority, bare, eport_signed, pem, policy, rsa_sha1_signed, signer

CA = authority()
KEYS = {kind: signer(CA, kind) for kind in KeyKind}
XSI = "http://www.w3.org/2001/XMLSchema-instance"


@pytest.fixture
def root(template):
    """A message without signature, with a comment, a text of two lines and an empty element."""
    text = next((template / "samples").glob("**/02-TRADER.xml")).read_bytes()
    message = bare(parse(text))
    message.insert(0, etree.Comment("a comment"))
    next(message.iter("{*}addressEn")).text = "879 Example Road\nBeijing"
    next(message.iter("{*}fax")).text = None
    return etree.fromstring(etree.tostring(message))


def c14n(root, **options):
    return etree.tostring(root.getroottree(), method="c14n", with_comments=options.pop("comments", False), **options)


def changed(root, change):
    twin = copy.deepcopy(root)
    change(twin)
    return twin


def joined(root):
    for one in root.iter():
        one.text = one.text if not len(one) else None
        one.tail = None


def as_crlf(root):
    for one in root.iter():
        one.text = one.text and one.text.replace("\n", "\r\n")
        one.tail = one.tail and one.tail.replace("\n", "\r\n")


def within(root, declared):
    """The canonical bytes, inclusive, of a message within an element that declares more."""
    text = etree.tostring(root, encoding="unicode")
    return c14n(etree.fromstring(re.sub(r"^<[^\s>]+", rf"\g<0> {declared}", text)))


def sign(root, key, *, digested=None, signed=None, spelt=None, c14n_uri=C14n.INCLUSIVE.value, brought=()):
    """A message signed by hand: over `digested` bytes, the value over `signed`, written as `spelt` has it.

    `signed` gets the SignedInfo in its message; `brought` are the certificates that go with it.
    """
    method = METHODS[key.algorithm]
    hashed = digest(method.digest, canonical_document(root, C14n.INCLUSIVE)) if digested is None else digested
    certificates = "".join(
        f"<ds:X509Certificate>{b64(one.public_bytes(Encoding.DER))}</ds:X509Certificate>"
        for one in brought or [key.certificate]
    )
    skeleton = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{c14n_uri}"/>'
        f'<ds:SignatureMethod Algorithm="{key.algorithm}"/><ds:Reference URI=""><ds:Transforms><ds:Transform '
        f'Algorithm="{DS}enveloped-signature"/></ds:Transforms><ds:DigestMethod '
        f'Algorithm="{method.digest}"/><ds:DigestValue>{b64(hashed)}</ds:DigestValue></ds:Reference></ds:SignedInfo>'
        f"<ds:SignatureValue/><ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    root.append(etree.fromstring(skeleton))
    root = etree.fromstring(etree.tostring(root))
    info = root.find(f"{ds('Signature')}/{ds('SignedInfo')}")
    value = key.sign((signed or (lambda one: canonical_subtree(one, C14n(c14n_uri))))(info))
    root.find(f"{ds('Signature')}/{ds('SignatureValue')}").text = b64(spelt(value) if spelt else value)
    return etree.tostring(root, encoding="UTF-8")


def b64(data):
    return base64.b64encode(data).decode("ascii")


def sha256(data):
    return hashlib.sha256(data).digest()


def told(data, *, others=(), extras=()):
    bench = Bench(policy=policy(CA), at=NOW, terms=Terms(extras=extras, enterprises=(TRADER,)), certificates=others)
    return diagnose(parse(data), data, bench)


def causes(diagnosis):
    """Part → every explanation that was found, as names of mishaps."""
    return {
        one.part: ["+".join(each.name for each in held.mishaps) for held in one.tried.held]
        for one in diagnosis.mismatches
    }


CONTENT = {
    "indented-afterwards": lambda root: c14n(changed(root, joined)),
    "indented-by-two-spaces": lambda root: c14n(changed(root, lambda one: etree.indent(one, "  "))),
    "indented-by-four-spaces": lambda root: c14n(changed(root, lambda one: etree.indent(one, "    "))),
    "indented-by-tab": lambda root: c14n(changed(root, lambda one: etree.indent(one, "\t"))),
    "crlf-signed": lambda root: c14n(changed(root, as_crlf)),
    "exclusive-c14n": lambda root: c14n(root, exclusive=True),
    "comments-signed": lambda root: c14n(root, comments=True),
    "namespaces-lost": lambda root: within(root, f'xmlns:dxp="{DXP}"'),
    "gb18030-signed": lambda root: c14n(root).decode().encode("gb18030"),
    "utf16-signed": lambda root: c14n(root).decode().encode("utf-16-le"),
    "byte-order-mark-signed": lambda root: codecs.BOM_UTF8 + c14n(root),
    "part-signed": lambda root: c14n(etree.fromstring(etree.tostring(root.find("{*}QLF101"), with_tail=False))),
    "file-digested": lambda root: etree.tostring(root, encoding="UTF-8", xml_declaration=False),
}
"""What a signing program digests by mistake."""
SAME_BYTES = {"exclusive-c14n": ["namespaces-added"]}
"""Mishaps that cannot be told apart."""


@pytest.mark.parametrize("name", CONTENT)
def test_a_digest_over_something_else_is_recognised(root, name):
    if name == "exclusive-c14n":
        root = etree.fromstring(within(root, f'xmlns:x="{XSI}"'))
    octets = CONTENT[name](root)
    diagnosis = told(sign(root, KEYS[KeyKind.P256], digested=sha256(octets)))
    assert causes(diagnosis) == {Part.DIGEST: [name, *SAME_BYTES.get(name, ())]}
    assert diagnosis.mismatches[0].tried.held[0].octets == octets


def test_a_signature_that_was_not_taken_out_is_recognised(root):
    """The digest over the message with its signature, the two values still empty."""
    key = KEYS[KeyKind.P256]
    empty = etree.fromstring(sign(copy.deepcopy(root), key))
    for name in ("DigestValue", "SignatureValue"):
        next(empty.iter(ds(name))).text = None
    assert causes(told(sign(root, key, digested=sha256(c14n(empty))))) == {Part.DIGEST: ["signature-left-in"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sha1-used", lambda octets: hashlib.sha1(octets).digest()),
        ("sm3-used", lambda octets: digest(SM3, octets)),
        ("hexadecimal", lambda octets: hashlib.sha256(octets).hexdigest().encode()),
    ],
)
def test_another_hash_or_spelling_of_the_digest_is_recognised(root, name, value):
    assert causes(told(sign(root, KEYS[KeyKind.P256], digested=value(c14n(root))))) == {Part.DIGEST: [name]}


def test_text_that_was_recoded_after_signing_is_recognised(root):
    """UTF-8 saved by a program that took it for Latin-1: every Chinese sign became two or three others."""
    data = sign(root, KEYS[KeyKind.P256])
    ascii_only = data.decode().encode("ascii", "xmlcharrefreplace")
    spoilt = re.sub(rb"(?:&#\d+;)+", lambda found: misread(found[0]), ascii_only)
    assert causes(told(spoilt)) == {Part.DIGEST: ["latin1-signed"]}


def misread(references):
    text = "".join(chr(int(one)) for one in re.findall(rb"\d+", references))
    return text.encode().decode("latin-1").encode()


def test_namespaces_that_a_container_added_are_recognised(root):
    data = sign(root, KEYS[KeyKind.P256], signed=lambda info: canonical_subtree(info, C14n.INCLUSIVE))
    added = re.sub(rb"^<[^\s>]+", rb'\g<0> xmlns:soap="urn:example:soap"', data)
    assert causes(told(added)) == {
        Part.VALUE: ["namespaces-added"],
        Part.DIGEST: ["exclusive-c14n", "namespaces-added"],
    }


def test_indentation_after_signing_spoils_both_and_both_are_told(root):
    joined(root)
    root.remove(root[0])
    message = etree.fromstring(sign(root, KEYS[KeyKind.P256]))
    etree.indent(message)
    expected = {Part.VALUE: ["indented-afterwards"], Part.DIGEST: ["indented-afterwards"]}
    assert causes(told(etree.tostring(message))) == expected


SIGNED_INFO = {
    "indented-afterwards": canonical_in_one_line,
    "exclusive-c14n": lambda info: canonical_subtree(info, C14n.EXCLUSIVE),
    "hashed-twice": lambda info: sha256(canonical_subtree(info, C14n.INCLUSIVE)),
    "digest-signed": lambda info: base64.b64decode(info.findtext(f".//{ds('DigestValue')}")),
    "content-signed": lambda info: c14n(bare(etree.fromstring(etree.tostring(info.getroottree())))),
    "namespaces-lost": lambda info: canonical_subtree(info, C14n.INCLUSIVE).replace(
        b'xmldsig#">', f'xmldsig#" xmlns:dxp="{DXP}">'.encode(), 1
    ),
}
"""What a signing program signs by mistake."""


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("name", SIGNED_INFO)
def test_a_value_over_something_else_is_recognised(root, name, kind):
    data = sign(root, KEYS[kind], signed=SIGNED_INFO[name])
    if name == "indented-afterwards":
        data = re.sub(rb"(?<=>)(?=<ds:(?:SignatureMethod|Reference)|</ds:SignedInfo)", b"\n    ", data)
    assert causes(told(data)) == {Part.VALUE: [name, *SAME_BYTES.get(name, ())]}


def der(raw):
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


@pytest.mark.parametrize(
    ("name", "kind", "spelt"),
    [
        ("der-value", KeyKind.P256, der),
        ("der-value", KeyKind.SM2, der),
        ("reversed-value", KeyKind.RSA, lambda value: value[::-1]),
        ("hexadecimal", KeyKind.SM2, lambda value: value.hex().encode()),
    ],
)
def test_another_spelling_of_the_value_is_recognised(root, name, kind, spelt):
    assert causes(told(sign(root, KEYS[kind], spelt=spelt))) == {Part.VALUE: [name]}


def test_another_certificate_is_recognised_wherever_it_comes_from(root):
    key, other = KEYS[KeyKind.P256], signer(CA).certificate
    wrong = replace(key, certificate=other)
    data = sign(copy.deepcopy(root), wrong)
    assert causes(told(data)) == {Part.VALUE: []}
    (found,) = told(data, others=[other, key.certificate]).mismatches
    assert found.tried.held[0].certificate == key.certificate
    brought = told(sign(root, wrong, brought=[other, key.certificate]))
    assert causes(brought) == {Part.VALUE: ["other-certificate"]}


def test_sha1_behind_the_name_of_sha256_is_recognised(root):
    key = KEYS[KeyKind.RSA]
    data = sign(root, key)
    info = parse(data).find(f"{ds('Signature')}/{ds('SignedInfo')}")
    value = key.key.sign(canonical_subtree(info, C14n.INCLUSIVE), padding.PKCS1v15(), hashes.SHA1())
    spoilt = re.sub(rb"(?<=<ds:SignatureValue>)[^<]+", b64(value).encode(), data)
    assert causes(told(spoilt)) == {Part.VALUE: ["other-method"]}


@pytest.mark.parametrize(
    ("make", "kind", "extra"),
    [(rsa_sha1_signed, KeyKind.RSA, Extra.RSA_SHA1), (eport_signed, KeyKind.SM2, Extra.EPORT_KEY)],
)
def test_a_kind_that_needs_opting_in_is_recognised(root, make, kind, extra):
    data = make(root, KEYS[kind])
    assert causes(told(data)) == {Part.METHOD: ["not-opted-in"]}
    allowed = told(data, extras=[extra])
    assert allowed.mismatches == ()
    assert {one.name for one in allowed.steps if one.good} == {one.name for one in allowed.steps} - {"standing"}


def test_what_was_tampered_with_has_no_excuse(root):
    data = sign(root, KEYS[KeyKind.P256]).replace("北京市".encode(), "上海市".encode(), 1)
    (found,) = told(data).mismatches
    assert (found.part, found.tried.held, found.tried.complete) == (Part.DIGEST, (), True)
    assert found.tried.tries > 40


def test_a_big_message_is_not_tried_for_ever(root, monkeypatch):
    data = sign(root, KEYS[KeyKind.P256]).replace("北京市".encode(), "上海市".encode(), 1)
    monkeypatch.setattr(mismatch, "MOST_BYTES", 5 * len(data))
    (found,) = told(data).mismatches
    assert not found.tried.complete
    assert 1 <= found.tried.tries < 12


def test_nothing_that_was_done_to_a_message_makes_the_explanation_stumble(root):
    """A byte changed here and there, and a signature that itself cannot be canonicalised."""
    good = sign(root, KEYS[KeyKind.P256])
    relative = good.replace(b"<ds:KeyInfo>", b'<ds:KeyInfo xmlns:r="relative">').replace("北京市".encode(), b"", 1)
    assert causes(told(relative)) == {Part.DIGEST: []}
    explained = 0
    for place in range(0, len(good), len(good) // 150):
        altered = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        if not isinstance(parse(altered), list):
            explained += any(step.good is False for step in told(altered).steps)
    assert explained > 50


def test_steps_after_a_failure_are_not_made_up(root):
    data = sign(root, KEYS[KeyKind.P256]).replace(b"ecdsa-sha256", b"ecdsa-sha512")
    steps = {one.name: one.good for one in told(data).steps}
    assert steps["key name"] is True
    assert steps["method"] is False
    assert [steps[name] for name in ("value", "reference", "digest")] == [None] * 3
    assert steps["chain"] is True, "the certificate is judged all the same"


@pytest.fixture
def spoilt(workspace):
    """A filing of the workspace that was indented after signing."""
    file = workspace.home / "spoilt.xml"
    message = parse(workspace.sample("02-TRADER.xml").read_bytes())
    etree.indent(message, "    ")
    file.write_bytes(etree.tostring(message, encoding="UTF-8", xml_declaration=True))
    return file


def test_the_command_tells_steps_bytes_and_causes(workspace, spoilt):
    said = workspace.edi("verify", str(spoilt), "--explain", code=1)
    for words in (
        "✓ 签名算法允许使用 signature method is allowed",
        "✗ 签名值与 SignedInfo 和证书相符",
        "✗ 摘要与内容相符 digest fits the content",
        "签名时元素之间没有空白",
        "Lay it out before signing",
        "签名时各层以两个空格缩进",
        "first difference at byte",
        "吊销列表编号 list number: 1",
        "统一社会信用代码 USCC: 91110105XX489884X9",
    ):
        assert words in said
    assert "\\n\n" in said, "line ends are shown as such"


def test_the_command_tells_programs_and_writes_the_bytes(workspace, spoilt, tmp_path):
    folder = tmp_path / "bytes"
    words = ["verify", str(spoilt), "--explain", "--json", "--canonical", str(folder)]
    record = json.loads(workspace.edi(*words, code=1))["explanation"]
    named = {one["part"]: [cause["name"] for cause in one["held"][0]["causes"]] for one in record["mismatches"]}
    assert named == {"value": ["indented-afterwards"], "digest": ["indented-by-two-spaces"]}
    assert {one["name"] for one in record["steps"]} >= {"position", "value", "digest", "chain", "standing", "holder"}
    original = parse(workspace.sample("02-TRADER.xml").read_bytes())
    info = original.find(f"{ds('Signature')}/{ds('SignedInfo')}")
    assert (folder / "spoilt.value.as-signed.c14n").read_bytes() == canonical_subtree(info, C14n.INCLUSIVE)
    assert (folder / "spoilt.digest.as-signed.c14n").read_bytes() == c14n(bare(original))
    now = parse(spoilt.read_bytes())
    assert (folder / "spoilt.content.c14n").read_bytes() == c14n(without(now, now[-1]))


def test_a_key_of_the_workspace_that_signed_by_mistake_is_named(workspace, tmp_path):
    pki = workspace.home / "pki"
    text = workspace.sample("02-TRADER.xml").read_text()
    other = "".join((pki / "account.pem").read_text().splitlines()[1:-1])
    swapped = re.sub("<ds:X509Certificate>[^<]+", f"<ds:X509Certificate>{other}", text)
    file = tmp_path / "swapped.xml"
    file.write_text(re.sub("<ds:KeyName>[^<]+</ds:KeyName>", "", swapped))
    said = workspace.edi("verify", str(file), "--explain", code=1)
    assert "签名用的是另一张证书的密钥" in said
    assert "certificate of the signing key: 2.5.4.5=8800010000001" in said


def test_a_missing_list_is_told_and_not_held_against_the_sender(workspace):
    for file in (workspace.home / "pki" / "crl").iterdir():
        file.unlink()
    sample = str(workspace.sample("02-TRADER.xml"))
    said = workspace.edi("verify", sample, "--explain", code=75)
    assert "现在无法判断 cannot be told now" in said
    assert "没有该机构的吊销列表" in said
    record = json.loads(workspace.edi("verify", sample, "--explain", "--json", code=75))
    assert (record["good"], record["trust"]) == (False, "no revocation list")
    assert {one["name"]: one["good"] for one in record["explanation"]["steps"]}["standing"] is None


def test_kinds_beside_the_profile_are_judged_where_they_are_allowed(workspace, tmp_path):
    key = KEYS[KeyKind.RSA]
    file, ca = tmp_path / "old.xml", tmp_path / "ca.pem"
    file.write_bytes(rsa_sha1_signed(parse(workspace.sample("02-TRADER.xml").read_bytes()), key))
    ca.write_bytes(pem(CA))
    said = workspace.edi("verify", str(file), "--ca", str(ca), "--explain", code=1)
    assert "--allow" in said
    workspace.edi("verify", str(file), "--ca", str(ca), "--allow", "rsa-sha1")
    (workspace.home / "pki" / "ca.pem").write_bytes(pem(CA))
    config = workspace.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("signatures = []", 'signatures = ["rsa-sha1"]', 1), "utf-8")
    (workspace.home / "pki" / "crl" / "ca.crl").write_bytes(CA.revocation_list({}, 1, NOW, NOW.replace(year=2099)))
    workspace.edi("verify", str(file))


def test_explaining_is_for_messages(workspace, tmp_path):
    slip = tmp_path / "slip.txt"
    slip.write_text(TITLE, "utf-8")
    sample = workspace.sample("02-TRADER.xml")
    for words in (("verify", str(sample), "--canonical", str(tmp_path)), ("verify", str(slip), "--explain")):
        with pytest.raises(UserError, match="--explain"):
            workspace.edi(*words)


def test_the_bytes_that_are_written_are_those_that_openssl_verifies(workspace, tmp_path):
    """A good message's canonical bytes are written too: with them any tool can verify the value."""
    key = KEYS[KeyKind.P256]
    file = tmp_path / "good.xml"
    file.write_bytes(sign_message(bare(parse(workspace.sample("02-TRADER.xml").read_bytes())), key))
    (tmp_path / "ca.pem").write_bytes(pem(CA))
    Issued(key.key, key.certificate).save(tmp_path / "card")
    workspace.edi("verify", str(file), "--ca", str(tmp_path / "ca.pem"), "--explain", "--canonical", str(tmp_path))
    value = base64.b64decode(parse(file.read_bytes()).findtext(f".//{ds('SignatureValue')}"))
    (tmp_path / "value").write_bytes(der(value))
    made = ["openssl", "dgst", "-sha256", "-verify", tmp_path / "pub", "-signature", tmp_path / "value"]
    public = ["openssl", "x509", "-in", tmp_path / "card.pem", "-pubkey", "-noout", "-out", tmp_path / "pub"]
    for words in (public, [*made, tmp_path / "good.signedinfo.c14n"]):
        done = subprocess.run([str(one) for one in words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
