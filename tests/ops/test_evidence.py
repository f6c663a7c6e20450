"""The evidence about an application is checked with openssl and xmlsec1 alone, as its README says."""

import re
import subprocess

import pytest

from edi.errors import UserError
from tools.filings import filings, message_of, operator_of


def run(folder, *words):
    return subprocess.run([str(word) for word in words], cwd=folder, check=False, capture_output=True, text=True)


@pytest.fixture
def bundle(night):
    """Of an application of the first day, with other events after it, its checkpoint made on the next."""
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    night.clock.advance(days=1)
    with night.at_work() as shift:
        shift.run("checkpoint")
    night.drop(night.sample("01-BROKER.xml"))
    night.run()
    ((number,),) = night.sql("select application_no from applications order by application_no limit 1")
    folder = night.home.parent / "bundle"
    night.edi("evidence", number, "-o", str(folder))
    return folder


@pytest.fixture
def authority(night):
    return night.home / "pki" / "ca.pem"


def test_everything_in_it_can_be_checked(bundle, authority, night):
    at = re.search('--verification-gmt-time "([^"]+)"', (bundle / "README.md").read_text("utf-8"))[1]
    epoch = re.search("-attime ([0-9]+)", (bundle / "README.md").read_text("utf-8"))[1]
    receipts = sorted((bundle / "receipts").iterdir())
    assert [file.name for file in receipts] == ["01-120.xml", "02-300.xml", "03-399.xml"]
    for file in (bundle / "filing.xml", bundle / "answer.xml", bundle / "checkpoint.xml", *receipts):
        verified = run(bundle, "xmlsec1", "--verify", "--verification-gmt-time", at, "--trusted-pem", authority, file)
        assert verified.returncode == 0, verified.stderr
    revoked = ("-crl_check", "-CRLfile", "crl.pem")
    judged = run(bundle, "openssl", "verify", "-CAfile", authority, "-attime", epoch, *revoked, "signer.pem")
    assert judged.returncode == 0, judged.stderr
    chain = run(bundle, "sh", "chain.sh")
    assert (chain.returncode, chain.stdout) == (0, "the chain holds up to the checkpoint\n")
    assert (bundle / "filing.xml").read_bytes() == night.sample("02-TRADER.xml").read_bytes()


def test_receipts_that_speak_of_others_as_well_are_evidence_of_each(night, authority, tmp_path):
    night.put(
        message_of(list(filings(night.home, 3, "EVIDENCE")), "many.xml", operator_of(night.home)).data, "many.xml"
    )
    night.run()
    told = []
    for number, (guid,) in enumerate(night.sql("select guid from applications order by application_no")):
        folder = tmp_path / f"bundle-{number}"
        night.edi("evidence", guid, "-o", str(folder))
        files = sorted((folder / "receipts").iterdir())
        assert [file.name for file in files] == ["01-120.xml", "02-300.xml", "03-399.xml"]
        assert all(guid in file.read_text("utf-8") for file in files)
        at = re.search('--verification-gmt-time "([^"]+)"', (folder / "README.md").read_text("utf-8"))[1]
        for file in files:
            verified = run(
                folder, "xmlsec1", "--verify", "--verification-gmt-time", at, "--trusted-pem", authority, file
            )
            assert verified.returncode == 0, verified.stderr
        told.append([file.read_bytes() for file in files])
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize(
    "harm",
    [lambda lines: [*lines[:1], *lines[2:]], lambda lines: lines[:-1], lambda lines: [*lines[:-1], lines[-1] + " "]],
    ids=["removed", "cut", "altered"],
)
def test_a_chain_that_was_touched_does_not_hold(bundle, harm):
    lines = (bundle / "chain.txt").read_text("utf-8").splitlines()
    assert len(lines) > 3
    (bundle / "chain.txt").write_text("".join(f"{line}\n" for line in harm(lines)), "utf-8")
    assert run(bundle, "sh", "chain.sh").returncode == 1


def test_the_list_by_which_the_signer_was_judged_is_kept(night, bundle):
    (kept,) = (night.home / "var" / "crls").iterdir()
    assert (bundle / "crl.pem").read_bytes() == kept.read_bytes()


def test_without_a_checkpoint_the_present_head_is_signed(night, tmp_path):
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    ((guid,),) = night.sql("select guid from applications")
    night.edi("evidence", guid, "-o", str(tmp_path / "bundle"))
    assert run(tmp_path / "bundle", "sh", "chain.sh").returncode == 0
    with pytest.raises(UserError, match="已存在"):
        night.edi("evidence", guid, "-o", str(tmp_path / "bundle"))


def test_a_key_must_name_one_application(night):
    with pytest.raises(UserError, match="0 个申请"):
        night.edi("evidence", "nobody")
