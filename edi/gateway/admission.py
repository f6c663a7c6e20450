"""What is to be done with a good message, given what the ledger knows already (exchange 9, domain 1.6).

Pure decisions: the truth table of duplicates, conflicts and drafts. Doing it is `record`'s part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from edi.core.findings import Dxp, Finding
from edi.core.status import Status
from edi.messages.business import Application, AppType, Business


class Act(Enum):
    """What becomes of one application of an accepted message."""

    SAVE = "save"
    """A new draft."""
    REPLACE = "replace"
    """A draft takes the place of the one on record."""
    DELETE = "delete"
    """The draft on record goes."""
    SUBMIT = "submit"
    """To customs, whether or not a draft came before."""
    RESEND = "resend"
    """Customs could not store it; the same bytes go again."""
    LEAVE = "leave"
    """Part of a message that goes again, but customs has this one."""


GOES_OUT = frozenset({Act.SUBMIT, Act.RESEND})
"""Acts for which the message travels to customs."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger has under an application's guid."""

    status: Status
    digest: str
    """Signed digest of the message it came with."""
    form: str
    owner: str
    """USCC of the enterprise that signed that message."""
    application_no: str = ""


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What the ledger has under a message's signed digest: it was accepted before."""

    channel: str


@dataclass(frozen=True)
class Accept:
    """The message is taken; one act per application, in order."""

    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Duplicate:
    """The same message once more: answered as before, nothing else happens."""


@dataclass(frozen=True)
class Refuse:
    """The message contradicts what stands in the ledger."""

    findings: tuple[Finding, ...]


Decision = Accept | Duplicate | Refuse


@dataclass(frozen=True, kw_only=True)
class Question:
    """A good message and where it comes from."""

    business: Business
    digest: str
    """Its signed digest."""
    owner: str
    """USCC of the enterprise that signed it."""
    channel: str
    conflict_code: str
    """The form's rule against one guid with two contents."""
    transit_code: str = ""
    """The form's rule against a second application on its way; empty where there is none."""
    on_the_way: frozenset[str] = frozenset()
    """USCC of applicants with an application of this form that customs has not received yet."""


def decide(question: Question, earlier: Earlier | None, known: Mapping[str, Known]) -> Decision:
    """What to do with a message; `known` holds the applications on record by guid."""
    if earlier is not None:
        return _decide_repetition(question, earlier, known)
    judged = [
        _decide_known(question, number, known[one.guid]) if one.guid in known else _decide_new(question, number)
        for number, one in enumerate(question.business.applications)
    ]
    findings = tuple(one for one in judged if isinstance(one, Finding)) + _repeated_guids(question)
    findings += _second_on_the_way(question, judged)
    if findings:
        return Refuse(findings)
    return Accept(tuple(one for one in judged if isinstance(one, Act)))


def _decide_repetition(question: Question, earlier: Earlier, known: Mapping[str, Known]) -> Decision:
    """The same signed content again; what customs could not store of it goes again (exchange 9)."""
    if earlier.channel != question.channel:
        return Refuse((_of_another_channel(),))
    acts = tuple(
        Act.RESEND
        if one.guid in known and known[one.guid].digest == question.digest and _failed(known[one.guid])
        else Act.LEAVE
        for one in question.business.applications
    )
    return Accept(acts) if Act.RESEND in acts else Duplicate()


def _failed(known: Known) -> bool:
    return known.status is Status.LODGE_FAILED


def _decide_new(question: Question, number: int) -> Act | Finding:
    """An application that nothing is known of."""
    application = question.business.applications[number]
    if application.app_type == AppType.NEW.value:
        return Act.SAVE if application.is_draft else Act.SUBMIT
    return Finding(
        code=Dxp.OTHER_LOGIC, path=_path(question, number, "appType"), found=application.app_type, expected="1",
        zh="没有这一 guid 的暂存申请，无从修改或删除；新申请请用 appType 1",
        en="There is no draft with this guid to replace or delete; use appType 1 for a new application",
    )  # fmt: skip


def _decide_known(question: Question, number: int, known: Known) -> Act | Finding:
    """An application on record, now with other content."""
    application = question.business.applications[number]
    if known.owner != question.owner or known.form != question.business.form:
        return _of_another_owner(question, number)
    if known.status is Status.DRAFT:
        return _on_draft(application)
    sends_again = not application.is_draft and application.app_type != AppType.DELETE.value
    if known.status is Status.LODGE_FAILED and sends_again:
        return Act.SUBMIT  # refused or failed before is no duplicate (exchange 9)
    return Finding(
        code=question.conflict_code, path=_path(question, number, "guid"), found=application.guid,
        zh=f"同一 guid 已有内容不同的申请，现状态“{known.status.text}”，已提交的申请不能修改或删除，以先到者为准；"
        "如为新的申请请换用新的 guid",
        en=f"An application with this guid and other content stands in status {known.status.token}; what was submitted "
        "cannot be changed or deleted and the first stands. For a new application use a new guid",
        ground="单一窗口用户手册《行政相对人统一管理》2.3.1；本项目约定 / project decision",
    )  # fmt: skip


def _on_draft(application: Application) -> Act:
    if application.app_type == AppType.DELETE.value:
        return Act.DELETE
    return Act.REPLACE if application.is_draft else Act.SUBMIT


def _of_another_owner(question: Question, number: int) -> Finding:
    """Told without the status of what belongs to someone else."""
    return Finding(
        code=question.conflict_code, path=_path(question, number, "guid"),
        found=question.business.applications[number].guid,
        zh="该 guid 已被其他申请使用；请换用新的 guid",
        en="This guid is in use by another application; use a new one",
        ground="本项目约定 / project decision",
    )  # fmt: skip


def _of_another_channel() -> Finding:
    return Finding(
        code=Dxp.OTHER_SECURITY,
        zh="该报文已由其他通道提交，应答和回执只发往原通道；请在原通道查收",
        en="This message was submitted through another channel; answers and receipts go there only",
    )


def _second_on_the_way(question: Question, judged: Sequence[Act | Finding]) -> tuple[Finding, ...]:
    """海关接收申请后，才可发起其他有效资质的注销申请 (manual 5.1.3)."""
    if not question.transit_code:
        return ()
    applicants = [one.applicant for one in question.business.applications]
    return tuple(
        Finding(
            code=question.transit_code, path=_path(question, number, "guid"), found=applicant,
            zh="该企业已有一份同类申请提交而海关尚未接收；请待海关入库后再提交",
            en="Another application of this kind of the enterprise was submitted and not yet received by customs; submit "
            "this one once that is lodged",
            ground="单一窗口用户手册《行政相对人统一管理》5.1.3",
        )
        for number, (applicant, act) in enumerate(zip(applicants, judged, strict=True))
        if act in GOES_OUT and (applicant in question.on_the_way or applicant in applicants[:number])
    )  # fmt: skip


def _repeated_guids(question: Question) -> tuple[Finding, ...]:
    guids = [application.guid for application in question.business.applications]
    return tuple(
        Finding(
            code=question.conflict_code, path=_path(question, number, "guid"), found=guid,
            zh="同一报文中两个申请的 guid 相同；请给每个申请各自的 guid",
            en="Two applications of this message share a guid; give each its own",
        )
        for number, guid in enumerate(guids)
        if guid in guids[:number]
    )  # fmt: skip


def _path(question: Question, number: int, field: str) -> str:
    return f"{question.business.node_path(number)}/head/{field}"
