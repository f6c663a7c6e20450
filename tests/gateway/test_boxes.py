"""Claims of one file and of many: whatever was claimed is found again, and nothing is left behind."""

import os
from datetime import UTC, datetime

from edi.adapters.boxes import CLAIMED, Taken, claim, claim_together, claims, release
from edi.adapters.files import within_bytes

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def fill(box, *names):
    for name in names:
        (box / name).write_bytes(b"<a/>")


def test_many_files_are_claimed_into_one_folder_and_all_found_again(tmp_path):
    fill(tmp_path, "1.xml", "2.xml", "3.xml")
    taken = claim_together(tmp_path, ["1.xml", "gone.xml", "2.xml"], NOW).claims
    assert [one.name for one in taken] == ["1.xml", "2.xml"]
    assert list(claims(tmp_path)) == taken, "a restart sees the same claims"
    assert len({one.path.parent for one in taken}) == 1
    assert len({one.id for one in taken}) == 2, "each is known by an id of its own"
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["3.xml"]


def test_the_folder_of_a_claim_goes_with_its_last_file(tmp_path):
    fill(tmp_path, "1.xml", "2.xml")
    first, second = claim_together(tmp_path, ["1.xml", "2.xml"], NOW).claims
    first.path.unlink()
    release(first.path)
    assert list(claims(tmp_path)) == [second]
    second.path.unlink()
    release(second.path)
    assert not list((tmp_path / CLAIMED).iterdir())


def test_where_all_are_gone_nothing_is_claimed(tmp_path):
    assert claim_together(tmp_path, ["gone.xml"], NOW) == Taken([], [])
    assert not list((tmp_path / CLAIMED).iterdir())


def test_a_folder_that_a_crash_left_empty_is_cleared(tmp_path):
    fill(tmp_path, "1.xml")
    taken = claim(tmp_path, "1.xml", NOW)
    taken.path.unlink()
    assert list(claims(tmp_path)) == []
    assert not taken.path.parent.exists()


def test_a_restart_finds_claims_in_the_order_in_which_the_files_came(tmp_path):
    fill(tmp_path, "b.xml", "a.xml", "c.xml")
    for age, name in enumerate(("c.xml", "a.xml", "b.xml")):
        os.utime(tmp_path / name, ns=(0, 1_000_000_000 - age))
    taken = claim_together(tmp_path, ["b.xml", "a.xml", "c.xml"], NOW).claims
    assert list(claims(tmp_path)) == taken


def test_a_name_that_is_no_proper_text_is_claimed_by_itself(tmp_path):
    """Its readable name may be that of another file of the batch."""
    raw = os.fsdecode("申报.xml".encode("gbk"))
    fill(tmp_path, "申报.xml", raw)
    taken = claim_together(tmp_path, ["申报.xml", raw], NOW).claims
    assert [one.name for one in taken] == ["申报.xml", "申报.xml"]
    assert len({one.id for one in taken}) == len({one.path for one in taken}) == 2
    assert sorted(one.id for one in claims(tmp_path)) == sorted(one.id for one in taken)


def test_a_batch_stays_within_its_bytes_but_is_never_empty():
    assert within_bytes([("a", 3), ("b", 4), ("c", 4)], 10) == ["a", "b"]
    assert within_bytes([("huge", 11), ("b", 1)], 10) == ["huge"]
    assert within_bytes([], 10) == []
