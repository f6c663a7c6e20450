"""`edi verify` of messages: out of its envelope, is it intact, is its certificate trusted, what does it bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from edi.app.verifying import Known, Paper, judge_receipt
from edi.checks.envelope import open_envelope
from edi.checks.intact import Intact, check_intact
from edi.checks.limits import ENVELOPE_LIMITS
from edi.checks.parse import parse
from edi.checks.trust import Judgement, Trust, judge_certificate
from edi.core.findings import Finding
from edi.core.node import Node
from edi.errors import TryLater
from edi.messages.dsig import ds
from edi.messages.dxp import is_dxp_msg

_WORDS = {
    Trust.TRUSTED: ("签名有效", "good"),
    Trust.UNJUDGED: (
        "签名完整，证书是否已被吊销现在无法判断",
        "intact, but it cannot be told now whether it was revoked",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message that could be read."""

    root: etree._Element
    data: bytes = field(repr=False)
    """Its bytes, out of the envelope."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What can be said of one message."""

    zh: str
    en: str
    findings: tuple[Finding, ...] = ()
    message: Message | None = None
    intact: Intact | None = None
    judgement: Judgement | None = None
    """Of the certificate, where the message is intact."""
    papers: tuple[Paper, ...] = ()
    """The certificates that a receipt brings."""

    @property
    def trust(self) -> Trust | None:
        """Whether the certificate is believed, None if it did not come to asking."""
        return self.judgement.trust if self.judgement else None

    @property
    def good(self) -> bool:
        """True if the signature holds, its certificate is trusted, and so is every paper in it."""
        return self.trust is Trust.TRUSTED and all(one.good for one in self.papers)

    @property
    def exit_code(self) -> int:
        """How the command ends: what cannot be judged now is to be tried again."""
        if self.trust is Trust.UNJUDGED and all(one.good for one in self.papers):
            return TryLater.exit_code
        return int(not self.good)


def judge_message(data: bytes, known: Known, at: datetime) -> Verdict:
    """The verdict on a message as it lies in a file, within its envelope or without."""
    root = parse(data, ENVELOPE_LIMITS)
    if isinstance(root, list):
        return Verdict(zh="不是 XML 报文", en="no XML message", findings=tuple(root))
    if is_dxp_msg(root):
        envelope = open_envelope(data)
        if isinstance(envelope, list):
            return Verdict(zh="信封打不开", en="the envelope cannot be opened", findings=tuple(envelope))
        return judge_message(envelope.data, known, at)
    message = Message(root=root, data=data)
    intact = check_intact(root, known.terms.extras, known.policy.naming)
    if isinstance(intact, Finding):
        signed = next(root.iter(ds("Signature")), None) is not None
        zh, en = ("签名无效", "not good") if signed else ("没有签名", "not signed")
        return Verdict(zh=zh, en=en, findings=(intact,), message=message)
    judgement = judge_certificate(intact.certificate, known.policy, at)
    zh, en = _WORDS.get(judgement.trust, ("签名完整，证书不可信", "intact, but not trusted"))
    papers = tuple(judge_receipt(Node(intact.content), known, at))
    return Verdict(zh=zh, en=en, message=message, intact=intact, judgement=judgement, papers=papers)
