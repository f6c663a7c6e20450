"""Our own program stumbled over a file: kept aside with the reason, never refused (exchange 7)."""

from __future__ import annotations

from edi.core.findings import Dxp, Finding, clip


def stumbled(cause: str) -> Finding:
    """What goes beside a file in quarantine."""
    return Finding(
        code=Dxp.OTHER_SYSTEM,
        found=clip(cause),
        zh="本程序处理该文件时出错，文件已原样移入隔离区，未作退回；请把文件和本说明交给系统管理员",
        en="This program stumbled over the file; it was put into quarantine as it is and not refused. Hand the file and "
        "this note to the administrator",
    )
