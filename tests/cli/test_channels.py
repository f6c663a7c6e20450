"""`edi channels`: an ERP that wrote for the single-window import client goes on as it is."""

import json
import os
import tomllib

import pytest

from edi.adapters.config import load_config
from tests.conftest import Workspace

ROOT = r"C:\ImpPath"


def form(key, form_id, root=ROOT, **boxes):
    """A FormSetting with one SubFormSetting, as integrators show it."""
    folders = {box: rf"{root}\{form_id.title()}\{box}" for box in ("OutBox", "InBox", "SentBox", "FailBox", "TempBox")}
    attributes = "".join(f' {box}="{folder}"' for box, folder in (folders | boxes).items())
    return (
        f'<FormSetting Key="{key}" SystemId="DXPDSW{key}000001" DisplayRow="1" RetNameAffixFlag="0">'
        f'<SubFormSetting FormId="{form_id}"{attributes} MaxDegreeOfParallelism="1" SendBeforeEnable="false"/></FormSetting>'
    )


def settings(*forms, prolog=""):
    return (
        f"{prolog}<Settings><FormSettings>{''.join(forms)}</FormSettings><UserPin>12345678</UserPin>"
        "<TimeInterval>15</TimeInterval></Settings>"
    )


@pytest.fixture
def imports(edi, home, tmp_path):
    """Runs `edi channels import` on settings."""

    def run(text, *options):
        file = tmp_path / "DFWJobSettings.xml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return edi("channels", "import", file, "--home", home, *options)

    return run


MOUNTED = ("--map", rf"{ROOT}=/mnt/imp")


def channel(home, name="njcf001"):
    return load_config(home / "config.toml").channels[name]


def test_a_box_set_is_printed_as_a_section_ready_to_be_pasted(imports, home):
    before = (home / "config.toml").read_text("utf-8")
    said = imports(settings(form("NJCF", "NJCF001")), *MOUNTED)
    assert said.code == 0
    assert tomllib.loads(said.out) == {
        "channels": {
            "njcf001": {
                "outbox": "/mnt/imp/Njcf001/OutBox",
                "sentbox": "/mnt/imp/Njcf001/SentBox",
                "failbox": "/mnt/imp/Njcf001/FailBox",
                "inbox": "/mnt/imp/Njcf001/InBox",
            }
        }
    }
    assert "12345678" not in said.out + said.err, "the PIN is nobody's business"
    assert "/mnt/imp/Njcf001/OutBox" in said.err, "what is not there yet is told"
    assert (home / "config.toml").read_text("utf-8") == before


def test_written_once_however_often_it_is_asked_for(imports, home):
    assert imports(settings(form("NJCF", "NJCF001")), *MOUNTED, "--write").code == 0
    once = (home / "config.toml").read_text("utf-8")
    assert str(channel(home).outbox) == "/mnt/imp/Njcf001/OutBox"
    again = imports(settings(form("NJCF", "NJCF001")), *MOUNTED, "--write", "--replace")
    assert (again.code, (home / "config.toml").read_text("utf-8")) == (0, once)
    assert "未改动" in again.out


def test_other_boxes_are_overwritten_on_request_only_and_nothing_else_is(imports, home):
    imports(settings(form("NJCF", "NJCF001")), *MOUNTED, "--write")
    config = home / "config.toml"
    mine = '[channels.njcf001]  # ours\nenterprises = ["91110000600000001X"]  # kept'
    text = config.read_text("utf-8").replace("[channels.njcf001]", mine) + "\n[channels.after]\n"
    config.write_text(text, "utf-8")
    moved = settings(form("NJCF", "NJCF001", r"D:\New"))
    mounts = ("--map", r"d:\new=/mnt/new")
    refused = imports(moved, *mounts, "--write")
    assert refused.code == 2
    assert "--replace" in refused.err
    assert config.read_text("utf-8") == text
    assert imports(moved, *mounts, "--replace").code == 0
    assert str(channel(home).inbox) == "/mnt/new/Njcf001/InBox"
    assert channel(home).enterprises == ("91110000600000001X",)
    kept = [line for line in text.splitlines() if "/mnt/" not in line]
    assert [line for line in config.read_text("utf-8").splitlines() if "/mnt/" not in line] == kept


def test_a_channel_written_in_another_way_is_left_to_its_owner(imports, home):
    config = home / "config.toml"
    config.write_text('channels.njcf001.outbox = "mine"\n' + config.read_text("utf-8"), "utf-8")
    before = config.read_text("utf-8")
    said = imports(settings(form("NJCF", "NJCF001")), *MOUNTED, "--replace")
    assert (said.code, config.read_text("utf-8")) == (2, before)
    assert "手工" in said.err


def test_boxes_that_are_in_use_are_told_and_nothing_is_written(imports, home):
    before = (home / "config.toml").read_text("utf-8")
    said = imports(settings(form("NJCF", "NJCF001", OutBox=str(home / "inbox" / "demo"))), *MOUNTED, "--write")
    assert said.code == 2
    assert "channels.demo.outbox" in said.err
    assert (home / "config.toml").read_text("utf-8") == before


def test_of_several_kinds_of_business_only_those_named_are_taken_over(imports):
    several = settings(form("DEC", "DECCUS001"), form("NJCF", "NJCF001"), form("NJCF", "NJCF002"))
    asked = imports(several, *MOUNTED)
    assert asked.code == 2
    for name in ("DEC / DECCUS001", "NJCF / NJCF001", "--form"):
        assert name in asked.err
    by_key = imports(several, *MOUNTED, "--form", "njcf")
    assert list(tomllib.loads(by_key.out)["channels"]) == ["njcf001", "njcf002"]
    assert list(tomllib.loads(imports(several, *MOUNTED, "--form", "DECCUS*").out)["channels"]) == ["deccus001"]
    assert len(tomllib.loads(imports(several, *MOUNTED, "--form", "*").out)["channels"]) == 3
    wrong = imports(several, *MOUNTED, "--form", "SAS", "--form", "DEC")
    assert wrong.code == 2
    assert "没有 SAS" in wrong.err


