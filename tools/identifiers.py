"""Synthetic identifiers with valid check digits, for samples and tests.

Each is made from a key and is the same at every run. They pass every check and belong to nobody:
organisation codes begin with `XX`, a prefix never issued; resident identity numbers carry the serial
number 000, which no register gives; telephone numbers lie outside the numbering plan.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Characters of GB 32100: no I, O, Z, S, V. A character's value is its position."""

_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_HOME_DIVISIONS = ("110105", "110108", "120101", "310104", "320102", "420106", "440103")
"""Divisions that were in force at every birthday given here, as strict checkers ask."""
_FIRST_BIRTHDAY = date(1984, 1, 1)
_BIRTHDAYS = 20 * 365


def uscc_check(body: str) -> str:
    """Check character of the first 17 characters of a unified social credit code (GB 32100-2015)."""
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(body, _USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[-total % 31]


def organisation_check(body: str) -> str:
    """Check digit of the first 8 characters of an organisation code (GB 11714-1997)."""
    total = sum(int(char, 36) * weight for char, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def resident_check(body: str) -> str:
    """Check digit of the first 17 digits of a resident identity number (GB 11643-1999)."""
    total = sum(int(char) * weight for char, weight in zip(body, _RESIDENT_WEIGHTS, strict=True))
    return "0123456789X"[(1 - total) % 11]


def number(key: str, below: int) -> int:
    """A number from 0 up to `below`, always the same for a key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % below


def uscc(key: str, division: str, kind: str = "91") -> str:
    """A unified social credit code registered in `division`.

    `kind` is the registering department and the class of entity: 91 enterprise, 92 sole trader,
    12 public institution.
    """
    organisation = f"XX{number(f'organisation:{key}', 10**6):06d}"
    body = f"{kind}{division}{organisation}{organisation_check(organisation)}"
    return body + uscc_check(body)


def organisation_code(code: str) -> str:
    """The organisation code inside a unified social credit code."""
    return code[8:17]


def resident_id(key: str) -> str:
    """A resident identity number."""
    home = _HOME_DIVISIONS[number(f"home:{key}", len(_HOME_DIVISIONS))]
    birth = _FIRST_BIRTHDAY + timedelta(days=number(f"birth:{key}", _BIRTHDAYS))
    body = f"{home}{birth:%Y%m%d}000"
    return body + resident_check(body)


def mobile(key: str) -> str:
    """A mobile number; the plan has none that begin with 100."""
    return f"100{number(f'mobile:{key}', 10**8):08d}"


def telephone(key: str, area: str) -> str:
    """A telephone number; no subscriber number begins with 0."""
    return f"{area}-0{number(f'telephone:{key}', 10**7):07d}"


def guid(key: str) -> str:
    """An upper-case UUID (version 8: made from a hash of our own)."""
    digits = hashlib.sha256(f"guid:{key}".encode()).hexdigest().upper()
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-A{digits[17:20]}-{digits[20:32]}"
