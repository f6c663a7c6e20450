"""The signing station: unsigned exports of an ERP are signed by a card and go into a channel (exchange 6).

An export is claimed by a rename. Its signed twin is on disk before the original is put away, and only then handed to the
channel; so an export is signed once and delivered, whatever dies in between.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from edi.adapters.boxes import Claim, Settled, Sighting, claim, claimed_folder, claims, is_as_seen, release, sightings
from edi.adapters.cards.faults import CardAway, WrongSecret
from edi.adapters.cards.piv import Slot
from edi.adapters.cards.readers import open_card
from edi.adapters.cards.secret import PIN_VARIABLE, stored_pin
from edi.adapters.cards.signer import CardSigner, signing_certificate
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.clock import Clock
from edi.adapters.config import Config
from edi.adapters.config_station import StationConfig
from edi.adapters.files import move_without_overwriting, read_regular, sweep_temporaries, sync_folders, write_whole
from edi.adapters.keys import key_name
from edi.app.channels import build_channel
from edi.app.composition import App
from edi.app.pin_guard import PinGuard
from edi.checks.limits import DEFAULT_LIMITS
from edi.checks.parse import parse
from edi.core.findings import Finding
from edi.core.form import Forms
from edi.core.node import local_name
from edi.errors import TryLater, UserError
from edi.messages.dsig import Signer, ds, sign_message

BATCH = 20
"""Exports signed in one round: a card takes its time, and the gateway waits meanwhile."""


def sign_waiting(app: App) -> int:
    """Sign what waits, at most a batch; how many exports were dealt with, 0 where the station is switched off.

    Raises TryLater if the card, its PIN or a folder is out of reach; the exports stay.
    """
    if not app.config.station.enabled:
        return 0
    parts = app.pipeline.parts
    try:
        return build_station(app.config, parts.forms, parts.clock).round()
    except OSError as error:
        raise TryLater(
            f"签名站暂停：{cause_zh(error)}；待签文件原样保留",
            f"The signing station waits: {cause_en(error)}; the files wait as they are",
        ) from error
    except UserError as error:
        raise TryLater(f"签名站暂停：{error.zh}", f"The signing station waits: {error.en}") from error


def build_station(config: Config, forms: Forms, clock: Clock) -> Station:
    """The station as configured."""
    name = config.station.channel
    return Station(
        settings=config.station,
        outbox=build_channel(name, config.channels[name], config).boxes.outbox,
        staging=config.gateway.ledger.parent / "signing",
        guard=PinGuard.of(config),
        settle_seconds=config.gateway.settle_seconds,
        forms=forms,
        clock=clock,
    )


@dataclass(frozen=True, kw_only=True)
class Station:
    """One card at work."""

    settings: StationConfig
    outbox: Path
    """Of the channel."""
    staging: Path
    """What is signed and not yet delivered; a folder of ours."""
    guard: PinGuard
    settle_seconds: float
    forms: Forms
    clock: Clock

    def round(self) -> int:
        """Finish what was begun, then sign a batch. Raises TryLater, UserError, OSError."""
        box = self.settings.unsigned
        for folder in (box, self.settings.signed, self.settings.refused, self.staging):
            folder.mkdir(parents=True, exist_ok=True)
        delivered = self._deliver()
        begun = list(claims(box))[:BATCH]
        if not begun and not sightings(box):
            return delivered
        with self._signer() as signer:  # before any waiting: without a card there is nothing to wait for
            ready = self._ready()[: BATCH - len(begun)]
            taken = sum(self._deal_with(one, signer) for one in (*begun, *self._claimed(ready)))
        self._deliver()
        return delivered + taken

    def _ready(self) -> Sequence[Sighting]:
        """Exports that are wholly written: unchanged over two looks."""
        settled = Settled(self.settle_seconds)
        settled.ready(sightings(self.settings.unsigned), time.monotonic())
        if not settled.unsettled():
            return ()
        time.sleep(self.settle_seconds)
        return settled.ready(sightings(self.settings.unsigned), time.monotonic())

    def _claimed(self, ready: Sequence[Sighting]) -> Iterator[Claim]:
        for one in ready:
            if is_as_seen(self.settings.unsigned, one):
                found = claim(self.settings.unsigned, one.name, self.clock())
                if found:
                    yield found

    # ---- the card -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _signer(self) -> Iterator[Signer]:
        """The card, after it took its PIN; a wrong PIN stops the station."""
        with open_card(self.settings.reader) as card:
            slot = Slot.of(self.settings.slot)
            certificate = signing_certificate(card, slot)
            number = key_name(certificate)
            if self.settings.card not in ("", number):
                raise CardAway(
                    f"读卡器中是卡 {number}，签名站要用卡 {self.settings.card}；请换卡，或改配置 station.card",
                    f"Card {number} is in the reader, the station wants {self.settings.card}; change the card, or "
                    "station.card in the configuration",
                )
            pin = stored_pin(number)
            if pin is None:
                raise TryLater(
                    f"签名站没有卡 {number} 的 PIN；请放入环境变量 {PIN_VARIABLE} 或系统密钥环，不要写入配置",
                    f"The signing station has no PIN for card {number}; put it into {PIN_VARIABLE} or the keyring, not "
                    "into the configuration",
                )
            self.guard.show(card, number, pin)
            try:
                yield CardSigner(card=card, slot=slot, certificate=certificate, pin=pin)
            except WrongSecret as error:
                raise self.guard.stop(number, error) from error

    # ---- one export -----------------------------------------------------------------------------

    def _deal_with(self, export: Claim, signer: Signer) -> int:
        """Sign one export, or put it aside; 1 for one dealt with."""
        root = parse(read_regular(export.path, DEFAULT_LIMITS.file))
        reason = _unreadable(root) if isinstance(root, list) else _not_to_be_signed(root, self.forms)
        if isinstance(root, list) or reason:
            self._refuse(export, reason)
            return 1
        staged = claimed_folder(self.staging) / export.id / export.name
        staged.parent.mkdir(exist_ok=True)
        write_whole({staged: sign_message(root, signer)})
        _put_away(export, self.settings.signed)
        return 1

    def _refuse(self, export: Claim, reason: str) -> None:
        """What is no message to be signed lies aside with the reason."""
        note = self.settings.refused / f"{export.id}.reason.txt"
        write_whole({note: f"{export.name}\n{reason}\n".encode()})
        _put_away(export, self.settings.refused)

    def _deliver(self) -> int:
        """Hand over what is signed; how many. A name that still waits in the channel is kept for the next round."""
        folder = claimed_folder(self.staging)
        for unfinished in folder.iterdir():
            sweep_temporaries(unfinished)
        delivered = 0
        for staged in claims(self.staging):
            original = claimed_folder(self.settings.unsigned) / staged.id / staged.name
            if original.exists():
                _put_away(Claim(staged.id, staged.name, original), self.settings.signed)
            if move_without_overwriting(staged.path, self.outbox / staged.name):
                release(staged.path)
                delivered += 1
        if delivered:
            sync_folders([self.outbox])
        return delivered


def _unreadable(findings: Iterable[Finding]) -> str:
    return "\n".join(f"{one.code} {one.zh}\n{one.en}" for one in findings)


def _not_to_be_signed(root: etree._Element, forms: Forms) -> str:
    """Why a document is not signed, empty if it is to be."""
    name = etree.QName(root)
    if forms.of_root(name.namespace, local_name(root)) is None:
        return (
            f"根元素 {name.text} 不是本程序已知的申报报文，未签名\n"
            f"The root {name.text} is no filing this program knows; it was not signed"
        )
    if root.find(ds("Signature")) is not None:
        return "报文已有签名，未再签名；请直接投入通道\nThe message is signed already; drop it into the channel itself"
    return ""


def _put_away(export: Claim, folder: Path) -> None:
    """Into `folder` under its own name; where that is taken, with the claim's before it."""
    if not move_without_overwriting(export.path, folder / export.name):
        move_without_overwriting(export.path, folder / f"{export.id}-{export.name}")
    sync_folders([folder])
    release(export.path)
