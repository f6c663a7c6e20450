"""What holds for every message type: walked over all forms, so that a new form is held to it as well."""

import json
import re

import pytest
from lxml import etree

from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.checks.parse import DEFAULT_LIMITS
from edi.checks.trust import TrustPolicy
from edi.core.findings import has_errors
from edi.core.qualification import Qualification
from edi.gateway.examine import Examiner
from tools.list_codes import rules

CONTRACT = locate_contract()
FORMS = discover([own_forms_folder()])
EXAMINER = Examiner(FORMS, load([CONTRACT], FORMS), TrustPolicy((), {}))
SAMPLES = CONTRACT / "qlf" / "samples"

CLEAN = [
    file for sort in ("[0-9]*", "*/[0-9]*", "draft/*", "scenarios/*") for file in sorted(SAMPLES.glob(f"{sort}.xml"))
]
BAD = sorted(SAMPLES.glob("bad/**/*.xml"))
STATELESS = [file for file in BAD if re.match(r"QLF-(0\d\d|14[124])-", file.name)]
STATEFUL = [file for file in BAD if file not in STATELESS]
"""Those that need more than the message: customs' register, or the gateway's ledger."""


def check(file):
    return EXAMINER.check_offline(file.read_bytes(), DEFAULT_LIMITS)


def code_of(file):
    return re.match("[A-Z]{3}-[0-9]{3}", file.name)[0]


def form_of(file):
    return etree.QName(etree.parse(file).getroot()).localname.removesuffix("Message")


def name(file):
    return file.stem


@pytest.mark.parametrize("file", CLEAN, ids=name)
def test_clean_samples_are_clean(file):
    assert check(file) == []


@pytest.mark.parametrize("file", STATELESS, ids=name)
def test_bad_samples_fire_their_rule_and_tell_all(file):
    fired = [finding for finding in check(file) if finding.code == code_of(file)]
    assert fired
    for finding in fired:
        assert finding.path.startswith(f"/{form_of(file)}Message")
        assert finding.line
        assert finding.column
        assert re.search("[\u4e00-\u9fff]", finding.zh)
        assert re.search("[a-z]{3}", finding.en)
        assert finding.ground


@pytest.mark.parametrize("file", STATELESS, ids=name)
def test_bad_samples_fire_nothing_else(file):
    assert {finding.code for finding in check(file)} - {code_of(file)} <= ALSO.get(file.stem, set())


ALSO = {
    # With a wrong code of its own the enterprise is not the sender either.
    "QLF-031-cancellation-check-character": {"QLF-032"},
    "QLF-031-renewal-check-character": {"QLF-032"},
    "QLF-031-certificate-check-character": {"QLF-032"},
}
"""Samples whose fault breaks a second rule by its nature."""


@pytest.mark.parametrize("file", STATEFUL, ids=name)
def test_samples_that_customs_refuses_pass_the_gateway(file):
    assert not has_errors(check(file))


def test_every_rule_of_every_form_has_a_bad_sample():
    shown = {(form_of(file), code_of(file)) for file in BAD}
    for form, listed in rules():
        # The same guid with other content is one rule of the gateway for all forms: one sample will do.
        assert {(form.code, rule.code) for rule in listed} - shown <= {(form.code, form.conflict_code)}
        assert form.conflict_code in {code for _, code in shown}


def test_every_form_has_a_clean_sample():
    assert {form.code for form in FORMS} <= {form_of(file) for file in CLEAN if file.parent.name != "draft"}


def test_clean_samples_are_sent_by_the_party_of_their_folder():
    parties = json.loads((SAMPLES / "parties.json").read_text(encoding="utf-8"))
    for file in CLEAN + BAD:
        party = parties.get(file.parent.name, parties["demo"])
        assert etree.parse(file).findtext(".//{*}copCode") == party["uscc"]


def test_no_two_samples_share_an_identity():
    guids = [guid.text for file in CLEAN + BAD for guid in etree.parse(file).iterfind(".//{*}head/{*}guid")]
    assert len(set(guids)) == len(guids)


def test_every_qualification_type_has_a_clean_sample():
    for one in Qualification:
        assert list(SAMPLES.glob(f"[0-9][0-9]-{one.token}.xml"))


def test_findings_point_at_the_fault():
    file = SAMPLES / "bad" / "QLF-012-amount-without-currency.xml"
    finding = check(file)[0]
    line = file.read_text(encoding="utf-8").splitlines()[finding.line - 1]
    assert line[finding.column - 1 :].startswith("<amount>")
