"""`edi evidence`: the evidence about one application, for a person who has openssl and xmlsec1 and nothing of ours."""

from __future__ import annotations

from pathlib import Path

import click

from edi.adapters.files import write_whole
from edi.app.office import open_office
from edi.app.ops.evidence import gather
from edi.cli import options
from edi.cli.output import counted
from edi.errors import UserError


@click.command()
@click.argument("key")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="新建的目录 / the folder to be made.")
@options.home
def evidence(key: str, output: Path | None, home: Path) -> None:
    """导出一个申请的证据 / Write the evidence about one application.

    KEY 为申请统一编号、guid 或企业流水号。只用 openssl 和 xmlsec1 即可核验，方法见目录中的 README.md。KEY is an application
    number, a guid or a clientSeqNo. It can be checked with openssl and xmlsec1 alone; README.md in the folder says how.
    """
    with open_office(home) as office:
        number, files = gather(office, key)
    folder = output or Path(f"evidence-{number}")
    if folder.exists():
        raise UserError(f"{folder} 已存在；请用 -o 指定新目录", f"{folder} is there already; name a new folder with -o")
    (folder / "receipts").mkdir(parents=True)
    write_whole({folder / name: data for name, data in files.items()})
    click.echo(f"已写出 {folder}，共 {len(files)} 个文件 / written: {counted(len(files), 'file')}")
