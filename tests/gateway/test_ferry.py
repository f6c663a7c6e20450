"""The ferry: whatever dies and when, each file is carried once; what is taken is what was carried."""

import contextlib
import hashlib
import itertools
import random
import shutil
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlite_utils import Database

from edi.adapters.transport.journal import MIGRATIONS, Journal, Trouble, noted_troubles
from edi.adapters.transport.port import SHELF
from edi.core.retry import RetryPolicy
from edi.errors import TryLater, UserError
from edi.gateway import ferry as ferry_module
from edi.gateway.ferry import Leg, Route
from edi.gateway.lines import Ferry, Line
from tests.contracts.memory import Died, Fate, MemoryPlace

NOW = datetime(2026, 11, 22, tzinfo=UTC)
NO_UTF8 = "申报.xml".encode("gb18030").decode("utf-8", "surrogateescape")
FILES = {name: f"content of {number}".encode() for number, name in enumerate(("0.xml", "申报 1.xml", NO_UTF8))}


class MortalJournal(Journal):
    """May die at a transaction, before or after its commit."""

    fate = Fate()

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._connection.execute("pragma synchronous = off")  # it is the program that dies here, not the machine

    def begin(self, *arguments):
        self.fate.around(lambda: super(MortalJournal, self).begin(*arguments))

    def drop(self, *arguments):
        self.fate.around(lambda: super(MortalJournal, self).drop(*arguments))

    def end(self, *arguments, **options):
        self.fate.around(lambda: super(MortalJournal, self).end(*arguments, **options))


class Crossing:
    """Two places, a journal, and a consumer at the target who takes what has arrived."""

    def __init__(self, path, **route):
        self.path = path
        self.fate = Fate()
        self.source, self.target = MemoryPlace(self.fate), MemoryPlace(self.fate)
        self.route = Route(
            source=self.source, target=self.target, **{"name": "leg", "inward": True, "limit": 1000, **route}
        )
        self.news = []
        self.consumed = []
        self.arrived = []
        self.clock = NOW

    def leg(self):
        """As a new process has it."""
        journal = MortalJournal(self.path, "line")
        journal.fate = self.fate
        return Leg(
            route=self.route, journal=journal, clock=lambda: self.clock,
            tell=lambda kind, detail: self.news.append((kind, detail)), arrived=self.arrived.append,
        )  # fmt: skip

    def carry(self):
        """One process that lives until it dies or nothing is left to do."""
        leg = self.leg()
        try:
            while leg.carry():
                pass
        except Died:
            return False
        finally:
            leg.journal.close()
        return True

    def consume(self):
        for one in self.target.look().files:
            self.consumed.append((one.name, self.target.fetch(one)))
            del self.target.files[one.name]


