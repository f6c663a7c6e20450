"""One contract for every transport: memory, disk and a real OpenSSH server keep the same promises."""

import contextlib
import os
from pathlib import Path

import pytest

from edi.adapters.transport.disk import DiskPlace
from edi.adapters.transport.port import MOST_TOLD, SHELF, temporary_name
from tests.contracts.memory import MemoryPlace
from tests.sftp.rig import running_sshd


class InMemory:
    """A place, and how a stranger acts on it behind our back."""

    def __init__(self):
        self.place = MemoryPlace()

    def put(self, name, data):
        self.place.put(name, data)

    def content(self, name):
        return self.place.files[name][0]

    def names(self):
        return self.place.names()

    def put_folder(self, name):
        self.place.odd.add(name)

    def take_the_folder_away(self):
        self.place.there = False


class OnDisk:
    def __init__(self, folder: Path, place=None):
        self.folder = folder
        self.place = place or DiskPlace(folder)

    def put(self, name, data):
        (self.folder / name).write_bytes(data)

    def content(self, name):
        return (self.folder / name).read_bytes()

    def names(self):
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)) for path in found}

    def put_folder(self, name):
        (self.folder / name).mkdir()

    def take_the_folder_away(self):
        self.folder.rename(self.folder.with_name("elsewhere"))


@pytest.fixture(scope="session")
def sshd():
    with running_sshd(["contract"]) as server:
        yield server


@contextlib.contextmanager
def rig_of(kind, tmp_path, sshd):
    if kind == "memory":
        yield InMemory()
    elif kind == "disk":
        (tmp_path / "box").mkdir()
        yield OnDisk(tmp_path / "box")
    else:
        (partner,) = sshd.partners
        folder = partner.boxes / "OutBox" / tmp_path.name
        folder.mkdir()
        folder.chmod(0o777)
        server = sshd.connect(partner)
        yield OnDisk(folder, server.place(f"{partner.remote}/OutBox/{tmp_path.name}"))
        server.close()


@pytest.fixture(params=["memory", "disk", "sftp"])
def rig(request, tmp_path):
    sshd = request.getfixturevalue("sshd") if request.param == "sftp" else None
    with rig_of(request.param, tmp_path, sshd) as made:
        yield made


