"""Boxes under every abuse: the service goes on, says what it saw once, and picks up again when the trouble ends.

Elsewhere: bad content in `system/test_bad_input.py` and `checks/test_parse.py`, links in the folder of claims and
names in GBK in `system/test_strangers.py`, failing reads in `system/test_one_bad_file.py`, boxes over SFTP in
`contracts/test_places.py`.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import unicodedata
from collections import Counter
from datetime import timedelta

import pytest

from edi.adapters.boxes import Settled, Sighting
from edi.app.composition import open_app
from edi.app.service import run_once
from edi.core.times import iso
from edi.errors import TryLater
from tests.boxes.conftest import SHOW_ALL, TROUBLES
from tests.system.test_watch import wait_for


def answered(workspace, pattern="*"):
    """How many files got an answer."""
    return len(workspace.box("InBox", f"Successed_{pattern}.xml")) + len(
        workspace.box("InBox", f"Failed_{pattern}.xml")
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


# ---- writers


def seen(size=10, modified=1, inode=1):
    return Sighting("a.xml", size, modified, inode)


@pytest.mark.parametrize(
    "second",
    [seen(size=20), seen(size=5), seen(size=0), seen(modified=2), seen(modified=0), seen(inode=2)],
    ids=["grows", "truncated", "emptied", "rewritten", "set back", "replaced"],
)
def test_a_file_that_is_being_written_is_not_ready_until_it_rests(second):
    settled = Settled(1.0)
    assert settled.ready([seen()], 0.0) == []
    assert settled.ready([second], 5.0) == []
    assert settled.unsettled() == 1
    assert settled.ready([second], 5.9) == []
    assert settled.ready([second], 6.0) == [second]


def test_a_writer_that_pauses_less_than_the_time_to_settle_is_waited_for(night):
    night.configure("settle_seconds = 0.02", "settle_seconds = 30.0")
    data = night.sample("02-TRADER.xml").read_bytes()
    with open_app(night.home, night.clock) as app, (night.outbox / "a.xml").open("wb") as file:
        for part in (data[:1000], data[1000:]):
            file.write(part)
            file.flush()
            assert not app.work()
        assert app.waiting()
        file.close()
        app.pipeline.announce("demo", "a.xml")
        run_once(app)
    assert [one["status"] for one in night.status()] == ["APPROVED"]


def test_what_a_writer_left_half_is_refused_as_such_and_comes_whole_under_the_same_name(night):
    data = night.sample("02-TRADER.xml").read_bytes()
    with (night.outbox / "a.xml").open("wb") as file:
        file.write(data[:1000])
        file.flush()
        night.run()
        (answer,) = night.box("InBox", "Failed_a_*")
        assert "不完整" in answer.read_text("utf-8")
        file.write(data[1000:])  # into the file that was taken: it is judged no more
    night.run()
    assert answered(night) == 1
    night.put(data, "a.xml")
    night.run()
    assert [one["status"] for one in night.status()] == ["APPROVED"]


def test_a_file_taken_back_in_time_was_never_there(night):
    with open_app(night.home, night.clock) as app:
        night.put(b"<a/>", "a.xml")
        app.work()
        (night.outbox / "a.xml").unlink()
        run_once(app)
    assert answered(night) == 0


# ---- names


def test_the_same_name_while_the_first_is_still_judged_and_after_it_was_archived(night):
    """The list of revoked certificates is away, so the first file waits claimed while others of its name come."""
    crls = night.home / "pki" / "crl"
    crls.rename(crls.with_name("away"))
    night.clock.advance(seconds=1)
    for sample in ("01-BROKER.xml", "02-TRADER.xml"):
        night.drop(night.sample(sample), "same.xml")
        with pytest.raises(TryLater):
            night.run()
    crls.with_name("away").rename(crls)
    night.run()
    night.clock.advance(seconds=1)
    night.drop(night.sample("12-CBEC_SITE.xml"), "same.xml")
    night.run()
    assert [one["status"] for one in night.status()] == ["APPROVED"] * 3
    kept = {path.read_bytes() for path in night.box("SentBox")}
    assert kept == {night.sample(f"{name}.xml").read_bytes() for name in ("01-BROKER", "02-TRADER", "12-CBEC_SITE")}
    assert len(night.box("InBox", "Successed_same_*")) == 3
    assert len(night.box("InBox", "Receipt_same_*.xml")) == 9
    (shown,) = night.box("InBox", "same*.status.json")
    newest = next(one for one in night.status() if one["clientSeqNo"].endswith("0012"))
    assert json.loads(shown.read_text("utf-8"))["applications"][0]["guid"] == newest["guid"]


ODD = [
    "bell\a.xml", "new\nline.xml", "tab\t.xml", "\x1b[31mred.xml", "\x7f.xml", "\u202efdp.xml", " .xml", "-rf.xml",
    '"quoted".xml', "a;b|c&d$(e).xml", "%2e%2e%2fevil.xml", "..\\evil.xml", "C:\\evil.xml", "*.xml", "con.xml", "￾.xml",
    "x" * 251 + ".xml", "申" * 83 + ".xml", "no-ending" * 28, "." * 2 + "a.xml"[:0] + "x..xml",
]  # fmt: skip


def test_no_name_stops_the_others_and_each_is_answered(night):
    for name in ODD:
        night.put(b"<a/>", name)
    for raw in (b"\xff\xfe.xml", "申".encode("gbk") * 125 + b".xml", b"\xff" * 255):
        (night.outbox / os.fsdecode(raw)).write_bytes(b"<a/>")
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    hidden = sum(name.startswith(".") for name in ODD)
    assert answered(night) == len(ODD) - hidden + 3 + 1
    assert len(night.box("FailBox")) == len(ODD) - hidden + 3
    assert [one["status"] for one in night.status()] == ["APPROVED"]
    assert not (night.home / "var" / "quarantine").exists()
    for file in night.box("InBox"):
        assert file.name.isprintable()
        assert len(os.fsencode(file)) - len(os.fsencode(file.parent)) <= 256


def test_the_longest_name_again_and_again_keeps_every_original(night):
    name = "申" * 83 + ".xml"
    for number in range(3):
        night.put(b"<a>%d</a>" % number, name)
        night.run()
    assert {path.read_bytes() for path in night.box("FailBox")} == {b"<a>0</a>", b"<a>1</a>", b"<a>2</a>"}


def test_nobody_writes_a_line_of_our_log_or_alarms_with_a_file_name(watched):
    forged = "x\n2026-01-01 00:00:00,000 forged\x1b[2J"
    (watched.outbox / f"{forged}.folder").mkdir()
    with watched.running() as service:
        watched.put(b"<a/>", f"{forged}.xml")
        wait_for(lambda: watched.box("FailBox"))
        log = service.stop()
    watched.edi("jobs", "run", "alarms")
    for text in (log, (watched.home / "var/alarms.log").read_text("utf-8")):
        assert "forged" in text
        assert not [line for line in text.splitlines() if line.startswith("2026-01-01")]
        assert "\x1b" not in text


@pytest.mark.parametrize(
    "twins",
    [("A.xml", "a.XML"), tuple(unicodedata.normalize(form, "é申.xml") for form in ("NFC", "NFD")), ("a.xml", "ａ.xml")],
    ids=["case", "composed", "width"],
)
def test_twins_are_two_files(night, twins):
    for number, name in enumerate(twins):
        night.put(b"<a>%d</a>" % number, name)
    night.run()
    assert names(night.home / "outbox/demo/FailBox") == sorted(twins)
    assert answered(night) == 2


# ---- what is no file, or a strange one


def test_what_is_no_file_is_left_alone_and_told_once_even_by_runs_an_hour_apart(night):
    (night.outbox / "folder.xml").mkdir()
    (night.outbox / "link.xml").symlink_to("/etc/passwd")
    (night.outbox / "nowhere.xml").symlink_to("/nowhere")
    os.mkfifo(night.outbox / "pipe.xml")
    with socket.socket(socket.AF_UNIX) as one, contextlib.chdir(night.outbox):  # a socket's path must be short
        one.bind("socket.xml")
    night.drop(night.sample("02-TRADER.xml"))
    for _ in range(3):
        night.run()
        night.clock.advance(hours=1)
    odd = ["folder.xml", "link.xml", "nowhere.xml", "pipe.xml", "socket.xml"]
    assert names(night.outbox) == odd
    assert night.told("alarm_not_a_file") == [odd]
    (night.outbox / "another.xml").mkdir()
    night.run()
    assert night.told("alarm_not_a_file")[1:] == [["another.xml"]]
    assert [one["status"] for one in night.status()] == ["APPROVED"]


def test_a_flood_of_folders_is_told_in_one_short_alarm(night):
    for number in range(500):
        (night.outbox / f"{number:03d}.xml").mkdir()
    night.run()
    (told,) = night.told("alarm_not_a_file")
    assert len(told) == 100


def test_a_hard_link_to_a_file_elsewhere_leaves_that_file_as_it_was(night, tmp_path):
    data = night.sample("02-TRADER.xml").read_bytes()
    own = tmp_path / "own.xml"
    own.write_bytes(data)
    for name in ("a.xml", "b.xml"):
        (night.outbox / name).hardlink_to(own)
    night.run()
    assert own.read_bytes() == data
    assert names(night.home / "outbox/demo/SentBox") == ["a.xml", "b.xml"]
    assert answered(night) == 2
    assert len(night.status()) == 1


def test_who_writes_through_a_second_name_changes_nothing_that_was_judged(night, tmp_path):
    own = tmp_path / "own.xml"
    own.write_bytes(night.sample("02-TRADER.xml").read_bytes())
    (night.outbox / "a.xml").hardlink_to(own)
    night.run()
    own.write_bytes(b"<changed/>")
    night.run()
    ((content,),) = night.sql("select c.bytes from content c join files f on f.content = c.digest")
    assert b"<changed/>" not in content


@pytest.mark.parametrize("moment", [0, 4_102_444_800, 32_503_680_000], ids=["1970", "2100", "3000"])
def test_files_from_another_time_are_taken_like_any_other(night, moment):
    night.drop(night.sample("02-TRADER.xml"))
    os.utime(night.outbox / "02-TRADER.xml", (moment, moment))
    night.run()
    assert [one["status"] for one in night.status()] == ["APPROVED"]


def test_a_file_nobody_may_read_is_put_aside_and_the_others_go_on(ordinary):
    """As an ordinary user, for whom modes matter; where we are root the file belongs to root besides."""
    night = ordinary.night
    night.put(b"<secret/>", "secret.xml")
    night.drop(night.sample("02-TRADER.xml"))
    (night.outbox / "secret.xml").chmod(0)
    for _ in range(2):
        with ordinary.acting():
            night.run()
        night.clock.advance(hours=2)
    assert [one["status"] for one in night.status()] == ["APPROVED"]
    assert len(night.events("alarm_quarantined")) == 1
    (folder,) = (night.home / "var/quarantine/demo").iterdir()
    assert names(folder) == ["reason.txt", "secret.xml"]
    assert "权限" in (folder / "reason.txt").read_text("utf-8")
    assert night.sql("select count(*) from outgoing where done_at is null") == [(0,)]


def test_a_file_of_another_user_is_taken_and_archived(ordinary):
    """Partners' files belong to their own accounts, and we may only read them."""
    night = ordinary.night
    night.drop(night.sample("02-TRADER.xml"))
    with ordinary.acting():
        night.run()
    assert [one["status"] for one in night.status()] == ["APPROVED"]
    assert names(night.home / "outbox/demo/SentBox") == ["02-TRADER.xml"]
    assert names(night.outbox) == []


