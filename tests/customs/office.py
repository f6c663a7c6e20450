"""A customs office in a folder, and applications to send it: what the tests of the simulator stand on."""

from __future__ import annotations

import itertools
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from lxml import etree

from edi.adapters.contract import Contract
from edi.adapters.keys import key_name
from edi.adapters.pki import POLICY_OIDS, Authority, Holder, Issued
from edi.checks.intact import check_intact
from edi.checks.trust import TrustPolicy
from edi.core.findings import Finding
from edi.core.form import Forms
from edi.core.identity import Medium
from edi.core.node import Node
from edi.core.results import Issued as IssuedCertificate
from edi.customs.certificates import CertificateFacts
from edi.customs.receiver import Receiver
from edi.customs.settings import Settings
from edi.messages.dsig import SigningKey, sign_message
from edi.messages.dxp import DxpMsg, creation_time, read_dxp_msg, write_dxp_msg
from edi.messages.receipt import Receipt, read_receipts

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
NAMESPACE = "urn:edi-customs:qlf:1"
GATEWAY, CUSTOMS = "GATEWAY", "CUSTOMS"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class MovableClock:
    """A clock that stands still until told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Pki:
    """Keys for all parties of the tests."""

    trust: TrustPolicy
    enterprise: SigningKey
    customs: SigningKey
    stranger: SigningKey


def _key(issued: Issued) -> SigningKey:
    return SigningKey(issued.key, issued.certificate, key_name(issued.certificate))


def make_pki() -> Pki:
    """An authority, an enterprise and customs under it, and a stranger with the same name."""
    authority, other = Authority.create("示例机构", START), Authority.create("无关机构", START)
    holder = Holder(
        organisation="示例贸易（北京）有限公司",
        uscc="91110105XX489884X9",
        person="刘示例",
        card_no="8900000000001",
        medium=Medium.LEGAL_PERSON_CARD,
    )
    return Pki(
        trust=TrustPolicy((authority.root.certificate,), {oid: medium for medium, oid in POLICY_OIDS.items()}),
        enterprise=_key(authority.issue(holder, START)),
        customs=_key(authority.issue(Holder(organisation="模拟海关"), START)),
        stranger=_key(other.issue(holder, START)),
    )


@dataclass(frozen=True, kw_only=True)
class Application:
    """What a test says of any application."""

    form: ClassVar[str]
    uscc: str = "91110105XX489884X9"
    seq: str = ""
    guid: str = ""
    draft: bool = False
    name: str = "示例企业有限公司"

    def node(self) -> dict[str, Any]:
        head = {
            "guid": self.guid,
            "appType": "1",
            "appTime": "20260302090000",
            "appStatus": "1" if self.draft else "2",
            **({"clientSeqNo": self.seq} if self.seq else {}),
            "filingMode": "OWN",
            "signMode": "CARD",
        }
        return {"head": head, **self.blocks()}

    def blocks(self) -> dict[str, Any]:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Filing(Application):
    """A filing of qualifications."""

    form = "QLF101"
    types: tuple[str, ...] = ("TRADER",)
    customs: str = "0117"
    parent: str = ""
    held: tuple[str, ...] = ()
    declarants: tuple[str, ...] = ()

    def blocks(self) -> dict[str, Any]:
        parent = {"parentUscc": self.parent, "parentName": "示例母公司"} if self.parent else {}
        people = [
            {"name": name, "docType": "111", "docNo": f"1101011990{index:08d}", "mobile": "13800000000"}
            for index, name in enumerate(self.declarants)
        ]
        return {
            "qualifications": {"type": list(self.types), "heldType": list(self.held)},
            "enterprise": {
                "uscc": self.uscc,
                "adminDivision": "110105",
                "competentCustoms": self.customs,
                "nameZh": self.name,
                "marketEntityType": "1130",
                **parent,
            },
            **({"declarants": {"declarant": people}} if people else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Cancellation(Application):
    """A cancellation of qualifications."""

    form = "QLF131"
    types: tuple[str, ...] = ("TRADER",)

    def blocks(self) -> dict[str, Any]:
        party = {"uscc": self.uscc, "competentCustoms": "0117", "nameZh": self.name}
        return {"cancellation": {**party, "type": list(self.types), "reasonCode": "1"}}


@dataclass(frozen=True, kw_only=True)
class Renewal(Application):
    """A renewal of the temporary filing."""

    form = "QLF121"
    type: str = "TEMPORARY"

    def blocks(self) -> dict[str, Any]:
        party = {"uscc": self.uscc, "competentCustoms": "0117", "nameZh": self.name}
        return {"renewal": {**party, "type": self.type}}


@dataclass(frozen=True, kw_only=True)
class Change(Application):
    """A change of what is on record; a declarant is (action, number, name, document number)."""

    form = "QLF111"
    types: tuple[str, ...] = ("TRADER",)
    customs: str = "0117"
    parent: str = ""
    declarants: tuple[tuple[str, str, str, str], ...] = ()

    def blocks(self) -> dict[str, Any]:
        parent = {"parentUscc": self.parent, "parentName": "示例母公司"} if self.parent else {}
        people = [_declarant_change(*one) for one in self.declarants]
        return {
            "qualifications": {"heldType": list(self.types)},
            "enterprise": {
                "uscc": self.uscc,
                "adminDivision": "110105",
                "competentCustoms": self.customs,
                "nameZh": self.name,
                "marketEntityType": "1130",
                **parent,
            },
            **({"declarants": {"declarant": people}} if people else {}),
        }


def _declarant_change(action: str, number: str, name: str, doc_no: str) -> dict[str, str]:
    facts = {"name": name, "docType": "111", "docNo": doc_no, "mobile": "13900000000", "nationality": "CHN"}
    told = {"name": name} if action == "CANCEL" else facts
    return {"action": action, **told, **({"declarantNo": number} if number else {})}


@dataclass(frozen=True, kw_only=True)
class CertificateRequest(Application):
    """An application for a filing certificate."""

    form = "QLF141"

    def blocks(self) -> dict[str, Any]:
        return {"certificateRequest": {"uscc": self.uscc, "competentCustoms": "0117", "nameZh": self.name}}


@dataclass(frozen=True, kw_only=True)
class FilingQuery(Application):
    """A query of what is on record."""

    form = "QLF161"
    type: str = ""

    def blocks(self) -> dict[str, Any]:
        party = {"uscc": self.uscc, "competentCustoms": "0117", "nameZh": self.name}
        return {"filingQuery": {**party, **({"type": self.type} if self.type else {})}}


def press(facts: CertificateFacts) -> IssuedCertificate:
    """Prints every fact, so that a test can read them on the paper."""
    return IssuedCertificate(
        certificate_no=facts.number,
        issued_on=facts.issued_on,
        valid_until=facts.valid_until,
        verification_code="ABCDEFGHIJKLMNOP",
        file_name=f"{facts.number}.pdf",
        content=f"%PDF-1.4 {facts}".encode(),
    )


def guid_of(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, text)).upper()


def _tree(parent: etree._Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
            if isinstance(one, dict):
                _tree(child, one)
            else:
                child.text = one


def business_node(application: Application) -> Node:
    """The business node alone, as the rules of its form see it."""
    element = etree.Element(f"{{{NAMESPACE}}}{application.form}", nsmap={None: NAMESPACE})
    _tree(element, application.node())
    return Node(element)


def business_message(applications: Sequence[Application], guid: str) -> etree._Element:
    form = applications[0].form
    root = etree.Element(f"{{{NAMESPACE}}}{form}Message", nsmap={None: NAMESPACE}, guid=guid, version="1.0")
    transfer = {"copCode": "91110105XX489884X9", "copName": "示例贸易", "dxpMode": "DXP", "dxpId": GATEWAY}
    _tree(root, {form: [one.node() for one in applications], "BaseTransfer": transfer})
    return root


@dataclass
class Office:
    """A customs office: its folders, its clock, and the receiver at work in it."""

    home: Path
    pki: Pki
    forms: Forms
    contract: Contract
    settings: Settings
    clock: MovableClock = field(default_factory=lambda: MovableClock(START))
    receiver: Receiver = field(init=False)
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.open()

    # Opening and closing

    def open(self) -> None:
        self.receiver = Receiver(
            self.settings, self.forms, self.contract, self.pki.trust, self.pki.customs, self.clock, press
        )

    def close(self) -> None:
        self.receiver.close()

    def reopen(self, **changes: Any) -> None:
        """As after a crash or a restart: a new receiver on the same folders and register."""
        self.close()
        self.settings = replace(self.settings, **changes)
        self.open()

    # Sending

    def send(
        self, *applications: Application, key: SigningKey | None = None, number: int | None = 202600000000000001
    ) -> bytes:
        """Put one signed message into the folder; the answer is the DxpMsg."""
        count = next(self._count)
        named = [
            replace(one, guid=one.guid or guid_of(f"application {count} {i}")) for i, one in enumerate(applications)
        ]
        data = sign_message(business_message(named, guid_of(f"message {count}")), key or self.pki.enterprise)
        return self.send_bytes(self.wrap(data, number, form=named[0].form))

    def wrap(
        self, data: bytes, number: int | None = 202600000000000001, to: str = CUSTOMS, form: str = "QLF101"
    ) -> bytes:
        return write_dxp_msg(
            DxpMsg(
                message_id=guid_of(data.hex()),
                sender=GATEWAY,
                receivers=(to,),
                created=creation_time(START),
                message_type=form,
                data=data,
                keys={"applicationNo": str(number)} if number else {},
            )
        )

    def send_bytes(self, data: bytes, name: str = "") -> bytes:
        self.settings.collect_from.mkdir(exist_ok=True)
        (self.settings.collect_from / (name or f"{next(self._count):06d}.xml")).write_bytes(data)
        return data

    def file(self, *applications: Application, **options: Any) -> list[Receipt]:
        """Send one message, let customs work, return what came back for it."""
        known = len(self.receipts())
        self.send(*applications, **options)
        self.work()
        return self.receipts()[known:]

    def work(self) -> int:
        done = 0
        while step := self.receiver.step():
            done += step
        return done

    # Looking

    def receipts(self) -> list[Receipt]:
        """All receipts in the folder, in order, each believed only as the gateway would believe it."""
        return [receipt for file in self.receipt_files() for receipt in self._open(file.read_bytes())]

    def receipt_files(self) -> list[Path]:
        return sorted(self.settings.deliver_to.glob("*.xml")) if self.settings.deliver_to.is_dir() else []

    def _open(self, data: bytes) -> list[Receipt]:
        envelope = read_dxp_msg(etree.fromstring(data))
        assert (envelope.sender, envelope.receivers) == (CUSTOMS, (GATEWAY,))
        (form,) = [one for one in self.forms if one.receipt_code == envelope.message_type]
        root = etree.fromstring(envelope.data)
        assert not isinstance(check_intact(root), Finding)
        assert self.contract.check_schema(form, root) == []
        return read_receipts(root)

    def codes(self) -> list[int]:
        return [receipt.code for receipt in self.receipts()]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.settings.register)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def held(self, uscc: str) -> list[str]:
        """Every qualification ever given, oldest first."""
        return [row[0] for row in self.rows(f"SELECT type FROM qualifications WHERE uscc = '{uscc}' ORDER BY id")]

    def holds(self, uscc: str) -> list[str]:
        """What is held on customs' calendar now."""
        with self.receiver._store.reading() as connection:
            return [one.qualification.token for one in self.receiver._desk(connection).register().held(uscc)]
