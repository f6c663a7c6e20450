"""The evidence about one application, in a folder that a person can check with openssl and xmlsec1 alone (exchange 10).

It holds what was signed and by whom, the certificates and the revocation list the signer was judged by, every
change of the status, customs' receipts, and the part of the event chain from the application's first event to
a checkpoint that the gateway signed. How to check it stands in `docs/trust.md`, and in the folder.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edi.adapters.crls import kept_list
from edi.adapters.ledger_reader import event_of
from edi.app.checking import build_trust
from edi.app.office import Office
from edi.app.ops.checkpoint import FOLDER, sign_checkpoint
from edi.checks.certificate import fingerprint
from edi.checks.parse import parse
from edi.core.chain import GENESIS, Head, chained_text
from edi.core.times import from_iso
from edi.errors import Broken, UserError
from edi.messages.dsig import ds

HOW_TO = """\
# 核验 / How to check

CA.pem 应取自发证机构，不要取自本文件夹。/ Take CA.pem from the authority, not from this folder.

    xmlsec1 --verify --trusted-pem CA.pem --verification-gmt-time "{at}" filing.xml
    xmlsec1 --verify --trusted-pem CA.pem answer.xml         # receipts/*.xml, checkpoint.xml 同 / the same
    openssl verify -CAfile CA.pem -attime {epoch} -crl_check -CRLfile crl.pem signer.pem
    sh chain.sh                                              # chain.txt → checkpoint.xml

chain.txt 每行的 SHA-256 是下一行的开头，末行的即检查点所载。The SHA-256 of each line of chain.txt opens the next line;
that of the last line stands in the checkpoint. events.json: 本申请的各次状态变化 / the application's own events.
"""
CHAIN_SH = """\
#!/bin/sh
# Each line of chain.txt begins with the SHA-256 of the line before; the last one's stands in checkpoint.xml.
hash=
while IFS= read -r line; do
    case $line in "[\\"$hash"*) ;; *) echo "broken: $line"; exit 1 ;; esac
    hash=$(printf %s "$line" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
done < chain.txt
grep -q "<head>$hash</head>" checkpoint.xml || { echo "the checkpoint tells of another head"; exit 1; }
echo "the chain holds up to the checkpoint"
"""

_APPLICATION = """
    select a.guid, a.application_no, m.content, m.signer, f.answer from applications a
    join messages m on m.digest = a.message left join files f on f.claim = m.claim
    where a.guid = ?1 or a.application_no = ?2 or a.client_seq_no = ?2"""
_RECEIPTS = "select code, time, content from receipts where application = ? order by time, guid"
_CHECKPOINT = "select subject from events where kind = 'checkpoint' and cast(subject as integer) >= ? order by seq"


def gather(office: Office, key: str) -> tuple[str, dict[str, bytes]]:
    """The application's number and the files of the bundle, by name. Raises UserError for a key that names not one."""
    rows = office.ledger.rows(_APPLICATION, (key.upper(), key))
    if len(rows) != 1:
        raise UserError(
            f"{key} 对应 {len(rows)} 个申请；请给出申请统一编号或 guid",
            f"{key} names {len(rows)} applications; give an application number or a guid",
        )
    row = rows[0]
    signed = office.ledger.content(row["content"])
    verdict = json.loads(row["signer"])
    files = {"filing.xml": signed, "verdict.json": _json(verdict)}
    if row["answer"]:
        files["answer.xml"] = office.ledger.content(row["answer"])
    for number, one in enumerate(office.ledger.rows(_RECEIPTS, (row["guid"],)), 1):
        files[f"receipts/{number:02d}-{one['code']}.xml"] = office.ledger.content(one["content"])
    files |= _certificates(office, signed, verdict.get("trust", {}))
    return row["application_no"], files | _chain(office, row["guid"])


def _certificates(office: Office, signed: bytes, judged: Mapping[str, str]) -> dict[str, bytes]:
    """Signer, authorities above it, and the list the signer was judged by, where a copy was kept."""
    certificate = _signer(signed)
    chains = build_trust(office.config).chains(certificate)
    above = chains[0][1:] if chains else ()
    files = {"signer.pem": certificate.public_bytes(Encoding.PEM)}
    files["authorities.pem"] = b"".join(one.public_bytes(Encoding.PEM) for one in above)
    number = judged.get("crl_number", "")
    crl = kept_list(office.config.gateway.ledger.parent, fingerprint(above[0]), number) if above and number else None
    if crl:
        files["crl.pem"] = crl
    at = from_iso(judged["at"]) if judged.get("at") else office.clock()
    how_to = HOW_TO.format(at=f"{at:%Y-%m-%d %H:%M:%S}", epoch=int(at.timestamp()))
    return files | {"README.md": how_to.encode(), "chain.sh": CHAIN_SH.encode()}


def _signer(signed: bytes) -> x509.Certificate:
    """The certificate in the signature, which was verified when the message was accepted."""
    root = parse(signed)
    path = "/".join(map(ds, ("Signature", "KeyInfo", "X509Data", "X509Certificate")))
    text = None if isinstance(root, list) else root.findtext(path)
    if not text:
        raise Broken("台账中的报文没有签名证书", "The message in the ledger has no certificate")
    return x509.load_der_x509_certificate(base64.b64decode(text))


def _chain(office: Office, guid: str) -> dict[str, bytes]:
    """The application's events, the chain from the first of them to a checkpoint, and the checkpoint."""
    own = office.ledger.rows("select * from events where subject = ? order by seq", (guid,))
    end, checkpoint = _checkpoint(office, own[-1]["seq"])
    span = office.ledger.rows("select * from events where seq between ? and ? order by seq", (own[0]["seq"] - 1, end))
    before = GENESIS if span[0]["seq"] == own[0]["seq"] else span.pop(0)["hash"]
    lines = []
    for row in span:
        lines.append(chained_text(before, event_of(row)))
        before = row["hash"]
    return {
        "events.json": _json([vars(event_of(row)) | {"hash": row["hash"]} for row in own]),
        "chain.txt": "".join(f"{line}\n" for line in lines).encode(),
        "checkpoint.xml": checkpoint,
    }


def _checkpoint(office: Office, last: int) -> tuple[int, bytes]:
    """The first checkpoint after an event, with the event it goes up to; signed now if there is none yet."""
    folder = office.config.gateway.ledger.parent / FOLDER
    for row in office.ledger.rows(_CHECKPOINT, (last,)):
        kept = next(iter(folder.glob(f"*-{int(row['subject']):012d}.xml")), None)
        if kept:
            return int(row["subject"]), kept.read_bytes()
    head = office.ledger.rows("select seq, hash from events order by seq desc limit 1")[0]
    return head["seq"], sign_checkpoint(office, Head(head["seq"], head["hash"]))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
