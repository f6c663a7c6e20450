"""The daily checkpoint: the end of the event chain, signed and put where copies can be kept outside (exchange 10)."""

from __future__ import annotations

import hashlib

from edi.adapters.files import write_whole
from edi.adapters.keys import load_signing_key
from edi.app.composition import passphrase
from edi.app.office import Office
from edi.core.chain import Head
from edi.core.times import CHINA, iso
from edi.messages.checkpoint import checkpoint_message

FOLDER = "checkpoints"
"""Beside the ledger."""


def make_checkpoint(office: Office) -> int:
    """Sign the chain's end as it is now; 1, or 0 if nothing has happened since the last checkpoint."""
    last = office.ledger.rows("select seq, hash, kind from events order by seq desc limit 1")
    if not last or last[0]["kind"] == "checkpoint":
        return 0
    head, now = Head(last[0]["seq"], last[0]["hash"]), office.clock()
    data = sign_checkpoint(office, head)
    folder = office.config.gateway.ledger.parent / FOLDER
    folder.mkdir(exist_ok=True)
    write_whole({folder / f"{now.astimezone(CHINA):%Y-%m-%d}-{head.seq:012d}.xml": data})
    with office.ledger.transaction(now) as entry:
        entry.event("checkpoint", str(head.seq), head=head.hash, sha256=hashlib.sha256(data).hexdigest())
    return 1


def sign_checkpoint(office: Office, head: Head) -> bytes:
    """The checkpoint of a head, signed by the gateway."""
    gateway = office.config.gateway
    key = load_signing_key(gateway.key, gateway.certificate, passphrase())
    return checkpoint_message(gateway.node, head, iso(office.clock()), key)
