"""写出 Prometheus 指标文件 / Write the Prometheus metrics file."""

from edi.app.office import Office
from edi.app.ops.metrics import write_metrics


def run_beside(office: Office) -> int:
    """0: it is written anew each time, and that is no news."""
    write_metrics(office)
    return 0