def test_a_file_that_may_not_be_moved_is_told_once_and_the_others_go_on(ordinary):
    """In a folder with the sticky bit nobody moves what belongs to another."""
    night = ordinary.night
    night.put(b"<a/>", "stuck.xml")
    ordinary.fix(night.outbox / "stuck.xml")
    night.drop(night.sample("02-TRADER.xml"))
    ordinary.own(night.outbox / "02-TRADER.xml")
    for _ in range(3):
        with ordinary.acting():
            night.run()
    assert [one["status"] for one in night.status()] == ["APPROVED"]
    assert names(night.outbox) == ["stuck.xml"]
    assert night.told("alarm_not_a_file") == [["stuck.xml"]]


# ---- folders and disks in trouble


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("box", ["OutBox", "SentBox", "FailBox", "InBox"])
def test_a_box_in_trouble_holds_what_it_must_is_told_once_and_heals(night, disk, box, trouble):
    folder = night.outbox if box == "OutBox" else night.home / "outbox" / "demo" / box
    with disk(folder) as made:
        night.drop(night.sample("02-TRADER.xml"))
        night.put(b"<a/>", "bad.xml")
        made.spoil(trouble)
        for _ in range(4):
            with contextlib.suppress(TryLater):
                night.run()
            night.clock.advance(hours=1)
        assert night.troubled()
        assert len(night.troubled()) == len(set(night.troubled())), "one alarm for each box, not one for each try"
        made.mend()
        night.clock.advance(days=1)
        night.run()
        assert [one["status"] for one in night.status()] == ["APPROVED"]
        assert (answered(night), len(night.box("InBox", "Receipt_*.xml"))) == (2, 3)
        assert [path.name for path in night.box("SentBox")] == ["02-TRADER.xml"]
        assert [path.name for path in night.box("FailBox")] == ["bad.xml"]
        assert sorted(night.events("healed")) == sorted(night.events("alarm_box") + night.events("alarm_held"))
        assert list(night.home.rglob(".edi-*")) == []


