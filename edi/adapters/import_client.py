"""The settings of the single-window import client, `DFWJobSettings.xml`, read for its boxes (exchange 2).

What is known of that file is what integrators published; nothing of it is official. We read the boxes
and nothing else: not the PIN, not the card, and none of the client's own working folders (TempBox).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath

from lxml import etree

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import read_regular
from edi.checks.limits import Limits
from edi.checks.parse import parse
from edi.core.findings import clip
from edi.errors import UserError

BOXES = {"outbox": "OutBox", "sentbox": "SentBox", "failbox": "FailBox", "inbox": "InBox"}
"""Our key of each box → the attribute that the import client keeps it in."""

_LIMITS = Limits(file=1 << 20, unpacked=1 << 20)
_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,63}")
"""Channels give their name to folders and accounts."""


@dataclass(frozen=True)
class Mount:
    """Where a folder of the Windows computer is found on ours."""

    there: PureWindowsPath
    here: PurePosixPath


@dataclass(frozen=True)
class ClientForm:
    """One box set of the import client (a SubFormSetting)."""

    key: str
    """Kind of business, e.g. `DEC`."""
    form: str
    """FormId, the client's own name of the box set."""
    line: int
    boxes: dict[str, str]
    """By the attribute's name, as written; what is missing is empty."""

    @property
    def channel(self) -> str:
        """The name of the channel it becomes."""
        return self.form.lower()

    def is_meant(self, patterns: Sequence[str]) -> bool:
        """True if one of the patterns fits its key or its form id, whatever the case."""
        names = (self.key.lower(), self.form.lower())
        return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in names)


def read_client_forms(path: Path) -> list[ClientForm]:
    """The box sets in a settings file. Raises UserError if it is none, or too big, or hostile."""
    try:
        data = read_regular(path.resolve(), _LIMITS.file)
    except OSError as error:
        raise UserError(
            f"设置文件无法读取：{cause_zh(error)}；请检查路径和权限",
            f"The settings cannot be read: {cause_en(error)}; check path and permissions",
        ) from error
    root = parse(data, _LIMITS)
    if isinstance(root, list):
        told = [f"{one.line or 1}:{one.column or 1} {one.zh} / {one.en}" for one in root]
        raise UserError(f"{path} 不能作为设置文件读取", f"{path} cannot be read as settings", told)
    forms = list(_forms(root))
    if _local(root) != "Settings" or not forms:
        raise UserError(
            f"{path} 不是单一窗口导入客户端的设置，应为 Settings/FormSettings/FormSetting/SubFormSetting；该文件通常在 "
            r"%LOCALAPPDATA%\SIC\UserSetting\DFWJobSettings.xml",
            f"{path} holds no settings of the single-window import client (Settings/FormSettings/FormSetting/SubFormSetting); "
            r"the file is usually %LOCALAPPDATA%\SIC\UserSetting\DFWJobSettings.xml",
        )
    return forms


def _forms(root: etree._Element) -> Iterator[ClientForm]:
    for group in root.iter("{*}FormSetting"):
        for one in group.iterchildren("{*}SubFormSetting"):
            yield ClientForm(
                key=group.get("Key", ""),
                form=one.get("FormId", ""),
                line=one.sourceline or 1,
                boxes={name: one.get(name, "") for name in BOXES.values()},
            )


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def read_mount(text: str) -> Mount:
    r"""A mount written `C:\ImpPath=/mnt/imppath`. Raises ValueError."""
    there, equals, here = text.rpartition("=")
    mount = Mount(PureWindowsPath(there), PurePosixPath(here))
    if not (equals and text.isprintable() and mount.there.is_absolute() and mount.here.is_absolute()):
        raise ValueError(text)
    return mount


def channel_boxes(
    forms: Sequence[ClientForm], mounts: Sequence[Mount]
) -> tuple[dict[str, dict[str, PurePosixPath]], list[str]]:
    """Channel name → box → folder on this computer; and every problem found, in two languages."""
    channels: dict[str, dict[str, PurePosixPath]] = {}
    problems: list[str] = []
    for one in forms:
        where = f"第 {one.line} 行 line {one.line}, FormId={clip(one.form)!r}"
        if not _NAME.fullmatch(one.channel):
            problems.append(
                f"{where}: 不能作通道名，应为字母、数字、- 和 _；请改正 FormId / "
                "makes no channel name, which has letters, digits, - and _; mend FormId"
            )
        elif one.channel in channels:
            problems.append(f"{where}: 同一 FormId 出现两次；请改正 / stands twice; mend one")
        folders: dict[str, PurePosixPath] = {}
        for box, attribute in BOXES.items():
            folder = _folder(one.boxes[attribute], mounts)
            if isinstance(folder, str):
                problems.append(f"{where}, {attribute}: {folder}")
            else:
                folders[box] = folder
        channels[one.channel] = folders
    return channels, problems


def _folder(written: str, mounts: Sequence[Mount]) -> PurePosixPath | str:
    """The folder on this computer, or what is wrong with it."""
    if not written.strip():
        return "没有填写目录；请在客户端中设好后再导入 / no folder is given; set it in the client and import again"
    if not written.isprintable() or "%" in written or ".." in PureWindowsPath(written).parts:
        return (
            f"{clip(written)!r} 含有控制字符、环境变量或 ..；请改为完整路径 / "
            "holds control characters, variables or ..; write the whole path"
        )
    if written.startswith("/") and not written.startswith("//"):
        return PurePosixPath(written)
    path = PureWindowsPath(written)
    if not path.is_absolute():
        return f"{written} 不是完整路径；请写明盘符或服务器 / is no whole path; give its drive or server"
    fitting = [one for one in mounts if path.is_relative_to(one.there)]
    if not fitting:
        return (
            f"{written} 在 Windows 电脑上；请把它共享并挂载到本机，再用 --map '{_shareable(path)}=/挂载点' 说明 / is on a "
            f"Windows computer; share it, mount it here, and tell where: --map '{_shareable(path)}=/MOUNT'"
        )
    mount = max(fitting, key=lambda one: len(one.there.parts))
    return mount.here.joinpath(*path.relative_to(mount.there).parts)


def _shareable(path: PureWindowsPath) -> PureWindowsPath:
    r"""The top folder above `path`, which is what one would share: `C:\ImpPath`; of a network path its share."""
    return PureWindowsPath(path.anchor) if path.drive.startswith("\\\\") else PureWindowsPath(*path.parts[:2])
