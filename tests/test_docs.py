"""Documentation that cannot lie: configuration keys, codes, commands and links are held to the program."""

import dataclasses
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from edi.adapters.config import Config, load_config
from edi.adapters.config_crls import CrlSourceConfig
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.transport.settings import ChannelSftp, ReceiverSftp
from edi.app.jobs import find_jobs
from edi.cli.main import cli
from edi.core.routing import Route
from edi.errors import UserError
from edi.messages.algorithms import METHODS
from tools.list_codes import rules
from tools.list_samples import clean_samples, receipt_samples

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config.toml"
PAGES = [
    ROOT / "README.md",
    ROOT / "README.zh-CN.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "schemas").glob("*.md")),
]


def keys_of(cls):
    return {one.name for one in dataclasses.fields(cls)}


def test_the_default_configuration_shows_every_key_and_no_other():
    table = tomllib.loads(CONFIG.read_text("utf-8"))
    assert set(table) == keys_of(Config) - {"home"}
    config = load_config(CONFIG)
    for section in keys_of(Config) - {"home"}:
        value = getattr(config, section)
        if dataclasses.is_dataclass(value):
            assert set(table[section]) == keys_of(type(value)), section
    assert set(table["channels"]["demo"]) == keys_of(type(config.channels["demo"])) - {"sftp"}
    assert set(table["receivers"]["customs"]) == keys_of(type(config.receivers["customs"])) - {"sftp"}
    assert set(table["routes"][0]) == keys_of(Route)


def test_the_sections_that_are_commented_out_show_every_key_and_no_other():
    lines = CONFIG.read_text("utf-8").splitlines()
    table = tomllib.loads("\n".join(line[2:] for line in lines if re.match(r"# (\[|\w+ = )", line)))
    assert set(table["channels"]["demo"]["sftp"]) == keys_of(ChannelSftp)
    assert set(table["receivers"]["customs"]["sftp"]) == keys_of(ReceiverSftp)
    assert set(table["trust"]["crl_sources"]["ca"]) == keys_of(CrlSourceConfig)


def test_every_key_of_the_default_configuration_is_explained():
    silent = [
        line
        for line in CONFIG.read_text("utf-8").splitlines()
        if "=" in line and not line.startswith(("#", '"', "every_seconds = 5.0")) and "#" not in line
    ]
    assert silent == []


def test_every_job_has_a_schedule_in_the_default_configuration():
    assert set(load_config(CONFIG).jobs) == set(find_jobs())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[gateway]", "[gateway]\nnods = 1", "gateway.nods"),
        ("batch = 200  ", 'batch = "many"  ', "gateway.batch"),
        ('receiver = "customs"', 'receiver = "nobody"', "nobody"),
        ('review = "auto"', 'review = "sometimes"', "simulator.review"),
        ('"LEGAL_PERSON_CARD"', '"STONE_TABLET"', "STONE_TABLET"),
    ],
)
def test_faults_of_a_configuration_are_told(tmp_path, old, new, told):
    text = CONFIG.read_text("utf-8")
    assert old in text
    (tmp_path / "config.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UserError) as raised:
        load_config(tmp_path / "config.toml")
    assert any(told in problem for problem in raised.value.problems)


def test_all_faults_are_told_at_once(tmp_path):
    (tmp_path / "config.toml").write_text("[gateway]\nbatch = -1\nwhat = 2\n", "utf-8")
    with pytest.raises(UserError) as raised:
        load_config(tmp_path / "config.toml")
    assert len(raised.value.problems) == 4  # batch, what, node missing, trust missing


def test_every_code_is_documented():
    text = (ROOT / "docs" / "codes.md").read_text("utf-8")
    for _, listed in rules():
        for rule in listed:
            assert f"| {rule.code} |" in text


def test_the_page_on_trust_lists_the_algorithms_there_are():
    text = (ROOT / "docs" / "trust.md").read_text("utf-8")
    rows = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `([^`]+)` \| ([^|]+) \|$", text, re.MULTILINE)
    assert {uri: digest for uri, digest, _ in rows} == {uri: one.digest for uri, one in METHODS.items()}
    for uri, _, whom in rows:
        extra = METHODS[uri].extra
        assert (f'"{extra.value}"' in whom) if extra else (whom == "every channel")


def test_every_command_has_help_and_is_documented():
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")

    def walk(command, path):
        assert command.help, path
        assert f"`{' '.join(path)}`" in text
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, [*path, name])

    walk(cli, ["edi"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_module_runs_as_the_command():
    shown = subprocess.run([sys.executable, "-m", "edi", "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("edi")


@pytest.mark.parametrize("form", list(discover([own_forms_folder()])), ids=lambda form: form.code)
def test_every_message_and_its_receipt_have_a_sample(form):
    assert clean_samples(form)
    assert receipt_samples(form)