def test_however_many_files_wait_for_a_box_it_is_one_alarm_until_none_waits(night):
    inbox = night.home / "outbox" / "demo" / "InBox"
    inbox.rename(inbox.with_name("away"))
    for number in range(20):
        night.put(b"<a/>", f"{number}.xml")
    night.run()
    night.drop(night.sample("02-TRADER.xml"))
    night.clock.advance(hours=2)
    night.run()
    assert night.troubled() == [str(inbox)]
    (detail,) = (json.loads(detail) for _, detail in night.sql(SHOW_ALL, "alarm_held"))
    assert (detail["place"], detail["waiting"]) == ("demo", 20)
    tried = Counter(attempts for (attempts,) in night.sql("select attempts from outgoing where done_at is null"))
    assert tried[2] == 20, "each is tried again for itself"
    assert night.alarms() == [], "the files that wait are listed, which tells it"

    inbox.with_name("away").rename(inbox)
    stuck = "select id from outgoing where done_at is null order by id desc limit 1"
    night.clock.advance(hours=2)
    night.sql(f"update outgoing set due_at = ? where id = ({stuck})", iso(night.clock() + timedelta(days=1)))
    night.run()
    assert answered(night) == 21
    assert night.events("healed") == [], "one file waits still"
    night.clock.advance(days=2)
    night.run()
    assert night.events("healed") == night.events("alarm_held")
    inbox.rename(inbox.with_name("away"))
    night.put(b"<b/>", "later.xml")
    night.run()
    assert night.troubled() == [str(inbox)] * 2, "a new trouble is a new alarm"


