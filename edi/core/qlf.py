"""Words that the forms of family QLF share: grounds, types named in a message, claims, findings, records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import Enum

from edi.core.findings import Finding
from edi.core.node import Node, human_path
from edi.core.qualification import PARENT_OF_BRANCH, Qualification
from edi.core.register import RecordEnterprise, RegisterView

MANUAL = "单一窗口用户手册《行政相对人统一管理》"
ORDER_253 = "海关总署令第253号（2021年）"
OUR_DECISION = "本项目约定 / project decision"


class Purpose(Enum):
    """What an application under way wants done, with a type or with the whole enterprise; the value is for people."""

    FILING = "备案"
    CANCELLATION = "注销"
    RENEWAL = "延续"
    CHANGE = "变更"
    CERTIFICATE = "备案证明"


_PREFIXES = {Purpose.FILING: "", Purpose.CANCELLATION: "CANCEL:", Purpose.RENEWAL: "RENEW:"}


def claim(purpose: Purpose, one: Qualification) -> str:
    """The token an application occupies: `TRADER`, `CANCEL:TRADER` or `RENEW:TEMPORARY`."""
    return _PREFIXES[purpose] + one.token


def claim_whole(purpose: Purpose) -> str:
    """The token of an application about the whole enterprise: `CHANGE` or `CERTIFICATE`."""
    return purpose.name


_CLAIMED = {purpose: {claim(purpose, one): one for one in Qualification} for purpose in _PREFIXES}
_CLAIMS = {token: (purpose, one.value) for purpose, types in _CLAIMED.items() for token, one in types.items()}
_CLAIMS |= {claim_whole(purpose): (purpose, "") for purpose in Purpose if purpose not in _PREFIXES}
_PLACES = {one: place for place, one in enumerate(Qualification)}


def under(purpose: Purpose, pending: Collection[str]) -> frozenset[Qualification]:
    """The types that some application under way claims for `purpose`."""
    types = _CLAIMED[purpose]
    return frozenset(types[token] for token in pending if token in types)


def claim_words(token: str) -> str:
    """A claim in Chinese: the type's name, behind 注销 or 延续 where it is not filed but ended or prolonged."""
    purpose, words = _CLAIMS.get(token, (Purpose.FILING, token))
    return words if purpose is Purpose.FILING else f"{purpose.value}{words}"


def known_claim(token: str) -> str:
    """The token, if an application can claim it. Raises LookupError otherwise."""
    if token not in _CLAIMS:
        raise LookupError(token)
    return token


def types_at(node: Node, path: str) -> frozenset[Qualification]:
    """The types named at `path`; tokens outside the table are the stateless rules' business."""
    return frozenset(Qualification[token] for token in node.texts(path) if token in Qualification.__members__)


def types_held(register: RegisterView, uscc: str) -> frozenset[Qualification]:
    """The types that the enterprise holds today."""
    return frozenset(held.qualification for held in register.held(uscc))


def in_order(types: Iterable[Qualification]) -> list[Qualification]:
    """The types in the order of the table, so that findings and effects come the same way every time."""
    return sorted(set(types), key=_PLACES.__getitem__)


def about(node: Node, code: str, one: Qualification, zh: str, en: str, ground: str, *, path: str) -> Finding:
    """A finding about one type; it points at the element that names the type, else at the first of `path`."""
    naming = next((block for block in node.nodes(path) if block.text_here() == one.token), None)
    where = human_path(naming.element) if naming else node.where(path)
    return Finding(code=code, path=where, found=one.token, zh=zh, en=en, ground=ground)


def parent_findings(node: Node, register: RegisterView, branches: Iterable[Qualification]) -> Iterator[Finding]:
    """QLF-104 for each of the branch types whose parent holds no valid qualification of the matching kind."""
    parent = node.text("enterprise/parentUscc")
    held_by_parent = types_held(register, parent) if parent else frozenset()
    for branch in in_order(set(branches) & set(PARENT_OF_BRANCH)):
        needed = PARENT_OF_BRANCH[branch]
        if needed not in held_by_parent:
            yield about(
                node, "QLF-104", branch,
                f"所属单位 {parent or '（未填写）'} 没有有效的“{needed.value}”资质，不能作为“{branch.value}”的所属单位；"
                "请核对所属单位代码，或先办理所属单位备案",
                f"The parent {parent or '(none given)'} holds no valid {needed.token}, so it cannot be the parent of a "
                f"{branch.token}; check parentUscc or file the parent first",
                f"{MANUAL}5.1.1.1；海关总署公告2022年第113号",
                path="enterprise/parentUscc",
            )  # fmt: skip


def recording(node: Node) -> RecordEnterprise:
    """The effect that puts the blocks of a filing or change on record as they stand in it."""
    return RecordEnterprise(
        uscc=node.text("enterprise/uscc"),
        name=node.text("enterprise/nameZh"),
        customs=node.text("enterprise/competentCustoms"),
        division=node.text("enterprise/adminDivision"),
        record=node.canonical(),
    )
