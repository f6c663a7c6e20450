"""The channels as configured, and what lies claimed in their OutBoxes."""

from __future__ import annotations

from dataclasses import replace

from edi.adapters.boxes import CLAIMED, Boxes, Claim, claim_of, is_claim
from edi.adapters.config import ChannelConfig, Config
from edi.checks.parse import Limits
from edi.gateway.examine import ChannelPolicy
from edi.gateway.parts import Channel


def build_channel(name: str, channel: ChannelConfig, config: Config) -> Channel:
    """A channel; boxes left out follow its name (exchange 2)."""
    home = config.home
    out = home / "outbox" / name
    return Channel(
        name=name,
        boxes=Boxes(
            outbox=channel.outbox or home / "inbox" / name,
            sentbox=channel.sentbox or out / "SentBox",
            failbox=channel.failbox or out / "FailBox",
            inbox=channel.inbox or out / "InBox",
        ),
        policy=ChannelPolicy(
            enterprises=channel.enterprises,
            messages=channel.messages,
            limits=replace(Limits(), file=channel.file_bytes),
            extras=channel.signatures,
        ),
        files_per_minute=channel.files_per_minute,
    )


def channels_of(config: Config) -> dict[str, Channel]:
    """The channels as configured, by name."""
    return {name: build_channel(name, one, config) for name, one in config.channels.items()}


def claims_on_disk(config: Config) -> list[str]:
    """The claims whose files lie in the OutBoxes; to be counted before the ledger is asked for its balance.

    One that is entered meanwhile is then found in the ledger.
    """
    return [claim.id for one in channels_of(config).values() for claim in claimed_files(one)]


def claimed_files(channel: Channel) -> list[Claim]:
    """The files of a channel that are claimed and not put away; only looked at."""
    found = sorted((channel.boxes.outbox / CLAIMED).glob("*/*"))
    return [claim_of(file) for file in found if is_claim(file) and file.is_file()]
