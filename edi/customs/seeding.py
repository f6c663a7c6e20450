"""Fills the register with enterprises that a story needs, e.g. `schemas/qlf/samples/register.json`.

Seeding again changes nothing: what the register holds, stands. Days may be given relative to the day
of seeding, `-30d` or `+335d`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from edi.core.qlf import known_claim
from edi.core.qualification import Qualification
from edi.core.register import Held
from edi.core.results import KeptDeclarant
from edi.customs.register import Register
from edi.errors import UserError

_RELATIVE = re.compile(r"(?P<days>[+-][0-9]{1,5})d")


def seed(register: Register, data: Mapping[str, Any]) -> None:
    """Enter what `data` holds. Raises UserError for data of another shape, then nothing is entered."""
    try:
        for enterprise in data.get("enterprises", ()):
            _seed_enterprise(register, enterprise)
        for one in data.get("stored", ()):
            register.connection.execute(
                "INSERT INTO stored (guid, digest) VALUES (?, ?) ON CONFLICT DO NOTHING", (one["guid"], one["digest"])
            )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"登记数据格式有误：{error!r}；请参照 schemas/qlf/samples/register.json",
            f"The register data has another shape: {error!r}; see schemas/qlf/samples/register.json",
        ) from error


def _seed_enterprise(register: Register, enterprise: Mapping[str, Any]) -> None:
    uscc = enterprise["uscc"]
    register.connection.execute(
        "INSERT INTO enterprises (uscc, name, customs, division, record, recorded_on) VALUES (?, ?, ?, ?, '', ?) "
        "ON CONFLICT DO NOTHING",
        (
            uscc,
            enterprise["nameZh"],
            enterprise["competentCustoms"],
            enterprise["adminDivision"],
            register.today.isoformat(),
        ),
    )
    for one in enterprise.get("qualifications", ()):
        _seed_qualification(register, uscc, one)
    for one in enterprise.get("declarants", ()):
        _seed_declarant(register, uscc, one)
    for one in enterprise.get("certificates", ()):
        register.issued.seed(uscc, one["certificateNo"], _day(one["issuedOn"], register.today))
    register.connection.executemany(
        "INSERT INTO claims (uscc, token) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(uscc, known_claim(token)) for token in enterprise.get("pending", ())],
    )


def _seed_qualification(register: Register, uscc: str, one: Mapping[str, Any]) -> None:
    known = register.connection.execute(
        "SELECT 1 FROM qualifications WHERE uscc = ? AND type = ?", (uscc, one["type"])
    ).fetchone()
    if known:
        return
    register.holdings.add(
        uscc,
        Held(
            qualification=Qualification[one["type"]],
            filing_code=one.get("filingCode") or "",
            valid_from=_day(one["validFrom"], register.today),
            valid_until=_day(one["validUntil"], register.today),
        ),
    )


def _seed_declarant(register: Register, uscc: str, one: Mapping[str, Any]) -> None:
    known = register.connection.execute(
        "SELECT 1 FROM declarants WHERE declarant_no = ?", (one["declarantNo"],)
    ).fetchone()
    if known:
        return
    register.people.add(
        uscc,
        KeptDeclarant(
            declarant_no=one["declarantNo"],
            name=one["name"],
            doc_type=one["docType"],
            doc_no=one["docNo"],
            mobile=one["mobile"],
            nationality=one.get("nationality") or "",
        ),
    )


def _day(text: str, today: date) -> date:
    relative = _RELATIVE.fullmatch(text)
    return today + timedelta(days=int(relative["days"])) if relative else date.fromisoformat(text)
