"""What a technical answer says about a file: put together from file, verdict and ledger (exchange 7)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from edi.core.chain import Head
from edi.core.findings import Dxp, Finding
from edi.gateway.examine import Examined
from edi.gateway.parts import Received
from edi.messages.answer import Answer, AnsweredApplication


def make_answer(
    node: str,
    head: Head,
    received: Received,
    examined: Examined,
    findings: Sequence[Finding],
    applications: Sequence[AnsweredApplication],
    result: str,
) -> Answer:
    """The answer to one file; `result` is ACCEPTED, REFUSED or CONFLICT, `head` the end of the event chain."""
    business = examined.business
    return Answer(
        guid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"answer:{received.claim.id}")).upper(),
        gateway=node,
        channel=received.channel.name,
        file_name=received.claim.name,
        received_at=received.at,
        result=result,
        code=Dxp.ACCEPTED if result == "ACCEPTED" else _response_code(findings),
        message_type=business.form if business else "",
        message_guid=business.guid if business else "",
        cop_msg_id=examined.cop_msg_id,
        applications=applications,
        findings=findings,
        head=head,
    )


def _response_code(findings: Sequence[Finding]) -> str:
    """The DXP code of the whole: the first platform code found, else business logic."""
    return next((one.code for one in findings if one.code.isdecimal()), Dxp.OTHER_LOGIC)
