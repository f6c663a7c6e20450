"""Why a signature is good or not: every step of the check with its result (exchange 6).

The steps are those of `edi.checks.intact` and `edi.checks.trust` themselves, which tell what they saw;
nothing is judged a second way here. Where a value or digest does not hold, the usual causes are tried out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from edi.checks import mishaps
from edi.checks.certificate import public_key, serial_of
from edi.checks.distrust import REASONS
from edi.checks.holder import numbers_of, read_signer
from edi.checks.intact import Intact, Part, Workings, check_digest, check_intact
from edi.checks.mismatch import Held, Tried, try_digest, try_value
from edi.checks.signature import Terms
from edi.checks.trust import Judgement, Trust, TrustPolicy, judge_certificate
from edi.core.findings import Finding
from edi.core.times import iso
from edi.messages.algorithms import Extra
from edi.messages.dsig import ds


@dataclass(frozen=True)
class Fact:
    """Something a step saw."""

    zh: str
    en: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One question and its answer."""

    name: str
    zh: str
    en: str
    good: bool | None
    """None if it was not asked: an earlier step failed, or what it takes is not at hand."""
    facts: tuple[Fact, ...] = ()
    trouble: tuple[str, str] = ("", "")
    """Why it is not good, or was not asked, in Chinese and English."""


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """A value or digest that does not hold: over which bytes it should be, and what came of trying the usual causes."""

    part: Part
    octets: bytes
    tried: Tried


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All that can be said of one signature."""

    steps: tuple[Step, ...]
    mismatches: tuple[Mismatch, ...]
    workings: Workings


_INTACT: Mapping[Part, tuple[str, str]] = {
    Part.POSITION: ("签名的位置和结构", "position and structure"),
    Part.CERTIFICATE: ("读取签名证书", "certificate of the signature"),
    Part.KEY_NAME: ("KeyName 与证书一致", "KeyName fits the certificate"),
    Part.METHOD: ("签名算法允许使用", "signature method is allowed"),
    Part.VALUE: ("签名值与 SignedInfo 和证书相符", "value fits SignedInfo and certificate"),
    Part.REFERENCE: ("引用、变换和摘要算法", "reference, transforms, digest method"),
    Part.DIGEST: ("摘要与内容相符", "digest fits the content"),
}
_TRUST: tuple[tuple[str, str, str, frozenset[Trust]], ...] = (
    ("purpose", "证书为签名用途", "certificate is one for signing", frozenset({Trust.NOT_A_SIGNER})),
    ("strength", "密钥强度", "strength of the key", frozenset({Trust.WEAK_KEY})),
    ("chain", "证书链到达受信任的机构", "chain up to an authority we trust", frozenset({Trust.UNKNOWN_ISSUER})),
    ("validity", "证书在有效期内", "within its validity", frozenset({Trust.NOT_YET_VALID, Trust.EXPIRED})),
    (
        "standing",
        "未挂失、冻结或注销",
        "not on hold, not revoked",
        frozenset({Trust.ON_HOLD, Trust.REVOKED, Trust.UNJUDGED}),
    ),
)
"""The steps of judging a certificate: name, question, and which verdicts mean that the step failed."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a diagnosis takes beside the message."""

    policy: TrustPolicy
    at: datetime
    terms: Terms
    certificates: Sequence[x509.Certificate] = ()
    """Whose keys may have signed by mistake."""


def diagnose(root: etree._Element, data: bytes, bench: Bench) -> Diagnosis:
    """Every step of judging the message `root`, read from `data`."""
    seen = Workings()
    outcome = check_intact(root, bench.terms.extras, bench.policy.naming, seen)
    troubles = {seen.part: outcome} if isinstance(outcome, Finding) else {}
    reached = seen.part
    if reached is Part.VALUE and troubles and seen.value:
        further = check_digest(root, seen)
        reached = seen.part
        troubles |= {seen.part: further} if further else {}
    found = tuple(_mismatches(root, data, seen, troubles, bench))
    steps = [*_intact_steps(root, seen, reached, troubles), *_trust_steps(seen.certificate, bench)]
    return Diagnosis(steps=tuple(steps), mismatches=found, workings=seen)


