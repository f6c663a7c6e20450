"""The published contract as those see it who judge messages by it; `edi.adapters.contract` loads it."""

from __future__ import annotations

from typing import Protocol

from lxml import etree

from edi.core.findings import Finding
from edi.core.form import Form


class Contract(Protocol):
    """Compiled schemas and rules of all message types."""

    def check(self, form: Form, root: etree._Element, *, original: bytes | None = None) -> list[Finding]:
        """Findings of schema and rules, located in `original`, the file that `root` came from."""

    def check_schema(self, form: Form, root: etree._Element) -> list[Finding]:
        """Findings of the family's schema alone; it defines request and receipt."""

    def check_signature(self, root: etree._Element) -> list[Finding]:
        """Findings of the schema of signatures on the Signature of a message."""

    def check_envelope(self, root: etree._Element) -> list[Finding]:
        """Findings of the DxpMsg schema."""
