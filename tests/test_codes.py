"""One truth: tables that exist in the code and in the published contract say the same."""

import csv
import re
import shutil
from pathlib import Path

import pytest

from edi.adapters.contract import locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.core.findings import Dxp
from edi.core.qualification import Qualification
from tools import generated, make_codes, make_rules

CODES = locate_contract() / "codes"


def rows(table: str) -> list[dict[str, str]]:
    with (CODES / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_qualification_types_are_those_published():
    published = [(row["code"], row["name_zh"], row["class"]) for row in rows("qualification_type")]
    assert published == [(one.token, one.value, one.kind.value) for one in Qualification]


def test_application_types_are_the_messages_that_customs_decides_on():
    forms = [one for one in discover([own_forms_folder()]) if one.reply is None and not one.at_once]
    published = [(row["code"], row["name_zh"], row["name_en"]) for row in rows("application_type")]
    assert published == [(one.code, one.name_zh, one.name_en) for one in forms]


def test_response_codes_are_those_of_the_platform():
    published = {row["code"] for row in rows("china_dxp_error_codes")} | {"0000"}
    used = {value for name, value in vars(Dxp).items() if name.isupper()}
    assert used <= published


def test_every_table_has_its_source_told():
    sources = (CODES / "SOURCES.md").read_text(encoding="utf-8")
    untold = [file.name for file in CODES.glob("*.csv") if file.stem not in sources]
    assert untold == []
    assert Path(CODES / "xml").is_dir()


def test_lists_for_rules_say_what_the_tables_say():
    assert generated.stale(make_codes.wanted(), make_codes.present()) == []


def test_rule_files_say_what_their_sources_say():
    assert generated.stale(make_rules.wanted(), make_rules.present()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("QLF121.xml", 'en="is to be renewed"', "", "{en} is given by nobody"),
        ("QLF121.xml", 'en="is to be renewed"', 'en="is to be renewed" fr="à renouveler"', "has no use for fr"),
        ("QLF121.xml", 'part="common-codes"', 'part="rare-codes"', "there is no part rare-codes"),
        ("QLF121.xml", '<use part="common-codes"/>', '<use part="common-codes"/>' * 2, "is used twice"),
        ("QLF131.xml", "<expected>必填 / mandatory</expected>", "", "must hold zh, en and expected"),
        ("parts/uscc.xml", "</part>", "", "uscc.xml"),
    ],
)
def test_a_mistake_in_a_source_stops_the_tool(tmp_path, monkeypatch, file, old, new, complaint):
    shutil.copytree(make_rules.SOURCES, tmp_path / "rules")
    source = tmp_path / "rules" / file
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(make_rules, "FAMILY", tmp_path)
    monkeypatch.setattr(make_rules, "SOURCES", tmp_path / "rules")
    with pytest.raises(make_rules.Mistake, match=re.escape(complaint)):
        make_rules.wanted()


def test_the_reason_to_be_told_in_words_is_the_last_and_worded_as_in_the_manual():
    last = rows("cancel_reason")[-1]
    assert (last["code"], last["name_zh"]) == ("9", "其他依法应当注销注册登记的情形")
