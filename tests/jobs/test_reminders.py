"""Reminders: once for each thing and each number of days, in the InBox of whom it concerns."""

import json
from datetime import date

from tests.office import Hand


def reminders(night, channel="demo"):
    return [json.loads(file.read_bytes()) for file in night.box("InBox", "Reminder_*.json", channel)]


def remind(night):
    with night.at_work() as shift:
        run = shift.run("reminders")
        shift.app.exchange()
    return run.counts["reminders"]


def approved(night):
    night.drop(night.sample("05-TEMPORARY.xml"))
    night.run()
    ((until,),) = night.sql(
        "select json_extract(q.value, '$.validUntil') from applications a, json_each(a.results, '$.qualifications') q"
    )
    return date.fromisoformat(until)


def days_before(night, until, days):
    night.clock.advance(days=(until - Hand().now.date()).days - days - (night.clock.now - Hand().now).days)


def test_a_temporary_filing_is_reminded_of_three_times(night):
    until = approved(night)
    days_before(night, until, 31)
    assert remind(night) == 0
    for left, at in ((30, 30), (12, None), (6, 7), (1, 1), (0, None)):
        days_before(night, until, left)
        assert remind(night) == (at is not None), left
        assert remind(night) == 0, "not twice"
    told = reminders(night)
    assert sorted(one["daysLeft"] for one in told) == [1, 6, 30]
    assert {(one["type"], one["validUntil"]) for one in told} == {("TEMPORARY", f"{until}")}
    assert "临时注册登记" in told[0]["zh"] or "临时" in told[0]["zh"]
    assert len({file.name for file in night.box("InBox", "Reminder_*")}) == 3
    assert night.box("InBox", "Reminder_*", "agent") == [], "it concerns nobody else"


def test_a_machine_that_was_off_reminds_of_the_nearest_only(night):
    until = approved(night)
    days_before(night, until, 3)
    assert remind(night) == 1
    assert [one["daysLeft"] for one in reminders(night)] == [3]


def test_what_was_renewed_or_ended_by_customs_is_not_reminded_of(night):
    until = approved(night)
    renewed = {"type": "TEMPORARY", "validFrom": "2026-11-16", "validUntil": f"{until.replace(year=until.year + 1)}"}
    ((results, columns),) = night.sql(
        "select results, group_concat(name) from applications, pragma_table_info('applications')"
    )
    code = json.loads(results)["qualifications"][0]["filingCode"]
    others = [one for one in columns.split(",") if one not in ("guid", "application_no", "results", "updated_at")]
    night.sql(  # a later application brought the same qualification a year more, as a renewal does
        f"insert into applications (guid, application_no, results, updated_at, {','.join(others)}) "
        f"select 'LATER', '999', ?, '2026-12-01T00:00:00.000000Z', {','.join(others)} from applications",
        json.dumps({"qualifications": [renewed | {"filingCode": code}]}),
    )
    days_before(night, until, 5)
    assert remind(night) == 0


def test_a_filing_certificate_is_reminded_of_too(night):
    approved(night)
    night.sql(
        "update applications set results = ?",
        json.dumps({"qualifications": [], "certificate": {"certificateNo": "BA0001", "validUntil": "2026-11-20"}}),
    )
    assert remind(night) == 1
    (told,) = reminders(night)
    assert (told["kind"], told["number"], told["daysLeft"]) == ("certificate", "BA0001", 4)


def test_our_own_certificates_alarm_us_and_the_senders_are_told_of_the_one_they_verify_with(night):
    night.clock.advance(days=1090)
    remind(night)
    remind(night)
    open_now = [subject.rpartition(":")[2] for subject in night.events("alarm_certificate")]
    assert set(open_now) == {"7"}
    assert {one["kind"] for one in reminders(night)} == {"answers"}
    night.clock.advance(days=4)
    remind(night)
    assert {subject.rpartition(":")[2] for subject in night.events("healed")} == {"7"}
    assert {subject.rpartition(":")[2] for subject in night.events("alarm_certificate")} == {"7", "1"}
    assert sorted(one["daysLeft"] for one in reminders(night)) == [1, 5]


def test_a_reminder_whose_box_is_missing_is_held_and_comes_later(night):
    until = approved(night)
    days_before(night, until, 5)
    box = night.home / "outbox" / "demo" / "InBox"
    box.rename(box.with_name("away"))
    remind(night)
    assert "到期提醒尚未写入" in night.edi("status", "--held")
    box.with_name("away").rename(box)
    night.clock.advance(hours=2)
    with night.at_work() as shift:
        shift.app.exchange()
    assert [one["daysLeft"] for one in reminders(night)] == [5]
