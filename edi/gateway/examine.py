"""What one file is and says: unpack, verify, validate (exchange 3–6). Pure work for worker processes.

The same examination serves the gateway and the offline kit (`edi check`), so that they never differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from lxml import etree

from edi.checks.contract import Contract
from edi.checks.intact import check_intact
from edi.checks.locate import locate
from edi.checks.parse import DEFAULT_LIMITS, Limits, parse, unpack
from edi.checks.signature import Refused, Signed, Terms, Unjudged, verify_steps
from edi.checks.trust import TrustPolicy
from edi.core.abreast import Steps, alone
from edi.core.findings import Dxp, Finding, clip, has_errors
from edi.core.form import Form, Forms
from edi.core.identity import Evidence, Signer
from edi.core.node import Node, human_path
from edi.messages.algorithms import Extra
from edi.messages.business import Business, read_business
from edi.messages.canonical import drop
from edi.messages.dsig import ds
from edi.messages.dxp import is_dxp_msg, read_dxp_msg


@dataclass(frozen=True, kw_only=True)
class ChannelPolicy:
    """What a channel allows."""

    enterprises: tuple[str, ...] = ()
    """USCC of the signers allowed, empty for all."""
    messages: tuple[str, ...] = ("*",)
    """Message types allowed, with `*` and `?`."""
    limits: Limits = DEFAULT_LIMITS
    extras: tuple[Extra, ...] = ()
    """Signatures allowed beside the profile."""

    @property
    def terms(self) -> Terms:
        """What the channel means for its signatures."""
        return Terms(extras=self.extras, enterprises=self.enterprises)


@dataclass(frozen=True, kw_only=True)
class Examined:
    """The verdict on one file, as values."""

    findings: tuple[Finding, ...] = ()
    business: Business | None = None
    """None if the file could not be read as a message we know."""
    signer: Signer | None = None
    """None unless the signature holds and is trusted."""
    digest: str = ""
    """SHA-256 of the signed bytes: the key of duplicates."""
    message: bytes = b""
    """The business message as signed, out of archive and envelope."""
    cop_msg_id: str = ""
    receivers: tuple[str, ...] = ()
    """Nodes that the envelope names; empty for a bare message."""
    evidence: Evidence | None = None
    """What was known of the certificate when it was judged."""
    held: Unjudged | None = None
    """An outage of ours: no verdict now, to be tried again; then nothing else is known of it."""
    stumble: str = ""
    """What made our own program stumble over the file; then nothing else is known of it."""

    @property
    def good(self) -> bool:
        """True if nothing refuses the message."""
        return self.business is not None and not has_errors(self.findings)


@dataclass(frozen=True)
class Examiner:
    """Everything an examination needs, built once per process."""

    forms: Forms
    contract: Contract
    trust: TrustPolicy

    def examine(self, data: bytes, policy: ChannelPolicy, at: datetime) -> Examined:
        """The verdict on a file received at `at` (aware). Never raises for any bytes."""
        return alone(self.steps(data, policy, at))

    def steps(self, data: bytes, policy: ChannelPolicy, at: datetime) -> Steps[Examined]:
        """The same, step by step, for those who examine many."""
        opened = self._open(data, policy.limits)
        if isinstance(opened, Examined):
            return opened
        form = self._form_of(opened.root)
        if isinstance(form, Finding):
            return Examined(findings=(form,), cop_msg_id=opened.cop_msg_id)
        yield
        signed = yield from verify_steps(opened.root, self.trust, at, policy.terms)
        if isinstance(signed, Unjudged):
            return Examined(held=signed)
        yield
        verdict = yield from self._validate(opened, form, signed)
        if isinstance(signed, Refused) or verdict.business is None:
            return verdict
        admission = _admission(verdict.business, form, signed.signer, policy)
        return replace(verdict, findings=(*verdict.findings, *locate(admission, verdict.message)))

    def check_offline(self, data: bytes, limits: Limits) -> list[Finding]:
        """Findings of schema, rules and, where there is a signature, its integrity: for authors.

        Whether the certificate is trusted cannot be told without the gateway's authorities.
        """
        opened = self._open(data, limits)
        if isinstance(opened, Examined):
            return list(opened.findings)
        form = self._form_of(opened.root)
        if isinstance(form, Finding):
            return [form]
        if opened.root.find(ds("Signature")) is None:
            return self.contract.check(form, opened.root, original=opened.data)
        intact = check_intact(opened.root, tuple(Extra), self.trust.naming)
        if isinstance(intact, Finding):
            return list(self._unverified(opened, form, Refused(finding=intact)).findings)
        signature = self.contract.check_signature(opened.root)
        return [*signature, *self.contract.check(form, intact.content, original=opened.data)]

    def _open(self, data: bytes, limits: Limits) -> _Opened | Examined:
        """Out of archive and envelope, to the root of the business message."""
        unpacked = unpack(data, limits)
        if isinstance(unpacked, Finding):
            return Examined(findings=(unpacked,))
        root = parse(unpacked, limits)
        if isinstance(root, list):
            return Examined(findings=tuple(root))
        return self._open_envelope(root, limits) if is_dxp_msg(root) else _Opened(root, unpacked, "")

    def _open_envelope(self, envelope: etree._Element, limits: Limits) -> _Opened | Examined:
        findings = self.contract.check_envelope(envelope)
        if findings:
            return Examined(findings=tuple(findings))
        try:
            dxp = read_dxp_msg(envelope)
        except ValueError:
            return Examined(findings=(_bad_base64(envelope),))
        root = parse(dxp.data, limits)
        if isinstance(root, list):
            return Examined(findings=tuple(root), cop_msg_id=dxp.message_id)
        return _Opened(root, dxp.data, dxp.message_id, dxp.receivers)

    def _form_of(self, root: etree._Element) -> Form | Finding:
        name = etree.QName(root)
        form = self.forms.of_root(name.namespace, name.localname)
        return form or Finding(
            code=Dxp.SCHEMA, path=human_path(root), line=1, column=1, found=clip(str(root.tag)),
            expected=" | ".join(f"{{{one.namespace}}}{one.code}Message" for one in self.forms),
            zh="不认识的报文：根元素不是已发布的报文类型；请核对根元素名称和命名空间",
            en="Unknown message: the root element is no published message type; check its name and namespace",
        )  # fmt: skip

    def _validate(self, opened: _Opened, form: Form, signed: Signed | Refused) -> Steps[Examined]:
        """Schema and rules, on what was signed; of an unverified tree only the faults are told, all at once."""
        if isinstance(signed, Refused):
            return self._unverified(opened, form, signed)
        signature = self.contract.check_signature(opened.root)
        yield
        findings = self.contract.check(form, signed.content, original=opened.data)
        yield
        return Examined(
            findings=(*signature, *findings),
            business=read_business(signed.content, form),
            signer=signed.signer,
            digest=signed.digest,
            message=opened.data,
            cop_msg_id=opened.cop_msg_id,
            receivers=opened.receivers,
            evidence=signed.evidence,
        )

    def _unverified(self, opened: _Opened, form: Form, refused: Refused) -> Examined:
        for signature in opened.root.findall(ds("Signature")):
            drop(signature)
        findings = (refused.finding, *self.contract.check(form, opened.root, original=opened.data))
        return Examined(findings=findings, cop_msg_id=opened.cop_msg_id, evidence=refused.evidence)


@dataclass(frozen=True)
class _Opened:
    root: etree._Element
    data: bytes
    cop_msg_id: str
    receivers: tuple[str, ...] = ()


def _admission(business: Business, form: Form, signer: Signer, policy: ChannelPolicy) -> list[Finding]:
    """Who may do what (domain 1.3), as far as message, certificate and channel tell it."""
    return [
        *_channel_allows(form, signer, policy),
        *_sender_is_signer(business, form, signer),
        *_medium_is_declared(business, form, signer),
    ]


def _channel_allows(form: Form, signer: Signer, policy: ChannelPolicy) -> list[Finding]:
    findings = []
    if policy.enterprises and signer.uscc not in policy.enterprises:
        findings.append(
            Finding(
                code=Dxp.OTHER_SECURITY,
                found=f"{signer.uscc} {signer.enterprise}",
                expected=" | ".join(policy.enterprises),
                zh="签名企业不是本通道的企业；请从该企业自己的通道提交",
                en="The signer's enterprise does not belong to this channel; submit through its own channel",
            )
        )
    if not any(fnmatchcase(form.code, pattern) for pattern in policy.messages):
        findings.append(
            Finding(
                code=Dxp.OTHER_LOGIC,
                found=form.code,
                expected=" | ".join(policy.messages),
                zh="本通道不接收这种报文；请改用其他通道，或请管理员开通",
                en="This channel does not take messages of this type; use another channel or have the type enabled",
            )
        )
    return findings


def _sender_is_signer(business: Business, form: Form, signer: Signer) -> list[Finding]:
    if business.sender == signer.uscc:
        return []
    return [
        Finding(
            code=form.signer_code, path=f"/{form.code}Message/BaseTransfer/copCode", found=clip(business.sender),
            expected=f"{signer.uscc}（{signer.enterprise}）",
            zh="报文的传输企业（copCode）不是签名证书所载企业；请用该企业的证书签名，或改正 copCode",
            en="The sending enterprise (copCode) is not the one named by the signing certificate; sign with that "
            "enterprise's certificate or mend copCode",
            ground="单一窗口用户手册《行政相对人统一管理》5.1.1",
        )
    ]  # fmt: skip


def _medium_is_declared(business: Business, form: Form, signer: Signer) -> list[Finding]:
    expected = signer.medium.sign_mode
    return [
        Finding(
            code=form.medium_code, path=f"{business.node_path(number)}/head/signMode",
            found=clip(application.sign_mode), expected=expected,
            zh="报文声明的签名方式与签名证书的介质不符；请改正 signMode（卡介质 CARD，账号 ACCOUNT），或改用相应证书签名",
            en="The declared signMode is not the medium of the signing certificate; mend it (CARD or ACCOUNT) or sign "
            "with the other certificate",
            ground="单一窗口用户手册《行政相对人统一管理》4.1、5.1.1",
        )
        for number, application in enumerate(business.applications)
        if application.sign_mode != expected
    ]  # fmt: skip


def _bad_base64(envelope: etree._Element) -> Finding:
    data = next(Node(envelope).nodes("Data"), Node(envelope))
    return Finding(
        code=Dxp.BAD_FORMAT, path=data.where(), expected="base64",
        zh="信封 DxpMsg 的 Data 不是有效的 base64；请对业务报文整体做 base64 编码",
        en="Data in the DxpMsg envelope is not valid base64; encode the whole business message as base64",
    )  # fmt: skip
