"""Queries that the gateway answers from its own ledger: what a form may ask of it, and how it answers.

Applications and drafts are known to the gateway alone, as they are to the single window in the source (002,
5.2.1 and 5.1.1.6). A form sees them through `ApplicationsView`, which never shows more than the asker may see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from edi.core.findings import Finding
from edi.core.node import Node
from edi.core.results import Document, ListedApplication, Results


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which applications are asked for; what is empty or None restricts nothing."""

    uscc: str = ""
    """Of the enterprise the application is about."""
    name_part: str = ""
    """Contained in that enterprise's name."""
    form: str = ""
    type: str = ""
    """Token of a qualification type the application is about."""
    status: str = ""
    from_date: date | None = None
    """First day, in China, on which the application came."""
    to_date: date | None = None
    """Last day."""


class ApplicationsView(Protocol):
    """What one enterprise may see of the gateway's ledger: what it filed itself, and what is about itself."""

    def applications(self, wanted: Filter, limit: int) -> tuple[ListedApplication, ...]:
        """The applications wanted, newest first, at most `limit`; queries are not among them."""

    def paper(self, *, guid: str = "", application_no: str = "") -> Document | None:
        """《报关单位备案信息表》 of a draft or application; None if there is none to be seen or printed."""


@dataclass(frozen=True, kw_only=True)
class Replied:
    """The answer to a query."""

    results: Results
    info: str
    """A sentence for people, in Chinese (returnInfo)."""


Reply = Callable[[Node, ApplicationsView], Replied | list[Finding]]
"""What a query is answered, or the findings for which it is refused."""