def _mismatches(
    root: etree._Element, data: bytes, seen: Workings, troubles: Mapping[Part, Finding], bench: Bench
) -> Iterator[Mismatch]:
    if Part.METHOD in troubles and isinstance(check_intact(root, tuple(Extra), bench.policy.naming), Intact):
        held = Held(mishaps=(mishaps.NOT_OPTED_IN,), octets=b"")
        yield Mismatch(part=Part.METHOD, octets=b"", tried=Tried(held=(held,), tries=1, complete=True))
    if Part.VALUE in troubles and seen.value:
        yield Mismatch(part=Part.VALUE, octets=seen.signed, tried=try_value(root, seen, bench.certificates))
    if Part.DIGEST in troubles and seen.expected:
        yield Mismatch(part=Part.DIGEST, octets=seen.canonical, tried=try_digest(root, data, seen))


def _intact_steps(
    root: etree._Element, seen: Workings, reached: Part, troubles: Mapping[Part, Finding]
) -> Iterator[Step]:
    parts = list(Part)
    for part, (zh, en) in _INTACT.items():
        trouble = troubles.get(part)
        asked = parts.index(part) <= parts.index(reached)
        yield Step(
            name=part.value,
            zh=zh,
            en=en,
            good=trouble is None if asked else None,
            facts=tuple(one for one in _facts(part, root, seen) if one.value) if asked else (),
            trouble=(trouble.zh, trouble.en) if trouble else ("", ""),
        )


def _facts(part: Part, root: etree._Element, seen: Workings) -> list[Fact]:
    """What the part saw."""
    if part is Part.POSITION:
        return [Fact("位置", "line", ", ".join(str(one.sourceline) for one in root.iter(ds("Signature"))))]
    if part is Part.CERTIFICATE:
        return _about(seen.certificate) if seen.certificate else []
    if part in _NAMED:
        return [Fact(zh, en, read(root, path)) for zh, en, read, path in _NAMED[part]]
    if part is Part.VALUE:
        return [
            Fact("SignedInfo 的规范化", "canonicalisation", _named(root, "SignedInfo/CanonicalizationMethod")),
            Fact("SignedInfo 规范化后字节数", "bytes of SignedInfo", str(len(seen.signed))),
            Fact("签名值", "value", seen.value.hex()),
        ]
    return [
        Fact("内容规范化后字节数", "bytes of the content", str(len(seen.canonical))),
        Fact("报文所载摘要", "stated", seen.expected.hex()),
        Fact("计算所得摘要", "computed", seen.computed.hex()),
    ]


def _about(certificate: x509.Certificate) -> list[Fact]:
    return [
        Fact("持有者", "subject", certificate.subject.rfc4514_string()),
        Fact("签发者", "issuer", certificate.issuer.rfc4514_string()),
        Fact("序列号", "serial number", serial_of(certificate)),
        Fact("密钥", "key", _kind_of(certificate)),
    ]


def _kind_of(certificate: x509.Certificate) -> str:
    key = public_key(certificate)
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return f"EC {key.curve.name}" if isinstance(key, ec.EllipticCurvePublicKey) else "SM2"


def _text(root: etree._Element, path: str) -> str:
    return next((one for one in (_joined(each) for each in _found(root, path)) if one), "")


def _named(root: etree._Element, path: str) -> str:
    return " ".join(each.get("Algorithm", "") for each in _found(root, path))


def _found(root: etree._Element, path: str) -> list[etree._Element]:
    return root.findall("/".join(ds(name) for name in ("Signature", *path.split("/"))))