@pytest.mark.parametrize(
    ("root", "mount", "outbox"),
    [
        (r"\\SERVER\Share\Imp", r"\\server\share=/mnt/share", "/mnt/share/Imp/Njcf001/OutBox"),
        (r"C:\ImpPath", r"c:/=/mnt/c", "/mnt/c/ImpPath/Njcf001/OutBox"),
        (r"C:\资质 备案", r"C:\资质 备案=/mnt/资质", "/mnt/资质/Njcf001/OutBox"),
    ],
)
def test_windows_folders_are_found_where_they_are_mounted(imports, root, mount, outbox):
    said = imports(settings(form("NJCF", "NJCF001", root)), "--map", mount)
    assert tomllib.loads(said.out)["channels"]["njcf001"]["outbox"] == outbox


def test_the_nearest_mount_counts(imports):
    said = imports(settings(form("NJCF", "NJCF001")), "--map", r"C:\=/c", "--map", rf"{ROOT}\Njcf001=/near")
    assert tomllib.loads(said.out)["channels"]["njcf001"]["outbox"] == "/near/OutBox"


def test_every_problem_is_told_at_once_with_its_place(imports):
    said = imports(
        settings(
            form("NJCF", "NJCF001", r"E:\Elsewhere"),
            form("NJCF", "../evil"),
            form("NJCF", "NJCF002", InBox="", SentBox=r"%TEMP%\x", FailBox=r"C:\ImpPath\..\Windows", OutBox="out"),
            form("NJCF", "njcf002"),
        ),
        *MOUNTED,
        "--form",
        "*",
    )
    assert said.code == 2
    for words in (
        r"--map 'E:\Elsewhere=/", "'../evil'", "InBox: 没有填写", "'%TEMP%", "Windows'", "不是完整路径", "出现两次",
    ):  # fmt: skip
        assert words in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    "text",
    [
        settings(form("N", "N1"), prolog='<!DOCTYPE Settings [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        settings(form("N", "N1"), prolog='<?xml-stylesheet href="http://x/"?>'),
        settings("<a>" * 100 + "</a>" * 100),
        settings("<a/>" * 2000),
        settings(form("N", "N1"))[:-5],
        "<Settings>" + " " * (1 << 20) + "</Settings>",
        "<DxpMsg/>",
        settings(),
        b"\x00\xff",
        "",
    ],
    ids=["doctype", "instruction", "deep", "wide", "cut", "big", "other", "empty", "noise", "nothing"],
)
def test_what_is_hostile_or_no_settings_is_refused_in_words(imports, text):
    said = imports(text, *MOUNTED)
    assert said.code == 2
    assert "Error:" in said.err
    assert "root:" not in said.err


def test_settings_as_windows_writes_them(imports):
    text = settings(form("NJCF", "NJCF001", r"C:\导入"), prolog='<?xml version="1.0" encoding="utf-16"?>\r\n')
    said = imports(text.encode("utf-16"), "--map", r"C:\导入=/mnt/imp")
    assert tomllib.loads(said.out)["channels"]["njcf001"]["outbox"] == "/mnt/imp/Njcf001/OutBox"


@pytest.mark.parametrize("mount", ["C:\\x", "x=/mnt", "C:\\x=mnt", "C:\\x=/m\nnt"])
def test_a_mount_that_is_none_is_told(imports, mount):
    said = imports(settings(form("NJCF", "NJCF001")), "--map", mount)
    assert said.code == 2
    assert "挂载说明" in said.err


def test_a_pipe_in_place_of_the_settings_does_not_hang(edi, home, tmp_path):
    os.mkfifo(tmp_path / "pipe.xml")
    assert edi("channels", "import", tmp_path / "pipe.xml", "--home", home).code == 2


def test_an_erp_of_the_import_client_is_served_without_a_change(imports, home, tmp_path):
    """Its files go where they always went, and the answers come under the names it knows."""
    box = tmp_path / "imp" / "Njcf001"
    for name in ("OutBox", "InBox", "SentBox", "FailBox"):
        (box / name).mkdir(parents=True)
    said = imports(settings(form("NJCF", "NJCF001")), "--map", rf"{ROOT}={tmp_path / 'imp'}", "--write")
    assert (said.code, said.err) == (0, "")
    workspace = Workspace(home)
    (box / "OutBox" / "I_1_t-1.xml").write_bytes(workspace.sample("02-TRADER.xml").read_bytes())
    (box / "OutBox" / "I_2_t-1.xml").write_bytes(b"<a/>")
    workspace.run()
    assert [file.name for file in (box / "SentBox").iterdir()] == ["I_1_t-1.xml"]
    assert [file.name for file in (box / "FailBox").iterdir()] == ["I_2_t-1.xml"]
    for pattern, number in (("Successed_I_1_t-1_", 1), ("Failed_I_2_t-1_", 1), ("Receipt_I_1_t-1_", 3)):
        files = list((box / "InBox").glob(f"{pattern}{'[0-9]' * 21}.xml"))
        assert len(files) == number


def test_channels_are_listed(edi, home):
    listed = json.loads(edi("channels", "list", "--home", home, "--json").out)
    first = next(one for one in listed if one["name"] == "demo")
    assert first["outbox"] == str(home / "inbox" / "demo")
    assert len(first["enterprises"]) == 1
    assert "demo" in edi("channels", "list", "--home", home).out
