"""Independent judges: what xmlsec1 and the JDK sign is accepted, what we sign they accept, what is altered nobody does."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from signxml import XMLVerifier
from signxml.verifier import SignatureConfiguration

from edi.adapters.keys import load_certificates
from edi.checks.intact import check_intact
from edi.checks.parse import parse
from edi.checks.trust import Trust, TrustPolicy, judge_certificate
from edi.core.findings import Finding

HERE = Path(__file__).parent
DS = "http://www.w3.org/2000/09/xmldsig#"
KEYS = {"legal-person": "EC", "operator": "RSA"}
"""File stem of a certificate of the workspace → what kind of key it has."""
C14N = {
    "inclusive": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "exclusive": "http://www.w3.org/2001/10/xml-exc-c14n#",
}
METHODS = {
    "EC": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "RSA": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
}
SAMPLE = {"legal-person": "02-TRADER.xml", "operator": "01-BROKER.xml"}

TEMPLATE = """<{p}Signature xmlns{x}="{ds}"><{p}SignedInfo><{p}CanonicalizationMethod Algorithm="{c14n}"/>
<{p}SignatureMethod Algorithm="{method}"/><{p}Reference URI=""><{p}Transforms>
<{p}Transform Algorithm="{ds}enveloped-signature"/><{p}Transform Algorithm="{c14n}"/></{p}Transforms>
<{p}DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><{p}DigestValue/></{p}Reference></{p}SignedInfo>
<{p}SignatureValue/><{p}KeyInfo><{p}KeyName/><{p}X509Data/></{p}KeyInfo></{p}Signature>"""


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def java(tmp_path_factory):
    """The JDK's signer and judge, compiled from the Java file beside this one."""
    classes = tmp_path_factory.mktemp("classes")
    compiled = run("javac", "-d", classes, HERE / "SignFiling.java")
    assert compiled.returncode == 0, compiled.stderr
    return lambda *words: run("java", "-cp", classes, "SignFiling", *words)


def unsigned(workspace, signer, tmp_path):
    root = parse(workspace.sample(SAMPLE[signer]).read_bytes())
    root.remove(root.find(f"{{{DS}}}Signature"))
    target = tmp_path / "unsigned.xml"
    target.write_bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
    return target


def accepted(workspace, file):
    workspace.drop(file, "filing.xml")
    workspace.run()
    return {one["status"] for one in workspace.status()} == {"APPROVED"}


@pytest.mark.parametrize("prefix", ["", "ds"])
@pytest.mark.parametrize("c14n", C14N)
@pytest.mark.parametrize("signer", KEYS)
def test_filings_signed_by_xmlsec1_are_accepted(workspace, tmp_path, signer, c14n, prefix):
    source = unsigned(workspace, signer, tmp_path)
    template = TEMPLATE.format(
        p=f"{prefix}:" if prefix else "",
        x=f":{prefix}" if prefix else "",
        ds=DS,
        c14n=C14N[c14n],
        method=METHODS[KEYS[signer]],
    )
    text = source.read_text("utf-8")
    source.write_text(text.replace("</QLF101Message>", f"{template}</QLF101Message>"), "utf-8")
    pki = workspace.home / "pki"
    key = f"{pki / signer}.key,{pki / signer}.pem"
    signed = run("xmlsec1", "--sign", "--privkey-pem", key, "--output", tmp_path / "signed.xml", source)
    assert signed.returncode == 0, signed.stderr
    assert accepted(workspace, tmp_path / "signed.xml")


@pytest.mark.parametrize("c14n", C14N)
@pytest.mark.parametrize("signer", KEYS)
def test_filings_signed_by_the_jdk_are_accepted(workspace, tmp_path, java, signer, c14n):
    pki = workspace.home / "pki"
    source, target = unsigned(workspace, signer, tmp_path), tmp_path / "signed.xml"
    signed = java("sign", source, target, pki / f"{signer}.key", pki / f"{signer}.pem", KEYS[signer], c14n)
    assert signed.returncode == 0, signed.stderr
    assert accepted(workspace, target)


@pytest.mark.parametrize("signer", KEYS)
def test_ours_are_accepted_by_xmlsec1_the_jdk_and_signxml(workspace, java, signer):
    file = workspace.sample(SAMPLE[signer])
    certificate = workspace.home / "pki" / f"{signer}.pem"
    assert run("xmlsec1", "--verify", "--trusted-pem", workspace.home / "pki" / "ca.pem", file).returncode == 0
    assert java("verify", file, certificate).returncode == 0
    verifier = XMLVerifier()
    verifier.verify(file.read_bytes(), x509_cert=certificate.read_text(), expect_config=SignatureConfiguration())


@pytest.mark.parametrize("signer", KEYS)
def test_what_was_altered_nobody_accepts(workspace, java, tmp_path, signer):
    """Every one of a hundred single-byte changes over the file is refused by us, and by the others if it still parses."""
    good = workspace.sample(SAMPLE[signer]).read_bytes()
    step = len(good) // 100
    policy = TrustPolicy(load_certificates(workspace.home / "pki" / "ca.pem"), {})
    for place in range(step, len(good), step):
        altered = bytearray(good)
        altered[place] ^= 1
        root = parse(bytes(altered))
        if isinstance(root, list):
            continue
        outcome = check_intact(root)
        if isinstance(outcome, Finding):
            assert outcome.code in ("1001", "1004")
            continue
        if judge_certificate(outcome.certificate, policy, datetime.now(UTC)).trust is not Trust.TRUSTED:
            continue
        # What was changed was not signed content: then the independent judge must say the same.
        (tmp_path / "altered.xml").write_bytes(altered)
        verdict = run(
            "xmlsec1", "--verify", "--trusted-pem", workspace.home / "pki" / "ca.pem", tmp_path / "altered.xml"
        )
        assert verdict.returncode == 0, (place, bytes(altered[place - 40 : place + 40]))


def test_a_changed_byte_of_the_content_gives_1004_and_of_the_signature_1001(workspace, tmp_path):
    good = workspace.sample("02-TRADER.xml").read_bytes()
    for name, altered, code in (
        ("content", good.replace(b"<postcode>1", b"<postcode>2"), "1004"),
        ("spaces", good.replace(b"</postcode>", b" </postcode>"), "1004"),
        ("value", good.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>A"), "1001"),
        ("method", good.replace(b"ecdsa-sha256", b"ecdsa-sha384"), "1001"),
    ):
        file = tmp_path / f"{name}.xml"
        file.write_bytes(altered)
        shown = workspace.edi("verify", str(file), "--ca", str(workspace.home / "pki/ca.pem"), "--json", code=1)
        assert f'"code": "{code}"' in shown


def test_tools_are_there():
    assert shutil.which("xmlsec1")
    assert shutil.which("javac")
