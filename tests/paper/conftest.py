"""Certificates, the keys of two customs, and PDF as an independent reader (poppler) sees it."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edi.adapters.contract import Shelf, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.field_words import SchemaWords
from edi.adapters.keys import load_signing_key
from edi.core.qualification import Qualification
from edi.core.results import Granted
from edi.messages.certificate import Certificate
from tools import identifiers

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture(scope="session")
def certificate():
    """A certificate of three types, issued today: keys of a fresh workspace are in force from today."""
    return Certificate(
        number="2210202600000012",
        issued_on=TODAY,
        valid_until="2099-12-31",
        uscc=identifiers.uscc("paper", "310115"),
        name="示例外资贸易（上海）有限公司",
        customs="2210",
        customs_name="浦东海关",
        qualifications=(
            granted(Qualification.TRADER, "3122968396"),
            granted(Qualification.CBEC_ENTERPRISE),
            granted(Qualification.CBEC_LOGISTICS_B2B),
        ),
    )


@pytest.fixture(scope="session")
def full(certificate):
    """A certificate of all twelve types, with the longest names there are."""
    return replace(
        certificate,
        name="示例" * 50,
        customs_name="海" * 100,
        qualifications=tuple(granted(one, "3122968396" if one.has_filing_code else "") for one in Qualification),
    )


@pytest.fixture(scope="session")
def customs_key(template):
    """The key of the simulated customs."""
    return load_signing_key(template / "pki" / "customs.key", template / "pki" / "customs.pem")


@pytest.fixture(scope="session")
def enterprise_key(template):
    """The key of an enterprise: trusted for filings, but no customs. An RSA key."""
    return load_signing_key(template / "pki" / "operator.key", template / "pki" / "operator.pem")


@pytest.fixture(scope="session")
def words():
    """Words of QLF101."""
    form = discover([own_forms_folder()]).get("QLF101")
    return SchemaWords.load(Shelf((locate_contract(),)), form)


@pytest.fixture
def poppler(tmp_path):
    """Calls a tool of poppler on a PDF; its output."""

    def call(tool, data, *options):
        file = tmp_path / "paper.pdf"
        file.write_bytes(data)
        target = ("-",) if tool == "pdftotext" else ()
        done = subprocess.run([tool, *options, file, *target], capture_output=True, check=True)
        assert done.stderr == b"", "the reader complains"
        return done.stdout.decode()

    return call


def granted(one, filing_code=""):
    return Granted(type=one.token, filing_code=filing_code, valid_from=TODAY, valid_until="2099-12-31")


def bare(text):
    """Without blanks: a line of a page may be broken anywhere."""
    return "".join(text.split())
