"""Everything the published contract says of one message, in one pass: its XSD and its Schematron rules.

A message whose structure is wrong is judged by the rules all the same, since its author wants to hear
everything at once; only a tree too large to be a message is not.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from edi.checks.locate import Positions
from edi.checks.rules import Rules
from edi.checks.schema import Schema, is_large
from edi.core.findings import Finding
from edi.core.form import Form
from edi.messages.business import business_nodes

DRAFT = "draft"
SUBMISSION = "submission"
"""The phases every rule file has: a draft may be incomplete (exchange 5)."""


@dataclass(frozen=True)
class Rulebook:
    """The compiled contract of one message type."""

    form: Form
    schema: Schema
    rules: Rules

    def check(self, root: etree._Element, original: bytes | None = None) -> list[Finding]:
        """All findings, each once, by position and code; with line and column if `original` is the file."""
        findings = self.schema.check(root)
        if not (findings and is_large(root)):
            findings = [*findings, *self.rules.check(root, self._phase(root))]
        if not findings:
            return []
        positions = Positions.of(etree.tostring(root) if original is None else original)
        return positions.in_order(findings if original is None else positions.locate(findings))

    def _phase(self, root: etree._Element) -> str:
        """Lenient only where nothing is submitted."""
        nodes = business_nodes(root, self.form)
        return DRAFT if nodes and all(node.text("head/appStatus") == "1" for node in nodes) else SUBMISSION
