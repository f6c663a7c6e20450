"""From the bytes of a file to what customs makes of it: a filing, a failure to lodge, or unreadable.

Judges schema and signature and nothing else; who knows the register decides the rest. Works on
values only: contract, trust and the moment of receipt are given. What it returns of a filing comes
from the signed content, never from the file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from edi.checks.contract import Contract
from edi.checks.envelope import open_envelope
from edi.checks.parse import parse
from edi.checks.signature import Refused, Signed, Terms, Unjudged, verify
from edi.checks.trust import TrustPolicy
from edi.core.findings import Finding, has_errors
from edi.core.form import Form, Forms
from edi.core.node import Node
from edi.customs.docket import NewApplication, NewMessage
from edi.customs.failures import Failure
from edi.messages.algorithms import Extra
from edi.messages.business import Application, AppType, business_nodes, read_business
from edi.messages.dxp import DxpMsg

_GUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_CLIENT_SEQ_NO = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_APPLICATION_NO = re.compile(r"[0-9]{18}")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A readable message: who sent it, which form it is, and its bytes' digest."""

    sender: str
    """DXP id of the sending node."""
    form: Form
    raw_digest: str
    """SHA-256 of the business message as it came; the same bytes are the same message."""


@dataclass(frozen=True, kw_only=True)
class Filing:
    """A message in good order."""

    letter: Letter
    message: NewMessage
    applications: tuple[NewApplication, ...]


@dataclass(frozen=True)
class Answerable:
    """As much of an application as a receipt can name."""

    guid: str
    application_no: str
    client_seq_no: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A message that cannot be lodged; its content is not to be trusted."""

    letter: Letter
    failure: Failure
    findings: tuple[Finding, ...]
    applications: tuple[Answerable, ...]


@dataclass(frozen=True)
class Unreadable:
    """A file nobody can be answered about, and why, in Chinese and English."""

    reason: tuple[str, ...]


Read = Filing | Failed | Unreadable


@dataclass(frozen=True)
class Reader:
    """What reading takes."""

    node_id: str
    forms: Forms
    contract: Contract
    trust: TrustPolicy

    def read(self, data: bytes, at: datetime) -> Read:
        """What a file is, received at `at` on the real clock, by which certificates are judged."""
        envelope = self._open(data)
        if isinstance(envelope, Unreadable):
            return envelope
        root = parse(envelope.data)
        if isinstance(root, list):
            return _unreadable(root)
        name = etree.QName(root)
        form = self.forms.of_root(name.namespace, name.localname)
        if form is None:
            return Unreadable((f"不认识的报文：{name.text}", f"Unknown message: {name.text}"))
        digest = hashlib.sha256(envelope.data).hexdigest()
        return self._judge(root, envelope, Letter(sender=envelope.sender, form=form, raw_digest=digest), at)

    def _open(self, data: bytes) -> DxpMsg | Unreadable:
        envelope = open_envelope(data)
        if isinstance(envelope, list):
            return _unreadable(envelope)
        if self.node_id not in envelope.receivers:
            to = "、".join(envelope.receivers)
            return Unreadable((f"不是发给 {self.node_id} 的，而是发给：{to}", f"Not for {self.node_id} but for: {to}"))
        return envelope

    def _judge(self, root: etree._Element, envelope: DxpMsg, letter: Letter, at: datetime) -> Read:
        # Whatever the gateway's channels may opt into has been admitted there; customs takes it all.
        sender = Node(root).text("BaseTransfer/copCode")
        signed = verify(root, self.trust, at, Terms(extras=tuple(Extra), enterprises=(sender,)))
        assert not isinstance(signed, Unjudged), "customs asks no revocation lists"
        if isinstance(signed, Refused):
            return _failed(root, envelope, letter, Failure.SIGNATURE, [signed.finding])
        found = self.contract.check_schema(letter.form, signed.content)
        if has_errors(found):
            return _failed(signed.content, envelope, letter, Failure.SCHEMA, found)
        return _filing(signed, envelope, letter)


def is_submission(application: Application) -> bool:
    """A message may hold drafts and deletions of drafts beside submissions; customs passes them over."""
    return not application.is_draft and application.app_type != AppType.DELETE.value


def _filing(signed: Signed, envelope: DxpMsg, letter: Letter) -> Filing:
    form = letter.form
    business = read_business(signed.content, form)
    nodes = business_nodes(signed.content, form)
    return Filing(
        letter=letter,
        message=NewMessage(
            message_id=envelope.message_id,
            sender=envelope.sender,
            form=form.code,
            signed_by=signed.signer.uscc,
            content=etree.tostring(signed.content, encoding="UTF-8"),
        ),
        applications=tuple(
            NewApplication(
                position=position,
                guid=one.guid,
                digest=signed.digest,
                application_no=_application_no(envelope, position),
                client_seq_no=one.client_seq_no,
                applicant=one.applicant,
                applicant_name=one.applicant_name,
                customs=one.customs,
                claims=tuple(form.claims(node)),
            )
            for position, (one, node) in enumerate(zip(business.applications, nodes, strict=True))
            if is_submission(one)
        ),
    )


def _failed(
    root: etree._Element, envelope: DxpMsg, letter: Letter, failure: Failure, findings: Iterable[Finding]
) -> Failed | Unreadable:
    """The failure, told of every application whose guid can be made out."""
    answerable = tuple(
        Answerable(
            guid=one.guid,
            application_no=_application_no(envelope, position),
            client_seq_no=one.client_seq_no if _CLIENT_SEQ_NO.fullmatch(one.client_seq_no) else "",
        )
        for position, one in enumerate(read_business(root, letter.form).applications)
        if is_submission(one) and _GUID.fullmatch(one.guid)
    )
    if not answerable:
        return _unreadable(findings)
    return Failed(letter=letter, failure=failure, findings=tuple(findings), applications=answerable)


def _application_no(envelope: DxpMsg, position: int) -> str:
    """The gateway names the first number; the n-th business node, from 0, has that number plus n."""
    first = envelope.keys.get("applicationNo", "")
    return f"{int(first) + position:018d}" if _APPLICATION_NO.fullmatch(first) else ""


def _unreadable(findings: Iterable[Finding]) -> Unreadable:
    return Unreadable(tuple(line for one in findings for line in (f"{one.code} {one.zh}", f"{one.code} {one.en}")))
