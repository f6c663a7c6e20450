"""Opening the DxpMsg that a filing travels in.

The gateway wraps whatever it accepted, up to 32 MiB, and base64 makes one text of it. libxml2 refuses
texts of more than 10 million bytes, so bigger envelopes are first inspected without building
anything, with every other limit in force, and then built without that one.
"""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from edi.checks.encoding import as_utf8
from edi.checks.limits import DEFAULT_LIMITS, Limits
from edi.checks.parse import parse
from edi.checks.prescan import prescan
from edi.core.findings import Dxp, Finding
from edi.messages.dxp import DxpMsg, is_dxp_msg, read_dxp_msg

ENVELOPE_LIMITS: Limits = replace(DEFAULT_LIMITS, file=48 << 20, unpacked=48 << 20)
"""A message at its own limit, in base64, and the envelope around it."""
_ONE_TEXT = 10_000_000


def open_envelope(data: bytes) -> DxpMsg | list[Finding]:
    """The envelope in `data`, or why there is none. Never raises, whatever the bytes."""
    root = _build_big(data) if _ONE_TEXT < len(data) <= ENVELOPE_LIMITS.file else parse(data, ENVELOPE_LIMITS)
    if isinstance(root, list):
        return root
    if not is_dxp_msg(root):
        return [_bad("不是 DxpMsg 信封", "Not a DxpMsg envelope")]
    try:
        return read_dxp_msg(root)
    except ValueError:
        return [_bad("信封中的 Data 不是 base64", "Data of the envelope is not base64")]


def _build_big(data: bytes) -> etree._Element | list[Finding]:
    text = as_utf8(data)
    if isinstance(text, Finding):
        return [text]
    if trouble := prescan(text, ENVELOPE_LIMITS):
        return [trouble]
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=True, collect_ids=False
    )
    try:
        return etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        return [_bad(f"文件不是格式良好的 XML：{error}", f"The file is not well-formed XML: {error}")]


def _bad(zh: str, en: str) -> Finding:
    return Finding(code=Dxp.BAD_FORMAT, zh=zh, en=en)
