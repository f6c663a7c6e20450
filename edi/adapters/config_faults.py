"""Section [simulator.faults]: how often the simulated customs goes wrong on purpose, all 0 unless a tester says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DELIVERIES = ("lost", "doubled", "late", "out_of_order", "truncated", "wrongly_signed", "contradictory")
"""What may befall a receipt on its way; at most one of them does."""
RECEIVER = ("receiver_down", "death_after_storing")
"""What may befall the receiver itself."""


@dataclass(frozen=True, kw_only=True)
class FaultsConfig:
    """Rates from 0 (never) to 1 (always)."""

    seed: int = 1
    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    late_seconds: float = 60.0
    out_of_order: float = 0.0
    truncated: float = 0.0
    wrongly_signed: float = 0.0
    contradictory: float = 0.0
    receiver_down: float = 0.0
    death_after_storing: float = 0.0


def senseless_faults(faults: FaultsConfig) -> Iterator[str]:
    """What is well-formed but cannot be meant."""
    for name in (*DELIVERIES, *RECEIVER):
        if getattr(faults, name) > 1:
            yield f"simulator.faults.{name}: 应为 0 至 1 / must be from 0 to 1"
    if sum(getattr(faults, name) for name in DELIVERIES) > 1:
        yield (
            f"simulator.faults: {'、'.join(DELIVERIES)} 之和不能大于 1，一份回执至多遇到其中之一 / together at most 1, a "
            "receipt meets one of them at most"
        )
