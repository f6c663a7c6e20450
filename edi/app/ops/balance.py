"""The balance of files after a run: what was seen and what came of it must agree, or an alarm is raised (exchange 10)."""

from __future__ import annotations

from edi.app.channels import claims_on_disk
from edi.app.office import Office
from edi.app.ops.troubles import Trouble, reconcile
from edi.errors import Broken


def check_balance(office: Office) -> None:
    """Raise an alarm, and Broken, if the books do not balance; end the alarm if they do again."""
    balance = office.reader.balance(claims_on_disk(office.config))
    if balance["balanced"]:
        reconcile(office, "balance:", {})
        return
    detail = {"seen": balance["seen"], "unproven": balance["unproven"]}
    reconcile(office, "balance:", {"balance:files": Trouble("alarm_balance", detail)})
    raise Broken(
        f"文件收支不符：见到 {balance['seen']} 个，其中 {balance['unproven']} 个与事件记录对不上；运行 edi status --balance 查看，"
        "请保留现场，用备份核对",
        f"The files do not balance: {balance['seen']} seen, {balance['unproven']} not borne out by events; see `edi status "
        "--balance`, keep all as it is and compare it with a backup",
    )
