"""Looks for states of file, row and envelope that must not be, and mends those that are safe to mend (exchange 10).

Which are legal stands in `edi.app.ops.states`; between two steps the program finishes them by itself. The
doctor tells of those it cannot finish, and of what has lain too long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from edi.adapters.boxes import Claim
from edi.adapters.files import TEMPORARY_PREFIX, regular_files
from edi.adapters.ledger import Task
from edi.app.channels import claimed_files
from edi.app.office import Office
from edi.app.ops.states import Envelope, File, Repair, Row, state_of
from edi.core.times import china, iso
from edi.gateway.parts import Channel

OLD_SECONDS = 3600.0
"""A temporary file or an unentered claim that is older was left behind; one that is younger may be at work."""
LONG_OPEN = timedelta(days=1)
_ENVELOPE = """
    case when coalesce(m.receiver, '') = '' then 'NONE'
         when coalesce(m.dispatch, '') = '' then 'MISSING'
         when exists (select 1 from outgoing where done_at is null and content = m.dispatch) then 'TO_SEND'
         else 'SENT' end"""
_ROWS = f"""
    select f.claim, f.name, f.outcome, m.receiver, {_ENVELOPE} as envelope,
           exists (select 1 from outgoing where done_at is null and kind = 'move' and subject = f.claim) as to_be_moved
    from files f left join messages m on m.digest = f.message and f.outcome = 'ACCEPTED'"""  # noqa: S608 - both texts stand here
"""What the ledger knows of each file, in the words of `edi.app.ops.states`."""


@dataclass(frozen=True, kw_only=True)
class Illness:
    """Something that should not be."""

    code: str
    zh: str
    en: str
    mend: Callable[[], None] | None = None
    """What sets it right; None where a person must look at it."""


def examine(office: Office) -> list[Illness]:
    """Everything that is wrong; nothing is changed."""
    found: list[Illness] = []
    for channel in office.channels().values():
        found += _missing_boxes(channel)
        found += _left_temporaries(channel)
        found += _claims(office, channel)
    return [*found, *_tasks(office), *_never_sent(office), *_without_content(office)]


def _folders(channel: Channel) -> tuple[Path, ...]:
    boxes = channel.boxes
    return boxes.outbox, boxes.sentbox, boxes.failbox, boxes.inbox


def _missing_boxes(channel: Channel) -> Iterator[Illness]:
    for folder in _folders(channel):
        if not folder.exists():
            yield Illness(
                code="box-missing",
                zh=f"通道 {channel.name} 的目录 {folder} 不存在；若在网络盘上，请先挂载，否则可用 --repair 新建",
                en=f"The folder {folder} of channel {channel.name} is missing; mount it if it lies on a network drive, "
                "else --repair makes it",
                mend=_maker(folder),
            )


def _maker(folder: Path) -> Callable[[], None]:
    return lambda: folder.mkdir(parents=True, exist_ok=True)


def _left_temporaries(channel: Channel) -> Iterator[Illness]:
    for folder in (one for one in _folders(channel) if one.is_dir()):
        for entry in regular_files(folder):
            if entry.name.startswith(TEMPORARY_PREFIX) and _is_old(Path(entry.path)):
                yield Illness(
                    code="temporary-left",
                    zh=f"遗留的临时文件 {entry.path}；可用 --repair 删除",
                    en=f"A temporary file was left behind: {entry.path}; --repair deletes it",
                    mend=_remover(Path(entry.path)),
                )


def _remover(path: Path) -> Callable[[], None]:
    return lambda: path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    """By the system's own clock, which stamped the file."""
    try:
        return time.time() - path.lstat().st_ctime > OLD_SECONDS
    except FileNotFoundError:
        return False


def _claims(office: Office, channel: Channel) -> Iterator[Illness]:
    """Files that are claimed: entered and to be put away, or still to be entered."""
    for claim in claimed_files(channel):
        outcome, row, envelope = _known(office, claim.id)
        state = state_of(File.CLAIMED, row, envelope)
        if row is Row.NONE and _is_old(claim.path):
            yield Illness(
                code="claim-not-entered",
                zh=f"文件 {claim.path} 已收取一小时以上仍未登记；请运行 edi run --once，并查看其提示",
                en=f"The file {claim.path} was taken over an hour ago and is not in the ledger; run `edi run --once` and "
                "see what it says",
            )
        elif state.repair is Repair.PUT_AWAY and claim.path.exists():
            yield Illness(
                code=state.code,
                zh=f"文件 {claim.name}（{outcome}）已处理完，原件却仍在 {claim.path}；可用 --repair 归位",
                en=f"The file {claim.name} ({outcome}) is done with, yet its original lies at {claim.path}; "
                "--repair puts it away",
                mend=_mover(office, channel, claim, outcome),
            )


