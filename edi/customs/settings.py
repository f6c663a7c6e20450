"""How the simulated customs is set up. Refuses, all at once, values that make no sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from edi.customs.faults import Faults
from edi.errors import UserError

LONGEST_NODE_ID = 16
"""SenderId and ReceiverId of a DxpMsg hold 1 to 16 characters (exchange 4)."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one simulated customs."""

    node_id: str
    """DXP id of customs: receiver of filings, sender of receipts."""
    collect_from: Path
    """Folder in which DxpMsg files arrive."""
    deliver_to: Path
    """Folder into which receipts are put."""
    register: Path
    """The register, one SQLite file."""
    review: str = "auto"
    """`auto` or `manual`, which stops every application at UNDER_REVIEW until a person decides."""
    lodge_delay: timedelta = timedelta(0)
    """From arrival to 海关入库成功."""
    accept_delay: timedelta = timedelta(0)
    """From there to 海关受理中."""
    decision_delay: timedelta = timedelta(0)
    """From there to the decision; the law gives three working days (Order 253 of 2021)."""
    seed: int = 0
    """Equal seeds give equal numbers for equal filings in equal order."""
    batch: int = 200
    """Files taken, and turns of one stage made, in one transaction; a message is not parted."""
    sends_bundles: bool = False
    """Many receipts go out in one file; arriving bundles are read in any case."""
    faults: Faults = field(default_factory=Faults)
    """What goes wrong on purpose."""

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise UserError("模拟海关的设置有误", "The settings of the simulated customs are wrong", problems)

    def _problems(self) -> Iterator[str]:
        if not 1 <= len(self.node_id) <= LONGEST_NODE_ID:
            yield f"node_id 须为 1 至 16 个字符 / node_id must have 1 to 16 characters: {self.node_id!r}"
        if self.collect_from == self.deliver_to:
            yield f"collect_from 与 deliver_to 不能相同 / must not be the same folder: {self.deliver_to}"
        if self.review not in ("auto", "manual"):
            yield f"review 只能是 auto 或 manual / must be auto or manual: {self.review!r}"
        for name in ("lodge_delay", "accept_delay", "decision_delay"):
            if getattr(self, name) < timedelta(0):
                yield f"{name} 不能为负 / must not be negative: {getattr(self, name)}"
        if self.batch < 1:
            yield f"batch 至少为 1 / must be at least 1: {self.batch}"