@pytest.fixture(scope="module")
def new_journal(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "new.sqlite"
    Journal(path, "line").close()
    return path


@pytest.fixture
def crossing(tmp_path, new_journal):
    numbers = itertools.count()
    return lambda **route: Crossing(shutil.copy(new_journal, tmp_path / f"{next(numbers)}.sqlite"), **route)


def steps_of(crossing, **route):
    """How many steps an undisturbed crossing has."""
    one = crossing(**route)
    for name, data in FILES.items():
        one.source.put(name, data)
    assert one.carry()
    return one.fate.done


@pytest.mark.parametrize("route", [{"inward": True}, {"inward": False}, {"inward": True, "keep": True}], ids=str)
@pytest.mark.parametrize("consumer", ["quick", "slow"])
def test_death_at_any_step_neither_loses_nor_doubles(crossing, route, consumer):
    count = steps_of(crossing, **route)
    assert count > 10
    for step, before in itertools.product(range(count), (True, False)):
        one = crossing(**route)
        for name, data in FILES.items():
            one.source.put(name, data)
        one.fate.step, one.fate.before = step, before
        assert not one.carry()
        if consumer == "quick":
            one.consume()
        assert one.carry(), (step, before)
        one.consume()
        assert Counter(one.consumed) == Counter(FILES.items()), (step, before)
        assert one.target.names() == set(), (step, before)
        left = one.source.names()
        assert all(name.startswith(f"{SHELF}/") for name in left), (step, before)
        assert len(left) == (len(FILES) if route.get("keep") else 0)


def test_many_deaths_one_after_the_other(crossing):
    rng = random.Random(20261122)
    for round_number in range(300):
        one = crossing(inward=bool(round_number % 2))
        for name, data in FILES.items():
            one.source.put(name, data)
        alive = False
        for _ in range(50):
            one.fate.step, one.fate.before = one.fate.done + rng.randrange(12), bool(rng.randrange(2))
            alive = one.carry()
            if rng.randrange(2):
                one.consume()
            if alive:
                break
        one.fate.step = -1
        assert one.carry()
        one.consume()
        assert Counter(one.consumed) == Counter(FILES.items()), round_number
        assert one.source.names() | one.target.names() == set()


def test_a_name_used_again_while_the_first_is_taken_away_is_carried_too(crossing):
    """Death between arrival and taking; meanwhile the sender puts another file there."""
    for other in (b"content of X", b"quite another content"):
        one = crossing()
        one.source.put("0.xml", FILES["0.xml"])
        one.fate.step, one.fate.before = 3, True  # stage, record, rename, and now the taking
        assert not one.carry()
        one.consume()
        one.source.put("0.xml", other)
        assert one.carry()
        one.consume()
        assert one.consumed == [("0.xml", FILES["0.xml"]), ("0.xml", other)]


def test_same_name_size_and_time_but_other_content_after_a_cut(crossing):
    one = crossing()
    one.source.put("0.xml", b"content 0")
    seen = one.source.see("0.xml")
    one.fate.step, one.fate.before = 3, True
    assert not one.carry()
    one.consume()
    one.source.files["0.xml"] = (b"content 1", seen)
    assert one.carry()
    one.consume()
    assert [data for _, data in one.consumed] == [b"content 0", b"content 1"]


def test_what_is_put_there_between_carrying_and_taking_goes_back_to_its_place(crossing):
    one = crossing()
    one.source.put("0.xml", b"first")
    one.arrived = _Once(lambda: one.source.put("0.xml", b"second"))
    leg = one.leg()
    assert leg.carry() == 1
    assert one.source.fetch(one.source.see("0.xml")) == b"second"
    one.consume()
    leg.carry()
    one.consume()
    leg.journal.close()
    assert [data for _, data in one.consumed] == [b"first", b"second"]


class _Once(list):
    def __init__(self, act):
        super().__init__()
        self._act = act

    def append(self, name):
        if not self:
            self._act()
        super().append(name)


def test_inward_a_name_still_waiting_is_waited_for(crossing):
    one = crossing()
    one.target.put("0.xml", b"not yet taken")
    one.source.put("0.xml", b"next")
    assert one.carry()
    assert one.source.names() == {"0.xml"}
    one.consume()
    assert one.carry()
    one.consume()
    assert [data for _, data in one.consumed] == [b"not yet taken", b"next"]
    assert one.arrived == ["0.xml"]


def test_outward_a_taken_name_gets_a_mark_and_both_stay(crossing):
    one = crossing(inward=False)
    one.target.put("0.xml", b"fetched by nobody yet")
    one.source.put("0.xml", b"next")
    assert one.carry()
    assert len(one.target.names()) == 2
    assert one.target.files["0.xml"][0] == b"fetched by nobody yet"
    assert one.source.names() == set()


def test_the_newest_status_replaces_the_one_before(crossing):
    one = crossing(inward=False, replaces=".status.json")
    for text in (b"1", b"2"):
        one.source.put("a.xml.status.json", text)
        assert one.carry()
    assert one.target.files["a.xml.status.json"][0] == b"2"
    assert one.target.names() == {"a.xml.status.json"}


def test_what_a_restart_writes_anew_does_not_go_out_twice(crossing):
    one = crossing(inward=False)
    for _ in range(2):
        one.source.put("Receipt_1.xml", b"receipt")
        assert one.carry()
        one.consume()
    assert one.consumed == [("Receipt_1.xml", b"receipt")]
    assert one.source.names() == set()


def test_a_name_that_comes_in_again_may_go_out_again(crossing):
    """The sender files the same file anew: its original goes back to it a second time."""
    out = crossing(inward=False)
    back = Crossing(out.path)
    for _ in range(2):
        back.source.put("a.xml", b"filing")
        assert back.carry()
        back.consume()
        out.source.put("a.xml", b"filing")
        assert out.carry()
        out.consume()
    assert out.consumed == [("a.xml", b"filing")] * 2


def test_what_was_delivered_long_ago_is_forgotten(crossing):
    one = crossing(inward=False)
    one.source.put("a.xml", b"x")
    assert one.carry()
    one.clock += ferry_module.REMEMBERED + timedelta(days=1)
    leg = one.leg()
    leg.carry()
    assert leg.journal.delivered("leg", "a.xml") == ""
    leg.journal.close()


def test_what_cannot_be_carried_is_told_once_and_left(crossing):
    one = crossing(limit=10)
    one.source.put("big.xml", b"x" * 11)
    one.source.put("bell\a.xml", b"x")
    one.source.odd.add("folder")
    one.source.put("good.xml", b"x")
    for _ in range(3):
        assert one.carry()
    assert one.news == [("alarm_not_carried", {"names": ["bell\\x07.xml", "big.xml", "folder"], "place": "memory"})]
    assert one.source.names() == {"big.xml", "bell\a.xml"}
    assert one.target.names() == {"good.xml"}


def test_a_batch_is_bounded_in_files_and_bytes(crossing, monkeypatch):
    monkeypatch.setattr(ferry_module, "MOST_FILES", 4)
    monkeypatch.setattr(ferry_module, "MOST_BYTES", 100)
    one = crossing(limit=1000)
    sizes = [10] * 9 + [60, 60, 500, 10]
    for number, size in enumerate(sizes):
        one.source.put(f"{number:02d}.xml", b"x" * size)
    staged = []
    sound = one.target.stage
    one.target.stage = lambda contents: (staged.append([len(data) for data in contents.values()]), sound(contents))[1]
    assert one.carry()
    assert staged == [[10] * 4, [10] * 4, [10, 60], [60], [500], [10]]


# ---- lines: outages, alarms, delays


class Wire:
    """A connection that may be down."""

    address = "sftp://test"

    def __init__(self):
        self.down = None
        self.opened = 0

    def open(self):
        self.opened += 1
        if self.down:
            raise self.down

    def close(self):
        pass


class Rig:
    def __init__(self, path):
        self.crossing = Crossing(path)
        self.server = Wire()
        self.news = []

    def line(self):
        leg = self.crossing.leg()
        return Line(
            "channels.demo", self.server, [leg], journal=leg.journal, clock=lambda: self.crossing.clock,
            retry=RetryPolicy(first_seconds=5, longest_seconds=600), tell=self.news.append, poll_seconds=30,
            jitter=lambda: 0.0,
        )  # fmt: skip

    def kinds(self):
        return [(one.kind, one.subject) for one in self.news]


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path / "ferry.sqlite")


