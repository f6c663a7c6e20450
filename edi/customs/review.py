"""The queue that customs' staff work: what waits for a person, and carrying out what they decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from edi.core.qlf import claim_words
from edi.core.status import Status
from edi.customs.cases import Decision
from edi.customs.docket import Docket, Entry
from edi.customs.scenarios import Outcome, read_scenario
from edi.errors import UserError
from edi.messages.receipt import xml_text

LONGEST_OPINION = 2000
"""Characters a receipt has room for (`schemas/receipt.xsd`)."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """An application that waits for a person."""

    application_no: str
    guid: str
    client_seq_no: str
    form: str
    applicant: str
    applicant_name: str
    customs: str
    status: str
    """Token of the status table: LODGED (on hold), UNDER_REVIEW, or SUBMITTED (a query held up by our own fault)."""
    since: datetime
    """When it entered the status."""
    summary: str
    """What is applied for, in Chinese; behind it what went wrong on our side, if anything did."""


def queue(docket: Docket) -> list[Case]:
    """What waits for a person, oldest first."""
    return [case_of(docket, entry) for entry in docket.waiting() if _waits_for_person(entry)]


def the_case(docket: Docket, key: str, decision: Decision) -> Entry:
    """The one waiting application that `key` names and `decision` fits. Raises UserError telling what was found."""
    found = docket.find(key)
    waiting = [entry for entry in found if _waits_for_person(entry)]
    if not found:
        raise UserError(
            f"没有申请统一编号、guid 或 clientSeqNo 为 {key} 的申请；请用 edi customs queue 查看待办",
            f"No application has {key} as its number, guid or clientSeqNo; see `edi customs queue`",
        )
    if len(waiting) != 1:
        raise UserError(
            f"{key} 对应 {len(waiting)} 件待决定的申请，须恰好一件；请改用 guid 指明，或用 edi customs queue 查看待办",
            f"{key} names {len(waiting)} applications that wait for a decision, it must be exactly one; give a guid, or "
            "see `edi customs queue`",
            [_line(entry) for entry in found],
        )
    if decision is Decision.DISAPPROVE and waiting[0].status is Status.SUBMITTED:
        raise UserError(
            "查询没有审批；请答复（approve）或不予受理（refuse）",
            "A query is not reviewed; answer it (approve) or refuse it",
            [_line(waiting[0])],
        )
    if decision is Decision.REFUSE and waiting[0].status is Status.UNDER_REVIEW:
        raise UserError(
            "只有尚未受理（海关入库成功）的申请才能不予受理；审核中的申请请审批通过或不通过",
            "Only an application not yet taken into review can be refused; approve or disapprove this one",
            [_line(waiting[0])],
        )
    return waiting[0]


def read_decision(decision: str, opinion: str) -> Decision:
    """The decision meant. Raises UserError for an unknown one, and for a rejection without a word of reason."""
    try:
        meant = Decision(decision)
    except ValueError as error:
        known = ", ".join(one.value for one in Decision)
        raise UserError(
            f"未知的决定 {decision}；可用：{known}", f"Unknown decision {decision}; there are: {known}"
        ) from error
    if meant is not Decision.APPROVE and not opinion:
        raise UserError("不予受理和审批不通过必须填写审核意见", "Refusing and disapproving need an opinion")
    if len(opinion) > LONGEST_OPINION or xml_text(opinion) != opinion:
        raise UserError(
            f"审核意见至多 {LONGEST_OPINION} 个字符，且不能含控制字符",
            f"An opinion has at most {LONGEST_OPINION} characters and no control characters",
        )
    return meant


def case_of(docket: Docket, entry: Entry) -> Case:
    """The application as staff sees it."""
    trouble = f"（系统异常：{entry.trouble}）" if entry.trouble else ""
    return Case(
        application_no=entry.application_no,
        guid=entry.guid,
        client_seq_no=entry.client_seq_no,
        form=entry.form,
        applicant=entry.applicant,
        applicant_name=entry.applicant_name,
        customs=entry.customs,
        status=entry.status.token,
        since=entry.since,
        summary=_names(docket.claims_of(entry)) + trouble,
    )


def _waits_for_person(entry: Entry) -> bool:
    """A silent application waits for nobody; one in trouble does, wherever it stands."""
    if entry.due or entry.status.final or entry.status is Status.LODGE_FAILED:
        return False
    return bool(entry.trouble) or read_scenario(entry.client_seq_no).outcome is not Outcome.SILENT


def _names(tokens: Iterable[str]) -> str:
    return "、".join(map(claim_words, tokens))


def _line(entry: Entry) -> str:
    numbers = " ".join(filter(None, (entry.application_no, entry.guid, entry.client_seq_no)))
    waits = f"，{entry.due:%Y-%m-%d %H:%M} UTC 自动处理 / automatic" if entry.due else ""
    return f"{numbers} {entry.applicant_name} {entry.status.token} {entry.status.text}{waits}"
