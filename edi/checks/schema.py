"""Is a message built as its XSD says? libxml2 gives the verdict, xmlschema the reasons.

libxml2 takes some 0.1 ms and speaks to programmers; xmlschema takes a hundred times as long and knows
what was expected. So the second is only built and asked once the first has said no, and not for
messages so large that asking would be an attack on us. The verdict is libxml2's alone: where the other
finds nothing or gives up, libxml2's own words are passed on.

Codes: 0002 (schema) of the DXP platform, for every finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Protocol

from lxml import etree

from edi.core.findings import Dxp, Finding, clip
from edi.core.node import human_path

MOST_FINDINGS = 100
"""Findings of one message; whoever has more has one mistake many times."""
MOST_EXPLAINED = 20_000
"""Elements of a message that is still explained: a hundred filings with room to spare, about a second."""


class Explain(Protocol):
    """Says everything wrong with a tree that does not fit the schema."""

    def __call__(self, root: etree._Element, /) -> Iterable[Finding]:
        """Findings, in any order; the same one may come twice."""


_NAMESPACE = re.compile(r"\{[^}]*\}")


class Schema:
    """A compiled XSD. `name` is its file name, the ground of its findings."""

    def __init__(self, compiled: etree.XMLSchema, explainer: Callable[[], Explain], name: str) -> None:
        self._compiled = compiled
        self._explainer = explainer
        self._explain: Explain | None = None
        self.name = name

    def fits(self, root: etree._Element) -> bool:
        """The verdict alone, also on a block within a message."""
        return self._compiled.validate(root)

    def check(self, root: etree._Element) -> list[Finding]:
        """Everything that does not fit, at most `MOST_FINDINGS`; empty if the message fits."""
        if self.fits(root):
            return []
        explained = [] if is_large(root) else self._explained(root)
        return explained or _unique(_terse(root, entry, self.name) for entry in self._compiled.error_log)

    def _explained(self, root: etree._Element) -> list[Finding]:
        if self._explain is None:
            self._explain = self._explainer()
        try:
            return _unique(self._explain(root))
        except Exception:  # noqa: BLE001 - it gives up on some messages, such as those that claim a type nobody knows
            return []


def is_large(root: etree._Element) -> bool:
    """True if the tree has more elements than are explained."""
    return next(islice(root.iter(), MOST_EXPLAINED, None), None) is not None


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    return list(dict.fromkeys(islice(findings, MOST_FINDINGS)))


def _terse(root: etree._Element, entry: etree._LogEntry, ground: str) -> Finding:
    """libxml2's complaint as it is, with names for people."""
    reason = clip(_NAMESPACE.sub("", entry.message))
    return Finding(
        code=Dxp.SCHEMA,
        path=human_path(_element_at(root, entry.path)),
        zh=f"报文不符合结构定义 {ground}；请对照该文件修改。原因（英文）：{reason}",
        en=f"The message does not fit {ground}; mend it by that file. Reason: {reason}",
        ground=ground,
    )


def _element_at(root: etree._Element, path: str | None) -> etree._Element:
    """The element libxml2 means; the root if it does not say, or says it by a prefix that is declared further down."""
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(path, namespaces=prefixes) if path else None
    except etree.XPathEvalError:
        return root
    first = found[0] if isinstance(found, list) and found else root
    return first if etree.iselement(first) else root
