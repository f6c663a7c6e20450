"""The doctor: finds pairs of file and row that must not be, changes nothing unless told to, mends what is safe."""

import itertools
import json
import shutil

import pytest

from edi.app.composition import open_app
from edi.app.ops import doctor
from edi.app.ops.states import STATES, Envelope, File, Row, state_of
from edi.errors import TryLater, UserError


def codes(night, *arguments, code=1):
    return [one["code"] for one in json.loads(night.edi("doctor", "--json", *arguments, code=code))]


@pytest.fixture
def done(night):
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    return night


def claimed(night, claim, name="02-TRADER.xml"):
    """A claimed file, as a crash or a hand may leave it."""
    folder = night.home / "inbox" / "demo" / ".claimed" / claim
    folder.mkdir(parents=True)
    (folder / name).write_bytes(night.sample("02-TRADER.xml").read_bytes())
    return folder / name


def test_files_and_ledger_agree(done):
    assert "一致" in done.edi("doctor")


def test_an_original_that_was_not_put_away(done):
    ((claim,),) = done.sql("select claim from files")
    (original,) = done.box("SentBox")
    original.unlink()
    file = claimed(done, claim)
    assert codes(done) == ["original-not-put-away"]
    assert file.exists(), "nothing is changed unless told"
    assert codes(done, "--repair", code=0) == ["original-not-put-away"]
    done.run()
    assert [one.name for one in done.box("SentBox")] == ["02-TRADER.xml"]
    assert codes(done, code=0) == []


def test_a_claim_that_nobody_entered(done, monkeypatch):
    claimed(done, "1dd0c6b1c0de000-0123456789ab", "left.xml")
    assert codes(done, code=0) == [], "it may be at work just now"
    monkeypatch.setattr(doctor, "OLD_SECONDS", -1.0)
    assert codes(done) == ["claim-not-entered"]
    done.run()
    assert codes(done, code=0) == []


def test_a_temporary_file_that_was_left(done, monkeypatch):
    left = done.home / "outbox" / "demo" / "InBox" / ".edi-0123456789abcdef.tmp"
    left.write_bytes(b"half")
    assert codes(done, code=0) == []
    monkeypatch.setattr(doctor, "OLD_SECONDS", -1.0)
    assert codes(done, "--repair", code=0) == ["temporary-left"]
    assert not left.exists()


def test_a_box_that_is_missing(done):
    box = done.home / "outbox" / "demo" / "FailBox"
    shutil.rmtree(box)
    assert codes(done) == ["box-missing"]
    assert not box.exists()
    assert codes(done, "--repair", code=0) == ["box-missing"]
    assert box.is_dir()


def test_an_original_that_is_nowhere_and_content_that_is_missing(done):
    done.sql("update files set content = ''")
    ((claim,),) = done.sql("select claim from files")
    insert = "insert into outgoing (kind, place, source, target, content, subject, attempts, due_at) values "
    done.sql(insert + "('move', 'demo', '/nowhere/a.xml', '/nowhere/b.xml', '', ?, 0, '2026-11-16')", claim)
    done.sql(insert + "('write', 'demo', '', '/nowhere/c.xml', 'feed', ?, 0, '2026-11-16')", claim)
    assert codes(done) == ["original-gone", "content-missing"]
    assert codes(done, "--repair") == ["original-gone", "content-missing"], "nothing here can be mended by a program"


def test_a_task_that_has_been_open_for_long(night):
    box = night.home / "outbox" / "demo" / "InBox"
    night.drop(night.sample("02-TRADER.xml"))
    box.rename(box.with_name("away"))
    night.run()
    night.clock.advance(days=2)
    assert set(codes(night)) == {"box-missing", "task-open-long"}


def test_nothing_is_repaired_under_a_running_program(done):
    with open_app(done.home, done.clock), pytest.raises(TryLater, match="edi run"):
        done.edi("doctor", "--repair")


def test_every_state_stands_in_the_table_once():
    for state in itertools.product(File, Row, Envelope):
        file, row, envelope = state
        lines = [one for one in STATES if file in one.files and row is one.row and envelope in one.envelopes]
        assert lines == [state_of(*state)]


def test_an_application_that_customs_can_never_get(done):
    done.sql("update messages set dispatch = ''")
    assert codes(done) == ["never-sent"]
    assert codes(done, "--repair") == ["never-sent"], "a person must look at it"


def everything(night):
    return {path: path.read_bytes() for path in (night.home / "outbox" / "demo").rglob("*") if path.is_file()}


def test_folders_are_written_again_from_the_ledger(done):
    done.put(b"<no-message/>", "refused.xml")
    done.run()
    before = everything(done)
    for path in before:
        path.unlink()
    assert "重新写出" in done.edi("doctor", "--rebuild", "demo")
    done.run()
    after = everything(done)
    assert after.keys() == before.keys()
    assert {path for path in before if before[path] != after[path]} <= set(done.box("InBox", "*.status.json"))
    (kept,) = done.box("SentBox")
    kept.write_bytes(b"the sender's own")
    done.edi("doctor", "--rebuild", "demo")
    done.run()
    assert kept.read_bytes() == b"the sender's own", "nothing is overwritten"
    assert len(done.box("SentBox")) == 2


def test_a_channel_that_is_unknown_is_not_rebuilt(done):
    with pytest.raises(UserError, match="nobody"):
        done.edi("doctor", "--rebuild", "nobody")
