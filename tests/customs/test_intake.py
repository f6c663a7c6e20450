"""What customs takes from its folder, what it cannot lodge, what it drops, what it puts aside."""

import os
import time
from datetime import timedelta

import pytest
from lxml import etree

from edi.customs import intake
from edi.customs.docket import Docket
from edi.messages.bundle import pack
from edi.messages.dsig import sign_message

from .office import NAMESPACE, START, Filing, business_message, guid_of


def quarantined(office):
    folder = office.settings.collect_from / "quarantine"
    return sorted(file.name for file in folder.iterdir())


def left_in(office):
    folder = office.settings.collect_from
    return [file for file in (*folder.iterdir(), *(folder / ".claimed").iterdir()) if file.is_file()]


def test_files_are_gone_once_they_are_entered(office):
    office.file(Filing())
    assert left_in(office) == []


def test_a_message_that_breaks_the_schema_fails(office, pki):
    broken = etree.fromstring(b"<QLF101Message xmlns='urn:edi-customs:qlf:1'/>")
    office.send_bytes(office.wrap(sign_message(broken, pki.enterprise)))
    office.work()
    assert office.receipts() == []
    assert len(quarantined(office)) == 2  # nobody can be answered about it: kept with its reason

    (failed,) = office.file(Filing(uscc="too short"))
    assert failed.code == -101001
    assert failed.findings
    assert left_in(office) == []


def test_a_signature_nobody_trusts_fails(office, pki):
    (failed,) = office.file(Filing(seq="ERP-1"), key=pki.stranger)
    assert (failed.code, failed.client_seq_no) == (-101002, "ERP-1")
    assert office.rows("SELECT count(*) FROM messages") == [(0,)]


def test_certificates_are_judged_by_the_real_clock(office, days):
    office.receiver.advance(days(4000))
    assert office.file(Filing())[-1].code == 399
    office.clock.now += timedelta(days=4000)
    assert office.file(Filing(types=("BROKER",)))[-1].code == -101002


