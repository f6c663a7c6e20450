"""The status table: every pair of statuses, and every order in which receipts can arrive."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.core.status import (
    FINAL,
    RECEIPT_CODES,
    TRANSITIONS,
    IllegalTransition,
    Status,
    Verdict,
    advance,
    advance_resent,
    check_transition,
    status_of_code,
)

STORIES = [
    [Status.LODGED, Status.UNDER_REVIEW, Status.APPROVED],
    [Status.LODGED, Status.UNDER_REVIEW, Status.DISAPPROVED],
    [Status.LODGED, Status.UNDER_REVIEW, Status.ISSUED],
    [Status.LODGED, Status.UNDER_REVIEW, Status.ISSUED, Status.VOID],
    [Status.LODGED, Status.REFUSED],
    [Status.LODGE_FAILED],
    [Status.ANSWERED],
]
"""What customs can say of one application, in the order it says it."""


def settle(reports):
    current = Status.SUBMITTED
    alarms = 0
    for reported in reports:
        effect = advance(current, reported)
        alarms += effect.verdict is Verdict.CONTRADICTS
        for step in effect.steps:
            check_transition(current, step)
            current = step
    return current, alarms


@pytest.mark.parametrize(("old", "new"), list(itertools.product([None, *Status], Status)))
def test_only_listed_moves_are_legal(old, new):
    if new in TRANSITIONS[old]:
        check_transition(old, new)
    else:
        with pytest.raises(IllegalTransition):
            check_transition(old, new)


@given(st.sampled_from(STORIES), st.data())
def test_late_doubled_and_shuffled_receipts_lead_to_the_same_end(story, data):
    reports = data.draw(st.permutations(story + data.draw(st.lists(st.sampled_from(story), max_size=4))))
    assert settle(reports) == (story[-1], 0)


@given(st.lists(st.sampled_from(list(Status)), max_size=8))
def test_no_order_of_receipts_makes_an_illegal_move(reports):
    settle(reports)


@given(st.lists(st.sampled_from(list(Status)), max_size=6))
def test_a_final_status_stays(reports):
    end, _ = settle([Status.APPROVED, *reports])
    assert end is Status.APPROVED


FAILED_ONCE = [[Status.LODGE_FAILED, *story] for story in STORIES if story != [Status.LODGE_FAILED]]
"""What customs says of one that it could not store, and stored when it came again; each word has its time."""


@given(st.sampled_from(FAILED_ONCE), st.data())
def test_a_failure_of_the_past_never_stops_what_was_sent_again(story, data):
    said = list(enumerate(story))
    heard = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said), max_size=4))))
    current, newest = Status.SUBMITTED, -1
    for time, reported in heard:
        effect = advance_resent(current, reported, later=time > newest)
        assert effect.verdict is not Verdict.CONTRADICTS
        for step in effect.steps:
            check_transition(current, step)
            current = step
        newest = max(newest, time)
    assert current is story[-1]


def test_what_denies_a_failure_of_now_is_a_contradiction_though_it_was_sent_again():
    for later, current, reported in (
        (False, Status.LODGE_FAILED, Status.LODGED),
        (True, Status.LODGED, Status.LODGE_FAILED),
    ):
        assert advance_resent(current, reported, later=later).verdict is Verdict.CONTRADICTS


def test_contradicting_last_words_raise_an_alarm_and_change_nothing():
    assert settle([Status.APPROVED, Status.DISAPPROVED]) == (Status.APPROVED, 1)
    assert settle([Status.REFUSED, Status.APPROVED]) == (Status.REFUSED, 1)
    assert settle([Status.LODGED, Status.LODGE_FAILED]) == (Status.LODGED, 1)
    assert settle([Status.APPROVED, Status.VOID]) == (Status.APPROVED, 1)
    assert settle([Status.DISAPPROVED, Status.ISSUED]) == (Status.DISAPPROVED, 1)


def test_an_issued_certificate_can_only_become_void():
    assert settle([Status.ISSUED, Status.VOID, Status.ISSUED]) == (Status.VOID, 0)


def test_every_negative_code_means_that_it_could_not_be_stored():
    assert status_of_code(-101130) is Status.LODGE_FAILED
    assert status_of_code(7) is None


def test_every_status_has_a_code_and_final_ones_lead_nowhere_but_to_void():
    assert set(RECEIPT_CODES.values()) == set(Status)
    assert {one for one in Status if TRANSITIONS[one] <= {Status.VOID}} == FINAL


def test_the_chinese_texts_are_those_of_the_manual_and_for_queries_our_own():
    assert [one.text for one in Status] == [
        "暂存", "申报成功", "海关入库成功，请等待审核", "海关入库失败", "海关不予受理", "海关受理中", "审批通过", "审批不通过",
        "已签发", "已失效", "已答复",
    ]  # fmt: skip
