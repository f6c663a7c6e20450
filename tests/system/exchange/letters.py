"""What two enterprises put into their OutBoxes: whole signed messages about themselves and about each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from lxml import etree

from edi.adapters.keys import load_signing_key
from edi.messages.dsig import SigningKey, sign_message
from tests.customs.office import Application, Cancellation, CertificateRequest, Change, Filing, FilingQuery, Renewal
from tools import identifiers
from tools.sample_blocks import Block, Party, declarant, edit, enterprise, filing_form, message, pick
from tools.sample_blocks import application as filing_block
from tools.sample_change import as_change
from tools.sample_clean import AGENT, DEMO
from tools.sample_known import cancellation, renewal
from tools.sample_queries import APPLICATIONS, CERTIFICATE, RECORD

PARTIES = {"demo": DEMO, "agent": AGENT}
"""By channel."""
CHANNEL = {party.uscc: channel for channel, party in PARTIES.items()}
HOME = {party.uscc: party.place.customs for party in PARTIES.values()}
"""The competent customs of each at first; a change may move it to the other's."""
PLACES = {party.place.customs: party.place for party in PARTIES.values()}
PAPERS = [identifiers.resident_id(f"declarant {number} of the exchange") for number in range(3)]
"""Identity documents of declarants; a filing of two names brings the first two."""
MEDIA = ("legal-person", "operator", "account")


def other(uscc: str) -> str:
    """The one enterprise that is not this."""
    (found,) = HOME.keys() - {uscc}
    return found


class Wish(Enum):
    """What the sender wants done: appType and appStatus."""

    SUBMIT = ("1", "2")
    SAVE = ("1", "1")
    REPLACE = ("2", "1")
    DELETE = ("3", "1")


@dataclass(frozen=True, kw_only=True)
class ApplicationsQuery(Application):
    """A query of applications; empty restricts nothing."""

    form = "QLF151"
    of_form: str = ""
    of_status: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something for which a message is refused before anybody asks who holds what."""

    codes: frozenset[str]
    edits: Mapping[str, Any] = field(default_factory=dict)
    """To the filing: path → what stands there instead."""
    application: Application = field(default_factory=Filing)
    for_another: bool = False
    by: str = "legal-person"
    broken: bool = False
    """Changed after it was signed."""
    stray: bool = False
    """Dropped into the other enterprise's OutBox."""


def _fault(*codes: str, **told: Any) -> Fault:
    return Fault(codes=frozenset(codes), **told)


