"""What was fetched and kept at a partner's server goes when it is old and its filing is resolved, never before."""

import os

import pytest

from edi.app.ops import retention
from tests.jobs.conftest import night, template_by_clock
from tests.sftp.test_exchange import section

__all__ = ["night", "template_by_clock"]

RESOLVED, UNRESOLVED = ("02-TRADER.xml", "01-BROKER.xml"), ("SIM-SILENT.xml", "SIM-REVIEW.xml")


class Partner:
    """The sender's server, whose OutBox the channel `demo` is fetched from."""

    def __init__(self, night, sshd):
        self.night, self.box = night, sshd.partners[0].boxes / "OutBox"
        for left in [*self.box.glob(".taken/*"), *self.box.glob("*.xml")]:
            left.unlink()
        text = section("channels.demo", sshd, sshd.partners[0], sshd.port, outbox="OutBox")
        config = night.home / "config.toml"
        config.write_text(config.read_text("utf-8") + f"{text}keep_fetched = true\n", "utf-8")
        night.configure("taken_days = 1095", "taken_days = 180")

    def send(self, sample, name=None):
        (self.box / (name or sample)).write_bytes(self.night.sample(sample).read_bytes())

    def shelf(self):
        """The names that the files on the shelf came with."""
        return sorted(f"{file.stem.rpartition('_')[0]}{file.suffix}" for file in (self.box / ".taken").iterdir())


@pytest.fixture
def partner(night, sshd):
    """Filings of last year, of which some still wait for a word."""
    made = Partner(night, sshd)
    for name in (*RESOLVED, *UNRESOLVED):
        made.send(name)
    night.run()
    night.clock.advance(days=200)
    return made


def prune(night):
    with night.at_work() as shift:
        return shift.run("retention").counts["taken"]


def test_what_is_old_and_resolved_goes_and_the_rest_stays(partner, night):
    (partner.box / ".taken" / "somebody-elses.xml").write_bytes(b"x")
    assert prune(night) == len(RESOLVED)
    assert partner.shelf() == sorted([*UNRESOLVED, ".xml"])
    assert prune(night) == 0


def test_nothing_young_goes_and_nought_keeps_for_ever(partner, night):
    night.configure("taken_days = 180", "taken_days = 300")
    assert prune(night) == 0
    night.configure("taken_days = 300", "taken_days = 0")
    assert prune(night) == 0
    assert len(partner.shelf()) == 4


def test_a_name_of_which_one_filing_still_waits_is_kept(partner, night):
    partner.send("SIM-LODGEFAIL.xml", "02-TRADER.xml")
    night.run()
    night.clock.advance(days=200)
    assert prune(night) == 1
    assert partner.shelf().count("02-TRADER.xml") == 2


def test_a_name_that_is_in_hand_just_now_is_kept(partner, night):
    with night.at_work() as shift:
        night.drop(night.sample("02-TRADER.xml"))
        assert shift.run("retention").counts["taken"] == 1
        claim = night.home / "inbox" / "demo" / ".claimed" / f"1-{'a' * 12}"
        claim.mkdir()
        (night.home / "inbox" / "demo" / "02-TRADER.xml").rename(claim / "02-TRADER.xml")
        assert shift.run("retention").counts["taken"] == 0
    assert "02-TRADER.xml" in partner.shelf()


def test_names_in_gbk_are_known_again(partner, night):
    partner.send("12-CBEC_SITE.xml", os.fsdecode("申报.xml".encode("gb18030")))
    night.run()
    assert "申报.xml" in {name for (name,) in night.sql("select name from files")}
    night.clock.advance(days=200)
    assert prune(night) == 3


def test_a_server_that_is_down_is_asked_again_and_holds_nothing_else_back(partner, night, sshd):
    sshd.kill()
    with night.office() as office:
        counts = retention.prune(office)
    assert counts["taken"] == 0
    assert counts["tasks"] > 0
    assert len(partner.shelf()) == 4
    sshd.start()
    assert prune(night) == len(RESOLVED)
