"""What a machine did, by kind and outcome."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What was done, and what came of it."""

    operations: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, operation: str, outcome: str) -> None:
        self.outcomes[operation, outcome] += 1

    def __str__(self) -> str:
        rows = [f"{number:6d}  {what:25s} {outcome}" for (what, outcome), number in sorted(self.outcomes.items())]
        return "\n".join([*rows, f"{self.operations:6d}  operations"])
