"""The event chain: altered, reordered, cut or written anew, it shows; checkpoints are signed."""

import shutil
import subprocess

import pytest

FOREVER = ("drop trigger events_are_for_ever_update", "drop trigger events_are_for_ever_delete")


@pytest.fixture
def done(night):
    for name in ("01-BROKER.xml", "02-TRADER.xml"):
        night.drop(night.sample(name))
        night.run()
    return night


def verify(night, *places, code):
    return night.edi("log", "verify", *(word for place in places for word in ("--against", str(place))), code=code)


def checkpoint(night):
    with night.at_work() as shift:
        return shift.run("checkpoint").counts["done"]


@pytest.mark.parametrize(
    "harm",
    [
        "update events set detail = '{}' where seq = 3",
        "update events set seq = case seq when 3 then -4 else -3 end where seq in (3, 4)",
        "delete from events where seq = 3",
    ],
    ids=["altered", "reordered", "removed"],
)
def test_within_the_chain_it_shows_by_itself(done, harm):
    for statement in (*FOREVER, harm, "update events set seq = -seq where seq < 0"):
        done.sql(statement)
    assert "不符" in verify(done, code=1)


def test_a_tail_that_was_cut_shows_against_what_was_given_away(done):
    inbox = done.home / "outbox" / "demo" / "InBox"
    assert "相符" in verify(done, inbox, code=0)
    done.sql(FOREVER[1])
    done.sql("delete from events where seq > 5")
    assert "完好" in verify(done, code=0), "what is left holds together"
    assert "02-TRADER.xml.status.json" in verify(done, inbox, code=1)


def test_a_tail_that_was_cut_shows_against_a_checkpoint(done):
    assert checkpoint(done) == 1
    assert checkpoint(done) == 0, "nothing has happened since"
    kept = shutil.copytree(done.home / "var" / "checkpoints", done.home.parent / "kept elsewhere")
    assert "borne out by 1 file" in verify(done, kept, code=0)
    (file,) = kept.iterdir()
    subprocess.run(
        ["xmlsec1", "--verify", "--trusted-pem", done.home / "pki" / "ca.pem", file], check=True, capture_output=True
    )
    done.sql(FOREVER[1])
    done.sql("delete from events where seq > 5")
    assert file.name in verify(done, kept, code=1)