def _known(office: Office, claim: str) -> tuple[str, Row, Envelope]:
    """What the ledger knows of a claim: outcome, row and envelope."""
    with office.reader.view() as ledger:
        found = ledger.execute(f"{_ROWS} where f.claim = ?", (claim,)).fetchone()
    if found is None:
        return "", Row.NONE, Envelope.NONE
    return found["outcome"], Row.OPEN if found["to_be_moved"] else Row.DONE, Envelope[found["envelope"]]


def _never_sent(office: Office) -> Iterator[Illness]:
    """Applications that a receiver should have and never can get."""
    with office.reader.view() as ledger:
        rows = ledger.execute(f"{_ROWS} where {_ENVELOPE} = 'MISSING' order by f.claim").fetchall()
    for row in rows:
        yield Illness(
            code=state_of(File.NOWHERE, Row.DONE, Envelope.MISSING).code,
            zh=f"文件 {row['name']} 已受理，台账中却没有送往 {row['receiver']} 的信封；请从备份恢复台账，或请企业重新申报",
            en=f"The file {row['name']} was accepted, yet the ledger has no envelope of it for {row['receiver']}; restore a "
            "backup, or have it filed anew",
        )


def _mover(office: Office, channel: Channel, claim: Claim, outcome: str) -> Callable[[], None]:
    """The move is recorded once more; the exchange carries it out."""
    boxes = {"ACCEPTED": channel.boxes.sentbox, "DUPLICATE": channel.boxes.sentbox}
    quarantine = office.config.gateway.quarantine / channel.name / claim.id
    folder = quarantine if outcome == "QUARANTINED" else boxes.get(outcome, channel.boxes.failbox)

    def move() -> None:
        with office.ledger.transaction(office.clock()) as entry:
            entry.task(
                Task(
                    kind="move", place=channel.name, source=str(claim.path), target=str(folder / claim.name),
                    subject=claim.id,
                )
            )  # fmt: skip

    return move


def _tasks(office: Office) -> Iterator[Illness]:
    """Tasks that have been tried for a long time, and moves whose file is nowhere."""
    with office.reader.view() as ledger:
        query = (
            "select o.*, f.content as kept, f.seen_at from outgoing o left join files f on f.claim = o.subject "
            "where o.done_at is null order by o.id"
        )
        rows = ledger.execute(query).fetchall()
    long_ago = iso(office.clock() - LONG_OPEN)
    for row in rows:
        if row["kind"] == "move" and not row["kept"] and not _anywhere(row["source"], row["target"]):
            yield Illness(
                code="original-gone",
                zh=f"文件 {Path(row['target']).name} 的原件不在 {row['source']}，台账中也没有其内容；请从备份找回，放到 {row['target']}",
                en=f"The original of {Path(row['target']).name} is not at {row['source']}, and the ledger has not kept it; "
                f"restore it to {row['target']} from a backup",
            )
        elif row["attempts"] and (row["seen_at"] or row["due_at"]) < long_ago:
            yield Illness(
                code="task-open-long",
                zh=f"{row['target']} 已试 {row['attempts']} 次仍未写成，下次 {china(row['due_at'])}；原因：{row['trouble']}",
                en=f"{row['target']} could not be written in {row['attempts']} tries: {row['trouble']}",
            )


def _anywhere(*paths: str) -> bool:
    return any(Path(one).exists() for one in paths)


def _without_content(office: Office) -> Iterator[Illness]:
    with office.reader.view() as ledger:
        query = (
            "select target, content from outgoing where done_at is null and content <> '' "
            "and content not in (select digest from content)"
        )
        for row in ledger.execute(query):
            yield Illness(
                code="content-missing",
                zh=f"要写到 {row['target']} 的内容 {row['content'][:16]}… 不在台账中；请从备份恢复台账",
                en=f"What is to be written to {row['target']} ({row['content'][:16]}…) is not in the ledger; restore a backup",
            )