@pytest.mark.parametrize(
    "data",
    [b"", b"not XML", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\x00" * 100],
)
def test_what_cannot_be_read_is_kept_with_its_reason(office, data):
    office.send_bytes(data, "a filing.xml")
    office.send(Filing())
    office.work()
    assert office.codes() == [120, 300, 399]  # one bad file never stops the others
    kept, reason = quarantined(office)
    folder = office.settings.collect_from / "quarantine"
    assert kept.endswith("-a filing.xml")
    assert (folder / kept).read_bytes() == data
    assert reason == f"{kept}.reason.txt"
    assert (folder / reason).read_text().startswith("a filing.xml\n")


def test_what_is_not_for_us_or_of_no_known_type_is_kept(office):
    office.send_bytes(office.wrap(b"<a/>", to="SOMEBODY"))
    office.send_bytes(office.wrap(b"<a/>"))
    office.send_bytes(office.wrap(b"no XML"))
    office.work()
    assert len(quarantined(office)) == 6


def test_what_we_stumble_over_is_put_aside_alone_and_the_rest_of_its_file_is_entered_once(office, pki, monkeypatch):
    enter = Docket.enter

    def stumbling(self, new, message, **options):
        enter(self, new, message, **options)
        if new[0][0].client_seq_no == "STUMBLES":
            raise ZeroDivisionError

    monkeypatch.setattr(Docket, "enter", stumbling)
    refused = office.send(Filing(seq="REFUSED"), key=pki.stranger)
    envelopes = [refused, office.send(Filing(seq="STUMBLES")), office.send(Filing(seq="GOOD"))]
    for file in office.settings.collect_from.glob("*.xml"):
        file.unlink()
    (bundle,) = pack([("1.xml", one) for one in envelopes])
    office.send_bytes(bundle.data, bundle.name)
    office.work()
    said = [(one.client_seq_no, one.code) for one in office.receipts()]
    assert said == [("REFUSED", -101002), ("GOOD", 120), ("GOOD", 300), ("GOOD", 399)]
    assert office.receipts()[0].time == START  # what was undone made it no later
    kept, reason = quarantined(office)
    folder = office.settings.collect_from / "quarantine"
    assert (folder / kept).read_bytes() == bundle.data.splitlines()[1]
    assert "ZeroDivisionError" in (folder / reason).read_text()
    assert office.rows("SELECT count(*) FROM messages") == [(1,)]


def test_same_bytes_again_are_dropped(office):
    data = office.send(Filing())
    office.work()
    office.send_bytes(data)
    office.send_bytes(data)
    office.work()
    assert office.codes() == [120, 300, 399]
    assert left_in(office) == []


def test_same_bytes_are_dropped_even_after_the_certificate_expired(office, days):
    data = office.send(Filing())
    office.work()
    office.clock.now += days(4000)
    office.send_bytes(data)
    office.work()
    assert office.codes() == [120, 300, 399]


def test_same_content_signed_anew_is_dropped(office, pki):
    for _ in range(2):
        root = business_message([Filing(guid=guid_of("same"))], guid_of("same message"))
        office.send_bytes(office.wrap(sign_message(root, pki.enterprise)))
        office.work()
    assert office.codes() == [120, 300, 399]


def test_what_failed_may_come_again_beside_what_stands(office):
    """One message, one application stored, one not: the same bytes again concern the second only."""
    data = office.send(Filing(seq="GOOD"), Filing(seq="SIM-LODGEFAILONCE", types=("BROKER",)))
    office.work()
    assert sorted(office.codes()) == [4, 120, 300, 399]
    office.send_bytes(data)
    office.work()
    assert sorted(office.codes()) == [4, 120, 120, 300, 300, 399, 399]
    office.send_bytes(data)
    office.work()
    assert len(office.codes()) == 7


def test_order_of_arrival_is_time_of_change_then_name(office):
    for name, age, seq in (("c", 30, "FIRST"), ("b", 10, "THIRD"), ("a", 10, "SECOND")):
        office.send(Filing(seq=seq))
        newest = max(office.settings.collect_from.glob("0*.xml"), key=lambda file: file.name)
        newest = newest.rename(newest.with_name(name))
        then = time.time_ns() - age * 10**9
        then -= then % 10**12
        os.utime(newest, ns=(then - age, then - age))
    office.work()
    order = [row[0] for row in office.rows("SELECT client_seq_no FROM applications ORDER BY id")]
    assert order == ["FIRST", "SECOND", "THIRD"]


def test_only_regular_visible_files_are_taken(office):
    data = office.send(Filing())
    folder = office.settings.collect_from
    (folder / ".hidden.xml").write_bytes(data)
    (folder / "folder.xml").mkdir()
    (folder / "link.xml").symlink_to(folder / ".hidden.xml")
    os.mkfifo(folder / "pipe.xml")
    office.work()
    assert {file.name for file in folder.iterdir()} == {
        ".claimed", "quarantine", ".hidden.xml", "folder.xml", "link.xml", "pipe.xml",
    }  # fmt: skip
    assert office.codes() == [120, 300, 399]


def test_batches_and_looks_at_the_folder_are_bounded(open_office, monkeypatch):
    monkeypatch.setattr(intake, "LISTED_AT_ONCE", 3)
    office = open_office(batch=2)
    for index in range(7):
        office.send(Filing(uscc=f"91110105XX489884{index:02d}"))
    steps = 0
    while office.receiver.step():
        steps += 1
    assert steps >= 4
    assert office.codes().count(399) == 7


def test_long_and_strange_names(office):
    data = office.send(Filing())
    folder = office.settings.collect_from
    next(folder.glob("*.xml")).unlink()
    (folder / ("长" * 80 + ".xml")).write_bytes(data)
    (folder / os.fsdecode(b"\xff\xfe.xml")).write_bytes(b"unreadable")
    office.work()
    assert office.codes() == [120, 300, 399]
    assert len(quarantined(office)) == 2


def test_an_envelope_beyond_ten_million_characters(office, pki):
    """Two attachments of 4 MiB are a good filing; in base64 the envelope holds one text of 15 million."""
    root = business_message([Filing(guid=guid_of("big"))], guid_of("big message"))
    attachments = etree.SubElement(root[0], f"{{{NAMESPACE}}}attachments")
    for index in range(2):
        one = etree.SubElement(attachments, f"{{{NAMESPACE}}}attachment")
        for name, text in (("attachmentType", "OTHER"), ("fileName", f"{index}.pdf"), ("content", "QUJD" * 1_400_000)):
            etree.SubElement(one, f"{{{NAMESPACE}}}{name}").text = text
    office.send_bytes(office.wrap(sign_message(root, pki.enterprise)))
    office.work()
    assert office.codes() == [120, 300, 399]
