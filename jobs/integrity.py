"""核对台账的哈希链 / Check the hash chain of the ledger."""

from edi.app import App
from edi.errors import Broken


def run(app: App) -> str:
    """Walk the whole chain. Raises Broken where it does not hold."""
    head, broken = app.reader.chain_break()
    if broken is not None:
        raise Broken(
            f"台账第 {broken} 条事件与哈希链不符：台账被改动过；请保留现场，用备份核对",
            f"Event {broken} of the ledger does not fit the chain: the ledger was altered; keep it as it is and "
            "compare it with a backup",
        )
    return f"{head.seq} events, head {head.hash[:16]}…"
