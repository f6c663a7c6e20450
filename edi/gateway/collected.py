"""A receipt message as it comes from a receiver: opened, and believed only if its receiver signed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from edi.checks.certificate import fingerprint
from edi.checks.contract import Contract
from edi.checks.envelope import open_envelope
from edi.checks.intact import intact_steps
from edi.checks.parse import parse
from edi.core.abreast import Steps
from edi.core.findings import Dxp, Finding, has_errors
from edi.core.form import Forms
from edi.core.node import local_name
from edi.messages.receipt import Receipt, read_receipts


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What an envelope held."""

    guid: str = ""
    """Of the receipt message."""
    message: bytes = b""
    """The receipt message as signed by the receiver; passed on byte for byte."""
    receipts: tuple[Receipt, ...] = ()
    trouble: tuple[Finding, ...] = ()
    """Why it is not believed; then nothing of it is used."""


def receipt_steps(
    data: bytes, forms: Forms, contract: Contract, certificates: Sequence[x509.Certificate]
) -> Steps[Collected]:
    """The receipts in an envelope, step by step for those who open many. Never raises for any bytes."""
    envelope = open_envelope(data)
    if isinstance(envelope, list):
        return Collected(trouble=tuple(envelope))
    yield
    return (yield from _open_message(envelope.data, forms, contract, certificates))


def _open_message(
    message: bytes, forms: Forms, contract: Contract, certificates: Sequence[x509.Certificate]
) -> Steps[Collected]:
    root = parse(message)
    if isinstance(root, list):
        return Collected(trouble=tuple(root))
    form = next((one for one in forms if local_name(root) == f"{one.receipt_code}Message"), None)
    if form is None:
        return _doubt("根元素不是已知的回执报文", "The root element is no receipt message we know")
    yield
    intact = yield from intact_steps(root)
    if isinstance(intact, Finding):
        return Collected(trouble=(intact,))
    if fingerprint(intact.certificate) not in {fingerprint(one) for one in certificates}:
        return _doubt("回执不是由该接收方的证书签名", "The receipt is not signed by this receiver's certificate")
    yield
    findings = contract.check_schema(form, intact.content)
    if has_errors(findings):
        return Collected(trouble=tuple(findings))
    yield
    guid = intact.content.get("guid", "")
    return Collected(guid=guid, message=message, receipts=tuple(read_receipts(intact.content)))


def _doubt(zh: str, en: str) -> Collected:
    return Collected(trouble=(Finding(code=Dxp.OTHER_SECURITY, zh=zh, en=en),))
