"""Times, routes, delays, the hash chain, the table of qualifications: small pure things."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.core.chain import Event, Head, chain, first_break
from edi.core.findings import TEXT_LIMIT, Finding, Severity, clip
from edi.core.qualification import EXCLUSIONS, Qualification, excluded_pairs, unmet_needs
from edi.core.retry import RetryPolicy
from edi.core.routing import Route, choose
from edi.core.times import digits14, digits17, digits21, from_digits17, from_iso, iso, tick_of

NOON = datetime(2026, 11, 22, 4, 0, 0, 123456, tzinfo=UTC)  # noon in China
moments = st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_wire_times_are_china_time():
    assert digits14(NOON) == "20261122120000"
    assert digits17(NOON) == "20261122120000123"
    assert digits21(tick_of(NOON)) == "202611221200001234560"


@given(moments)
def test_times_survive_the_wire(moment):
    assert from_iso(iso(moment)) == moment
    assert abs(from_digits17(digits17(moment)) - moment) < timedelta(milliseconds=1)


@given(moments, moments)
def test_iso_times_sort_as_text(one, other):
    assert (iso(one) < iso(other)) == (one < other)


@pytest.mark.parametrize(
    "text", ["", "2026112212000012", "2026112212000012x", "20261322120000123", "２０２６１１２２１２００００１２３"]
)
def test_other_texts_are_no_times(text):
    with pytest.raises(ValueError):
        from_digits17(text)


def test_the_first_route_that_fits_is_taken():
    routes = [
        Route(messages="QLF*", districts="01*", receiver="beijing"),
        Route(messages="QLF*", districts="*", receiver="all"),
    ]
    assert choose(routes, "QLF101", "0117") == "beijing"
    assert choose(routes, "QLF101", "2201") == "all"
    assert choose(routes, "ENT201", "2201") is None


@given(st.integers(1, 60), st.floats(0, 1))
def test_delays_grow_and_stay_within_their_bound(attempts, jitter):
    policy = RetryPolicy(first_seconds=5, longest_seconds=3600)
    delay = (policy.next_try(attempts, NOON, jitter) - NOON).total_seconds()
    assert 5 * 0.75 <= delay <= 3600
    assert policy.next_try(attempts + 1, NOON, jitter) >= policy.next_try(attempts, NOON, jitter)


def events(count):
    head, listed = Head(), []
    for seq in range(1, count + 1):
        event = Event(seq=seq, at=iso(NOON), kind="save", subject=str(seq), detail='{"号": 1}')
        head = chain(head, event)
        listed.append((event, head.hash))
    return listed


def test_an_untouched_chain_holds():
    assert first_break(events(5)) is None
    assert first_break([]) is None


@given(st.integers(0, 9), st.sampled_from(["change", "remove", "swap"]))
def test_changing_removing_or_swapping_events_shows(index, how):
    listed = events(12)
    if how == "change":
        event, stored = listed[index]
        listed[index] = (Event(**(vars(event) | {"subject": "forged"})), stored)
    elif how == "remove":
        del listed[index]
    else:
        listed[index], listed[index + 1] = listed[index + 1], listed[index]
    assert first_break(listed) is not None


def test_temporary_units_hold_nothing_else():
    for other in Qualification:
        if other is not Qualification.TEMPORARY:
            assert frozenset({Qualification.TEMPORARY, other}) in EXCLUSIONS
    assert excluded_pairs({Qualification.TRADER}, {Qualification.TRADER_BRANCH}) == [
        (Qualification.TRADER, Qualification.TRADER_BRANCH)
    ]


def test_sellers_need_a_trader():
    assert unmet_needs({Qualification.CBEC_ENTERPRISE}, set()) == [Qualification.CBEC_ENTERPRISE]
    assert unmet_needs({Qualification.CBEC_AGENT}, {Qualification.TRADER_BRANCH}) == []
    assert unmet_needs({Qualification.CBEC_AGENT, Qualification.TRADER}, set()) == []


@given(st.text())
def test_quoted_values_are_one_bounded_line(text):
    assert len(clip(text)) <= TEXT_LIMIT
    assert "\n" not in clip(text)


def test_quoting_a_long_text_takes_no_more_memory_than_the_text_has():
    text = "ab " * 300_000
    tracemalloc.start()
    assert clip(text) == f"{text[: TEXT_LIMIT - 1]}…"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * len(text)


def test_findings_survive_json():
    finding = Finding(code="QLF-012", severity=Severity.WARNING, path="/a", line=3, column=4, zh="中", en="e")
    assert Finding.from_json(finding.to_json()) == finding
