"""`edi sftp-config`: how to let partners upload to us by SFTP, printed ready for use."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import click

from edi.adapters.config import load_config
from edi.adapters.transport.sshd import KEYS, Hosting, channel_settings, commands, sshd_configuration
from edi.app.home import CONFIG_FILE
from edi.cli import options
from edi.errors import UserError

FILE = "/etc/ssh/sshd_config.d/edi.conf"


@click.command("sftp-config")
@click.argument("channels", nargs=-1)
@options.home
@click.option("--root", default="/srv/edi", show_default=True, help="各通道收发箱的上级目录 / the folder of all boxes.")
@click.option("--run-as", default="edi", show_default=True, help="运行网关的帐户 / the account the gateway runs as.")
@click.option("--commands", "only_commands", is_flag=True, help="只输出建帐户和目录的命令 / print only the commands.")
def sftp_config(channels: tuple[str, ...], home: Path, root: str, run_as: str, only_commands: bool) -> None:
    """供对方上传的 SFTP 配置 / How partners may upload to us.

    每个通道一个帐户，只能收发文件，只能看到自己的收发箱；不写通道则为全部通道。One account per channel, for files only, which
    sees its own boxes only; without names for all channels.
    """
    known = load_config(home / CONFIG_FILE).channels
    unknown = [one for one in channels if one not in known]
    if unknown:
        raise UserError(
            f"配置中没有通道 {'、'.join(unknown)}；现有：{'、'.join(known)}",
            f"There is no channel {', '.join(unknown)}; there are: {', '.join(known)}",
        )
    hosting = Hosting(channels=channels or tuple(known), root=PurePosixPath(root), run_as=run_as)
    if only_commands:
        for command in commands(hosting):
            click.echo(command)
        return
    click.echo(_explained(hosting))


def _explained(hosting: Hosting) -> str:
    """The configuration with the steps to take as comments, so that the output as it is can be installed."""
    steps = [
        "由 edi sftp-config 生成；以 root 执行 / made by `edi sftp-config`; as root:",
        "  edi sftp-config --commands | sh",
        f"  edi sftp-config > {FILE}",
        f"把各方的公钥写入 {KEYS}/帐户名 / put each partner's public key into {KEYS}/ACCOUNT",
        "  sshd -t && systemctl reload ssh",
        "config.toml 中各通道的收发箱改为 / in config.toml the boxes are then",
        *channel_settings(hosting).splitlines(),
    ]
    comment = "".join(f"# {step}".rstrip() + "\n" for step in steps)
    return f"{comment}\n{sshd_configuration(hosting)}".rstrip()
