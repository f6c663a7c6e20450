"""What customs' register looks like to a form, and the closed set of effects an approval can have.

Forms see the register through `RegisterView` and answer with findings and effects; the simulated
customs carries them out. A real customs system would stand behind the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from edi.core.qualification import Qualification
from edi.core.results import KeptCertificate, KeptDeclarant


@dataclass(frozen=True, kw_only=True)
class Held:
    """A qualification an enterprise holds."""

    qualification: Qualification
    filing_code: str
    """Customs filing code, empty for CBEC types."""
    valid_from: date
    valid_until: date


class RegisterView(Protocol):
    """Read access to the register as of one day."""

    @property
    def today(self) -> date:
        """The day on customs' calendar."""

    def held(self, uscc: str) -> tuple[Held, ...]:
        """Qualifications of the enterprise that are valid today."""

    def pending(self, uscc: str) -> frozenset[str]:
        """Tokens claimed by applications of the enterprise that are still under way (申请中)."""

    def customs_of(self, uscc: str) -> str:
        """The competent customs on record, empty if the enterprise was never filed."""

    def parent_of(self, uscc: str) -> str:
        """USCC of the enterprise's parent on record, empty if there is none."""

    def declarants(self, uscc: str) -> tuple[KeptDeclarant, ...]:
        """The declarants of the enterprise on record; those cancelled are not."""

    def certificates(self, uscc: str) -> tuple[KeptCertificate, ...]:
        """The certificates ever issued to the enterprise, newest first."""

    def filed_for(self, agent: str, uscc: str) -> bool:
        """True if customs has stored an application about the enterprise `uscc` that `agent` signed.

        Queries do not count, nor what customs returned.
        """


@dataclass(frozen=True, kw_only=True)
class RecordEnterprise:
    """Put the enterprise's data on record, replacing what stood there."""

    uscc: str
    name: str
    customs: str
    division: str
    record: str
    """The blocks of the application as filed, canonical XML."""


@dataclass(frozen=True, kw_only=True)
class GrantQualification:
    """Give a qualification; the register issues the filing code where the type has one."""

    uscc: str
    qualification: Qualification
    valid_until: date
    code_prefix: str
    """First six characters of the filing code, empty where the type gets none."""


@dataclass(frozen=True, kw_only=True)
class EnrolDeclarant:
    """Put a declarant on record; the register issues the declarant filing number."""

    uscc: str
    name: str
    doc_type: str
    doc_no: str
    mobile: str
    nationality: str = ""


@dataclass(frozen=True, kw_only=True)
class AmendDeclarant:
    """Change what is on record of a declarant; the number stays."""

    uscc: str
    declarant_no: str
    name: str
    doc_type: str
    doc_no: str
    mobile: str
    nationality: str = ""


@dataclass(frozen=True, kw_only=True)
class StrikeDeclarant:
    """Take a declarant off the record; the number is never given again."""

    uscc: str
    declarant_no: str


@dataclass(frozen=True, kw_only=True)
class EndQualification:
    """End a qualification: from now on it is not held. One that is not valid any more stays as it is."""

    uscc: str
    qualification: Qualification


@dataclass(frozen=True, kw_only=True)
class ExtendQualification:
    """Prolong a qualification, counted from its last day of validity and not from today.

    It may have expired while customs decided; then it is valid again, unless something that excludes it is held
    by now. A qualification that was ended or never given cannot be prolonged.
    """

    uscc: str
    qualification: Qualification
    years: int


@dataclass(frozen=True, kw_only=True)
class IssueCertificate:
    """Issue a filing certificate on all that the enterprise holds; the one before it becomes void (QLF-121)."""

    uscc: str


@dataclass(frozen=True, kw_only=True)
class TellFiling:
    """Tell what is on record of an enterprise. Changes nothing: it is the answer to a query."""

    uscc: str
    type: str = ""
    """Only qualifications of this type; empty: all."""


Effect = (
    RecordEnterprise
    | GrantQualification
    | EnrolDeclarant
    | AmendDeclarant
    | StrikeDeclarant
    | EndQualification
    | ExtendQualification
    | IssueCertificate
    | TellFiling
)
