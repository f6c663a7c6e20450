"""核对台账：文件、哈希链、内容摘要、收支 / Check the ledger: file, hash chain, digests, balance."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.integrity import check_integrity


def run_beside(office: Office) -> Mapping[str, int]:
    """How many events and contents hold. Raises Broken, with an alarm, where one does not."""
    return check_integrity(office)
