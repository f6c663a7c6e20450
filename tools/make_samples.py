#!/usr/bin/env python3
"""Write `schemas/qlf/samples`: messages that satisfy every rule, and in `bad/` one for each way to break one.

All are unsigned. Those in a folder named after a party are sent by it, the others by the demo enterprise.
`register.json` is what customs must hold beforehand, `parties.json` names the enterprises that sign.

    python -m tools.make_samples            write what has changed
    python -m tools.make_samples --check    write nothing; exit 1 if a file is missing, stale or superfluous
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tools import generated, identifiers
from tools.sample_answers import answers
from tools.sample_bad import (
    EXCLUDED,
    EXPIRED_PARENT,
    HOLDER,
    ORPHAN,
    PENDING,
    PRETENDER,
    REPEATER,
    TEMPORARY,
    WRONG_PARENT,
    bad_key,
    broken,
    refused_by_customs,
)
from tools.sample_blocks import LONG_TERM, Block, Party, message
from tools.sample_change import (
    BRANCH_OF_EXPIRED,
    BROKER_QINGDAO,
    CHANGING,
    EMPLOYER,
    EXPIRED,
    MOVED,
    MOVER,
    OTHERWISE_FILED,
    STAFFED,
    STAFFLESS,
    TRADER_CHENGDU,
    changes,
    enrolled,
)
from tools.sample_clean import (
    AGENT,
    BROKER_NINGBO,
    CBEC_GUANGZHOU,
    CBEC_SHENZHEN,
    DEMO,
    TRADER_HANGZHOU,
    clean,
    draft,
)
from tools.sample_known import (
    REPRESENTATIVE,
    UNIVERSITY,
    known_broken,
    known_clean,
    known_drafts,
    known_refused,
)
from tools.sample_queries import NEWCOMER, queries
from tools.sample_query_answers import query_answers
from tools.sample_scenarios import scenarios

SAMPLES = Path(__file__).resolve().parent.parent / "schemas" / "qlf" / "samples"

HEADING = """<?xml version="1.0" encoding="UTF-8"?>
<!--
  {note}
  虚构数据，仅供测试；不是海关的官方报文格式。 Invented data for tests; not the official format of customs.
-->
"""


def file(note: str, body: str) -> str:
    """A sample file: declaration, what it shows, the message."""
    return f"{HEADING.format(note=note)}{body}\n"


ISSUED_TODAY: Block = {"certificateNo": "011720260000000001", "issuedOn": "+0d"}
ISSUED_BEFORE: Block = {"certificateNo": "791620250000000001", "issuedOn": "2025-06-30"}


def known(
    party: Party,
    *types: str,
    pending: Sequence[str] = (),
    declarants: Sequence[Block] = (),
    certificates: Sequence[Block] = (),
    **dates: str,
) -> Block:
    """An enterprise in customs' register."""
    more = {"declarants": list(declarants), "certificates": list(certificates)}
    validity = {"validFrom": "2022-01-01", "validUntil": LONG_TERM} | dates
    return {
        "uscc": party.uscc,
        "nameZh": party.zh,
        "competentCustoms": party.place.customs,
        "adminDivision": party.place.division,
        "qualifications": [{"type": token, "filingCode": party.filing_code(token), **validity} for token in types],
        "pending": list(pending),
    } | {name: listed for name, listed in more.items() if listed}


def register() -> Block:
    """The register that clean samples lean on and bad ones run into."""
    guid = identifiers.guid(f"application:{bad_key('QLF-130-guid-used')}")
    return {
        "enterprises": [
            known(BROKER_NINGBO, "BROKER"),
            known(TRADER_HANGZHOU, "TRADER"),
            known(CBEC_GUANGZHOU, "TRADER"),
            known(CBEC_SHENZHEN, "TRADER"),
            known(HOLDER, "TRADER"),
            known(PENDING, pending=["TRADER"]),
            known(EXCLUDED, "TRADER"),
            known(EXPIRED_PARENT, "TRADER", validUntil="2024-12-31"),
            known(ORPHAN),
            known(WRONG_PARENT),
            known(TEMPORARY, "TEMPORARY", validFrom="-30d", validUntil="+335d"),
            known(PRETENDER, "CBEC_PLATFORM"),
            known(REPEATER),
            known(AGENT, "BROKER", "TRADER", "CBEC_ENTERPRISE", "CBEC_PLATFORM", "CBEC_LOGISTICS_B2B", "CBEC_SITE"),
            known(UNIVERSITY, "TEMPORARY", validFrom="-350d", validUntil="+15d"),
            known(REPRESENTATIVE, "TEMPORARY", certificates=[ISSUED_TODAY], validFrom="-30d", validUntil="+335d"),
            known(TRADER_CHENGDU, "TRADER", "CBEC_ENTERPRISE", certificates=[ISSUED_BEFORE]),
            known(BROKER_QINGDAO, "BROKER"),
            known(EMPLOYER, "TRADER", declarants=[enrolled(EMPLOYER, serial) for serial in (1, 2, 3)]),
            known(MOVER, "TRADER"),
            known(EXPIRED, "TRADER", validUntil="2024-12-31"),
            known(OTHERWISE_FILED, "TRADER"),
            known(CHANGING, "TRADER", pending=["CHANGE"]),
            known(STAFFLESS, "TRADER"),
            known(BRANCH_OF_EXPIRED, "TRADER_BRANCH"),
            known(MOVED, "TRADER"),
            known(STAFFED, "TRADER", declarants=[enrolled(STAFFED, 1)]),
        ],
        "stored": [{"guid": guid, "digest": hashlib.sha256(b"another content").hexdigest()}],
    }


def parties() -> Block:
    """The enterprises that sign, and the people who hold their cards and accounts."""
    roles = {"legalPerson": "legal", "operator": "operator", "account": "account"}
    return {
        party.key: {"uscc": party.uscc, "nameZh": party.zh, "nameEn": party.en}
        | {name: party.person(role) for name, role in roles.items()}
        for party in (DEMO, AGENT, UNIVERSITY, REPRESENTATIVE, TRADER_CHENGDU, NEWCOMER)
    }


def wanted() -> dict[Path, str]:
    """Every file that ought to exist, with its text."""
    files = {}
    for folder, group in (
        ("", clean()),
        ("bad", broken()),
        ("bad", refused_by_customs()),
        ("scenarios", scenarios()),
    ):
        for name, note, blocks in group:
            files[SAMPLES / folder / f"{name}.xml"] = file(note, message(name, DEMO, blocks))
    for sample in (*known_clean(), *known_drafts(), *known_broken(), *known_refused(), *changes(), *queries()):
        files[SAMPLES / f"{sample.path}.xml"] = file(sample.note, sample.body)
    files[SAMPLES / "draft" / "incomplete.xml"] = file("暂存：内容可以不完整", message("draft", DEMO, [draft()]))
    for path, note, body in (*answers(), *query_answers()):
        files[SAMPLES / path] = file(note, body)
    for name, content in (("register", register()), ("parties", parties())):
        files[SAMPLES / f"{name}.json"] = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    return files


def present() -> list[Path]:
    """Files that are there now."""
    return [path for ending in ("xml", "json") for path in SAMPLES.rglob(f"*.{ending}")]


def main() -> int:
    """Run the tool; the exit code for the shell."""
    return generated.run("make schemas/qlf/samples", SAMPLES, wanted, present)


if __name__ == "__main__":
    sys.exit(main())
