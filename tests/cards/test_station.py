"""The signing station: exports of an ERP are signed by the card and filed, whatever happens to card, PIN and program."""

import json
import logging
import threading
import time

import pytest
from lxml import etree

from edi.app import station
from edi.app.composition import open_app
from edi.app.jobs import find_jobs
from edi.app.service import run_once
from edi.errors import TryLater
from edi.messages.dsig import ds
from tests.cards.conftest import PATIENCE, PIN, PUK, wait_for
from tests.system.test_watch import running, statuses, stop
from tools.filings import filings

WRONG = "11111111"


def unsigned(data):
    root = etree.fromstring(data)
    root.remove(root.find(ds("Signature")))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


class Station:
    """The station as the ERP and the administrator see it."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.home = workspace.home
        config = self.home / "config.toml"
        text = config.read_text("utf-8")
        before, section = text.split("[station]", 1)
        section = section.replace("enabled = false", "enabled = true", 1).replace('slot = "9C"', 'slot = "9c"', 1)
        config.write_text(f"{before}[station]{section}".replace("every_seconds = 5.0", "every_seconds = 0.2"), "utf-8")
        (self.home / "station/unsigned").mkdir(parents=True)

    def export(self, name, data):
        (self.home / "station/unsigned" / name).write_bytes(data)

    def sample(self, name):
        self.export(name, unsigned(self.workspace.sample(name).read_bytes()))

    def names(self, box):
        return sorted(one.name for one in (self.home / "station" / box).glob("*") if one.is_file())

    def job(self):
        """One run of the job, as cron starts it: a new process each time. Raises TryLater for an outage."""
        with open_app(self.home) as app:
            done = find_jobs()["sign_station"](app)
            app.outages.raise_any()
        return done["done"]

    def waiting(self):
        """Exports that are neither signed nor refused, wherever they lie."""
        return sum(1 for one in (self.home / "station/unsigned").rglob("*") if one.is_file())

    def tries(self):
        return json.loads(self.workspace.edi("card", "info", "--json"))["pinTriesLeft"]


@pytest.fixture
def desk(workspace):
    return Station(workspace)


@pytest.fixture
def operator(reader, home):
    reader.insert(home / "pki" / "operator")


def files_with(secret, *folders):
    return [one for folder in folders for one in folder.rglob("*") if one.is_file() and secret in one.read_bytes()]


def told(caplog):
    """How often the absence of the card was told."""
    return caplog.text.count("卡暂不可用")


def test_a_hundred_filings_by_card_with_the_card_pulled_twice(desk, reader, pin, caplog):
    """All are filed and approved once; the card's absence is told twice, its return twice; the PIN is in no file."""
    for one in filings(desk.home, 100, "CARD"):
        desk.export(one.name, unsigned(one.data))
    reader.insert(desk.home / "pki/operator")

    def pull_when(signed):
        wait_for(lambda: len(desk.names("signed")) >= signed, "the station signs")
        reader.pull()

    with caplog.at_level(logging.WARNING), open_app(desk.home) as app:
        job = find_jobs()["sign_station"]
        for signed in (10, 50):
            puller = threading.Thread(target=pull_when, args=[signed])
            puller.start()
            end = time.monotonic() + PATIENCE
            while not (held := told(caplog)) and time.monotonic() < end:
                job(app)
            puller.join()
            job(app)
            assert (held, told(caplog)) == (1, 1), "told once, not at every try"
            assert desk.waiting() + len(desk.names("signed")) == 100
            caplog.clear()
            reader.insert(desk.home / "pki/operator")
        while job(app)["done"]:
            pass
        run_once(app)
    assert len(desk.names("signed")) == 100
    assert desk.waiting() == 0
    assert set(statuses(desk.workspace).values()) == {"APPROVED"}
    assert len(statuses(desk.workspace)) == 100
    balance = json.loads(desk.workspace.edi("status", "--balance", "--json"))
    assert (balance["claimed"], balance["ACCEPTED"]) == (100, 100)
    for secret in (PIN, PUK):
        assert files_with(secret.encode(), desk.home, reader.folder) == []


@pytest.mark.parametrize("holder", ["operator", "legal-person"])
def test_a_running_service_signs_and_files(desk, reader, pin, holder):
    reader.insert(desk.home / "pki" / holder)
    name = {"operator": "01-BROKER.xml", "legal-person": "02-TRADER.xml"}[holder]
    with running(desk.workspace) as process:
        desk.sample(name)
        wait_for(lambda: statuses(desk.workspace).get(name) == "APPROVED", "it is approved")
        assert stop(process) == 0
    assert desk.names("signed") == [name]


def test_a_wrong_pin_stops_the_station_until_a_person_confirms(desk, operator, monkeypatch):
    desk.sample("01-BROKER.xml")
    monkeypatch.setenv("EDI_CARD_PIN", WRONG)
    for _ in range(3):
        with pytest.raises(TryLater, match="edi card resume"):
            desk.job()
        assert desk.tries() == 2, "shown once, whoever restarts the program"
    monkeypatch.setenv("EDI_CARD_PIN", PIN)
    with pytest.raises(TryLater, match="edi card resume"):
        desk.job()
    assert desk.waiting() == 1
    desk.workspace.edi("card", "resume")
    assert desk.job() == 1
    assert files_with(WRONG.encode(), desk.home) == []


