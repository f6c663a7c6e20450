"""What an outage holds back, and what asks for a person's attention: in sentences, Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from edi.adapters.causes import cause_en, cause_zh
from edi.core.characters import plain
from edi.core.status import Status, status_of_code
from edi.core.times import china

Record = dict[str, Any]


class Words(NamedTuple):
    """The same sentence in both languages."""

    zh: str
    en: str

    def harmless(self) -> Words:
        """The same without controls: it names files and repeats what servers said, and goes to screens, mails and logs."""
        return Words(plain(self.zh), plain(self.en))


OUTCOME_TEXT = {
    "ACCEPTED": "受理",
    "REFUSED": "被拒",
    "CONFLICT": "冲突被拒",
    "DUPLICATE": "重复",
    "QUARANTINED": "隔离",
}
"""What became of a file."""

_BY_SYSTEM = re.compile(r"\[Errno (?P<number>[0-9]+)\] (?P<text>.*?)(?:: '(?P<path>.*)')?")

_WHAT = {
    "dispatch": Words("{zh}尚未送达接收方 {place}", "{en} not yet sent to {place}"),
    "answer": Words("{zh}的技术回执尚未写入通道 {place}", "the answer to {en} not yet written into channel {place}"),
    "receipt": Words("{zh}的海关回执尚未写入通道 {place}", "a receipt for {en} not yet written into channel {place}"),
    "status": Words(
        "{zh}的状态文件尚未写入通道 {place}", "the status file of {en} not yet written into channel {place}"
    ),
    "original": Words("{zh}的原件尚未归档到通道 {place}", "the original of {en} not yet put away in channel {place}"),
    "reply": Words("{zh}的查询尚未答复（通道 {place}）", "the query in {en} not yet answered (channel {place})"),
    "reminder": Words("{zh}到期提醒尚未写入通道 {place}", "a reminder{en} not yet written into channel {place}"),
    "quarantine": Words("{zh}尚未写入隔离区（来自 {place}）", "{en} not yet written into quarantine (from {place})"),
}
"""What is held back; the thing itself and the channel or receiver are filled in."""
_PATH = re.compile(r"/.*?: ")
"""The path before the cause: a temporary name beside the target, which is told anyway."""


def outcome(file: Record) -> str:
    """What became of a file, Chinese word and token."""
    return f"{OUTCOME_TEXT.get(file['outcome'], '')} {file['outcome']}".strip()


def split_cause(trouble: str) -> Words:
    """The cause of an outage in Chinese and English; what only the system said is put into words."""
    by_system = _BY_SYSTEM.fullmatch(trouble)
    if by_system:
        error = OSError(int(by_system["number"]), by_system["text"])
        return Words(cause_zh(error), cause_en(error))
    zh, _, en = trouble.partition(" / ")
    return Words(_PATH.sub("", zh, count=1), _PATH.sub("", en or zh, count=1))


def held_words(one: Record) -> Words:
    """A sentence on one task that an outage holds back."""
    thing, cause, when = _thing(one), split_cause(one["cause"]), china(one["nextTryAt"])
    what = _WHAT.get(one["what"], _WHAT["dispatch"])
    return Words(
        f"{what.zh.format(zh=thing.zh, place=one['place'])}：{one['target']}；原因：{cause.zh}；"
        f"已试 {one['attempts']} 次，下次 {when}（北京时间）",
        f"{what.en.format(en=thing.en, place=one['place'])}: {one['target']}; {cause.en}; "
        f"attempts: {one['attempts']}, next {when} China time",
    ).harmless()


def _thing(one: Record) -> Words:
    """What the task is about: applications and their file, a file alone, or a receipt that fits nothing."""
    numbers, file = one["applications"], one["file"]
    if not numbers:
        what = Words("", "") if one["what"] == "reminder" else Words("回执文件", "a receipt file")
        return Words(f"文件 {file} ", f"file {file}") if file else what
    more = Words(f" 等 {len(numbers)} 件", f" and {len(numbers) - 1} more") if len(numbers) > 1 else Words("", "")
    return Words(f"申请 {numbers[0]}{more.zh}（文件 {file}）", f"application {numbers[0]}{more.en} (file {file})")


def alarm_words(one: Record) -> Words:
    """A sentence on one event that asks for attention."""
    words = _ALARMS.get(one["kind"])
    said = words(one) if words else Words(*(f"{one['kind']} {one['subject']} {one['detail']}",) * 2)
    return said.harmless()


def _held_before(one: Record) -> Words:
    detail = one["detail"]
    zh, en = split_cause(detail["trouble"])
    box, waiting = detail["box"], detail["waiting"]
    if not box:
        return Words(
            f"有 {waiting} 份查询未能答复：{zh}；将自动重试", f"queries not answered: {waiting}; {en}; tried again"
        )
    return Words(
        f"{detail['place']} 的目录 {box} 无法写入：{zh}；有 {waiting} 个文件在等，将自动重试；请检查网络盘、磁盘空间和权限",
        f"The folder {box} of {detail['place']} cannot be written to: {en}; files waiting: {waiting}; they are tried again, "
        "check network drive, disk space and permissions",
    )


def _contradiction(one: Record) -> Words:
    detail = one["detail"]
    number = one["applicationNo"] or one["subject"]
    told = status_of_code(int(detail["code"]))
    current = Status[detail["current"]]
    return Words(
        f"申请 {number}：海关回执 {detail['code']}（{told.text if told else '未知'}）与现状“{current.text}”矛盾，状态未变；"
        "请向海关核实",
        f"Application {number}: receipt {detail['code']} contradicts the present status {current.token}, nothing was "
        "changed; ask customs",
    )


def _receipt(one: Record) -> Words:
    detail = one["detail"]
    reasons = "; ".join(detail.get("reasons", ()))
    return Words(
        f"{detail.get('receiver', '')} 的回执文件 {one['subject']} 不可信或对不上申请，已移入隔离区，原因见其中 reason.txt；"
        "请人工核对",
        f"The receipt file {one['subject']} of {detail.get('receiver', '')} was put into quarantine ({reasons}); look "
        "at it",
    )


def _quarantined(one: Record) -> Words:
    file = one["detail"].get("file", one["subject"])
    return Words(
        f"文件 {file} 无法处理，已移入隔离区，原因见其中 reason.txt，或 edi show {file}；请处理后重新投放",
        f"The file {file} was put into quarantine ({one['detail'].get('reason', '')}); mend it and drop it again",
    )


def _not_a_file(one: Record) -> Words:
    names: Sequence[str] = one["detail"].get("names", ())
    return Words(
        f"通道 {one['subject']} 的投放目录中有收不了的东西（不是普通文件，或系统不许移动）：{'、'.join(names)}，未作处理；请移走",
        f"In the OutBox of channel {one['subject']} lie things that cannot be taken, since they are no files or may not be "
        f"moved: {', '.join(names)}; take them away",
    )


def _no_channel(one: Record) -> Words:
    channel = one["detail"].get("channel", "")
    return Words(
        f"文件 {one['file']} 的通道 {channel} 已不在 config.toml 中，海关回执无处可写；请恢复该通道",
        f"The channel {channel} of file {one['file']} is no longer configured, its receipts cannot be delivered; bring "
        "it back",
    )


def _box(one: Record) -> Words:
    detail = one["detail"]
    return Words(
        f"{one['subject']} 的目录无法使用：{detail.get('zh', '')}；恢复后自动继续",
        f"The folders of {one['subject']} cannot be used: {detail.get('en', '')}; work goes on once they can",
    )


def _crl(one: Record) -> Words:
    detail = one["detail"]
    return Words(
        f"发证机构 {one['subject']} 的证书暂时无法核验：{detail.get('zh', '')}；其签名的文件已暂缓，请更新吊销列表（CRL），恢复后"
        "自动继续",
        f"Certificates of {one['subject']} cannot be judged: {detail.get('en', '')}; files signed with them are held; "
        "bring its revocation list (CRL) up to date, work goes on by itself",
    )


def _crl_source(one: Record) -> Words:
    detail = one["detail"]
    return Words(
        f"吊销列表来源 {detail['name']}（{detail['place']}）没有提供可用的列表：{detail['zh']}；仍用原有的列表，到时会再取，请检查该来源",
        f"The source {detail['name']} of revocation lists ({detail['place']}) has no list that can be used: {detail['en']}; "
        "the one there is stays in use and it is tried again, look at the source",
    )


def _silent_channel(one: Record) -> Words:
    detail = one["detail"]
    due = china(detail["due"])
    return Words(
        f"通道 {detail['channel']} 应在 {due}（北京时间）前有申报文件，至今没有；请联系企业，或检查传输",
        f"A file was expected in channel {detail['channel']} by {due} China time and none has come; ask the sender, or "
        "check the transport",
    )


def _no_word(one: Record) -> Words:
    detail = one["detail"]
    number, since = detail["applicationNo"], china(detail["since"])
    status = Status[detail["status"]]
    return Words(
        f"申请 {number} 自 {since}（北京时间）起一直是“{status.text}”，未见海关（{detail['receiver']}）的后续回执；请向海关查询",
        f"Application {number} has been {status.token} since {since} China time without a further receipt from "
        f"{detail['receiver']}; ask customs",
    )


def _integrity(one: Record) -> Words:
    detail = one["detail"]
    return Words(
        f"台账核对不符：{detail['zh']}；请保留现场，用备份核对",
        f"The ledger does not hold: {detail['en']}; keep it as it is and compare it with a backup",
    )


def _balance(one: Record) -> Words:
    detail = one["detail"]
    return Words(
        f"文件收支不符：见到 {detail['seen']} 个，其中 {detail['unproven']} 个与事件记录对不上；请运行 edi status --balance，"
        "保留现场，用备份核对",
        f"The files do not balance: {detail['seen']} seen, {detail['unproven']} not borne out by events; run `edi status "
        "--balance`, keep all as it is and compare it with a backup",
    )


def _certificate(one: Record) -> Words:
    detail = one["detail"]
    if not detail["days"]:
        return Words(
            f"证书 {detail['path']} 已于 {detail['until']} 到期；请立即更换",
            f"The certificate {detail['path']} ended on {detail['until']}; replace it now",
        )
    return Words(
        f"证书 {detail['path']} 将于 {detail['until']} 到期（{detail['days']} 天以内）；请及时更换",
        f"The certificate {detail['path']} ends on {detail['until']}, within {detail['days']} days; replace it in time",
    )


def _sender(one: Record) -> Words:
    detail = one["detail"]
    return Words(
        f"告警无法通过 {detail['sender']} 发出：{detail['zh']}；已保留，将自动重试，请检查 config.toml 的 [alarms]",
        f"Alarms cannot be told by {detail['sender']}: {detail['en']}; they are kept and told later, check [alarms] "
        "in config.toml",
    )


def _sftp(one: Record) -> Words:
    detail = one["detail"]
    return Words(f"{one['subject']}：{detail.get('zh', '')}", f"{one['subject']}: {detail.get('en', '')}")


def _not_carried(one: Record) -> Words:
    names, place = "、".join(one["detail"].get("names", ())), one["detail"].get("place", "")
    return Words(
        f"{one['subject']}：{place} 中有不能收取的东西（不是普通文件、文件名不合规或超过大小上限）：{names}，未作处理；请对方移走",
        f"{one['subject']}: in {place} lie things that are no files, have names no file may have, or are too big: {names}; "
        "they were left alone, have them taken away",
    )


_ALARMS: dict[str, Callable[[Record], Words]] = {
    "alarm_held": _held_before,
    "alarm_contradiction": _contradiction,
    "alarm_receipt": _receipt,
    "alarm_quarantined": _quarantined,
    "alarm_not_a_file": _not_a_file,
    "alarm_no_channel": _no_channel,
    "alarm_box": _box,
    "alarm_crl": _crl,
    "alarm_crl_source": _crl_source,
    "alarm_silent_channel": _silent_channel,
    "alarm_overdue": _no_word,
    "alarm_stuck": _no_word,
    "alarm_integrity": _integrity,
    "alarm_balance": _balance,
    "alarm_certificate": _certificate,
    "alarm_sender": _sender,
    "alarm_sftp": _sftp,
    "alarm_not_carried": _not_carried,
}


def still_open(alarms: Sequence[Record], held: Sequence[Record]) -> list[Record]:
    """Alarms whose trouble goes on and is not told by the files that wait for it already."""
    return [one for one in alarms if not one["over"] and not _told_by(one, held)]


def _told_by(alarm: Record, held: Sequence[Record]) -> bool:
    box = alarm["detail"].get("box")
    return any(one["target"].startswith(f"{box}/") if box else box == one["target"] for one in held)
