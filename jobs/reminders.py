"""到期提醒：资质、证明、证书 / Reminders of qualifications and certificates about to expire."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.reminders import remind


def run_beside(office: Office) -> Mapping[str, int]:
    """How many reminders were put into InBoxes, and alarms about certificates of ours."""
    return remind(office)
