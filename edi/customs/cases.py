"""The life of an application at customs, decided on values alone (domain 1.2, 1.5, 1.6).

Each function looks at an application whose turn has come and rules what happens; nothing is done
here. `desk.py` carries the rulings out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from edi.core.findings import Finding, Severity, has_errors
from edi.core.results import Results
from edi.core.status import Status
from edi.customs.scenarios import Outcome, Scenario
from edi.customs.settings import Settings

_DECIDED_BY_MACHINE = (Outcome.APPROVE, Outcome.DISAPPROVE)


class Decision(Enum):
    """What a person at customs can decide."""

    APPROVE = "approve"
    DISAPPROVE = "disapprove"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What happens to an application at its turn."""

    status: Status | None
    """The status it enters; None: it stays where it is."""
    wait: timedelta | None = None
    """Time until its next turn; None: it has none, a person or nobody moves it on."""
    info: str = ""
    """returnInfo of the receipt."""
    opinion: str = ""
    findings: tuple[Finding, ...] = ()
    passing: tuple[Status, ...] = ()
    """Statuses it goes through before, of which no receipt tells."""


def wait_for_lodging(scenario: Scenario, settings: Settings, *, at_once: bool) -> timedelta:
    """Time from arrival to the answer whether it could be stored, or to the answer to a query."""
    own = scenario.delay if at_once or scenario.outcome is Outcome.LODGEFAIL else None
    return settings.lodge_delay if own is None else own


def lodge(scenario: Scenario, settings: Settings) -> Ruling:
    """An application that has arrived is stored, or not."""
    if scenario.outcome is Outcome.LODGEFAIL:
        return _fail(scenario)
    return Ruling(status=Status.LODGED, wait=_wait_for_acceptance(scenario, settings), info=Status.LODGED.text)


def asks_register(scenario: Scenario) -> bool:
    """Whether the stateful rules are run: always, except where the tester wants the application refused."""
    return scenario.outcome is not Outcome.REFUSE


def accept(scenario: Scenario, settings: Settings, findings: Iterable[Finding]) -> Ruling:
    """A stored application is taken into review or returned; `findings` are those of the stateful rules."""
    found = tuple(findings)
    if has_errors(found):
        return _refuse_for(found)
    if scenario.outcome is Outcome.REFUSE:
        return _refuse(_words(scenario))
    if scenario.outcome is Outcome.HOLD:
        return Ruling(status=None)
    return _take_into_review(_wait_for_decision(scenario, settings), found)


def decide(scenario: Scenario, approved_as: Status) -> Ruling:
    """An application in review is decided by the machine; approval leads to `approved_as`."""
    if scenario.outcome is Outcome.DISAPPROVE:
        return _disapprove(_words(scenario))
    return _approve(_words(scenario), approved_as)


def answer(scenario: Scenario, findings: Iterable[Finding], approved_as: Status) -> Ruling:
    """A query that has arrived is answered or returned, at once and without review, in one receipt."""
    found = tuple(findings)
    if scenario.outcome is Outcome.LODGEFAIL:
        return _fail(scenario)
    if has_errors(found):
        return replace(_refuse_for(found), passing=(Status.LODGED,))
    if scenario.outcome is Outcome.REFUSE:
        return replace(_refuse(_words(scenario)), passing=(Status.LODGED,))
    return replace(_approve("", approved_as), findings=found)


def decide_by_hand(status: Status, decision: Decision, opinion: str, approved_as: Status) -> tuple[Ruling, ...]:
    """What a person's decision does to an application in `status`, step by step along the status table.

    One that was only SUBMITTED is a query our own fault held up: it is answered or returned, as it would have been.
    """
    if decision is Decision.REFUSE:
        passing = (Status.LODGED,) if status is Status.SUBMITTED else ()
        return (replace(_refuse(opinion), passing=passing),)
    last = _approve(opinion, approved_as) if decision is Decision.APPROVE else _disapprove(opinion)
    return (_take_into_review(None, ()), last) if status is Status.LODGED else (last,)


def void() -> Ruling:
    """A certificate is no longer in force (QLF-121)."""
    info = f"{Status.VOID.text}：已签发新的备案证明，或企业的资质已全部注销；本备案证明不再支持下载"
    return Ruling(status=Status.VOID, info=info)


def info_of(ruling: Ruling, results: Results | None) -> str:
    """What the receipt says; an answer says so in words if there was nothing to tell."""
    nothing = ruling.status is Status.ANSWERED and results is not None and not results.filings
    return f"{ruling.info}：海关没有符合条件的备案信息" if nothing else ruling.info


def _wait_for_acceptance(scenario: Scenario, settings: Settings) -> timedelta | None:
    if scenario.outcome is Outcome.SILENT:
        return None
    if scenario.outcome is Outcome.REFUSE and scenario.delay is not None:
        return scenario.delay
    return settings.accept_delay


def _wait_for_decision(scenario: Scenario, settings: Settings) -> timedelta | None:
    by_hand = settings.review == "manual" and scenario.outcome not in _DECIDED_BY_MACHINE
    if by_hand or scenario.outcome is Outcome.REVIEW:
        return None
    return settings.decision_delay if scenario.delay is None else scenario.delay


def _take_into_review(wait: timedelta | None, warnings: tuple[Finding, ...]) -> Ruling:
    hint = f"，有 {len(warnings)} 项提示，详见检查结果" if warnings else ""
    info = f"{Status.UNDER_REVIEW.text}：申请已受理，正在审核{hint}"
    return Ruling(status=Status.UNDER_REVIEW, wait=wait, info=info, findings=warnings)


def _fail(scenario: Scenario) -> Ruling:
    return Ruling(status=Status.LODGE_FAILED, info=f"{Status.LODGE_FAILED.text}：{_words(scenario)}")


def _approve(opinion: str, approved_as: Status) -> Ruling:
    return Ruling(status=approved_as, info=approved_as.text, opinion=opinion)


def _disapprove(opinion: str) -> Ruling:
    return Ruling(status=Status.DISAPPROVED, info=f"{Status.DISAPPROVED.text}：原因见审核意见", opinion=opinion)


def _refuse(opinion: str) -> Ruling:
    info = f"{Status.REFUSED.text}：原因见审核意见，请改正后提交新的申请"
    return Ruling(status=Status.REFUSED, info=info, opinion=opinion)


def _refuse_for(findings: tuple[Finding, ...]) -> Ruling:
    errors = [one for one in findings if one.severity is Severity.ERROR]
    codes = "、".join(dict.fromkeys(one.code for one in errors))
    info = f"{Status.REFUSED.text}：有 {len(errors)} 项不符合规定（{codes}），详见检查结果；请改正后提交新的申请"
    return Ruling(status=Status.REFUSED, info=info, findings=findings)


def _words(scenario: Scenario) -> str:
    return scenario.reason.zh if scenario.reason else ""
