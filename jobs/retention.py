"""归档和清理已了结的旧内容 / Archive and prune what is old and resolved."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.retention import prune


def run_beside(office: Office) -> Mapping[str, int]:
    """How much was archived and pruned, by kind."""
    return prune(office)
