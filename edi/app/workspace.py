"""`edi init`: a workspace with configuration, boxes, a test authority and signed samples.

Everything in it is for demonstration and tests: the authority's key lies beside the certificates.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

import edi
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.clock import Clock, system_clock
from edi.adapters.config import Config, load_config
from edi.adapters.contract import locate_contract
from edi.adapters.keys import key_name
from edi.adapters.ledger import Ledger
from edi.adapters.pki import Authority, Holder, Issued, KeyKind
from edi.app.channels import build_channel
from edi.app.checking import build_forms
from edi.app.composition import open_card_authority, open_customs
from edi.app.home import CONFIG_FILE, PKI
from edi.checks.parse import parse
from edi.core.form import Form
from edi.core.identity import Medium
from edi.core.node import Node
from edi.customs.authority import CardAuthority
from edi.errors import Broken, UserError
from edi.messages.business import is_request_of
from edi.messages.dsig import SigningKey, sign_message

FOLDERS = ("var", "customs/in", "customs/out")
MEDIA = {
    "legal-person": Medium.LEGAL_PERSON_CARD,
    "operator": Medium.OPERATOR_CARD,
    "account": Medium.ACCOUNT,
}
"""File stem of each certificate of an enterprise → what it sits on."""
OWN_SAMPLES = ("", "bad", "scenarios")
"""Folders of samples that the enterprise of channel `demo` signs; those of the others bear their channel's name."""


@dataclass(frozen=True)
class Party:
    """An enterprise of the samples (`schemas/*/samples/parties.json`); all of them are invented."""

    uscc: str
    name: str
    persons: Mapping[str, str]


def create_workspace(home: Path, clock: Clock = system_clock) -> int:
    """Make the workspace and return the number of samples in it. Raises UserError if the folder is not empty."""
    _make_folder(home)
    if any(home.iterdir()):
        raise UserError(
            f"目录 {home} 不是空的，为免覆盖密钥和文件未作任何改动；请换一个新目录",
            f"The folder {home} is not empty; nothing was changed, so that no key or file is overwritten. Choose a new one",
        )
    samples = locate_contract() / "qlf" / "samples"
    parties = _parties(samples)
    for folder in FOLDERS:
        (home / folder).mkdir(parents=True)
    (home / CONFIG_FILE).write_text(_configuration(parties), encoding="utf-8")
    config = load_config(home / CONFIG_FILE)
    keys = _issue_certificates(home, config, parties, clock)
    for name, channel in config.channels.items():
        build_channel(name, channel, config).boxes.create()
    Ledger(config.gateway.ledger).close()
    with contextlib.closing(open_customs(home)) as customs:
        customs.seed_register(json.loads((samples / "register.json").read_text(encoding="utf-8")))
    forms = list(build_forms(config))
    folders = dict.fromkeys(OWN_SAMPLES, "demo")
    folders |= {f"{group}{channel}": channel for channel in parties for group in ("", "bad/")}
    return sum(
        _sign_samples(samples / folder, home / "samples" / folder, forms, keys[channel])
        for folder, channel in folders.items()
        if (samples / folder).is_dir()
    )


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"无法建立目录：{cause_zh(error)}；请换一个位置",
            f"The folder cannot be made: {cause_en(error)}; choose another place",
        ) from error


def default_config() -> str:
    """The text of the working default, `config.toml`."""
    package = Path(edi.__file__).resolve().parent
    beside = package.parent / CONFIG_FILE
    return (beside if beside.is_file() else package / "_shipped" / CONFIG_FILE).read_text(encoding="utf-8")


def _parties(samples: Path) -> dict[str, Party]:
    table: dict[str, dict[str, Any]] = json.loads((samples / "parties.json").read_text(encoding="utf-8"))
    return {
        channel: Party(
            one["uscc"],
            one["nameZh"],
            {"legal-person": one["legalPerson"], "operator": one["operator"], "account": one["account"]},
        )
        for channel, one in table.items()
    }


def _configuration(parties: Mapping[str, Party]) -> str:
    """The default with one channel per enterprise of the samples."""
    text = default_config()
    section = re.search(r"\[channels\.demo\].*?\n(?=\n\[)", text, re.DOTALL)
    if section is None:
        raise Broken("默认配置缺少 [channels.demo]", "the default configuration lacks [channels.demo]")
    sections = (
        section[0]
        .replace("channels.demo", f"channels.{channel}")
        .replace("inbox/demo", f"inbox/{channel}")
        .replace("outbox/demo", f"outbox/{channel}")
        .replace("enterprises = []", f'enterprises = ["{party.uscc}"]')
        for channel, party in parties.items()
    )
    return text.replace(section[0], "\n".join(sections))


def _issue_certificates(
    home: Path, config: Config, parties: Mapping[str, Party], clock: Clock
) -> dict[str, dict[str, SigningKey]]:
    """All certificates of the workspace; returns the signing keys by channel and file stem."""
    pki = home / PKI
    authority = Authority.create("演示发证机构（仅供测试）", clock())
    authority.root.save(pki / "ca")
    for stem, name, node in (("customs", "模拟海关", "EDICUSTOMS000001"), ("gateway", "申报网关", "EDIGATEWAY000001")):
        authority.issue(Holder(organisation=f"{name}（仅供测试）", card_no=node), clock()).save(pki / stem)
    keys: dict[str, dict[str, SigningKey]] = {channel: {} for channel in parties}
    with open_card_authority(home, config, clock) as cards:
        for number, (channel, party) in enumerate(parties.items(), 1):
            folder = pki if channel == "demo" else pki / channel
            for serial, (stem, medium) in enumerate(MEDIA.items(), 1):
                issued = _issue(cards, party, stem, medium, f"88{number:04d}{serial:07d}")
                issued.save(folder / stem)
                keys[channel][stem] = SigningKey(issued.key, issued.certificate, key_name(issued.certificate))
        cards.publish()
    return keys


def _issue(cards: CardAuthority, party: Party, stem: str, medium: Medium, card_no: str) -> Issued:
    """Operators hold older RSA cards, the others P-256: mixed populations are the rule."""
    holder = Holder(
        organisation=party.name, uscc=party.uscc, person=party.persons[stem], card_no=card_no, medium=medium
    )
    return cards.issue(holder, KeyKind.RSA if medium is Medium.OPERATOR_CARD else KeyKind.P256)


def _sign_samples(source: Path, target: Path, forms: list[Form], keys: Mapping[str, SigningKey]) -> int:
    """Sign the samples of one folder; how many there were."""
    target.mkdir(parents=True, exist_ok=True)
    files = sorted(source.glob("*.xml"))
    for file in files:
        root = parse(file.read_bytes())
        if isinstance(root, list):
            raise Broken(f"样例 {file} 无法解析", f"the sample {file} cannot be parsed")
        (target / file.name).write_bytes(sign_message(root, keys[_signer_of(root, forms)]))
    return len(files)


def _signer_of(root: etree._Element, forms: list[Form]) -> str:
    """Which certificate signs a sample: by account where it says so, for others the operator's card."""
    form = next((one for one in forms if is_request_of(root, one)), None)
    head = next(Node(root).nodes(f"{form.code}/head"), None) if form else None
    if head is None or head.text("signMode") == "ACCOUNT":
        return "account" if head else "operator"
    return "operator" if head.text("filingMode") == "AGENT" else "legal-person"
