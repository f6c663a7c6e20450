"""Lists the published samples, for docs/messages.md and docs/codes.md: which message, which rule, where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

from edi.adapters.contract import locate_contract
from edi.core.form import Form
from edi.core.node import local_name

SAMPLES = locate_contract() / "qlf" / "samples"
_RECEIPTS = "receipts"
_BAD = "bad"


@dataclass(frozen=True)
class Sample:
    """A sample file."""

    path: Path
    """Below the folder of the samples."""
    message: str
    """Code of its message, e.g. `QLF101` or `QLF102`."""

    @property
    def is_bad(self) -> bool:
        """True if it is there to break a rule."""
        return self.path.parts[0] == _BAD

    @property
    def link(self) -> str:
        """A link from a page in `docs/`."""
        return f"[{self.path.stem}](../schemas/qlf/samples/{self.path.as_posix()})"


@cache
def samples() -> tuple[Sample, ...]:
    """All samples, in the order of their paths."""
    return tuple(_found())


def files_of(form: Form) -> str:
    """Links to the files that define the form."""
    files = {
        "XSD": f"schemas/{form.schema}",
        "rules": f"schemas/{form.rules}",
        "form": f"edi/forms/{form.code.lower()}.py",
    }
    return " ".join(f"[{name}](../{file})" for name, file in files.items())


def clean_samples(form: Form) -> list[Sample]:
    """Those that a sender of the form may imitate, drafts and scenarios left out."""
    return [one for one in samples() if one.message == form.code and one.path.name[0].isdigit()]


def receipt_samples(form: Form) -> list[Sample]:
    """Receipts for the form."""
    return [one for one in samples() if one.message == form.receipt_code]


def samples_of_rule(form: Form, code: str) -> list[Sample]:
    """Those that break the rule of that code."""
    return [one for one in samples() if one.message == form.code and one.is_bad and one.path.stem.startswith(code)]


def _found() -> Iterator[Sample]:
    for path in sorted(SAMPLES.rglob("*.xml")):
        root = etree.parse(path).getroot()
        yield Sample(path.relative_to(SAMPLES), local_name(root).removesuffix("Message"))
