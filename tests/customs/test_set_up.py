"""Settings and the register file: what is refused at the start, and how it is told."""

import sqlite3
from datetime import date, timedelta

import pytest
from sqlite_utils import Database

from edi.core.qualification import Qualification
from edi.core.register import ExtendQualification
from edi.customs.migrations import MIGRATIONS
from edi.customs.numbers import Numbers, next_count
from edi.customs.register import Register
from edi.customs.settings import Settings
from edi.customs.store import Store
from edi.errors import Broken, TryLater, UserError

from .office import press


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
        "m003_certificates_changes_and_queries",
        "m004_receipts_repeated",
        "m005_letters_about_several_applications",
        "m006_history_by_itself",
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
        register = Register(connection, date(2025, 1, 10), seed=1, press=press)
        prolonged = register.carry_out(ExtendQualification(uscc="X", qualification=Qualification.TEMPORARY, years=1))
        assert prolonged.valid_until == "2026-02-01"
        assert [one.valid_until for one in register.held("X")] == [date(2026, 2, 1)]
    store.close()


def register_of_the_second_release(path):
    """With an application under way that occupies a type, one that was approved, and a declarant."""
    old = sqlite3.connect(path, isolation_level=None)
    old.execute("PRAGMA foreign_keys = ON")
    MIGRATIONS.apply(Database(old, execute_plugins=False), stop_before="m003_certificates_changes_and_queries")
    old.execute("INSERT INTO messages VALUES (1, '', 'GATEWAY', 'M', 'QLF101', 'AGENT', x'', NULL)")
    add = (
        "INSERT INTO applications VALUES (?, 1, ?, ?, '', '', 'QLF101', 'X', '示例', '0117', 'GATEWAY', ?, ?, ?, ?, '')"
    )
    old.execute(add, (7, 0, "G7", "APPROVED", 0, "2026-03-01T00:00:00.000000Z", None))
    old.execute(add, (9, 1, "G9", "UNDER_REVIEW", 2, "2026-03-02T00:00:00.000000Z", "2026-03-03T00:00:00.000000Z"))
    old.execute("INSERT INTO history VALUES (7, 'APPROVED', ''), (9, 'UNDER_REVIEW', '')")
    old.execute("INSERT INTO claims VALUES ('X', 'BROKER', 9)")
    old.execute("INSERT INTO receipts VALUES (1, 'G7', 7, 399, '', 'a.xml', x'00', 1)")
    old.execute("INSERT INTO enterprises VALUES ('X', '示例', '0117', '110105', '', '2026-03-01')")
    old.execute("INSERT INTO declarants VALUES ('00000001', 'X', '张示例', '111', 'P1', '13800000000')")
    tables = {name: old.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in TABLES}
    old.close()
    return tables


TABLES = ("messages", "applications", "history", "claims", "enterprises")


def test_a_register_of_the_second_release_keeps_every_row(tmp_path):
    path = tmp_path / "customs.db"
    before = register_of_the_second_release(path)
    store = Store(path)
    with store.writing() as connection:
        for name, rows in before.items():
            kept = [tuple(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1")]
            # Later releases add columns behind those there were.
            assert [new[: len(old)] for new, old in zip(kept, rows, strict=True)] == rows
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        register = Register(connection, date(2026, 3, 3), 1, press)
        assert register.pending("X") == {"BROKER"}
        assert register.filed_for("AGENT", "X")
        assert [(one.declarant_no, one.nationality) for one in register.declarants("X")] == [("00000001", "")]
    store.close()


def test_each_receipt_of_an_older_register_becomes_a_letter_of_its_own(tmp_path):
    path = tmp_path / "customs.db"
    register_of_the_second_release(path)
    old = sqlite3.connect(path, isolation_level=None)
    MIGRATIONS.apply(Database(old, execute_plugins=False), stop_before="m005_letters_about_several_applications")
    old.execute("INSERT INTO receipts VALUES (4, 'G9', 9, 300, '2026-03-02', 'b.xml', x'01', 0, 2)")
    old.close()
    store = Store(path)
    with store.reading() as connection:
        letters = connection.execute("SELECT id, file_name, body, delivered, repeats FROM letters ORDER BY id")
        assert [tuple(row) for row in letters] == [(1, "a.xml", b"\x00", 1, 0), (4, "b.xml", b"\x01", 0, 2)]
        words = connection.execute("SELECT id, guid, application, code, said_at, letter FROM receipts ORDER BY id")
        assert [tuple(row) for row in words] == [(1, "G7", 7, 399, "", 1), (4, "G9", 9, 300, "2026-03-02", 4)]
    store.close()


def test_a_register_brought_up_to_date_holds_what_a_new_one_holds(tmp_path):
    register_of_the_second_release(tmp_path / "old.db")
    schemas = []
    for name in ("old.db", "new.db"):
        store = Store(tmp_path / name)
        with store.reading() as connection:
            rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
            schemas.append([tuple(row) for row in rows])
        store.close()
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize(
    "child",
    [
        "history (application, status, entered_at) VALUES (8, 'LODGED', '')",
        "claims VALUES ('X', 'TRADER', 8)",
        "certificates VALUES (1, 'C', 'X', 8, '', '', '', NULL)",
        "receipts VALUES (2, 'G8', 8, 399, '', 1)",
    ],
)
def test_what_points_at_applications_still_must_after_the_migration(tmp_path, child):
    register_of_the_second_release(tmp_path / "customs.db")
    store = Store(tmp_path / "customs.db")
    with pytest.raises(Broken), store.writing() as connection:
        connection.execute(f"INSERT INTO {child}")
    store.close()


@pytest.mark.parametrize(
    "contradiction",
    [
        "UPDATE qualifications SET ended_because = 'CANCELLED'",  # without a day
        "UPDATE qualifications SET ended_on = '2026-03-02', ended_because = 'FORGOTTEN'",
        "INSERT INTO renewals VALUES (1, '2026-03-02', '2026-04-01', '2026-04-01')",
        "INSERT INTO renewals VALUES (2, '2026-03-02', '2026-04-01', '2027-04-01')",  # of what was never given
        "INSERT INTO certificates VALUES (1, 'C', '91110105XX489884X9', NULL, '2026-03-02', '', '', '2026-03-01')",
        "INSERT INTO certificates VALUES (1, 'C', 'NOBODY', NULL, '2026-03-02', '', '', NULL)",
        "INSERT INTO receipts (guid, code, said_at) VALUES ('G', 120, '2026-03-02')",  # said, and in no letter
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
        numbers = Numbers(connection, seed=1)
        taken = set()
        monkeypatch.setattr("edi.customs.numbers.SERIAL_LENGTH", 1)
        for _ in range(31):
            code = numbers.filing_code("110196")
            taken.add(code)
        assert len(taken) == 31
        with pytest.raises(Broken):
            numbers.filing_code("110196")
        assert next_count(connection, "another") == 1


def test_short_prefixes_still_give_ten_characters(office):
    with office.receiver._store.writing() as connection:
        assert len(Numbers(connection, seed=1).filing_code("96")) == 10


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
