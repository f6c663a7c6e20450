"""久无音讯即告警：应到的文件、海关回执、申请结果 / Alarms where a file, a receipt or a decision is overdue."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.silence import watch_silence


def run_beside(office: Office) -> Mapping[str, int]:
    """How many alarms were raised and how many troubles are over."""
    return watch_silence(office)