def _joined(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


_NAMED: Mapping[Part, tuple[tuple[str, str, Callable[[etree._Element, str], str], str], ...]] = {
    Part.KEY_NAME: (("KeyName", "KeyName", _text, "KeyInfo/KeyName"),),
    Part.METHOD: (("签名算法", "method", _named, "SignedInfo/SignatureMethod"),),
    Part.REFERENCE: (
        ("变换", "transforms", _named, "SignedInfo/Reference/Transforms/Transform"),
        ("摘要算法", "digest method", _named, "SignedInfo/Reference/DigestMethod"),
    ),
}
"""What stands in the signature itself: name of the fact, how it is read and where."""


def _trust_steps(certificate: x509.Certificate | None, bench: Bench) -> Iterator[Step]:
    """The steps of judging the certificate, whether or not its signature holds."""
    judgement = judge_certificate(certificate, bench.policy, bench.at) if certificate else None
    failed = certificate is None
    for name, zh, en, bad in _TRUST:
        good: bool | None = None
        trouble = ("", "")
        facts: tuple[Fact, ...] = ()
        if judgement is not None and certificate is not None and not failed:
            failed = judgement.trust in bad
            good, trouble = _answer(name, judgement, bench, failed=failed)
            facts = tuple(_trust_facts(name, certificate, judgement, bench))
        yield Step(name=name, zh=zh, en=en, good=good, facts=facts, trouble=trouble)
    yield _holder(certificate, bench)


def _answer(name: str, judgement: Judgement, bench: Bench, *, failed: bool) -> tuple[bool | None, tuple[str, str]]:
    if name == "standing" and bench.policy.crls is None:
        return None, (
            "未查询：没有吊销列表，用 --ca 时不查；请在工作目录中核对",
            "Not asked: there are no revocation lists with --ca; verify in a workspace",
        )
    if judgement.trust is Trust.UNJUDGED and failed:
        return None, judgement.trouble
    return not failed, (REASONS[judgement.trust].zh, REASONS[judgement.trust].en) if failed else ("", "")


def _trust_facts(name: str, certificate: x509.Certificate, judgement: Judgement, bench: Bench) -> Iterator[Fact]:
    if name == "strength":
        yield Fact("密钥", "key", _kind_of(certificate))
    if name == "chain":
        for one in judgement.chain[1:]:
            yield Fact("签发机构", "authority", one.subject.rfc4514_string())
    if name == "validity":
        for one in judgement.chain:
            yield Fact("有效期", "valid", f"{iso(one.not_valid_before_utc)} – {iso(one.not_valid_after_utc)}")
        yield Fact("核对时刻", "judged for", iso(bench.at))
    if name == "standing" and judgement.crl:
        yield Fact("吊销列表编号", "list number", str(judgement.crl.number))
        yield Fact("签发时间", "list made", iso(judgement.crl.this_update))
        yield Fact("状态", "standing", judgement.crl.standing(certificate).value)
    if name == "standing" and judgement.authority:
        yield Fact("缺少列表的机构", "authority without a list", judgement.authority)


def _holder(certificate: x509.Certificate | None, bench: Bench) -> Step:
    """Whom the certificate names; filings need it, receipts of customs do not."""
    zh, en = "证书载明企业和介质", "names an enterprise and a medium"
    if certificate is None:
        return Step(name="holder", zh=zh, en=en, good=None)
    signer = read_signer(certificate, bench.policy.naming, bench.terms.enterprises)
    if signer is None:
        numbers = Fact("编号", "numbers", " | ".join(sorted(numbers_of(certificate, bench.policy.naming))))
        reason = REASONS[Trust.NAMES_NOBODY]
        return Step(name="holder", zh=zh, en=en, good=None, facts=(numbers,), trouble=(reason.zh, reason.en))
    facts = (
        Fact("企业", "enterprise", signer.enterprise),
        Fact("统一社会信用代码", "USCC", signer.uscc),
        Fact("姓名", "person", signer.person),
        Fact("卡号", "card number", signer.card_no),
        Fact("介质", "medium", signer.medium.value),
    )
    return Step(name="holder", zh=zh, en=en, good=True, facts=facts)
