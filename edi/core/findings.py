"""Findings: what is wrong with a message, told so that its author can mend it.

A sender's mistake is a value, collected in full, never an exception. Codes are public and never
reused: `QLF-…` are rules of the contract (`schemas/`), four digits are the response codes of the
DXP platform (`schemas/codes/china_dxp_error_codes.csv`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

TEXT_LIMIT = 500
"""Characters kept of a found value; a finding quotes, it does not copy attachments."""


class Severity(Enum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"


class Dxp:
    """Response codes of the DXP platform (data exchange specification 202205), class by class."""

    ACCEPTED = "0000"
    BAD_FORMAT = "0001"
    SCHEMA = "0002"
    OTHER_FORMAT = "0999"
    SIGNATURE_INVALID = "1001"
    SIGNATURE_EXPIRED = "1002"
    SIGNATURE_MISMATCH = "1004"
    OTHER_SECURITY = "1999"
    NO_SUCH_RECEIVER = "2001"
    ADDRESS_MISMATCH = "2002"
    OTHER_LOGIC = "2999"
    OTHER_SYSTEM = "3999"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found in a message."""

    code: str
    """Public code of the rule, e.g. `QLF-012` or `1001`."""
    severity: Severity = Severity.ERROR
    """An error refuses the message, a warning goes with it."""
    path: str = ""
    """XPath of the element, with names of the message's own namespace unprefixed."""
    line: int | None = None
    """Line in the file as received, from 1."""
    column: int | None = None
    """Column in characters, from 1."""
    found: str = ""
    """The value found, cut to `TEXT_LIMIT` characters."""
    expected: str = ""
    """What is allowed, in Chinese and English."""
    zh: str
    """What is wrong and what to do, in Chinese."""
    en: str
    """The same in English."""
    ground: str = ""
    """The law, manual section or decision the rule comes from."""

    def to_json(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        return asdict(self) | {"severity": self.severity.value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Finding:
        """The finding that `to_json` wrote."""
        return cls(**(values | {"severity": Severity(values["severity"])}))


def has_errors(findings: Iterable[Finding]) -> bool:
    """True if any finding refuses the message."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def clip(text: str) -> str:
    """`text` on one line, at most `TEXT_LIMIT` characters, fit for quoting."""
    line = " ".join(text.split(maxsplit=TEXT_LIMIT))  # what a longer text has beyond that is cut anyway
    return line if len(line) <= TEXT_LIMIT else line[: TEXT_LIMIT - 1] + "…"
