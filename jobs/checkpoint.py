"""签发事件链的检查点 / Sign a checkpoint of the event chain."""

from edi.app.office import Office
from edi.app.ops.checkpoint import make_checkpoint


def run_beside(office: Office) -> int:
    """1 if something has happened since the last one, else 0."""
    return make_checkpoint(office)
