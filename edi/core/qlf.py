"""Words that the forms of family QLF share: grounds, types named in a message, claims, findings about a type."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum

from edi.core.findings import Finding
from edi.core.node import Node, human_path
from edi.core.qualification import Qualification
from edi.core.register import RegisterView

MANUAL = "单一窗口用户手册《行政相对人统一管理》"
ORDER_253 = "海关总署令第253号（2021年）"
OUR_DECISION = "本项目约定 / project decision"


class Purpose(Enum):
    """What an application under way wants done with a type; the value is the word for people."""

    FILING = "备案"
    CANCELLATION = "注销"
    RENEWAL = "延续"


_PREFIXES = {Purpose.FILING: "", Purpose.CANCELLATION: "CANCEL:", Purpose.RENEWAL: "RENEW:"}


def claim(purpose: Purpose, one: Qualification) -> str:
    """The token an application occupies: `TRADER`, `CANCEL:TRADER` or `RENEW:TEMPORARY`."""
    return _PREFIXES[purpose] + one.token


_CLAIMS = {claim(purpose, one): (purpose, one) for purpose in Purpose for one in Qualification}


def under(purpose: Purpose, pending: Collection[str]) -> frozenset[Qualification]:
    """The types that some application under way claims for `purpose`."""
    return frozenset(one for one in Qualification if claim(purpose, one) in pending)


def claim_words(token: str) -> str:
    """A claim in Chinese: the type's name, behind 注销 or 延续 where it is not filed but ended or prolonged."""
    purpose, one = _CLAIMS.get(token, (Purpose.FILING, None))
    words = one.value if one else token
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
    wanted = set(types)
    return [one for one in Qualification if one in wanted]


def about(node: Node, code: str, one: Qualification, zh: str, en: str, ground: str, *, path: str) -> Finding:
    """A finding about one type; it points at the element that names the type, else at the first of `path`."""
    naming = next((block for block in node.nodes(path) if block.text_here() == one.token), None)
    where = human_path(naming.element) if naming else node.where(path)
    return Finding(code=code, path=where, found=one.token, zh=zh, en=en, ground=ground)
