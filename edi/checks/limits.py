"""What one file from a stranger may cost us (exchange 11, promise 4)."""

from __future__ import annotations

from dataclasses import dataclass

from edi.core.findings import Dxp, Finding


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on one file; the defaults leave a filing with several full attachments ample room."""

    file: int = 32 << 20
    """Bytes of a file as received; attachments of up to 4 MiB are base64 text inside it (QLF-022)."""
    unpacked: int = 32 << 20
    """Bytes of the XML after unpacking."""
    members: int = 64
    """Entries of a ZIP archive, those that are ignored included."""
    depth: int = 64
    """Elements within each other."""
    nodes: int = 200_000
    """Elements and comments together."""
    children: int = 1_000
    """Elements and comments directly within one element. Rules that compare siblings, and libxml2 itself when it
    reports an error, take time by the square of their number."""
    attributes: int = 64
    """Attributes of one element, namespace declarations included."""
    attributes_in_all: int = 50_000
    """Attributes of the whole file."""
    namespaces: int = 32
    """Namespace declarations in force at one element, those that it overrides included. Canonicalisation compares
    each with all others, anew for every element."""
    names: int = 512
    """Different element and attribute names; libxml2 keeps every name until the process ends."""
    tag: int = 1 << 16
    """Bytes of one tag or comment; what is a little longer may pass, what is twice as long never."""


DEFAULT_LIMITS = Limits()
ENVELOPE_LIMITS = Limits(file=48 << 20, unpacked=48 << 20)
"""For what the other side of customs sends: a message at its own limit, in base64, and the envelope around it."""


def too_big(limit: int) -> Finding:
    """The finding about a file of more than `limit` bytes."""
    return Finding(
        code=Dxp.OTHER_FORMAT,
        expected=f"≤ {limit}",
        zh=f"文件过大，超过 {limit} 字节；请减小附件，或分成多份报文",
        en=f"The file is too big, more than {limit} bytes; make the attachments smaller or send several messages",
    )