class TestPlace:
    """What `edi.adapters.transport.port.Place` promises."""

    def test_an_empty_folder_is_empty(self, rig):
        look = rig.place.look()
        assert (look.files, look.oddities, look.temporaries) == ((), (), ())

    def test_a_missing_folder_is_an_error_and_is_not_made(self, rig):
        rig.take_the_folder_away()
        for _ in range(2):
            with pytest.raises(FileNotFoundError):
                rig.place.look()

    @pytest.mark.parametrize("data", [b"", b"<a/>", bytes(range(256)) * 700])
    def test_what_was_put_is_seen_and_fetched_byte_for_byte(self, rig, data):
        rig.put("申报 1.xml", data)
        (seen,) = rig.place.look().files
        assert (seen.name, seen.size) == ("申报 1.xml", len(data))
        assert rig.place.see("申报 1.xml") == seen
        assert rig.place.fetch(seen) == data

    def test_names_that_are_no_utf8_are_names_all_the_same(self, rig):
        name = "回执.xml".encode("gb18030").decode("utf-8", "surrogateescape")
        rig.put(name, b"x")
        (seen,) = rig.place.look().files
        assert seen.name == name
        assert rig.place.fetch(seen) == b"x"
        rig.place.rename(name, "new.xml")
        assert rig.names() == {"new.xml"}

    def test_unfinished_names_are_ignored(self, rig):
        for name in (".x.xml", "x.tmp", "x.PART", "x.filepart", "x.xml~"):
            rig.put(name, b"x")
        assert rig.place.look().files == ()

    def test_what_is_no_file_or_has_no_fit_name_is_told_and_left_alone(self, rig):
        rig.put_folder("folder.xml")
        rig.put("bell\a.xml", b"x")
        look = rig.place.look()
        assert look.files == ()
        assert look.oddities == ("bell\\x07.xml", "folder.xml")
        assert rig.place.see("folder.xml") is None

    def test_a_file_that_changed_since_it_was_seen_is_not_fetched(self, rig):
        rig.put("a.xml", b"short")
        (seen,) = rig.place.look().files
        rig.put("a.xml", b"and now longer")
        assert rig.place.fetch(seen) is None

    def test_a_file_that_is_gone_is_not_fetched(self, rig):
        rig.put("a.xml", b"x")
        (seen,) = rig.place.look().files
        rig.place.remove("a.xml")
        assert rig.place.fetch(seen) is None
        assert rig.place.see("a.xml") is None
        rig.place.remove("a.xml")

    @pytest.mark.parametrize("size", [0, 5, 200_000, 3_000_000])
    def test_staged_files_stand_whole_under_temporary_names(self, rig, size):
        data = os.urandom(size)
        rig.place.stage({temporary_name("1"): data, temporary_name("2"): b"second"})
        look = rig.place.look()
        assert look.files == ()
        assert set(look.temporaries) == {temporary_name("1"), temporary_name("2")}
        rig.place.rename(temporary_name("1"), "a.xml")
        assert rig.content("a.xml") == data

    def test_a_rename_never_overwrites(self, rig):
        rig.put("first.xml", b"first")
        rig.place.stage({temporary_name("1"): b"second"})
        with pytest.raises(FileExistsError):
            rig.place.rename(temporary_name("1"), "first.xml")
        assert rig.content("first.xml") == b"first"
        assert rig.content(temporary_name("1")) == b"second"

    def test_a_rename_of_nothing_is_an_error(self, rig):
        with pytest.raises(FileNotFoundError):
            rig.place.rename("nothing.xml", "a.xml")

    def test_a_replacement_overwrites_whole(self, rig):
        rig.put("status.json", b"old")
        rig.place.stage({temporary_name("1"): b"new"})
        rig.place.replace(temporary_name("1"), "status.json")
        assert rig.content("status.json") == b"new"
        assert rig.names() == {"status.json"}

    def test_a_renamed_file_is_the_one_that_was_seen(self, rig):
        rig.put("a.xml", b"x")
        (seen,) = rig.place.look().files
        rig.place.rename("a.xml", "b.xml")
        moved = rig.place.see("b.xml")
        assert (moved.size, moved.modified, moved.inode) == (seen.size, seen.modified, seen.inode)

    def test_the_shelf_keeps_files_out_of_sight(self, rig):
        rig.put("a.xml", b"x")
        for _ in range(2):
            rig.place.make_shelf()
        rig.place.rename("a.xml", f"{SHELF}/a.xml")
        rig.place.sync()
        look = rig.place.look()
        assert (look.files, look.oddities) == ((), ())
        assert rig.content(f"{SHELF}/a.xml") == b"x"

    def test_files_come_oldest_first(self, rig):
        for number, name in enumerate(("c.xml", "a.xml", "b.xml")):
            rig.put(name, b"x")
            if isinstance(rig, OnDisk):
                os.utime(rig.folder / name, (1_700_000_000 + number,) * 2)
        assert [one.name for one in rig.place.look().files] == ["c.xml", "a.xml", "b.xml"]


@pytest.mark.parametrize("kind", ["disk", "sftp"])
class TestHostileFolder:
    """What only a real folder can hold."""

    @pytest.fixture
    def rig(self, kind, tmp_path, sshd):
        with rig_of(kind, tmp_path, sshd) as made:
            yield made

    def test_links_pipes_and_folders_are_no_files(self, rig):
        (rig.folder / "link.xml").symlink_to("/etc/passwd")
        os.mkfifo(rig.folder / "pipe.xml")
        rig.put_folder("folder.xml")
        look = rig.place.look()
        assert look.files == ()
        assert look.oddities == ("folder.xml", "link.xml", "pipe.xml")
        assert [rig.place.see(name) for name in look.oddities] == [None] * 3

    def test_a_flood_of_oddities_is_cut(self, rig):
        for number in range(MOST_TOLD + 50):
            rig.put_folder(f"{number:04d}.xml")
        assert len(rig.place.look().oddities) == MOST_TOLD

    def test_a_file_of_a_name_that_is_taken_is_not_staged_over(self, rig):
        rig.put(temporary_name("1"), b"somebody else's")
        with pytest.raises(OSError):
            rig.place.stage({temporary_name("0"): b"x", temporary_name("1"): b"ours"})
        assert rig.names() <= {temporary_name("1")}
