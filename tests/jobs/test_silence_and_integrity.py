"""Alarms: one when a trouble begins, `healed` when it is over; and a ledger that was touched shows."""

import pytest

from edi.errors import Broken, UserError


def watch(night):
    with night.at_work() as shift:
        return shift.run("silence").counts


def test_an_application_customs_says_nothing_about(night):
    night.drop(night.sample("SIM-SILENT.xml"))
    night.run()
    night.clock.advance(hours=23)
    assert watch(night) == {"alarms": 0, "healed": 0}
    night.clock.advance(hours=2)
    assert watch(night) == {"alarms": 1, "healed": 0}
    assert watch(night) == {"alarms": 0, "healed": 0}
    assert "未见海关（customs）的后续回执" in night.edi("status", "--held")


def test_an_application_that_is_stuck_and_then_decided(night):
    night.drop(night.sample("SIM-REVIEW.xml"))
    night.run()
    night.clock.advance(days=8)
    assert watch(night)["alarms"] == 1
    night.sql("update applications set status = 'APPROVED' where status = 'UNDER_REVIEW'")
    assert watch(night) == {"alarms": 0, "healed": 1}
    assert "告警" not in night.edi("status", "--held").replace("也没有告警", "")


def test_drafts_and_failures_wait_for_the_sender_and_not_for_customs(night):
    for name in ("draft.xml", "SIM-LODGEFAIL.xml"):
        night.drop(night.sample(name))
    night.run()
    night.clock.advance(days=60)
    assert watch(night) == {"alarms": 0, "healed": 0}


def test_a_deadline_before_the_program_was_set_up_was_nobodys(night):
    night.configure('expect_by = ""', 'expect_by = "0 9 * * *"', 1)
    with night.at_work():
        pass
    night.clock.advance(hours=1)
    assert watch(night)["alarms"] == 0
    night.clock.advance(days=1)
    assert watch(night)["alarms"] == 1


def test_nought_hours_ask_for_no_alarm(night):
    night.configure("receipt_hours = 24.0", "receipt_hours = 0")
    night.drop(night.sample("SIM-SILENT.xml"))
    night.run()
    night.clock.advance(days=30)
    assert watch(night)["alarms"] == 0


@pytest.mark.parametrize(
    ("harm", "mend", "told"),
    [
        (
            "update content set bytes = cast(bytes || x'20' as blob) where rowid = 1",
            "update content set bytes = cast(substr(bytes, 1, length(bytes) - 1) as blob) where rowid = 1",
            "摘要",
        ),
        (
            "update files set outcome = 'REFUSED', message = 'x' || message",
            "update files set outcome = 'ACCEPTED', message = substr(message, 2)",
            "收支",
        ),
        (
            "update receipts set content = 'x' || content where rowid = 1",
            "update receipts set content = substr(content, 2) where rowid = 1",
            "缺失",
        ),
    ],
    ids=["content", "balance", "missing"],
)
def test_a_ledger_that_was_touched_alarms_once_and_heals(night, harm, mend, told):
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    night.sql(harm)
    with night.at_work() as shift:
        for _ in range(2):
            with pytest.raises(Broken, match=told):
                shift.run("integrity")
    assert len(night.events("alarm_integrity")) == 1
    night.sql(mend)
    with night.at_work() as shift:
        shift.run("integrity")
    assert night.events("healed") == night.events("alarm_integrity")


def test_an_event_that_was_altered_shows(night):
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    night.sql("drop trigger events_are_for_ever_update")
    night.sql("update events set detail = '{}' where seq = 2")
    with pytest.raises(Broken, match="第 2 条事件"), night.at_work() as shift:
        shift.run("integrity")


def test_a_ledger_file_that_is_damaged_is_told_in_words(night):
    night.drop(night.sample("02-TRADER.xml"))
    night.run()
    ledger = night.home / "var" / "ledger.sqlite"
    size = ledger.stat().st_size
    with night.at_work() as shift, ledger.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
        file.flush()
        with pytest.raises((Broken, UserError), match=r"损坏|摘要"):
            shift.run("integrity")
