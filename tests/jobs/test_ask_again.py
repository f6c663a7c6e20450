"""A receiver that says nothing is asked by the same bytes; with every fault of its, the table ends as its register."""

import contextlib
import sqlite3

import pytest

from edi.adapters.config_faults import DELIVERIES, RECEIVER
from tests.crash.kill import register_of, table_of
from tools.filings import filings

COUNT = 12
RATES = dict.fromkeys(DELIVERIES, 0.5) | {"receiver_down": 0.5}


def set_faults(night, **rates):
    for name, rate in rates.items():
        night.configure(f"\n{name} = 0.0", f"\n{name} = {rate}")


def clear_faults(night, **rates):
    for name, rate in rates.items():
        night.configure(f"\n{name} = {rate}", f"\n{name} = 0.0")


def run(night):
    """Rounds of gateway and customs; an outage of the receiver ends none of them."""
    with night.at_work() as shift:
        for _ in range(8):
            shift.app.work_until_quiet()


def ask(night):
    with night.at_work() as shift:
        counts = shift.run("ask_again").counts["messages"]
        shift.app.work_until_quiet()
    return counts


def drop(night, count=COUNT, series="ASK"):
    for one in filings(night.home, count, series):
        night.put(one.data, one.name)


@pytest.mark.parametrize(
    "rates",
    [{name: rate} for name, rate in RATES.items()] + [dict.fromkeys(DELIVERIES, 0.12) | {"receiver_down": 0.3}],
    ids=[*RATES, "all together"],
)
def test_after_every_fault_the_table_is_customs_register(night, rates):
    set_faults(night, **rates)
    drop(night)
    run(night)
    night.clock.advance(minutes=10)
    run(night)
    clear_faults(night, **rates)
    for _ in range(3):
        night.clock.advance(days=8)
        ask(night)
    assert table_of(night.home) == register_of(night.home)
    assert set(table_of(night.home).values()) == {"APPROVED"}
    assert len(table_of(night.home)) == COUNT


def statuses(night):
    return set(table_of(night.home).values())


def test_lost_last_receipts_are_asked_for_by_the_same_bytes(night):
    set_faults(night, lost=1.0)
    drop(night, 3)
    run(night)
    assert statuses(night) == {"SUBMITTED"}
    clear_faults(night, lost=1.0)
    night.clock.advance(hours=23)
    assert ask(night) == 0
    night.clock.advance(hours=2)
    assert ask(night) == 3
    assert statuses(night) == {"APPROVED"}
    sent = "select content, count(*) from outgoing where place = 'customs' group by content"
    assert [times for _, times in night.sql(sent)] == [2, 2, 2], "the same bytes, twice"
    night.clock.advance(days=30)
    assert ask(night) == 0, "customs has spoken its last word"


@pytest.mark.parametrize("fault", ["late", "lost"])
def test_a_failure_heard_of_after_customs_was_asked_again_is_of_the_past(night, fault):
    """The first try failed at customs and its receipt came late, after the second, which was stored."""
    set_faults(night, **{fault: 1.0})
    drop(night, 3, "SIM-LODGEFAILONCE")
    run(night)
    assert statuses(night) == {"SUBMITTED"}
    night.clock.advance(days=2)
    ask(night)
    night.clock.advance(days=8)
    clear_faults(night, **{fault: 1.0})
    ask(night)
    assert statuses(night) == {"APPROVED"}
    assert table_of(night.home) == register_of(night.home)
    assert night.events("alarm_contradiction") == []


def test_the_pause_doubles_and_the_history_tells(night):
    night.drop(night.sample("SIM-SILENT.xml"))
    night.run()
    asked_after = []
    for day in range(1, 16):
        night.clock.advance(days=1)
        if ask(night):
            asked_after.append(day)
    assert asked_after == [1, 2, 4, 8]
    assert len(night.events("ask_again")) == 4
    with contextlib.closing(sqlite3.connect(night.home / "customs" / "register.sqlite")) as register:
        assert register.execute("select count(*) from applications").fetchone() == (1,)
    assert "原样再送海关" in night.edi("show", "SIM-SILENT.xml")


def test_nought_hours_ask_never(night):
    night.configure("ask_again_hours = 24.0", "ask_again_hours = 0")
    night.drop(night.sample("SIM-SILENT.xml"))
    night.run()
    night.clock.advance(days=30)
    assert ask(night) == 0


def test_what_is_still_to_be_sent_is_not_asked_for(night):
    folder = night.home / "customs" / "in"
    with night.at_work() as shift:
        folder.rename(folder.with_name("away"))
        folder.write_text("in the way")
        drop(night, 1)
        shift.app.exchange()
        night.clock.advance(days=2)
        assert shift.run("ask_again").counts == {"messages": 0}


def test_rates_that_cannot_be_meant_are_refused(night):
    for name in (*DELIVERIES[:2], RECEIVER[0]):
        night.configure(f"\n{name} = 0.0", f"\n{name} = 1.5" if name == RECEIVER[0] else f"\n{name} = 0.7")
    with pytest.raises(Exception, match="配置文件") as refused:
        night.run()
    assert len(refused.value.problems) == 2
