"""每日回执日志，网页和表格 / The nightly receipt log as HTML and CSV."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.receipt_log import write_receipt_logs


def run_beside(office: Office) -> Mapping[str, int]:
    """How many logs were written: one per channel and day that is over and has none yet."""
    return write_receipt_logs(office)
