"""Unpacking a ZIP from a stranger: exactly one XML file in it, nothing else, and never more than allowed.

Declared sizes are not believed: reading stops at the limit. Refuses encryption, methods other than
stored and deflated, links, names that lead out of the archive, and archives of many entries. Nothing is
ever written to disk.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

from edi.checks.limits import DEFAULT_LIMITS, Limits, too_big
from edi.core.findings import Dxp, Finding, clip

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_CENTRAL_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_TROUBLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, IndexError)
"""What zipfile raises about bytes it cannot read (NotImplementedError is a RuntimeError)."""


def unpack(data: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes | Finding:
    """The XML inside the ZIP `data`, `data` itself if it is no ZIP, or the finding that refuses it."""
    if len(data) > limits.file:
        return too_big(limits.file)
    if not data.startswith(_MAGIC):
        return data
    # One central entry costs zipfile a kilobyte of objects: count before it builds them.
    if data.count(_CENTRAL_ENTRY) > limits.members:
        return _forbidden(f"压缩包条目超过 {limits.members} 个", f"The archive has more than {limits.members} entries")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            member = _the_member(archive)
            return member if isinstance(member, Finding) else _read(archive, member, limits.unpacked)
    except _TROUBLE as trouble:
        return Finding(
            code=Dxp.BAD_FORMAT,
            found=clip(str(trouble)),
            zh="压缩包损坏或不完整，无法读取；请重新压缩并完整传送",
            en="The archive is damaged or cut short and cannot be read; pack it again and send all of it",
        )


def _the_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo | Finding:
    """The one file of the archive, if it is what it must be."""
    members = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    names = clip("、".join(one.orig_filename for one in members))
    if any(_leads_out(one.orig_filename) for one in members):
        return _forbidden("压缩包内的文件名不允许", "The archive holds a file name that is not allowed", names)
    if len(members) != 1 or not members[0].filename.lower().endswith(".xml"):
        return _bad("压缩包内必须恰好有一个 XML 文件", "The archive must hold exactly one XML file", names)
    member = members[0]
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        return _forbidden("压缩包内必须是普通文件", "The archive must hold a regular file", names)
    if member.flag_bits & _ENCRYPTED:
        return _forbidden("压缩包不得加密", "The archive must not be encrypted", names)
    if member.compress_type not in _METHODS:
        return _forbidden("压缩方法必须是 Deflate 或不压缩", "The method must be Deflate or Store", names)
    return member


def _leads_out(name: str) -> bool:
    steps = name.split("/")
    return name.startswith("/") or ".." in steps or any(c in "\\:\0" or c < " " for c in name)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes | Finding:
    with archive.open(member) as stream:
        content = stream.read(limit + 1)
    return too_big(limit) if len(content) > limit else content


def _bad(zh: str, en: str, found: str, code: str = Dxp.BAD_FORMAT) -> Finding:
    return Finding(
        code=code,
        found=found,
        expected="一个 .xml 文件 / one .xml file",
        zh=f"{zh}；请只放入一份报文，用普通 ZIP 重新压缩",
        en=f"{en}; put one message in and pack it as a plain ZIP",
    )


def _forbidden(zh: str, en: str, found: str = "") -> Finding:
    return _bad(zh, en, found, Dxp.OTHER_FORMAT)
