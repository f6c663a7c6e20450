"""Samples that choose what the simulated customs does, one for each row of the status table that approval never shows."""

from __future__ import annotations

from collections.abc import Iterator

from tools.sample_blocks import BEIJING, CHENGDU, HANGZHOU, QINGDAO, SHANGHAI, TIANJIN, XIAMEN, Block, Party, edit
from tools.sample_clean import filed_for

PLACES = {
    "SIM-DISAPPROVE-R04": (BEIJING, "审批不通过，附审核意见"),
    "SIM-REFUSE": (TIANJIN, "海关不予受理"),
    "SIM-LODGEFAIL": (SHANGHAI, "海关入库失败，可重新提交"),
    "SIM-HOLD": (HANGZHOU, "停在海关入库成功，等待人工"),
    "SIM-REVIEW": (QINGDAO, "停在海关受理中，等待人工审核"),
    "SIM-SILENT": (XIAMEN, "停在申报成功：海关没有任何回执"),
}
"""Number that chooses the scenario → where the applicant is, and what becomes of the filing."""


def scenarios() -> Iterator[tuple[str, str, list[Block]]]:
    """File name without ending, what the sample shows, its application."""
    for serial, (prefix, (place, shows)) in enumerate(PLACES.items(), 1):
        party = Party(
            key=prefix.lower(),
            zh=f"示例贸易（{place.zh[:2]}）第{serial}分店有限公司",
            en="Example Shop Co., Ltd.",
            place=place,
        )
        yield prefix, shows, [filed_for(party, ["TRADER"], f"{prefix}-2026-{serial:04d}")]
    party = Party(key="saved", zh="示例贸易（成都）有限公司", en="Example Trading (Chengdu) Co., Ltd.", place=CHENGDU)
    saved = filed_for(party, ["TRADER"], "SAVED-2026-0001")
    edit(saved, "head/appStatus", "1")
    yield "draft", "暂存，不提交海关", [saved]
