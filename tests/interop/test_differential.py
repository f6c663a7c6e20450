"""One corpus of good and broken signatures, four judges: where they differ from us, the profile says why.

The judges are xmlsec1 (libxml2, OpenSSL), signxml (lxml, cryptography) and the JDK (Santuario). All believe one
authority and nobody else.
"""

import subprocess
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from signxml import XMLVerifier

from edi.checks.parse import parse
from edi.checks.signature import Signed, verify
from tests.interop.corpus import build
from tests.trust.parties import policy

HERE = Path(__file__).parent
ALL = "xmlsec1 signxml jdk"
ALGORITHMS = "the profile names its algorithms and has no others (exchange 6): nobody has to keep up with more"
ONE_FORM = "the profile has one reference, to the whole message, and one transform beside the canonicalisation at most"
ONE_PLACE = "the signature is the last child of the root, so that nothing can be wrapped around or put behind it"
LXML = "signxml has lxml canonicalise a subtree, which loses what is declared above it; we do it as C14N 1.0 says"
NO_COMMENTS = "a comment must not decide whether a message is the same message"

DIFFERENCES = {
    "ours SM2": (
        ALL,
        "SM2 is the national algorithm; they do not know it, openssl judges it in tests/trust/test_sm2.py",
    ),
    "xmlsec1 RSA inclusive default namespace": ("signxml", LXML),
    "xmlsec1 EC inclusive default namespace": ("signxml", LXML),
    "xml:lang on the root": ("signxml", LXML),
    "RSA with SHA-1": ("xmlsec1", "SHA-1 is broken; old keys are for channels that opt in"),
    "SHA-1 as digest only": ("xmlsec1", "SHA-1 is broken"),
    "RSA with SHA-512": (ALL, ALGORITHMS),
    "SHA-512 as digest": (ALL, ALGORITHMS),
    "ECDSA with SHA-384": (ALL, ALGORITHMS),
    "C14N 1.1": (ALL, ALGORITHMS),
    "C14N 1.1 as transform": (ALL, ALGORITHMS),
    "SignedInfo with comments": (ALL, NO_COMMENTS),
    "content with comments": ("xmlsec1 jdk", NO_COMMENTS),
    "XPath transform": (ALL, ONE_FORM),
    "two references": ("xmlsec1 jdk", ONE_FORM),
    "reference by xpointer": ("xmlsec1 jdk", ONE_FORM),
    "reference to a file": (
        "xmlsec1",
        "nothing outside the message is ever read, and what is not the message is not signed",
    ),
    "KeyName of somebody else": (
        ALL,
        "KeyName is the certificate's number or it is left out: one answer to who signed",
    ),
    "key without certificate": (
        "xmlsec1",
        "xmlsec1 believes any key in KeyValue by default; only a certificate names a signer",
    ),
    "signature as first child": (ALL, ONE_PLACE),
    "signature below another element": (ALL, ONE_PLACE),
    "document type declaration": (
        "xmlsec1 jdk",
        "no declaration of types, and with it no entity, is ever read (exchange 6)",
    ),
    "entity": ("jdk", "as above; the JDK expands what the signer never saw as a reference"),
    "processing instruction": (ALL, "the exchange has no use for them, so no file from a stranger may have any"),
    "signed by authority": ("xmlsec1 jdk", "an authority issues certificates; it does not file"),
    "signed by RSA-1024": (ALL, "RSA has 2048 bits or more"),
    "ECDSA with SHA-256 by P-384": (ALL, "P-256 is the one curve of the profile"),
    "exclamation mark in the value": ("signxml jdk", "base64 is strict: one message has one form"),
}
"""Case → which judges say otherwise than we do, and why we do not."""


def ours(corpus):
    trusted = policy(corpus.authority)

    def judge(data):
        root = parse(data)
        return not isinstance(root, list) and isinstance(verify(root, trusted, datetime.now(UTC)), Signed)

    return {file.name: judge(file.read_bytes()) for file in corpus.folder.iterdir()}


def xmlsec1(corpus):
    def judge(file):
        words = ["xmlsec1", "--verify", "--trusted-pem", corpus.home / "ca.pem", file]
        return subprocess.run(words, capture_output=True, check=False, cwd=corpus.home).returncode == 0

    return {file.name: judge(file) for file in corpus.folder.iterdir()}


def signxml(corpus):
    def judge(data):
        try:
            XMLVerifier().verify(data, ca_pem_file=str(corpus.home / "ca.pem"))
        except Exception:  # noqa: BLE001 - it has many ways to refuse
            return False
        return True

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its libraries, about broken input
        return {file.name: judge(file.read_bytes()) for file in corpus.folder.iterdir()}


def jdk(corpus):
    for words in (
        ["javac", "-d", corpus.home, HERE / "JudgeFilings.java"],
        ["java", "-Dfile.encoding=UTF-8", "-cp", corpus.home, "JudgeFilings", corpus.home / "ca.pem", corpus.folder],
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    said = dict(line.split("\t") for line in done.stdout.splitlines())
    return {name: verdict == "good" for name, verdict in said.items()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return build(tmp_path_factory.mktemp("corpus"))


def test_every_difference_to_other_judges_is_explained(corpus):
    verdicts = ours(corpus)
    assert verdicts == corpus.good
    differing = {name: set() for name in verdicts}
    for judge in (xmlsec1, signxml, jdk):
        said = judge(corpus)
        assert said.keys() == verdicts.keys()
        for name, verdict in said.items():
            if verdict != verdicts[name]:
                differing[name].add(judge.__name__)
    listed = {name: set(judges.split()) for name, (judges, _reason) in DIFFERENCES.items()}
    assert {name: judges for name, judges in differing.items() if judges} == listed