DOWN = TryLater("连不上", "cannot be reached")


def test_a_line_down_for_hours_is_tried_ever_more_seldom_and_told_once(rig):
    rig.server.down = DOWN
    line = rig.line()
    for _ in range(6 * 3600):
        line.step()
        rig.crossing.clock += timedelta(seconds=1)
    assert rig.kinds() == [("alarm_sftp", "channels.demo")]
    assert 36 <= rig.server.opened <= 50, "doubling delays up to ten minutes"
    rig.server.down = None
    rig.crossing.source.put("a.xml", b"x")
    rig.crossing.clock += timedelta(seconds=600)
    assert line.step() == 1
    assert rig.kinds() == [("alarm_sftp", "channels.demo"), ("healed", "channels.demo")]
    line.close()


def test_an_alarm_is_raised_once_however_often_the_program_starts(rig):
    rig.server.down = DOWN
    for _ in range(5):
        line = rig.line()
        line.step()
        line.close()
    assert rig.kinds() == [("alarm_sftp", "channels.demo")]
    rig.server.down = None
    line = rig.line()
    line.step()
    line.close()
    assert rig.kinds()[1:] == [("healed", "channels.demo")]


def test_a_line_that_was_cut_is_joined_again_at_once_and_without_alarm(rig):
    line = rig.line()
    rig.server.down = DOWN
    line.step()
    assert line.waiting()
    rig.server.down = None
    rig.crossing.source.put("a.xml", b"x")
    assert line.step() == 1
    assert rig.kinds() == []
    line.close()


def test_a_wrong_host_key_is_told_at_once(rig):
    rig.server.down = UserError("主机密钥不符", "the host key is another")
    line = rig.line()
    line.step()
    assert rig.kinds() == [("alarm_sftp", "channels.demo")]
    with pytest.raises(UserError):
        Ferry([line], []).raise_if_held()
    line.close()


def test_a_missing_folder_holds_its_own_leg_only(rig):
    rig.crossing.source.there = False
    other = Crossing(rig.crossing.path, name="other")
    legs = [rig.crossing.leg(), other.leg()]
    line = Line(
        "channels.demo", rig.server, legs, journal=legs[0].journal, clock=lambda: rig.crossing.clock,
        retry=RetryPolicy(), tell=rig.news.append, poll_seconds=30,
    )  # fmt: skip
    other.source.put("a.xml", b"x")
    assert line.step() == 1
    assert rig.kinds() == [("alarm_sftp", "leg")]
    rig.crossing.source.there = True
    rig.crossing.clock += timedelta(hours=1)
    line.step()
    assert rig.kinds()[1:] == [("healed", "leg")]
    legs[1].journal.close()
    line.close()


def test_the_digest_is_that_of_the_bytes(crossing):
    one = crossing()
    one.source.put("0.xml", b"x")
    one.fate.step, one.fate.before = 2, True
    assert not one.carry()
    leg = one.leg()
    (cargo,) = leg.journal.under_way("leg")
    leg.journal.close()
    assert cargo.digest == hashlib.sha256(b"x").hexdigest()


def test_a_journal_of_an_earlier_release_is_brought_up_to_date(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        MIGRATIONS.apply(Database(old), stop_before="002_why")
        with old:
            old.execute("insert into trouble values ('channels.demo', 3, 1)")
    journal = Journal(tmp_path / "old.sqlite", "channels.demo")
    assert journal.trouble("channels.demo") == Trouble(attempts=3, told=True)
    journal.set_trouble(
        "channels.demo", known := Trouble(4, told=True, since="a", due="b", zh="坏", en="bad", fault=True)
    )
    journal.close()
    assert noted_troubles(tmp_path / "old.sqlite") == {"channels.demo": known}
