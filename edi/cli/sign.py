"""`edi sign`: sign a business message."""

from __future__ import annotations

from pathlib import Path

import click
from cryptography.x509.oid import NameOID

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import write_whole
from edi.adapters.keys import load_signing_key
from edi.app.composition import passphrase
from edi.checks.parse import parse
from edi.cli import options
from edi.cli.card_access import card_signer, reader_option, slot_option
from edi.cli.output import quoted, show_finding
from edi.errors import UserError
from edi.messages.dsig import Signer, sign_message


@click.command()
@click.argument("file", type=options.file)
@click.option("--key", type=options.file, help="私钥（PEM） / private key.")
@click.option("--cert", type=options.file, help="证书（PEM） / certificate.")
@click.option("--card", is_flag=True, help="用读卡器中的卡 / by the card in the reader.")
@reader_option
@slot_option
@click.option("-o", "--output", required=True, type=options.NewFile(), help="签名后的文件 / signed file.")
def sign(file: Path, key: Path | None, cert: Path | None, card: bool, reader: str, slot: str, output: Path) -> int:
    """给业务报文签名 / Sign a business message.

    用 --key 和 --cert，或用 --card。By --key and --cert, or by --card. 已有的签名会被替换。An old signature is replaced.
    私钥的口令从环境变量 EDI_KEY_PASSPHRASE 读取；卡的 PIN 从环境变量 EDI_CARD_PIN 或系统密钥环读取，没有则在终端输入 / the
    passphrase of the key comes from EDI_KEY_PASSPHRASE, the card's PIN from EDI_CARD_PIN, the keyring or the terminal.
    """
    if card and not (key or cert):
        return sign_by_card(file, output, reader, slot)
    if card or not (key and cert):
        raise UserError(
            "请给出 --key 和 --cert，或只给 --card", "Give either --key together with --cert, or --card alone"
        )
    return _sign(file, output, load_signing_key(key, cert, passphrase()))


def sign_by_card(file: Path, output: Path, reader: str, slot: str) -> int:
    """Sign `file` by the card in the reader; the exit code."""
    with card_signer(reader, slot) as signer:
        return _sign(file, output, signer)


def _sign(file: Path, output: Path, signer: Signer) -> int:
    root = parse(file.read_bytes())
    if isinstance(root, list):
        click.echo(f"{file}: 不是 XML 报文，不能签名 / no XML message, cannot be signed", err=True)
        for finding in root:
            show_finding(finding)
        return 1
    _warn_of_nameless(signer)
    _write(output, sign_message(root, signer))
    click.echo(f"已签名 signed: {output}（{signer.algorithm.rsplit('#', 1)[-1]}，证书 certificate {signer.key_name}）")
    click.echo(f"下一步 next: edi check {quoted(output)}")
    return 0


def _warn_of_nameless(signer: Signer) -> None:
    if not signer.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER):
        click.echo(
            f"警告：证书 {signer.key_name} 未载明企业（统一社会信用代码），用它签名的申报会被拒；请改用企业的卡或账号证书",
            err=True,
        )
        click.echo(
            f"Warning: the certificate {signer.key_name} names no enterprise (USCC), a filing signed with it is refused; use the "
            "enterprise's card or account certificate",
            err=True,
        )


def _write(output: Path, data: bytes) -> None:
    try:
        write_whole({output.absolute(): data})
    except OSError as error:
        raise UserError(
            f"签名后的文件 {output} 写不了：{cause_zh(error)}",
            f"The file {output} cannot be written: {cause_en(error)}",
        ) from error
