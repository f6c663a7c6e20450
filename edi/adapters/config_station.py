"""Section [station] of config.toml: the signing station."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from edi.adapters.cards.piv import Slot

SLOTS = tuple(one.key for one in Slot)


@dataclass(frozen=True, kw_only=True)
class StationConfig:
    """Section [station]; a PIN is no part of it."""

    enabled: bool = False
    unsigned: Path = Path("station/unsigned")
    signed: Path = Path("station/signed")
    refused: Path = Path("station/refused")
    channel: str = ""
    reader: str = ""
    slot: str = "9C"
    card: str = ""


def unusable_station(station: StationConfig, channels: Collection[str]) -> Iterator[str]:
    """What makes no sense in the section, in Chinese and English."""
    if station.enabled and station.channel not in channels:
        yield f"station.channel: 通道 {station.channel} 未定义 / channel {station.channel} is not defined"
    if station.slot.upper() not in SLOTS:
        yield f"station.slot: 应为 {'、'.join(SLOTS)} 之一 / must be one of {', '.join(SLOTS)}"