_BRANCH = {"enterprise/parentUscc": AGENT.uscc, "enterprise/parentName": AGENT.zh}
FAULTS: Mapping[str, Fault] = {
    "no type": _fault("QLF-001", edits={"qualifications/type": []}),
    "trader and branch": _fault("QLF-002", edits={"qualifications/type": ["TRADER", "TRADER_BRANCH"], **_BRANCH}),
    "temporary and other": _fault("QLF-005", edits={"qualifications/type": ["TEMPORARY", "BROKER"]}),
    "no managers": _fault("QLF-010", edits={"managers": None}),
    "account for another": _fault("QLF-023", by="account", for_another=True),
    "cancellation for another": _fault("QLF-023", application=Cancellation(), for_another=True),
    "certificate for another": _fault("QLF-023", application=CertificateRequest(), for_another=True),
    "broken signature": _fault("1004", broken=True),
    "stray": _fault("1999", stray=True),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Letter:
    """One message, as signed; it may be sent more than once."""

    channel: str
    owner: str
    """USCC of the enterprise that signs."""
    guid: str
    """Of its one application."""
    application: Application
    wish: Wish
    number: str
    """clientSeqNo; `SIM-…` chooses what customs does."""
    data: bytes
    codes: frozenset[str] = frozenset()
    """For which it is refused whatever else is known."""

    def __repr__(self) -> str:
        return f"<{self.number}: {self.wish.name} {self.application} of {self.guid}, by {self.channel}>"


@dataclass
class Scribe:
    """Writes and signs the messages of both enterprises."""

    keys: Mapping[tuple[str, str], SigningKey]
    """By channel and medium."""
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def of(cls, home: Path) -> Scribe:
        """With the keys of a workspace."""
        folders = {channel: home / "pki" / ("" if channel == "demo" else channel) for channel in PARTIES}
        return cls(
            {
                (channel, medium): load_signing_key(folder / f"{medium}.key", folder / f"{medium}.pem")
                for channel, folder in folders.items()
                for medium in MEDIA
            }
        )

    def write(
        self,
        application: Application,
        *,
        owner: str,
        guid: str = "",
        wish: Wish = Wish.SUBMIT,
        number: str = "",
        by: str = "legal-person",
        unfinished: bool = False,
    ) -> Letter:
        """A message about one application; an unfinished one lacks what only a submission needs."""
        count, channel = next(self._count), CHANNEL[owner]
        block = _block(application, PARTIES[channel], "ACCOUNT" if by == "account" else "CARD")
        named = guid or identifiers.guid(f"application {count} of the exchange")
        app_type, app_status = wish.value
        number = f"{number or 'ERP'}-{count:05d}"
        block["head"] |= {"guid": named, "appType": app_type, "appStatus": app_status, "clientSeqNo": number}
        if unfinished:
            block |= {name: None for name in ("managers", "attachments") if name in block}
        data = self._signed(block, application.form, channel, by, count)
        return Letter(
            channel=channel, owner=owner, guid=named, application=application, wish=wish, number=number, data=data
        )

    def write_badly(self, fault: Fault, owner: str) -> Letter:
        """A submission with a fault."""
        count, channel = next(self._count), CHANNEL[owner]
        about = other(owner) if fault.for_another else owner
        application = replace(fault.application, uscc=about)
        block = _block(application, PARTIES[channel], "ACCOUNT" if fault.by == "account" else "CARD")
        guid = identifiers.guid(f"application {count} of the exchange")
        number = f"ERP-{count:05d}"
        block["head"] |= {"guid": guid, "clientSeqNo": number}
        for path, value in fault.edits.items():
            edit(block, path, value)
        data = self._signed(block, application.form, channel, fault.by, count)
        if fault.broken:
            data = data.replace(number.encode(), f"ERP-{count + 1:05d}".encode())
        return Letter(
            channel=CHANNEL[other(owner)] if fault.stray else channel,
            owner=owner,
            guid=guid,
            application=application,
            wish=Wish.SUBMIT,
            number=number,
            data=data,
            codes=fault.codes,
        )

    def _signed(self, block: Block, form: str, channel: str, by: str, count: int) -> bytes:
        text = message(f"{count} of the exchange", PARTIES[channel], [block], form)
        return sign_message(etree.fromstring(text.encode()), self.keys[channel, by])


def _block(application: Application, sender: Party, sign: str) -> Block:
    """The business node; its head says for whom and signed by what."""
    about = PARTIES[CHANNEL[application.uscc]]
    match application:
        case Filing():
            block = _filing(application, about, sender, sign)
        case Change():
            block = _change(application, about, sender, sign)
        case Cancellation():
            block = _headed(cancellation(about, application.types, ""), about, sender)
        case Renewal():
            block = renewal(about, "", qualification=application.type)
        case CertificateRequest():
            block = CERTIFICATE.ask("", sender, about, sign=sign)
        case FilingQuery():
            block = RECORD.ask("", sender, about, sign=sign, type=application.type or None)
        case ApplicationsQuery():
            filters = {"form": application.of_form or None, "status": application.of_status or None}
            block = APPLICATIONS.ask("", sender, about, sign=sign, **filters)
        case _:
            raise TypeError(f"no such application: {application!r}")
    return block


def _headed(block: Block, about: Party, sender: Party) -> Block:
    block["head"]["filingMode"] = "OWN" if about == sender else "AGENT"
    return block


def _filing(filing: Filing, about: Party, sender: Party, sign: str) -> Block:
    block = _whole(filing.types, about, sender, sign, filing.held)
    people = [_named(about, name, papers) for name, papers in zip(filing.declarants, PAPERS, strict=False)]
    return block | {"declarants": {"declarant": people} if people else None}


def _change(change: Change, about: Party, sender: Party, sign: str) -> Block:
    """The codes of an enterprise that moves stay."""
    block = as_change(_whole(change.types, about, sender, sign))
    moved = enterprise(replace(about, place=PLACES[change.customs]))
    block["enterprise"] = moved | pick(enterprise(about), "uscc", "organizationCode")
    people = [_told(about, *one) for one in change.declarants]
    return block | {"declarants": {"declarant": people} if people else None}


def _whole(types: tuple[str, ...], about: Party, sender: Party, sign: str, held: tuple[str, ...] = ()) -> Block:
    """By account or for another the stamped form goes with it."""
    forms = [filing_form(about)] if sign == "ACCOUNT" or about != sender else []
    return filing_block(about, types, key="", held=held, sender=sender, sign=sign, attachments=forms)


def _named(about: Party, name: str, papers: str) -> Block:
    return declarant(about, 1) | {"name": name, "docNo": papers}


def _told(about: Party, action: str, number: str, name: str, papers: str) -> Block:
    told = {"name": name} if action == "CANCEL" else _named(about, name, papers)
    return {"action": action, **told, "declarantNo": number or None}
