"""Enters a verdict into the ledger: rows, events, and what is to be written — all in one transaction.

Nothing touches the world here; the tasks recorded are carried out by `settle` once they are durable.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edi.adapters.ledger import Entry, Task
from edi.checks.locate import locate
from edi.core.findings import Finding
from edi.core.status import Status
from edi.core.times import CHINA, iso
from edi.gateway import dispatch, names
from edi.gateway.admission import GOES_OUT, Act, Duplicate, Earlier, Known, Question, Refuse, decide
from edi.gateway.answers import make_answer
from edi.gateway.examine import Examined
from edi.gateway.parts import Parts, Received
from edi.gateway.stumble import stumbled
from edi.messages.answer import AnsweredApplication, answer_message
from edi.messages.business import Application, Business
from edi.messages.dsig import sign_message


@dataclass(frozen=True)
class _Admitted:
    """A message that is taken: what becomes of each application, where it goes, and what was known of them."""

    acts: Sequence[Act]
    receiver: str
    known: Mapping[str, Known]


@dataclass(frozen=True)
class Recorder:
    """Writes one batch into one open transaction of the ledger."""

    parts: Parts
    entry: Entry

    def enter(self, received: Received, examined: Examined | Finding) -> str:
        """Admit the file or refuse it, and record everything that follows; the outcome for the log.

        A file that could not be read comes with the reason instead of a verdict.
        """
        if isinstance(examined, Finding):
            return self._quarantine(received, examined)
        if examined.stumble:
            return self._quarantine(received, stumbled(examined.stumble))
        return self._admit(received, examined)

    def enter_alone(self, received: Received, examined: Examined | Finding) -> str:
        """The same; a file that the program stumbles over is put into quarantine."""
        try:
            with self.entry.attempt():
                return self.enter(received, examined)
        except (sqlite3.OperationalError, OSError):
            raise  # an outage: the whole batch is tried again
        except Exception as error:  # noqa: BLE001 - whatever it is, the other files go on
            return self._quarantine(received, stumbled(f"{type(error).__name__}: {error}"))

    def _admit(self, received: Received, examined: Examined) -> str:
        business = examined.business
        if not examined.good or business is None:
            return self._refuse(received, examined, examined.findings, "REFUSED")
        form = self.parts.forms.by_code[business.form]
        question = Question(
            business=business,
            digest=examined.digest,
            owner=examined.signer.uscc if examined.signer else "",
            channel=received.channel.name,
            conflict_code=form.conflict_code,
            transit_code=form.transit_code,
            on_the_way=self._on_the_way(business) if form.transit_code else frozenset(),
        )
        known = {one.guid: found for one in business.applications if (found := self._known(one.guid))}
        decision = decide(question, self._earlier(examined.digest), known)
        if isinstance(decision, Duplicate):
            return self._repeat(received, examined.digest)
        if isinstance(decision, Refuse):
            return self._refuse(
                received, examined, (*examined.findings, *locate(decision.findings, examined.message)), "CONFLICT"
            )
        receiver = "" if form.reply else dispatch.choose_receiver(self.parts, business, decision.acts)
        if isinstance(receiver, Finding):
            return self._refuse(
                received, examined, (*examined.findings, *locate([receiver], examined.message)), "REFUSED"
            )
        if wrong := dispatch.misaddressed(self.parts, examined.receivers, receiver):
            return self._refuse(received, examined, (*examined.findings, wrong), "REFUSED")
        return self._accept(received, examined, business, _Admitted(decision.acts, receiver, known))

    def _quarantine(self, received: Received, reason: Finding) -> str:
        """A file that we could not read or deal with: put aside with the reason, nothing is answered."""
        self._file(received, "QUARANTINED", (reason,), content=self._keep(received), answer="")
        self.entry.event("alarm_quarantined", received.claim.id, file=received.claim.name, reason=reason.en)
        folder = self.parts.quarantine / received.channel.name / received.claim.id
        text = f"{received.claim.name}\n{reason.zh}\n{reason.en}\n{reason.found}\n".encode("utf-8", "replace")
        self._write(received, str(folder / "reason.txt"), self.entry.keep(text))
        self._move(received, str(folder / received.claim.name))
        return f"隔离 quarantined: {reason.found}"

    def _known(self, guid: str) -> Known | None:
        columns = "status, message, form, owner, application_no"
        rows = self.entry.rows(f"select {columns} from applications where guid = ?", (guid,))  # noqa: S608
        if not rows:
            return None
        row = rows[0]
        return Known(
            status=Status[row["status"]], digest=row["message"], form=row["form"], owner=row["owner"],
            application_no=row["application_no"],
        )  # fmt: skip

    def _on_the_way(self, business: Business) -> frozenset[str]:
        """Applicants with an application of this form, other than those of the message, that customs has not received."""
        sql = "select guid from applications where applicant = ? and form = ? and status = 'SUBMITTED'"
        own = {one.guid for one in business.applications}
        return frozenset(
            one.applicant
            for one in business.applications
            if any(row["guid"] not in own for row in self.entry.rows(sql, (one.applicant, business.form)))
        )

    def _earlier(self, digest: str) -> Earlier | None:
        rows = self.entry.rows("select channel from messages where digest = ? and answer <> ''", (digest,))
        return Earlier(channel=rows[0]["channel"]) if rows else None

    # ---- refused, repeated, accepted ------------------------------------------------------------

    def _refuse(self, received: Received, examined: Examined, findings: Sequence[Finding], result: str) -> str:
        codes = [finding.code for finding in findings]
        self.entry.event(
            "refused",
            received.claim.id,
            channel=received.channel.name,
            file=received.claim.name,
            codes=codes,
            trust=vars(examined.evidence) if examined.evidence else {},
        )
        answer = self._answer(received, examined, findings, (), result)
        self._file(received, result, findings, content=self._keep(received), answer=answer)
        self._write(received, self._in_inbox(received, names.failed), answer)
        self._move(received, str(received.channel.boxes.failbox / received.claim.name))
        return f"被拒 refused: {' '.join(sorted(set(codes)))}"

    def _repeat(self, received: Received, digest: str) -> str:
        """Same content again: the first answer and receipts again, nothing else happens (exchange 9)."""
        message = self.entry.rows("select answer, claim from messages where digest = ?", (digest,))[0]
        receipts = self.entry.rows(
            "select r.content from receipts r join applications a on a.guid = r.application "
            "where a.message = ? group by r.content order by min(r.time)",
            (digest,),
        )
        self.entry.event("duplicate", received.claim.id, file=received.claim.name, first=message["claim"])
        self._file(received, "DUPLICATE", (), content=self._keep(received), answer=message["answer"])
        self._write(received, self._in_inbox(received, names.successed), message["answer"])
        for row in receipts:
            self._write(received, self._in_inbox(received, names.receipt), row["content"])
        self._move(received, str(received.channel.boxes.sentbox / received.claim.name))
        return "重复 duplicate"

    def _accept(self, received: Received, examined: Examined, business: Business, admitted: _Admitted) -> str:
        message = self._message(received, examined, business, admitted.receiver)
        numbers = self._numbers(business, admitted)
        answered = [
            self._application(received, examined, one, act, number, admitted.known.get(one.guid))
            for one, act, number in zip(business.applications, admitted.acts, numbers, strict=True)
        ]
        if self.parts.forms.by_code[business.form].reply:
            self.entry.task(Task(kind="reply", place=received.channel.name, subject=examined.digest))
        elif GOES_OUT.intersection(admitted.acts):
            message["dispatch"] = dispatch.record(
                self.parts, self.entry, examined, business, admitted.receiver, numbers, message["dispatch"]
            )
        answer = message["answer"] = self._answer(received, examined, examined.findings, answered, "ACCEPTED")
        self.entry.update("messages", "digest", examined.digest, message)
        self._file(
            received,
            "ACCEPTED",
            examined.findings,
            content=self._keep(received),
            answer=answer,
            message=examined.digest,
        )
        self._write(received, self._in_inbox(received, names.successed), answer)
        self._status_file(received, examined.digest, received.claim.name)
        self._move(received, str(received.channel.boxes.sentbox / received.claim.name))
        return f"受理 accepted: {' '.join(one.application_no for one in answered)}"

    # ---- rows -----------------------------------------------------------------------------------

    def _message(self, received: Received, examined: Examined, business: Business, receiver: str) -> dict[str, str]:
        """The row of the message; what of it is still to be filled in comes back, and what stood there before."""
        rows = self.entry.rows("select dispatch from messages where digest = ?", (examined.digest,))
        if rows:
            # Sent again after customs could not store it: the answers follow the newest file.
            self._leave_name(received, examined.digest)
            newest = {"claim": received.claim.id, "file_name": received.claim.name}
            return newest | {"dispatch": rows[0]["dispatch"] or ""}
        self.entry.insert(
            "messages",
            {
                "digest": examined.digest,
                "guid": business.guid,
                "form": business.form,
                "channel": received.channel.name,
                "claim": received.claim.id,
                "file_name": received.claim.name,
                "content": self.entry.keep(examined.message),
                "signer": json.dumps(_signer(examined), ensure_ascii=False),
                "receiver": receiver,
                "received_at": iso(received.at),
            },
        )
        return {"dispatch": ""}

    def _leave_name(self, received: Received, digest: str) -> None:
        """The status file under the name a message had until now must not show it for ever; unless another has that name."""
        others = self.entry.rows(
            "select 1 from messages m join messages o on o.channel = m.channel and o.file_name = m.file_name "
            "where m.digest = ? and o.digest <> m.digest limit 1",
            (digest,),
        )
        if not others:
            self._status_file(received, digest)

    def _numbers(self, business: Business, admitted: _Admitted) -> list[str]:
        """Application numbers (年份 + 流水号), one consecutive block per message.

        The envelope has room for the first number only, so drafts whose numbers do not follow each
        other are numbered anew when they are submitted together.
        """
        count = len(business.applications)
        known = [
            int(admitted.known[one.guid].application_no) for one in business.applications if one.guid in admitted.known
        ]
        if len(known) == count and known == list(range(known[0], known[0] + len(known))):
            return [str(number) for number in known]
        year = self.parts.clock().astimezone(CHINA).year
        first = self.entry.next_numbers(f"application_no_{year}", count)
        return [f"{year}{first + offset:014d}" for offset in range(count)]

    def _application(
        self,
        received: Received,
        examined: Examined,
        application: Application,
        act: Act,
        number: str,
        known: Known | None,
    ) -> AnsweredApplication:
        status = Status.DRAFT if act in (Act.SAVE, Act.REPLACE, Act.DELETE) else Status.SUBMITTED
        if known is None:
            if act is Act.LEAVE:
                raise ValueError(f"nothing is on record to be left as it is: {application.guid}")
            self.entry.insert("applications", self._row(examined, application, number, status))
            self.entry.event(act.value, application.guid, new=status, applicationNo=number, file=received.claim.name)
        elif act is Act.LEAVE:
            status = known.status
        else:
            self._change(received, self._row(examined, application, number, known.status), known, act, status)
        return AnsweredApplication(
            guid=application.guid, application_no=number, client_seq_no=application.client_seq_no, status=status
        )

    def _change(self, received: Received, row: dict[str, str | None], known: Known, act: Act, status: Status) -> None:
        """An application on record gets other content, goes again, or goes away."""
        guid = str(row["guid"])
        if known.digest != row["message"]:
            self._status_file(received, known.digest)  # the file it came with first must not show it for ever
        if act is Act.DELETE:
            self.entry.delete("applications", "guid", guid)
            self.entry.event("draft_deleted", guid, file=received.claim.name)
            return
        changes = {column: value for column, value in row.items() if column not in ("guid", "created_at")}
        self.entry.update("applications", "guid", guid, changes)
        if act is Act.REPLACE:
            self.entry.event("replace", guid, file=received.claim.name)
        else:
            self.entry.move(guid, known.status, status, act.value, file=received.claim.name)

    def _row(self, examined: Examined, application: Application, number: str, status: Status) -> dict[str, str | None]:
        """The row of an application as the message tells it; what customs said of an earlier try is over."""
        return {
            "guid": application.guid,
            "application_no": number,
            "message": examined.digest,
            "form": examined.business.form if examined.business else "",
            "client_seq_no": application.client_seq_no,
            "owner": examined.signer.uscc if examined.signer else "",
            "types": f" {' '.join(application.types)} ",
            "applicant": application.applicant,
            "applicant_name": application.applicant_name,
            "customs": application.customs,
            "status": status.token,
            "info": None,
            "opinion": None,
            "results": None,
            "findings": None,
            "created_at": self.entry.now,
            "updated_at": self.entry.now,
        }

    def _file(
        self,
        received: Received,
        outcome: str,
        findings: Sequence[Finding],
        *,
        content: str,
        answer: str,
        message: str = "",
    ) -> None:
        self.entry.insert(
            "files",
            {
                "claim": received.claim.id,
                "channel": received.channel.name,
                "name": received.claim.name,
                "seen_at": iso(received.at),
                "content": content,
                "outcome": outcome,
                "message": message,
                "findings": json.dumps([one.to_json() for one in findings], ensure_ascii=False),
                "answer": answer,
            },
        )

    # ---- what is to be written ------------------------------------------------------------------

    def _answer(
        self,
        received: Received,
        examined: Examined,
        findings: Sequence[Finding],
        applications: Sequence[AnsweredApplication],
        result: str,
    ) -> str:
        """The signed answer, kept under its digest; made once, so that every retry writes the same bytes."""
        answer = make_answer(self.parts.node, self.entry.head, received, examined, findings, applications, result)
        return self.entry.keep(sign_message(answer_message(answer), self.parts.key))

    def _keep(self, received: Received) -> str:
        """Keep the original unless it was not read or is beyond the limit; then only the file itself remains."""
        within = 0 < len(received.data) <= received.channel.policy.limits.file
        return self.entry.keep(received.data) if within else ""

    def _in_inbox(self, received: Received, name: names.Naming) -> str:
        tick = self.parts.ticks.next(received.at)
        return f"{received.channel.boxes.inbox}/{name(received.claim.name, tick)}"

    def _write(self, received: Received, target: str, digest: str) -> None:
        self.entry.task(
            Task(kind="write", place=received.channel.name, target=target, content=digest, subject=received.claim.id)
        )

    def _status_file(self, received: Received, digest: str, file_name: str = "") -> None:
        """The status file beside the answers of the message with that signed digest."""
        if not file_name:
            rows = self.entry.rows("select file_name from messages where digest = ?", (digest,))
            file_name = rows[0]["file_name"]
        target = f"{received.channel.boxes.inbox}/{names.status_file(file_name)}"
        self.entry.task(Task(kind="status", place=received.channel.name, target=target, subject=digest))

    def _move(self, received: Received, target: str) -> None:
        source = str(received.claim.path)
        self.entry.task(
            Task(kind="move", place=received.channel.name, source=source, target=target, subject=received.claim.id)
        )


def _signer(examined: Examined) -> dict[str, object]:
    """Who signed, and what was known of the certificate then."""
    told: dict[str, object] = {}
    if examined.signer:
        told |= vars(examined.signer) | {"medium": examined.signer.medium.value}
    if examined.evidence:
        told["trust"] = vars(examined.evidence)
    return told
