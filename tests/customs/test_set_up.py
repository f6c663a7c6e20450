"""Settings and the register file: what is refused at the start, and how it is told."""

from datetime import timedelta

import pytest

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
    assert [row[0] for row in office.rows("SELECT name FROM _sqlite_migrations")] == ["m001_register"]


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