def test_a_wrong_pin_whose_answer_was_never_heard_is_not_tried_again(desk, operator, monkeypatch):
    """The program dies after the card counted, before the note was made final: the card's own count tells."""
    desk.sample("01-BROKER.xml")
    monkeypatch.setenv("EDI_CARD_PIN", WRONG)
    with monkeypatch.context() as dying:
        dying.setattr("edi.app.pin_guard.PinGuard.stop", lambda *_: KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            desk.job()
    with pytest.raises(TryLater, match="签名站已停"):
        desk.job()
    assert desk.tries() == 2


def test_a_pin_that_was_not_counted_is_shown_again(desk, operator, pin, monkeypatch):
    """The card is pulled, or the program dies, before the card judged: work goes on by itself."""
    desk.sample("01-BROKER.xml")
    with monkeypatch.context() as dying:
        dying.setattr("edi.adapters.cards.piv.Piv.verify", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            desk.job()
    assert desk.job() == 1


def test_the_last_try_is_not_risked(desk, operator, monkeypatch):
    desk.sample("01-BROKER.xml")
    monkeypatch.setenv("EDI_CARD_PIN", WRONG)
    for _ in range(2):
        with pytest.raises(Exception, match="PIN"):
            desk.workspace.edi("card", "sign", str(desk.home / "samples/01-BROKER.xml"), "-o", str(desk.home / "x.xml"))
    with pytest.raises(TryLater, match="最后一次"):
        desk.job()
    assert desk.tries() == 1
    monkeypatch.setenv("EDI_CARD_PIN", PIN)
    desk.workspace.edi("card", "resume")
    assert desk.job() == 1


def test_without_a_pin_or_with_another_card_nothing_is_tried(desk, operator, monkeypatch):
    desk.sample("01-BROKER.xml")
    with pytest.raises(TryLater, match="EDI_CARD_PIN"):
        desk.job()
    monkeypatch.setenv("EDI_CARD_PIN", WRONG)
    config = desk.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace('card = ""', 'card = "8800010000001"'), "utf-8")
    with pytest.raises(TryLater, match="8800010000001"):
        desk.job()
    assert desk.tries() == 3
    assert desk.names("unsigned") == ["01-BROKER.xml"]


def test_what_is_no_filing_or_signed_already_lies_aside_with_the_reason(desk, operator, pin):
    desk.export("rubbish.xml", b"not XML at all")
    desk.export("other.xml", b"<order/>")
    desk.export("signed.xml", desk.workspace.sample("01-BROKER.xml").read_bytes())
    desk.sample("02-TRADER.xml")
    assert desk.job() == 4
    refused = desk.names("refused")
    assert {"rubbish.xml", "other.xml", "signed.xml"} < set(refused)
    notes = [one.read_text("utf-8") for one in (desk.home / "station/refused").glob("*.reason.txt")]
    assert len(notes) == 3
    assert any("已有签名" in one and "signed already" in one for one in notes)
    assert [one.name for one in (desk.home / "inbox/demo").glob("*.xml")] == ["02-TRADER.xml"]


@pytest.mark.parametrize("moment", ["_put_away", "move_without_overwriting", "release"])
def test_whenever_the_program_dies_one_signature_is_made_and_one_file_delivered(desk, reader, pin, monkeypatch, moment):
    """Elliptic-curve signatures differ each time: a second one would show."""
    reader.insert(desk.home / "pki/legal-person")
    desk.sample("02-TRADER.xml")
    made = []
    sign = station.sign_message

    def noted(root, signer):
        made.append(sign(root, signer))
        return made[-1]

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(station, "sign_message", noted)
    with monkeypatch.context() as dying:
        dying.setattr(station, moment, die)
        with pytest.raises(KeyboardInterrupt):
            desk.job()
    reader.pull()
    assert desk.job() == 1, "what is signed needs no card any more"
    (delivered,) = (desk.home / "inbox/demo").glob("*.xml")
    assert [delivered.read_bytes()] == made
    assert (desk.names("signed"), desk.waiting()) == (["02-TRADER.xml"], 0)


def test_half_a_signed_file_is_never_delivered(desk, operator, pin, monkeypatch):
    """The disk fills up, or the program dies, while the signed file is written: the export waits and is signed again."""
    desk.sample("01-BROKER.xml")

    def die(files):
        for target in files:
            (target.parent / ".edi-half.tmp").write_bytes(b"<half")
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(station, "write_whole", die)
        with pytest.raises(KeyboardInterrupt):
            desk.job()
    assert desk.job() == 1
    desk.workspace.run()
    assert statuses(desk.workspace) == {"01-BROKER.xml": "APPROVED"}
    assert list((desk.home / "var/signing").rglob("*.tmp")) == []


def test_a_name_that_still_waits_in_the_channel_is_not_overwritten(desk, operator, pin):
    taken = desk.home / "inbox/demo/01-BROKER.xml"
    taken.write_bytes(b"dropped by somebody else")
    desk.sample("01-BROKER.xml")
    desk.job()
    assert taken.read_bytes() == b"dropped by somebody else"
    taken.unlink()
    assert desk.job() == 1
    desk.workspace.run()
    assert statuses(desk.workspace) == {"01-BROKER.xml": "APPROVED"}
    desk.sample("01-BROKER.xml")
    desk.job()
    assert len(desk.names("signed")) == 2, "the original of the same name is kept beside the first"


def test_a_folder_out_of_reach_is_an_outage(desk, operator, pin):
    desk.sample("01-BROKER.xml")
    (desk.home / "station/signed").write_text("in the way")
    with pytest.raises(TryLater, match="签名站暂停"):
        desk.job()
    (desk.home / "station/signed").unlink()
    assert desk.job() == 1


def test_a_station_without_a_channel_is_told(desk):
    config = desk.home / "config.toml"
    text = config.read_text("utf-8").replace('channel = "demo"', 'channel = "nobody"').replace('"9c"', '"9E"')
    config.write_text(text, "utf-8")
    with pytest.raises(Exception, match="2 处问题") as raised:
        desk.workspace.edi("jobs", "list")
    assert any("station.channel" in one for one in raised.value.problems)
    assert any("station.slot" in one for one in raised.value.problems)
