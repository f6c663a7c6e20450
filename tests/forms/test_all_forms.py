"""What holds for every message type: walked over all forms, so that a new form is held to it as well."""

import re

import pytest

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

CLEAN = sorted(SAMPLES.glob("*.xml")) + sorted(SAMPLES.glob("draft/*.xml")) + sorted(SAMPLES.glob("scenarios/*.xml"))
BAD = sorted(SAMPLES.glob("bad/*.xml"))
STATELESS = [file for file in BAD if int(file.name[4:7]) < 100]
STATEFUL = [file for file in BAD if int(file.name[4:7]) >= 100]


def check(file):
    return EXAMINER.check_offline(file.read_bytes(), DEFAULT_LIMITS)


def code_of(file):
    return re.match("[A-Z]{3}-[0-9]{3}", file.name)[0]


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
        assert finding.path.startswith("/QLF101Message")
        assert finding.line
        assert finding.column
        assert re.search("[\u4e00-\u9fff]", finding.zh)
        assert re.search("[a-z]{3}", finding.en)
        assert finding.ground


@pytest.mark.parametrize("file", STATELESS, ids=name)
def test_bad_samples_fire_nothing_else(file):
    assert {finding.code for finding in check(file)} - {code_of(file)} <= ALSO.get(file.stem, set())


ALSO: dict[str, set[str]] = {}
"""Samples whose fault breaks a second rule by its nature."""


@pytest.mark.parametrize("file", STATEFUL, ids=name)
def test_samples_that_customs_refuses_pass_the_gateway(file):
    assert not has_errors(check(file))


def test_every_rule_has_a_bad_sample():
    published = {rule.code for _, listed in rules() for rule in listed}
    assert published - {code_of(file) for file in BAD} == set()


def test_every_qualification_type_has_a_clean_sample():
    for one in Qualification:
        assert list(SAMPLES.glob(f"[0-9][0-9]-{one.token}.xml"))


def test_findings_point_at_the_fault():
    file = SAMPLES / "bad" / "QLF-012-amount-without-currency.xml"
    finding = check(file)[0]
    line = file.read_text(encoding="utf-8").splitlines()[finding.line - 1]
    assert line[finding.column - 1 :].startswith("<amount>")
