"""Scenarios: what an ERP tester writes into clientSeqNo to choose what customs does (exchange 8).

`SIM-<OUTCOME>[-<delay>][-R<nn>]`, then the end or `-` and anything: `SIM-DISAPPROVE-2D-R03-000123`.
The delay is 1 to 5 digits and S, M, H or D. This file is the one truth about scenarios; the tables in
`docs/simulator.md` are generated from it. A number that names no scenario is no error: the
application is then treated as any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum


class Outcome(Enum):
    """How a scenario ends."""

    APPROVE = "APPROVE"
    DISAPPROVE = "DISAPPROVE"
    REFUSE = "REFUSE"
    LODGEFAIL = "LODGEFAIL"
    LODGEFAILONCE = "LODGEFAILONCE"
    HOLD = "HOLD"
    REVIEW = "REVIEW"
    SILENT = "SILENT"


@dataclass(frozen=True)
class Reason:
    """A reviewer's words, as they stand in a receipt."""

    zh: str
    en: str


REASONS: dict[str, Reason] = {
    "R01": Reason(
        "企业名称与登记机关登记的信息不一致，请核对后重新申请",
        "The enterprise's name differs from what the registration authority holds; check it and apply again",
    ),
    "R02": Reason(
        "企业住所与登记机关登记的信息不一致，请核对后重新申请",
        "The address differs from what the registration authority holds; check it and apply again",
    ),
    "R03": Reason(
        "上传的附件不清晰或不完整，请重新上传完整清晰的扫描件",
        "An attachment is illegible or incomplete; attach a complete and legible scan",
    ),
    "R04": Reason(
        "《报关单位备案信息表》未加盖企业公章，请盖章后重新上传",
        "The filing form does not bear the enterprise's seal; seal it and attach it again",
    ),
    "R05": Reason(
        "法定代表人的证件信息有误，请核对证件类型和号码",
        "The legal representative's document is wrong; check its type and number",
    ),
    "R06": Reason(
        "关务负责人或财务负责人的信息有误，请核对后重新申请",
        "The customs manager or the finance manager is given wrongly; check and apply again",
    ),
    "R07": Reason(
        "外部资质已过期或与登记信息不一致，请更新后重新申请",
        "An external licence has expired or differs from the record; update it and apply again",
    ),
    "R08": Reason(
        "企业选择的所在地海关有误，请选择住所所在地的主管海关",
        "The competent customs is the wrong one; choose the customs of the enterprise's place",
    ),
    "R09": Reason(
        "无法与企业联系人取得联系，请更新联系方式后重新申请",
        "The contact person cannot be reached; update the contact data and apply again",
    ),
    "R10": Reason(
        "申请材料不齐全，不符合受理条件，请补齐后提交新的申请",
        "The application is incomplete and cannot be accepted; complete it and file a new application",
    ),
    "R11": Reason(
        "海关系统暂时无法入库，请稍后重新提交",
        "Customs' system cannot store the application at the moment; submit it again later",
    ),
}
"""What `R<nn>` stands for."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table of scenarios."""

    outcome: Outcome
    zh: str
    en: str
    does_zh: str
    """What customs does then."""
    does_en: str
    reason: str = ""
    """The reason given where the number names none, a key of `REASONS`."""


SCENARIOS: dict[Outcome, Row] = {
    row.outcome: row
    for row in (
        Row(
            outcome=Outcome.APPROVE,
            zh="审批通过",
            en="approved",
            does_zh="120、300、399；即使设置为人工审核也自动通过",
            does_en="120, 300, 399; approved even where the review is set to manual",
        ),
        Row(
            outcome=Outcome.DISAPPROVE,
            zh="审批不通过",
            en="disapproved",
            does_zh="120、300、398，附审核意见",
            does_en="120, 300, 398 with an opinion",
            reason="R01",
        ),
        Row(
            outcome=Outcome.REFUSE,
            zh="海关不予受理",
            en="refused",
            does_zh="120、100，附审核意见；不检查登记",
            does_en="120, 100 with an opinion; the register is not asked",
            reason="R10",
        ),
        Row(
            outcome=Outcome.LODGEFAIL,
            zh="海关入库失败",
            en="lodge failed",
            does_zh="4，每次如此；申请不入库，可重新提交",
            does_en="4, every time; nothing is stored, the application may be sent again",
            reason="R11",
        ),
        Row(
            outcome=Outcome.LODGEFAILONCE,
            zh="首次入库失败",
            en="lodge failed once",
            does_zh="首次为 4，再次提交则正常处理",
            does_en="4 the first time; sent again it is treated as any other",
            reason="R11",
        ),
        Row(
            outcome=Outcome.HOLD,
            zh="暂不受理",
            en="on hold",
            does_zh="120，停在“海关入库成功”，等待人工决定",
            does_en="120, then it stays LODGED until a person decides",
        ),
        Row(
            outcome=Outcome.REVIEW,
            zh="人工审核",
            en="in review",
            does_zh="120、300，停在“海关受理中”，等待人工决定",
            does_en="120, 300, then it stays UNDER_REVIEW until a person decides",
        ),
        Row(
            outcome=Outcome.SILENT,
            zh="无回执",
            en="silent",
            does_zh="申请入库，但永不发出回执；占用所申请的类型",
            does_en="it is stored and occupies its types, but no receipt is ever sent",
        ),
    )
}
"""The table of scenarios."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What one clientSeqNo asks for."""

    outcome: Outcome | None = None
    """None: as any other application."""
    delay: timedelta | None = None
    """Time before the outcome; None: as set for all applications."""
    reason: Reason | None = None


_PATTERN = re.compile(
    r"SIM-(?P<outcome>[A-Z]+)"
    r"(?:-(?P<number>[0-9]{1,5})(?P<unit>[SMHD])(?=-|\Z))?"
    r"(?:-(?P<reason>R[0-9]{2})(?=-|\Z))?"
    r"(?=-|\Z)"
)
_UNITS = {"S": timedelta(seconds=1), "M": timedelta(minutes=1), "H": timedelta(hours=1), "D": timedelta(days=1)}


def read_scenario(client_seq_no: str) -> Scenario:
    """What `client_seq_no` asks for; nothing in particular where it names no scenario."""
    found = _PATTERN.match(client_seq_no)
    if found is None or found["outcome"] not in Outcome.__members__:
        return Scenario()
    outcome = Outcome[found["outcome"]]
    return Scenario(
        outcome=outcome,
        delay=int(found["number"]) * _UNITS[found["unit"]] if found["number"] else None,
        reason=REASONS.get(found["reason"] or "") or REASONS.get(SCENARIOS[outcome].reason),
    )


def in_force(scenario: Scenario, *, failed_before: bool) -> Scenario:
    """The scenario as it stands now: a failure that is to happen once is over after the first time."""
    if scenario.outcome is not Outcome.LODGEFAILONCE:
        return scenario
    return Scenario() if failed_before else replace(scenario, outcome=Outcome.LODGEFAIL)
