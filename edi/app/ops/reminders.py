"""Reminders of what is about to end: qualifications, filing certificates, our own certificates.

The sender finds a reminder as a file in its InBox, once for each thing and each number of days before
its end. It goes the way of every other file: recorded with its event, then written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from edi.adapters.keys import load_certificates
from edi.adapters.ledger import Entry, Task
from edi.adapters.ledger_records import REMINDER
from edi.app.office import Office
from edi.app.ops.troubles import Trouble, reconcile
from edi.core.qualification import Qualification
from edi.core.times import CHINA, digits17, from_iso

EXPIRED = 0
"""The threshold of what has ended already."""

_DUE = """
    with given as (
        select a.*, 'qualification' as kind, q.value as what
        from applications a, json_each(a.results, '$.qualifications') q
        union all
        select a.*, 'certificate', json_extract(a.results, '$.certificate') from applications a
        where json_extract(a.results, '$.certificate') is not null and a.status <> 'VOID')
    select g.kind, g.what, g.guid, g.application_no, g.applicant, g.applicant_name, g.updated_at, m.channel
    from given g join messages m on m.digest = g.message
    where json_extract(g.what, '$.validUntil') between ? and ? order by g.application_no"""
_LATER = """
    select 1 from applications a, json_each(a.results, '$.qualifications') q
    where a.applicant = ? and a.updated_at > ? and json_extract(q.value, '$.type') = ?
      and coalesce(json_extract(q.value, '$.filingCode'), '') = ? limit 1"""


@dataclass(frozen=True, kw_only=True)
class Due:
    """Something that ends on a day."""

    key: str
    """What it is, the same every day."""
    channel: str
    until: date
    told: Mapping[str, Any]
    """What the file says of it."""
    zh: str
    en: str


def remind(office: Office) -> dict[str, int]:
    """Write the reminders that are due and have not been written; how many, and how many alarms that made."""
    today = office.clock().astimezone(CHINA).date()
    own = list(_own_certificates(office))
    due = [*_from_results(office, today), *_answers_certificate(office)]
    channels = office.channels()
    with office.ledger.transaction(office.clock()) as entry:
        written = sum(
            _write(office, entry, one, today, channels[one.channel].boxes.inbox)
            for one in due
            if one.channel in channels
        )
    return {"reminders": written} | reconcile(office, "certificate:", dict(_alarms(office, own, today)))


def threshold(days: Sequence[int], left: int) -> int | None:
    """The number of days before the end that is reached with `left` days to go; None if none is yet."""
    return EXPIRED if left < 0 else min((one for one in days if left <= one), default=None)


def _write(office: Office, entry: Entry, due: Due, today: date, inbox: Path) -> int:
    """Record one reminder, unless it was or need not be; how many."""
    left = (due.until - today).days
    at = threshold(office.config.reminders.days, left)
    subject = f"{REMINDER}{due.key}:{due.until}:{at}"
    if not at or entry.rows("select 1 from events where subject = ? limit 1", (subject,)):
        return 0
    key = re.sub("[^0-9A-Za-z]+", "-", due.key)
    name = f"Reminder_{key}_{due.until:%Y%m%d}_{at}d_{digits17(office.clock())}.json"
    told = dict(due.told) | {"validUntil": f"{due.until}", "daysLeft": left, "zh": due.zh, "en": due.en}
    content = entry.keep(json.dumps(told, ensure_ascii=False, indent=2).encode("utf-8") + b"\n")
    target = str(inbox / name)
    entry.event("reminder", subject, channel=due.channel, file=name)
    entry.task(Task(kind="write", place=due.channel, target=target, content=content, subject=subject))
    return 1


def _from_results(office: Office, today: date) -> Iterator[Due]:
    """What customs granted and is about to end; what a later receipt renewed or ended is left out."""
    horizon = today + timedelta(days=max(office.config.reminders.days, default=0))
    with office.reader.view() as ledger:
        for row in ledger.execute(_DUE, (f"{today}", f"{horizon}")).fetchall():
            what = json.loads(row["what"])
            until = date.fromisoformat(what["validUntil"])
            decided = from_iso(row["updated_at"]).astimezone(CHINA).date()
            if until <= decided:
                continue  # it was ended by the decision itself: a cancellation
            code = what.get("filingCode") or ""
            later = (row["applicant"], row["updated_at"], what.get("type"), code)
            if row["kind"] == "qualification" and ledger.execute(_LATER, later).fetchone():
                continue
            yield _due(row, what, until)


def _due(row: Any, what: Mapping[str, Any], until: date) -> Due:
    known = Qualification.__members__.get(what.get("type", ""))
    name_zh = known.value if known else what.get("type", "备案证明")
    name_en = what.get("type", "filing certificate")
    number = what.get("filingCode") or what.get("certificateNo") or ""
    return Due(
        key=f"{row['kind']}:{row['applicant']}:{what.get('type', '')}:{number}",
        channel=row["channel"],
        until=until,
        told={
            "kind": row["kind"],
            "applicant": row["applicant"],
            "applicantName": row["applicant_name"],
            "applicationNo": row["application_no"],
            "guid": row["guid"],
            "type": what.get("type", ""),
            "number": number,
        },
        zh=f"{row['applicant_name']}的{name_zh}（{number}）有效期至 {until}；如需继续，请及时办理延续或重新申请",
        en=f"{name_en} {number} of {row['applicant']} is valid until {until}; renew or apply again in time",
    )


def _answers_certificate(office: Office) -> Iterator[Due]:
    """The certificate our answers are signed with: every sender that verifies them must know the next one."""
    path = office.config.gateway.certificate
    for certificate in load_certificates(path)[:1]:
        until = certificate.not_valid_after_utc.astimezone(CHINA).date()
        for channel in office.config.channels:
            yield Due(
                key=f"answers:{channel}:{_fingerprint(certificate)}",
                channel=channel,
                until=until,
                told={"kind": "answers", "fingerprint": certificate.fingerprint(SHA256()).hex()},
                zh=f"网关签发技术回执的证书有效期至 {until}；更换后请改用新证书核验",
                en=f"The certificate that signs technical answers is valid until {until}; verify with its successor then",
            )


def _own_certificates(office: Office) -> Iterator[tuple[Path, x509.Certificate]]:
    config = office.config
    paths = [config.gateway.certificate, *config.trust.authorities]
    paths += [path for receiver in config.receivers.values() for path in receiver.certificates]
    paths += [config.simulator.certificate] if config.simulator.enabled else []
    for path in dict.fromkeys(paths):
        for certificate in load_certificates(path):
            yield path, certificate


def _alarms(office: Office, own: Sequence[tuple[Path, x509.Certificate]], today: date) -> Iterator[tuple[str, Trouble]]:
    """One open alarm per certificate: the nearer end takes the place of the one before."""
    for path, certificate in own:
        until = certificate.not_valid_after_utc.astimezone(CHINA).date()
        at = threshold(office.config.reminders.days, (until - today).days)
        if at is not None:
            subject = f"certificate:{_fingerprint(certificate)}:{at}"
            yield subject, Trouble("alarm_certificate", {"path": str(path), "until": f"{until}", "days": at})


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(SHA256()).hex()[:12]
