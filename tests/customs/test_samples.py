"""The published samples, signed and sent: the clean ones are all approved, the others meet their rule."""

import json

import pytest
from lxml import etree

from edi.core.findings import Severity, has_errors
from edi.core.node import local_name
from edi.messages.dsig import sign_message

from .office import SCHEMAS

SAMPLES = SCHEMAS / "qlf" / "samples"
CLEAN = sorted({*SAMPLES.glob("[0-9]*.xml"), *SAMPLES.glob("*/[0-9]*.xml")})
REFUSED = sorted(
    file
    for code in ("QLF-10[1-6]", "QLF-11[0235]", "QLF-120", "QLF-130", "QLF-140")
    for file in (SAMPLES / "bad").rglob(f"{code}-*.xml")
)
WARNED = sorted(file for code in ("QLF-111", "QLF-121") for file in (SAMPLES / "bad").rglob(f"{code}-*.xml"))

GRANTED = {399, 401, 200}
"""What approval is told by: 审批通过, 已签发, 已答复."""


@pytest.fixture
def seeded(office):
    office.receiver.seed_register(json.loads((SAMPLES / "register.json").read_text(encoding="utf-8")))
    return office


def send(office, sample):
    root = etree.parse(sample).getroot()
    form = local_name(root).removesuffix("Message")
    office.send_bytes(office.wrap(sign_message(root, office.pki.enterprise), form=form), sample.name)


def test_samples_of_every_form_are_there(forms):
    for form in forms:
        assert any(etree.parse(sample).find(f"{{*}}{form.code}") is not None for sample in CLEAN)


def test_all_clean_samples_dropped_at_once_are_approved(seeded):
    for sample in CLEAN:
        send(seeded, sample)
    seeded.work()
    assert CLEAN
    receipts = seeded.receipts()
    assert {one.code for one in receipts} <= {120, 300} | GRANTED
    assert not any(has_errors(one.findings) for one in receipts)
    assert len([one for one in receipts if one.code in GRANTED]) == len({one.guid for one in receipts}) >= len(CLEAN)


@pytest.mark.parametrize("sample", REFUSED, ids=lambda file: file.stem)
def test_stateful_sample_meets_its_rule(seeded, sample):
    send(seeded, sample)
    seeded.work()
    code = "-".join(sample.stem.split("-")[:2])
    last = seeded.receipts()[-1]
    assert last.code == (-101130 if code == "QLF-130" else 100)
    assert {one.code for one in last.findings} == {code}


@pytest.mark.parametrize("sample", WARNED, ids=lambda file: file.stem)
def test_sample_that_customs_only_warns_of_is_approved_with_the_warning(seeded, sample):
    send(seeded, sample)
    seeded.work()
    lodged, reviewed, granted = seeded.receipts()
    assert (lodged.code, reviewed.code) == (120, 300)
    assert granted.code in GRANTED
    assert [(one.code, one.severity) for one in reviewed.findings] == [
        ("-".join(sample.stem.split("-")[:2]), Severity.WARNING)
    ]
