"""Bundles: many envelopes in one file between gateway and customs, each treated as if it had come alone."""

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.app.composition import open_app
from edi.customs import receiver
from edi.messages.bundle import ENDING, MOST_ENVELOPES, MOST_LINES, is_bundle, pack, unpack
from edi.messages.dxp import DxpMsg, write_dxp_msg
from tools.filings import filings

MANY = 12
BYTES = 1 << 20


def envelope(number, data=b"<a/>", **more):
    return write_dxp_msg(
        DxpMsg(
            message_id=f"M{number}", sender="A", receivers=("B",), created="2026-11-22T08:00:00", message_type="QLF101",
            data=data, **more,
        )
    )  # fmt: skip


@given(st.lists(st.binary(max_size=200), max_size=30))
def test_what_is_packed_comes_out_in_order(contents):
    sent = [(f"{number:012d}-x.xml", envelope(number, data)) for number, data in enumerate(contents)]
    parcels = list(pack(sent))
    assert len({one.name for one in parcels}) == len(parcels) == min(len(sent), 1)
    received = [one for parcel in parcels for one in unpack(parcel.name, parcel.data, BYTES)]
    assert [one.replace(b"?>\n<", b"?><") for one in received] == [data.replace(b"?>\n<", b"?><") for _, data in sent]


def test_one_envelope_is_a_file_as_ever():
    (parcel,) = pack([("one.xml", envelope(1))])
    assert (parcel.name, parcel.data) == ("one.xml", envelope(1))


def test_line_breaks_inside_an_envelope_keep_it_out_of_a_bundle():
    odd = envelope(2, file_name="two\nlines.xml")
    sent = [("1.xml", envelope(1)), ("2.xml", odd), ("3.xml", envelope(3)), ("4.xml", envelope(4))]
    assert [is_bundle(one.name) for one in pack(sent)] == [False, False, True]
    assert next(one.data for one in pack(sent) if one.name == "2.xml") == odd


def test_a_bundle_never_takes_the_place_of_another():
    first, second = (next(pack([("1.xml", envelope(1)), ("2.xml", envelope(number))])) for number in (2, 3))
    assert first.name != second.name


def test_bundles_are_bounded():
    parcels = list(pack((f"{number}.xml", envelope(number)) for number in range(MOST_ENVELOPES + 2)))
    assert [len(unpack(one.name, one.data, BYTES)) for one in parcels] == [MOST_ENVELOPES, 2]
    with pytest.raises(ValueError, match="lines"):
        unpack(f"x{ENDING}", b"\n" * (MOST_LINES + 1), BYTES)


def files(folder):
    return sorted(one for one in folder.iterdir() if one.is_file())


def send(workspace, name):
    """Many filings as far as the folder of customs."""
    for one in filings(workspace.home, MANY, name):
        workspace.put(one.data, one.name)
    with open_app(workspace.home) as app:
        while app.exchange() or app.waiting():
            pass
    return files(workspace.home / "customs" / "in")


def approved(workspace):
    return sum(one["status"] == "APPROVED" for one in workspace.status())


def test_a_batch_travels_as_one_file_each_way_and_every_receipt_is_a_file_in_inbox(workspace):
    (sent,) = send(workspace, "BOTH")
    assert is_bundle(sent.name)
    with open_app(workspace.home) as app:
        app.review()
    (told,) = files(workspace.home / "customs" / "out")
    assert is_bundle(told.name)
    workspace.run()
    assert approved(workspace) == MANY
    assert len(workspace.box("InBox", "Receipt_*.xml")) == 3 * MANY


def test_a_receiver_that_takes_no_bundles_gets_a_file_for_each(workspace):
    workspace.configure("takes_bundles = true", "takes_bundles = false")
    workspace.configure("sends_bundles = true", "sends_bundles = false")
    assert len(send(workspace, "APART")) == MANY
    with open_app(workspace.home) as app:
        app.review()
    assert len(files(workspace.home / "customs" / "out")) == 3 * MANY
    workspace.run()
    assert approved(workspace) == MANY


@pytest.mark.parametrize("bad", [b"<a/>", b"<dxp:DxpMsg", b"\x00\xff"])
def test_a_bad_line_spoils_no_other_at_customs(workspace, bad):
    (sent,) = send(workspace, "BAD")
    lines = sent.read_bytes().split(b"\n")
    lines[4] = bad
    sent.write_bytes(b"\n".join(lines))
    workspace.run()
    assert approved(workspace) == MANY - 1
    kept, reason = files(workspace.home / "customs" / "in" / "quarantine")
    assert kept.read_bytes() == bad
    assert sent.name in reason.read_text("utf-8")
    assert files(workspace.home / "customs" / "in") == []


def test_a_bundle_cut_off_in_writing_gives_what_is_whole(workspace):
    send(workspace, "CUT")
    with open_app(workspace.home) as app:
        app.review()
    (told,) = files(workspace.home / "customs" / "out")
    told.write_bytes(told.read_bytes()[:-300])
    workspace.run()
    assert len(workspace.box("InBox", "Receipt_*.xml")) == 3 * MANY - 1
    (aside,) = (workspace.home / "var" / "quarantine" / "customs").iterdir()
    assert (aside / "reason.txt").is_file()


def test_a_bundle_that_is_too_big_to_be_read_is_kept_whole(workspace, monkeypatch):
    (sent,) = send(workspace, "BIG")
    whole = sent.read_bytes()
    monkeypatch.setattr(receiver, "ENVELOPE_LIMITS", replace(receiver.ENVELOPE_LIMITS, file=len(whole) - 1))
    workspace.run()
    kept, _ = files(workspace.home / "customs" / "in" / "quarantine")
    assert kept.read_bytes() == whole
    assert approved(workspace) == 0


def test_bundles_that_come_again_change_nothing(workspace):
    (sent,) = send(workspace, "AGAIN")
    again = sent.read_bytes()
    with open_app(workspace.home) as app:
        app.review()
    (told,) = files(workspace.home / "customs" / "out")
    receipts = told.read_bytes()
    workspace.run()
    (workspace.home / "customs" / "in" / f"again{ENDING}").write_bytes(again)
    (workspace.home / "customs" / "out" / f"again{ENDING}").write_bytes(receipts)
    workspace.run()
    assert approved(workspace) == MANY
    assert len(workspace.box("InBox", "Receipt_*.xml")) == 3 * MANY
    with sqlite3.connect(workspace.home / "customs" / "register.sqlite") as register:
        assert register.execute("select count(*) from applications").fetchone() == (MANY,)


@pytest.mark.parametrize("data", [b"", b"\n\n\n", b"\n" * (MOST_LINES + 1)], ids=["empty", "blank", "endless"])
def test_a_bundle_without_sense_is_put_aside_on_either_side(workspace, data):
    for side in ("in", "out"):
        (workspace.home / "customs" / side / f"odd{ENDING}").write_bytes(data)
    workspace.run()
    assert len(files(workspace.home / "customs" / "in" / "quarantine")) == 2
    assert len(list((workspace.home / "var" / "quarantine" / "customs").iterdir())) == 1