@pytest.mark.parametrize("box", ["SentBox", "FailBox", "InBox"])
def test_a_box_that_is_renamed_away_is_waited_for_and_never_made_anew(night, box):
    folder = night.home / "outbox" / "demo" / box
    with open_app(night.home, night.clock) as app:
        folder.rename(folder.with_name("away"))
        night.drop(night.sample("02-TRADER.xml"))
        night.put(b"<a/>", "bad.xml")
        run_once(app)
        assert not folder.exists()
        folder.with_name("away").rename(folder)
        night.clock.advance(hours=2)
        run_once(app)
    assert answered(night) == 2
    assert [path.name for path in night.box("SentBox")] == ["02-TRADER.xml"]


# ---- watching


def test_an_outbox_renamed_away_and_back_goes_on_where_it_was(watched):
    away = watched.outbox.with_name("away")
    with watched.running() as service:
        watched.drop(watched.sample("01-BROKER.xml"))
        service.until("01-BROKER.xml")
        watched.outbox.rename(away)
        service.until_told("alarm_box")
        shutil.copyfile(watched.sample("02-TRADER.xml"), away / "02-TRADER.xml")
        away.rename(watched.outbox)
        service.until("02-TRADER.xml")
        watched.drop(watched.sample("12-CBEC_SITE.xml"))
        service.until("12-CBEC_SITE.xml")
        service.stop()
    assert len(watched.events("alarm_box")) == len(watched.events("healed")) == 1


def test_more_events_than_the_system_keeps_lose_no_file(watched):
    """While the service stands still the queue of events runs over; what they would have told is swept."""
    with watched.running() as service:
        service.process.send_signal(signal.SIGSTOP)
        for _ in range(12_000):
            (watched.outbox / "churn.xml").touch()
            (watched.outbox / "churn.xml").unlink()
        watched.drop(watched.sample("02-TRADER.xml"))
        service.process.send_signal(signal.SIGCONT)
        service.until("02-TRADER.xml")
        service.stop()


@pytest.mark.parametrize("number", ["ENOSYS", "EMFILE", "ENOSPC"])
def test_where_nothing_can_be_watched_the_sweep_finds_everything(watched, number):
    with watched.running(without_inotify=number) as service:
        watched.drop(watched.sample("02-TRADER.xml"))
        service.until("02-TRADER.xml")
        errors = service.stop()
    assert "改由定时扫描" in errors
    assert "disk is full" not in errors
    assert errors.count("not watched but swept") == 1, "told once, not for each box"
