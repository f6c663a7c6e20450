"""A register of one enterprise on paper: what the rules of a form are tried on without any customs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from edi.core.qualification import Qualification
from edi.core.register import Held
from edi.core.results import KeptCertificate, KeptDeclarant

OWNER = "91110105XX489884X9"


@dataclass(frozen=True)
class PaperRegister:
    """What one enterprise holds and has pending; nobody else has anything."""

    uscc: str
    today: date
    given: tuple[Held, ...]
    claimed: frozenset[str]
    customs: str = "0117"
    parent: str = ""
    people: tuple[KeptDeclarant, ...] = ()
    papers: tuple[KeptCertificate, ...] = ()
    filed: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(
        cls,
        *types: str,
        pending: Sequence[str] = (),
        today: str = "2026-03-02",
        until: str = "2099-12-31",
        declarants: Sequence[tuple[str, str]] = (),
        certificates: Sequence[tuple[str, str]] = (),
        filed: Sequence[tuple[str, str]] = (),
    ) -> PaperRegister:
        """A declarant is (number, document number), a certificate (number, day of issue), the last is in force."""
        given = tuple(
            Held(
                qualification=Qualification[one],
                filing_code="",
                valid_from=date(2020, 1, 1),
                valid_until=date.fromisoformat(until),
            )
            for one in types
        )
        people = tuple(
            KeptDeclarant(
                declarant_no=number, name="张示例", doc_type="111", doc_no=papers, mobile="13800000000", nationality=""
            )
            for number, papers in declarants
        )
        issued = [
            KeptCertificate(certificate_no=number, issued_on=day, void=index < len(certificates))
            for index, (number, day) in enumerate(certificates, 1)
        ]
        return cls(
            OWNER,
            date.fromisoformat(today),
            given,
            frozenset(pending),
            people=people,
            papers=tuple(reversed(issued)),
            filed=frozenset(filed),
        )

    def held(self, uscc: str) -> tuple[Held, ...]:
        valid = tuple(one for one in self.given if one.valid_from <= self.today <= one.valid_until)
        return valid if uscc == self.uscc else ()

    def pending(self, uscc: str) -> frozenset[str]:
        return self.claimed if uscc == self.uscc else frozenset()

    def customs_of(self, uscc: str) -> str:
        return self.customs if uscc == self.uscc else ""

    def parent_of(self, uscc: str) -> str:
        return self.parent if uscc == self.uscc else ""

    def declarants(self, uscc: str) -> tuple[KeptDeclarant, ...]:
        return self.people if uscc == self.uscc else ()

    def certificates(self, uscc: str) -> tuple[KeptCertificate, ...]:
        return self.papers if uscc == self.uscc else ()

    def filed_for(self, agent: str, uscc: str) -> bool:
        return (agent, uscc) in self.filed
