"""Whether the ledger is what it was: file, hash chain, every digest, and the balance of files (exchange 10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from edi.app.channels import claims_on_disk
from edi.app.office import Office
from edi.app.ops.troubles import Trouble, reconcile
from edi.errors import Broken

AT_ONCE = 500
"""Contents read in one view of the ledger: a long one would keep its log from being cut."""

_NEEDED = (
    "select answer as digest from files union select content from files union select content from messages "
    "union select answer from messages union select dispatch from messages union select content from receipts "
    "union select content from outgoing where done_at is null"
)


def check_integrity(office: Office) -> dict[str, int]:
    """Check everything; how many events and contents that were. Raises Broken, and alarms, where it does not hold."""
    faults: dict[str, Trouble] = {}
    events = contents = 0
    for part, count, zh, en in _parts(office):
        events, contents = events + count * (part == "chain"), contents + count * (part == "content")
        if en:
            faults[f"integrity:{part}"] = Trouble("alarm_integrity", {"zh": zh, "en": en})
    reconcile(office, "integrity:", faults)
    if faults:
        zh, en = ("；".join(one.detail[which] for one in faults.values()) for which in ("zh", "en"))
        raise Broken(
            f"台账核对不符：{zh}；请保留现场，用备份核对",
            f"The ledger does not hold: {en}; keep it as it is and compare it with a backup",
        )
    return {"events": events, "contents": contents}


def _parts(office: Office) -> Iterator[tuple[str, int, str, str]]:
    """Each part of the check: its name, how much was checked, and the fault, empty if there is none."""
    with office.reader.view() as ledger:
        told = [row[0] for row in ledger.execute("pragma integrity_check")]
    fault = "" if told == ["ok"] else "; ".join(told[:3])
    yield "database", 0, fault and f"数据库文件损坏（{fault}）", fault and f"the database file is damaged ({fault})"
    head, broken = office.reader.chain_break()
    yield (
        "chain", head.seq,
        f"第 {broken} 条事件与哈希链不符" if broken else "", f"event {broken} does not fit the chain" if broken else "",
    )  # fmt: skip
    count, wrong = _contents(office)
    yield (
        "content", count,
        f"{len(wrong)} 份内容缺失或与摘要不符（{wrong[0]} 等）" if wrong else "",
        f"{len(wrong)} contents are missing or do not fit their digest (such as {wrong[0]})" if wrong else "",
    )  # fmt: skip
    balance = office.reader.balance(claims_on_disk(office.config))
    balanced = balance["balanced"]
    yield (
        "balance",
        0,
        "" if balanced else "文件收支不符（edi status --balance）",
        "" if balanced else "files do not balance",
    )


def _contents(office: Office) -> tuple[int, list[str]]:
    """How many contents are kept, and the digests of those that are wrong or missing."""
    with office.reader.view() as ledger:
        query = f"select digest from ({_NEEDED}) where digest <> '' and digest not in (select digest from content)"  # noqa: S608
        wrong = [row["digest"] for row in ledger.execute(query)]
    count, last = 0, ""
    while True:
        with office.reader.view() as ledger:
            query = "select digest, cast(bytes as blob) as bytes from content where digest > ? order by digest limit ?"
            rows = ledger.execute(query, (last, AT_ONCE)).fetchall()
        if not rows:
            return count, wrong
        wrong += [row["digest"] for row in rows if hashlib.sha256(row["bytes"]).hexdigest() != row["digest"]]
        count, last = count + len(rows), rows[-1]["digest"]
