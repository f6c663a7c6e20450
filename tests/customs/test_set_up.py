"""Settings and the register file: what is refused at the start, and how it is told."""

import sqlite3
from datetime import date, timedelta

import pytest
from sqlite_utils import Database

from edi.core.qualification import Qualification
from edi.core.register import ExtendQualification
from edi.customs.migrations import MIGRATIONS
from edi.customs.register import Register, next_count
from edi.customs.settings import Settings
from edi.customs.store import Store
from edi.errors import Broken, TryLater, UserError


def test_wrong_settings_are_told_all_at_once(tmp_path):
    with pytest.raises(UserError) as caught:
        Settings(
            node_id="LONGER THAN SIXTEEN",
            collect_from=tmp_path,
            deliver_to=tmp_path,
            register=tmp_path / "register",
            review="never",
            lodge_delay=timedelta(-1),
            accept_delay=timedelta(-1),
            decision_delay=timedelta(-1),
            batch=0,
        )
    assert len(caught.value.problems) == 7


def test_a_register_out_of_reach_is_tried_later(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TryLater):
        Store(tmp_path / "file" / "customs.db")
    with pytest.raises(TryLater):
        Store(tmp_path)


def test_a_file_that_is_no_register(tmp_path):
    path = tmp_path / "customs.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(Broken):
        Store(path)


def test_migrations_run_once(office):
    office.reopen()
    assert [row[0] for row in office.rows("SELECT name FROM _sqlite_migrations ORDER BY rowid")] == [
        "m001_register",
        "m002_endings_and_renewals",
    ]


def test_a_register_of_the_first_release_is_brought_up_to_date(tmp_path):
    path = tmp_path / "customs.db"
    old = sqlite3.connect(path, isolation_level=None)
    MIGRATIONS.apply(Database(old, execute_plugins=False), stop_before="m002_endings_and_renewals")
    old.execute("INSERT INTO enterprises VALUES ('X', '示例', '0117', '110105', '', '2025-01-01')")
    add = (
        "INSERT INTO qualifications (uscc, type, valid_from, valid_until, ended_on) VALUES ('X', 'TEMPORARY', ?, ?, ?)"
    )
    old.execute(add, ("2023-01-01", "2024-01-01", "2024-02-01"))
    old.execute(add, ("2024-02-01", "2025-02-01", None))
    old.close()

    store = Store(path)
    with store.writing() as connection:
        rows = connection.execute("SELECT ended_on, ended_because FROM qualifications ORDER BY id").fetchall()
        assert [tuple(row) for row in rows] == [("2024-02-01", "SUCCEEDED"), (None, None)]
        register = Register(connection, date(2025, 1, 10), seed=1)
        prolonged = register.carry_out(ExtendQualification(uscc="X", qualification=Qualification.TEMPORARY, years=1))
        assert prolonged.valid_until == "2026-02-01"
        assert [one.valid_until for one in register.held("X")] == [date(2026, 2, 1)]
    store.close()


@pytest.mark.parametrize(
    "contradiction",
    [
        "UPDATE qualifications SET ended_because = 'CANCELLED'",  # without a day
        "UPDATE qualifications SET ended_on = '2026-03-02', ended_because = 'FORGOTTEN'",
        "INSERT INTO renewals VALUES (1, '2026-03-02', '2026-04-01', '2026-04-01')",
        "INSERT INTO renewals VALUES (2, '2026-03-02', '2026-04-01', '2027-04-01')",  # of what was never given
    ],
)
def test_the_register_does_not_contradict_itself(office, holding, contradiction):
    office.receiver.seed_register(holding("91110105XX489884X9", "TEMPORARY", until="+30d"))
    with pytest.raises(Broken), office.receiver._store.writing() as connection:
        connection.execute(contradiction)


def test_nothing_is_prolonged_twice_from_the_same_day(office, holding):
    office.receiver.seed_register(holding("91110105XX489884X9", "TEMPORARY", until="+30d"))
    renewal = "INSERT INTO renewals VALUES (1, ?, '2026-04-01', '2027-04-01')"
    with office.receiver._store.writing() as connection:
        connection.execute(renewal, ("2026-03-02",))
    with pytest.raises(Broken), office.receiver._store.writing() as connection:
        connection.execute(renewal, ("2026-03-03",))


def test_numbers_pass_over_what_is_taken_and_end(office, monkeypatch):
    with office.receiver._store.writing() as connection:
        register = Register(connection, office.clock().date(), seed=1)
        taken = set()
        monkeypatch.setattr("edi.customs.register.SERIAL_LENGTH", 1)
        for _ in range(31):
            code = register._new_filing_code("110196")
            taken.add(code)
        assert len(taken) == 31
        with pytest.raises(Broken):
            register._new_filing_code("110196")
        assert next_count(connection, "another") == 1


def test_short_prefixes_still_give_ten_characters(office):
    with office.receiver._store.writing() as connection:
        assert len(Register(connection, office.clock().date(), seed=1)._new_filing_code("96")) == 10


@pytest.mark.parametrize(
    "data",
    [
        {"enterprises": [{"uscc": "X"}]},
        {"enterprises": 1},
        {"stored": [{"guid": "X"}]},
        {
            "enterprises": [
                {"uscc": "X", "nameZh": "", "competentCustoms": "", "adminDivision": "", "pending": ["NONE"]}
            ]
        },
    ],
)
def test_register_data_of_another_shape_enters_nothing(office, data):
    with pytest.raises(UserError, match=r"register\.json"):
        office.receiver.seed_register(data)
    assert office.rows("SELECT * FROM enterprises") == office.rows("SELECT * FROM stored") == []
