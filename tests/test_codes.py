"""One truth: tables that exist in the code and in the published contract say the same."""

import csv
from pathlib import Path

from edi.adapters.contract import locate_contract
from edi.core.findings import Dxp
from edi.core.qualification import Qualification

CODES = locate_contract() / "codes"


def rows(table: str) -> list[dict[str, str]]:
    with (CODES / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_qualification_types_are_those_published():
    published = [(row["code"], row["name_zh"], row["class"]) for row in rows("qualification_type")]
    assert published == [(one.token, one.value, one.kind.value) for one in Qualification]


def test_response_codes_are_those_of_the_platform():
    published = {row["code"] for row in rows("china_dxp_error_codes")} | {"0000"}
    used = {value for name, value in vars(Dxp).items() if name.isupper()}
    assert used <= published


def test_every_table_has_its_source_told():
    sources = (CODES / "SOURCES.md").read_text(encoding="utf-8")
    untold = [file.name for file in CODES.glob("*.csv") if file.stem not in sources]
    assert untold == []
    assert Path(CODES / "xml").is_dir()
