"""`edi sign` and `edi verify`: sign a business message, judge one."""

from __future__ import annotations

from pathlib import Path

import click

from edi.adapters.clock import system_clock
from edi.adapters.files import write_whole
from edi.adapters.keys import load_certificates, load_signing_key
from edi.app.composition import passphrase
from edi.checks.parse import parse
from edi.checks.signature import Intact, check_intact
from edi.checks.trust import Trust, TrustPolicy, judge_certificate
from edi.cli import options
from edi.cli.output import show_finding, show_json
from edi.core.findings import Finding
from edi.messages.dsig import sign_message


@click.command()
@click.argument("file", type=options.file)
@click.option("--key", required=True, type=options.file, help="私钥（PEM） / private key.")
@click.option("--cert", required=True, type=options.file, help="证书（PEM） / certificate.")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="签名后的文件 / signed file."
)
def sign(file: Path, key: Path, cert: Path, output: Path) -> int:
    """给业务报文签名；已有的签名会被替换 / Sign a business message; an old signature is replaced.

    私钥有口令时，从环境变量 EDI_KEY_PASSPHRASE 读取 / the passphrase of the key comes from EDI_KEY_PASSPHRASE.
    """
    signer = load_signing_key(key, cert, passphrase())
    root = parse(file.read_bytes())
    if isinstance(root, list):
        click.echo(f"{file}: 不能签名 / cannot be signed", err=True)
        for finding in root:
            show_finding(finding)
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    write_whole({output.absolute(): sign_message(root, signer)})
    click.echo(f"已签名 signed: {output}（{signer.algorithm.rsplit('#', 1)[-1]}，证书 certificate {signer.key_name}）")
    return 0


@click.command()
@click.argument("file", type=options.file)
@click.option(
    "--ca", required=True, type=options.file, help="受信任的发证机构证书（PEM） / certificates of trusted authorities."
)
@options.as_json
def verify(file: Path, ca: Path, as_json: bool) -> int:
    """核对签名：是否完整、证书是否可信 / Judge a signature: is it intact, is its certificate trusted.

    退出码 0 为好，1 为不好 / exit code 0 good, 1 not.
    """
    policy = TrustPolicy(load_certificates(ca), {})
    root = parse(file.read_bytes())
    outcome = root[0] if isinstance(root, list) else check_intact(root)
    trust = None if isinstance(outcome, Finding) else judge_certificate(outcome.certificate, policy, system_clock())
    if as_json:
        show_json(_as_json(file, outcome, trust))
    else:
        _show(file, outcome, trust)
    return int(trust is not Trust.TRUSTED)


def _as_json(file: Path, outcome: Intact | Finding, trust: Trust | None) -> dict[str, object]:
    if isinstance(outcome, Finding):
        return {"file": str(file), "good": False, "intact": False, "trust": None, "finding": outcome.to_json()}
    return {
        "file": str(file),
        "good": trust is Trust.TRUSTED,
        "intact": True,
        "trust": trust.value if trust else None,
        "subject": outcome.certificate.subject.rfc4514_string(),
        "issuer": outcome.certificate.issuer.rfc4514_string(),
        "validUntil": outcome.certificate.not_valid_after_utc.isoformat(),
        "digest": outcome.digest,
    }


def _show(file: Path, outcome: Intact | Finding, trust: Trust | None) -> None:
    if isinstance(outcome, Finding):
        click.echo(f"{file}: {click.style('签名无效 not good', fg='red')}")
        show_finding(outcome)
        return
    good = trust is Trust.TRUSTED
    click.echo(
        f"{file}: {click.style('签名有效 good', fg='green') if good else click.style('签名不可信 not good', fg='red')}"
    )
    click.echo("  完整 intact: 是 yes")
    click.echo(f"  可信 trusted: {'是 yes' if good or trust is None else '否 no — ' + trust.value}")
    click.echo(f"  证书 certificate: {outcome.certificate.subject.rfc4514_string()}")
    click.echo(f"  签发 issuer: {outcome.certificate.issuer.rfc4514_string()}")
    click.echo(f"  有效期至 valid until: {outcome.certificate.not_valid_after_utc:%Y-%m-%d}")
