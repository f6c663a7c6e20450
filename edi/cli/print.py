"""`edi print`: 《报关单位备案信息表》 as PDF, from a draft or application on record or from a message file."""

from __future__ import annotations

from pathlib import Path

import click

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.config import Config, load_config
from edi.adapters.files import write_whole
from edi.app.checking import build_forms, build_shelf
from edi.app.home import CONFIG_FILE, open_reader
from edi.app.printing import build_printer
from edi.checks.parse import parse
from edi.cli import options
from edi.cli.output import show_finding
from edi.core.results import Document
from edi.core.status import Status
from edi.errors import UserError
from edi.messages.business import business_nodes, is_request_of


@click.command("print")
@click.argument("key")
@click.option("-o", "--output", type=options.NewFile(), help="PDF 文件 / the PDF file.")
@options.home
def print_(key: str, output: Path | None, home: Path) -> int:
    """打印《报关单位备案信息表》 / Print the filing form as PDF.

    KEY 为申请统一编号、guid 或企业流水号（含暂存单），或一个报文文件。KEY is an application number, a guid or a clientSeqNo, drafts
    included, or a file with a message. 不指定 -o 时写入当前目录 / without -o the PDF goes into the current folder.
    """
    config = load_config(home / CONFIG_FILE)
    file = Path(key)
    documents = _of_file(config, file) if file.is_file() else [_on_record(config, home, key)]
    if documents is None:
        return 1
    if output and len(documents) > 1:
        raise UserError(
            f"文件 {file} 含 {len(documents)} 份申请，不能都写入 {output}；请不指定 -o",
            f"The file {file} holds {len(documents)} applications, which cannot all go into {output}; leave out -o",
        )
    for document in documents:
        target = output or Path(document.file_name)
        _write(target, document.content)
        click.echo(f"已打印 printed: {target}")
    click.echo(
        "下一步 next: 核对内容，加盖公章，扫描后作为附件 FILING_FORM 上传 / check it, seal it, attach the scan as FILING_FORM"
    )
    return 0


def _on_record(config: Config, home: Path, key: str) -> Document:
    """The paper of the one application that `key` names. Raises UserError if there is none or more than one."""
    reader = open_reader(home)
    found = reader.find(key)
    if len(found) != 1:
        raise UserError(
            f"{key} 对应 {len(found)} 份申请，须恰好一份；请给出 guid 或申请统一编号",
            f"{key} names {len(found)} applications, it must be exactly one; give a guid or an application number",
        )
    (record,) = found
    form = build_forms(config).by_code[record["messageType"]]
    root = parse(reader.message(record["messageDigest"]))
    if isinstance(root, list):
        raise UserError(f"台账中 {key} 的报文无法读取", f"The ledger's message of {key} cannot be read")
    node = next(one for one in business_nodes(root, form) if one.text("head/guid") == record["guid"])
    printer = build_printer(build_shelf(config))
    return printer(form, node, record["applicationNo"], Status[record["status"]])


def _of_file(config: Config, file: Path) -> list[Document] | None:
    """The papers of a message that was not sent yet; None if it is no message, which was told."""
    root = parse(file.read_bytes())
    if isinstance(root, list):
        for finding in root:
            show_finding(finding)
        return None
    form = next((one for one in build_forms(config) if is_request_of(root, one)), None)
    if form is None:
        raise UserError(
            f"{file} 不是已发布的报文类型；请给出 QLF101 或 QLF111 报文",
            f"{file} is no published message type; give a QLF101 or QLF111 message",
        )
    printer = build_printer(build_shelf(config))
    return [printer(form, node, node.text("head/applicationNo"), None) for node in business_nodes(root, form)]


def _write(target: Path, data: bytes) -> None:
    try:
        write_whole({target.absolute(): data})
    except OSError as error:
        raise UserError(
            f"{target} 写不了：{cause_zh(error)}", f"{target} cannot be written: {cause_en(error)}"
        ) from error
