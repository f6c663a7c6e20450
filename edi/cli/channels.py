"""`edi channels`: the connections of ERP systems, listed, and taken over from the single-window import client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edi.adapters.config import Config, load_config
from edi.adapters.import_client import ClientForm, Mount, channel_boxes, read_client_forms, read_mount
from edi.app.channel_import import Plan, plan_import
from edi.app.channels import build_channel
from edi.app.home import CONFIG_FILE
from edi.cli import options
from edi.cli.output import show_json, show_table
from edi.cli.usage import Wrong
from edi.errors import UserError

_COLUMNS = (
    "通道 channel",
    "OutBox",
    "InBox",
    "SentBox",
    "FailBox",
    "企业 enterprises",
    "报文类型 messages",
    "SFTP",
)


@click.group()
def channels() -> None:
    """ERP 的通道 / Channels of ERP systems."""


@channels.command("list")
@options.home
@options.as_json
def channels_list(home: Path, as_json: bool) -> None:
    """列出通道及其收发箱 / List the channels with their boxes."""
    config = load_config(home / CONFIG_FILE)
    records = [_record(name, config) for name in config.channels]
    if as_json:
        show_json(records)
        return
    rows = [
        (*(one[key] for key in _KEYS), _list(one["enterprises"]), _list(one["messages"]), one["sftp"])
        for one in records
    ]
    show_table("通道 channels", _COLUMNS, rows, expendable=(_COLUMNS[4], _COLUMNS[3], _COLUMNS[6]))


_KEYS = ("name", "outbox", "inbox", "sentbox", "failbox")


def _record(name: str, config: Config) -> dict[str, Any]:
    channel = config.channels[name]
    boxes = build_channel(name, channel, config).boxes
    return {
        "name": name,
        "outbox": str(boxes.outbox),
        "inbox": str(boxes.inbox),
        "sentbox": str(boxes.sentbox),
        "failbox": str(boxes.failbox),
        "enterprises": list(channel.enterprises),
        "messages": list(channel.messages),
        "sftp": channel.sftp.host if channel.sftp else "",
    }


def _list(values: list[str]) -> str:
    return "、".join(values) or "不限 all"


class _MountType(click.ParamType[Mount]):
    """A folder of the Windows computer and where it is mounted here."""

    name = "WINDOWS=HERE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Mount:
        try:
            return read_mount(str(value))
        except ValueError:
            raise Wrong(
                rf"{value} 不是挂载说明；写法如 C:\ImpPath=/mnt/imppath 或 \\server\share=/mnt/share，两边都是完整路径",
                rf"{value} tells no mount; write C:\ImpPath=/mnt/imppath or \\server\share=/mnt/share, whole paths both",
                ctx,
                param,
            ) from None


@channels.command("import")
@click.argument("file", type=options.file)
@options.home
@click.option("--form", "forms", multiple=True, help="只导入这些 FormId 或 Key，可用 * / only these, * allowed.")
@click.option(
    "--map", "mounts", type=_MountType(), multiple=True, help="Windows 目录在本机何处 / where it is mounted here."
)
@click.option("--write", is_flag=True, help="写入 config.toml，不加则只输出 / write it, otherwise print it.")
@click.option("--replace", is_flag=True, help="连同已有的不同通道一并改写 / overwrite channels that differ.")
def channels_import(
    file: Path, home: Path, forms: tuple[str, ...], mounts: tuple[Mount, ...], write: bool, replace: bool
) -> None:
    """读入导入客户端的收发箱 / Take over the boxes of the import client.

    FILE 是单一窗口导入客户端的 DFWJobSettings.xml。其中有多种业务时，须用 --form 指明要交给本网关的：其余业务的目录仍归该客户端。
    FILE is the DFWJobSettings.xml of the single-window import client. Where it serves several kinds of business, --form says
    which of them this gateway takes over; the folders of the others stay with that client.
    """
    found, problems = channel_boxes(_meant(read_client_forms(file), forms), mounts)
    if problems:
        raise UserError(
            f"{file} 有 {len(problems)} 处问题，未作任何改动；请逐条处理",
            f"{file} has {len(problems)} problem(s), nothing was changed; see to each",
            problems,
        )
    plan = plan_import(home / CONFIG_FILE, found)
    if write or replace:
        _say_what_changed(plan.write(replace=replace), plan)
    else:
        click.echo(plan.sections(), nl=False)
    for folder in plan.missing():
        click.echo(f"注意：目录 {folder} 还不存在，建好或挂载后网关才能使用 / not there yet: {folder}", err=True)


def _meant(found: list[ClientForm], patterns: tuple[str, ...]) -> list[ClientForm]:
    """The box sets chosen; a file with a single one needs no choice."""
    chosen = [one for one in found if one.is_meant(patterns)] if patterns else found
    unknown = [pattern for pattern in patterns if not any(one.is_meant([pattern]) for one in found)]
    if unknown or (not patterns and len(found) > 1):
        told = "、".join(unknown)
        raise UserError(
            f"设置中没有 {told}；请从下列中选"
            if unknown
            else "设置中有多种业务；请用 --form 指明要交给本网关的，全部则 --form '*'",
            f"There is no {told}; choose from these"
            if unknown
            else "There are several kinds of business; say with --form which this gateway takes over, --form '*' for all",
            [f"{one.key} / {one.form}: {one.boxes['OutBox']}" for one in found],
        )
    return chosen


def _say_what_changed(changed: list[str], plan: Plan) -> None:
    for name in plan.channels:
        done = ("已写入", "written") if name in changed else ("已是如此，未改动", "as it should be, unchanged")
        click.echo(f"{name}: {done[0]} / {done[1]}")
    if changed:
        click.echo(
            "请在 config.toml 中填写各通道的 enterprises，再重启网关 / fill in enterprises, then restart the gateway"
        )
