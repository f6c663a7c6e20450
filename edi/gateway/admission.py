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


@dataclass(frozen=True)
class Known:
    """What the ledger has under an application's guid."""

    status: Status
    digest: str
    """Signed digest of the message it came with."""


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


def decide(business: Business, digest: str, known: Mapping[str, Known], conflict_code: str) -> Decision:
    """What to do with a message whose signed digest is `digest`.

    `known` holds the applications on record by guid; `conflict_code` is the form's rule against one
    guid with two contents.
    """
    if _is_repetition(business.applications, digest, known):
        statuses = {known[one.guid].status for one in business.applications}
        if statuses != {Status.LODGE_FAILED}:
            return Duplicate()
        return Accept((Act.RESEND,) * len(business.applications))
    outcomes = [
        _decide_one(
            application, known.get(application.guid), f"{business.form}[{number}]", business.form, conflict_code
        )
        for number, application in enumerate(business.applications, 1)
    ]
    findings = tuple(one for one in outcomes if isinstance(one, Finding))
    findings += _repeated_guids(business, conflict_code)
    if findings:
        return Refuse(findings)
    return Accept(tuple(one for one in outcomes if isinstance(one, Act)))


def _is_repetition(applications: Sequence[Application], digest: str, known: Mapping[str, Known]) -> bool:
    return all(one.guid in known and known[one.guid].digest == digest for one in applications)


def _decide_one(
    application: Application, known: Known | None, node: str, form: str, conflict_code: str
) -> Act | Finding:
    path = f"/{form}Message/{node}/head"
    if known is None:
        return _first_contact(application, path)
    if known.status is Status.DRAFT:
        return _on_draft(application)
    if known.status is Status.LODGE_FAILED and not application.is_draft:
        return Act.SUBMIT  # refused or failed before is no duplicate (exchange 9)
    return Finding(
        code=conflict_code, path=f"{path}/guid", found=application.guid,
        zh=f"同一 guid 已有内容不同的申请，现状态“{known.status.text}”，已提交的申请不能修改或删除，以先到者为准；"
        "如为新的申请请换用新的 guid",
        en=f"An application with this guid and other content stands in status {known.status.token}; what was submitted "
        "cannot be changed or deleted and the first stands. For a new application use a new guid",
        ground="单一窗口用户手册《行政相对人统一管理》2.3.1；本项目约定 / project decision",
    )  # fmt: skip


def _first_contact(application: Application, path: str) -> Act | Finding:
    if application.app_type == AppType.NEW.value:
        return Act.SAVE if application.is_draft else Act.SUBMIT
    return Finding(
        code=Dxp.OTHER_LOGIC, path=f"{path}/appType", found=application.app_type, expected="1",
        zh="没有这一 guid 的暂存申请，无从修改或删除；新申请请用 appType 1",
        en="There is no draft with this guid to replace or delete; use appType 1 for a new application",
    )  # fmt: skip


def _on_draft(application: Application) -> Act:
    if application.app_type == AppType.DELETE.value:
        return Act.DELETE
    return Act.REPLACE if application.is_draft else Act.SUBMIT


def _repeated_guids(business: Business, conflict_code: str) -> tuple[Finding, ...]:
    guids = [application.guid for application in business.applications]
    return tuple(
        Finding(
            code=conflict_code, path=f"/{business.form}Message/{business.form}[{number}]/head/guid", found=guid,
            zh="同一报文中两个申请的 guid 相同；请给每个申请各自的 guid",
            en="Two applications of this message share a guid; give each its own",
        )
        for number, guid in enumerate(guids, 1)
        if guid in guids[: number - 1]
    )  # fmt: skip
