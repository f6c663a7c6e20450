"""A register of one enterprise on paper: what the rules of a form are tried on without any customs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from edi.core.qualification import Qualification
from edi.core.register import Held

OWNER = "91110105XX489884X9"


@dataclass(frozen=True)
class PaperRegister:
    """What one enterprise holds and has pending; nobody else has anything."""

    uscc: str
    today: date
    given: tuple[Held, ...]
    claimed: frozenset[str]

    @classmethod
    def of(
        cls, *types: str, pending: Sequence[str] = (), today: str = "2026-03-02", until: str = "2099-12-31"
    ) -> PaperRegister:
        given = tuple(
            Held(
                qualification=Qualification[one],
                filing_code="",
                valid_from=date(2020, 1, 1),
                valid_until=date.fromisoformat(until),
            )
            for one in types
        )
        return cls(OWNER, date.fromisoformat(today), given, frozenset(pending))

    def held(self, uscc: str) -> tuple[Held, ...]:
        valid = tuple(one for one in self.given if one.valid_from <= self.today <= one.valid_until)
        return valid if uscc == self.uscc else ()

    def pending(self, uscc: str) -> frozenset[str]:
        return self.claimed if uscc == self.uscc else frozenset()
