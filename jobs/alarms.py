"""把告警写入文件、发邮件、发网络通知 / Tell alarms by file, mail and webhook."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.alarms import tell_alarms


def run_beside(office: Office) -> Mapping[str, int]:
    """How many alarms and ends of troubles were told, by sender."""
    return tell_alarms(office)
