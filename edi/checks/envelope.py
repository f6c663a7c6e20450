"""Opening a DxpMsg from the other side of the exchange; a message at its limit, in base64, still fits in."""

from __future__ import annotations

from edi.checks.limits import ENVELOPE_LIMITS
from edi.checks.parse import parse
from edi.core.findings import Dxp, Finding
from edi.messages.dxp import DxpMsg, is_dxp_msg, read_dxp_msg


def open_envelope(data: bytes) -> DxpMsg | list[Finding]:
    """The envelope in `data`, or why there is none. Never raises, whatever the bytes."""
    root = parse(data, ENVELOPE_LIMITS)
    if isinstance(root, list):
        return root
    if not is_dxp_msg(root):
        return [_bad("不是 DxpMsg 信封", "Not a DxpMsg envelope")]
    try:
        return read_dxp_msg(root)
    except ValueError:
        return [_bad("信封中的 Data 不是 base64", "Data of the envelope is not base64")]


def _bad(zh: str, en: str) -> Finding:
    return Finding(code=Dxp.BAD_FORMAT, zh=zh, en=en)
