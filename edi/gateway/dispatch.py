"""Routing and dispatch: which receiver a message goes to, and the envelope it travels in (exchange 4).

The envelope is recorded before it is written, with an id that follows from its content: whatever
dies, the same id and bytes go again, and a receiver drops what it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edi.adapters.ledger import Entry, Task
from edi.core.findings import Dxp, Finding, clip
from edi.core.routing import choose
from edi.gateway.admission import Act
from edi.gateway.examine import Examined
from edi.gateway.parts import Parts
from edi.messages.business import Business
from edi.messages.dxp import DxpMsg, creation_time, write_dxp_msg


def choose_receiver(parts: Parts, business: Business, acts: Sequence[Act]) -> str | Finding:
    """Name of the one receiver all submissions of the message go to, empty if it holds only drafts."""
    chosen: dict[str, str] = {}
    for number, (application, act) in enumerate(zip(business.applications, acts, strict=True)):
        if act not in (Act.SUBMIT, Act.RESEND):
            continue
        receiver = choose(parts.routes, business.form, application.customs)
        path = business.node_path(number)
        if receiver is None:
            return Finding(
                code=Dxp.NO_SUCH_RECEIVER, path=path, found=clip(application.customs),
                zh="没有通往该所在地海关的路由；请核对海关代码，或请管理员在 config.toml 的 routes 中配置",
                en="No route leads to this competent customs; check the code or have a route configured",
            )  # fmt: skip
        chosen[receiver] = path
    if len(chosen) > 1:
        return Finding(
            code=Dxp.ADDRESS_MISMATCH, path=list(chosen.values())[-1], found=" | ".join(chosen),
            zh="同一报文中的申请须送往不同的接收方；请按接收方拆成多份报文",
            en="The applications of this message go to different receivers; split the message by receiver",
        )  # fmt: skip
    return next(iter(chosen), "")


def misaddressed(parts: Parts, named: Sequence[str], receiver: str) -> Finding | None:
    """What is wrong with the 1 to 5 receivers of the sender's own envelope, None for a bare message (exchange 4).

    The platform gives each receiver named a message of its own (202205, 8.1.2); this one is ours if we are
    named, or the receiver that the routes lead to, whose name is empty where we answer ourselves.
    """
    nodes = {parts.node, *(one.node for one in parts.receivers.values())}
    ours = {parts.node, parts.receivers[receiver].node} if receiver else nodes
    if not named or ours.intersection(named):
        return None
    return Finding(
        code=Dxp.ADDRESS_MISMATCH if nodes.intersection(named) else Dxp.NO_SUCH_RECEIVER,
        path="/DxpMsg/TransInfo/ReceiverIds/ReceiverId", found=clip(" | ".join(named)), expected=" | ".join(sorted(ours)),
        zh="信封所列的接收方中没有本报文应送往的节点；请在 ReceiverId 中填写本网关或主管海关接收方的节点号",
        en="None of the receivers of the envelope is where this message goes; name this gateway's node, or the receiver's, "
        "in a ReceiverId",
    )  # fmt: skip


def record(
    parts: Parts,
    entry: Entry,
    examined: Examined,
    business: Business,
    receiver: str,
    numbers: Sequence[str],
    earlier: str,
) -> str:
    """Record the task that delivers the envelope, made now unless there was an `earlier` one; its digest."""
    digest = earlier or entry.keep(_envelope(parts, examined, business, receiver, numbers))
    entry.task(delivery(entry, receiver, parts.receivers[receiver].send, examined.digest, digest))
    return digest


def delivery(entry: Entry, receiver: str, folder: Path, message: str, envelope: str) -> Task:
    """The task that puts the envelope of a message, both by digest, into a receiver's folder."""
    # Names sort in the order of arrival: who files first is first at customs (QLF-102).
    target = f"{folder}/{entry.head.seq:012d}-{message[:16]}.xml"
    return Task(kind="dispatch", place=receiver, target=target, content=envelope, subject=message)


def _envelope(parts: Parts, examined: Examined, business: Business, receiver: str, numbers: Sequence[str]) -> bytes:
    """The first number names all: the n-th application has that number plus n (BizKey holds five keys only)."""
    return write_dxp_msg(
        DxpMsg(
            message_id=f"{business.guid}-{examined.digest[:16]}",
            sender=parts.node,
            receivers=(parts.receivers[receiver].node,),
            created=creation_time(parts.clock()),
            message_type=business.form,
            data=examined.message,
            file_name=f"{examined.digest[:32]}.xml",
            keys={"applicationNo": numbers[0], "applications": str(len(numbers))},
        )
    )
