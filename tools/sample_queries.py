"""Samples of the certificate application (QLF141), of the queries (QLF151, QLF161) and of printing (QLF171)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools import identifiers
from tools.sample_bad import bad_key
from tools.sample_blocks import CHENGDU, Block, Party, edit, head
from tools.sample_change import TRADER_CHENGDU
from tools.sample_clean import AGENT, CBEC_GUANGZHOU, DEMO, TRADER_HANGZHOU
from tools.sample_known import OTHER_CUSTOMS, REPRESENTATIVE, UNIVERSITY, WRONG_CHECK, Edit, Sample, known_enterprise

NEWCOMER = Party(
    key="newcomer",
    zh="示例新办企业（成都）有限公司",
    en="Example Newcomer (Chengdu) Co., Ltd.",
    place=CHENGDU,
)
"""An enterprise that never filed."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A message that asks for something about one enterprise."""

    form: str
    block: str
    """Element that says what is asked for."""
    word: str
    """Names it in file names."""
    zh: str
    asks: Mapping[str, Any]
    """What a message says beside the enterprise, so that it satisfies every rule."""
    for_another: bool = True
    undertaking: bool = False
    """Whether the sender gives one when it asks about another enterprise."""

    def ask(self, key: str, sender: Party, about: Party, *, sign: str = "CARD", **asked: Any) -> Block:
        """What is asked about an enterprise; `asked` says more, or less by None, than `asks` does."""
        own = about == sender
        undertaking = {"accepted": "true", "agentUscc": sender.uscc, "agentName": sender.zh}
        return {
            "head": head(key, sign=sign, own=own),
            **({"undertaking": None if own else undertaking} if self.undertaking else {}),
            self.block: {**known_enterprise(about), **self.asks, **asked},
        }

    def instead(self, about: Party) -> Edit:
        """The edit that puts another enterprise into the message."""
        return self.block, {**known_enterprise(about), **self.asks}

    def sample(self, path: str, note: str, sender: Party, block: Block) -> Sample:
        """The sample that holds such a block."""
        return Sample(path=path, note=note, form=self.form, sender=sender, block=block)


FILTERS = ("namePart", "form", "type", "fromDate", "toDate", "status")
CERTIFICATE = Kind(
    form="QLF141", block="certificateRequest", word="certificate", zh="备案证明申请", asks={}, for_another=False
)
APPLICATIONS = Kind(
    form="QLF151", block="applicationQuery", word="applications", zh="申请单查询", asks=dict.fromkeys(FILTERS)
)
RECORD = Kind(
    form="QLF161", block="filingQuery", word="record", zh="备案信息查询", asks={"type": None}, undertaking=True
)
PRINT = Kind(
    form="QLF171",
    block="printRequest",
    word="print",
    zh="打印请求",
    asks={"ofGuid": identifiers.guid("application:DEMO-2026-0002"), "ofApplicationNo": None},
)
KINDS = (CERTIFICATE, APPLICATIONS, RECORD, PRINT)


def clean() -> Iterator[Sample]:
    """Samples that satisfy every rule; those who ask have filed, or hold something, when all samples are sent in order."""
    yield CERTIFICATE.sample(
        "agent/41-certificate-by-card",
        "申请备案证明，卡介质签名",
        AGENT,
        CERTIFICATE.ask("AGENT-2026-0041", AGENT, AGENT),
    )
    yield CERTIFICATE.sample(
        "temporary/42-certificate-by-account",
        "申请备案证明，账号签名，无附件",
        UNIVERSITY,
        CERTIFICATE.ask("TEMPORARY-2026-0042", UNIVERSITY, UNIVERSITY, sign="ACCOUNT"),
    )
    filters = {
        "namePart": "示例",
        "form": "QLF101",
        "type": "TRADER",
        "fromDate": "2026-01-01",
        "toDate": "2099-12-31",
        "status": "APPROVED",
    }
    platform, filed = (identifiers.guid(f"application:DEMO-2026-{serial}") for serial in ("0008", "0006"))
    for serial, kind, name, note, about, sign, asked in (
        (51, APPLICATIONS, "of-oneself", "查询本企业的全部申请，卡介质签名", DEMO, "CARD", {}),
        (52, APPLICATIONS, "filtered-by-account", "按各项条件查询本企业的申请，账号签名", DEMO, "ACCOUNT", filters),
        (53, APPLICATIONS, "filed-for-another", "查询本企业为其他主体提交的申请", CBEC_GUANGZHOU, "CARD", {}),
        (61, RECORD, "of-oneself", "查询本企业的备案信息，卡介质签名", DEMO, "CARD", {}),
        (62, RECORD, "of-one-type-by-account", "查询本企业一种资质的备案信息，账号签名", DEMO, "ACCOUNT", {"type": "TRADER"}),
        (63, RECORD, "of-another", "查询其他主体的备案信息，附承诺书", CBEC_GUANGZHOU, "CARD", {}),
        (71, PRINT, "own-filing", "打印本企业的备案信息表，卡介质签名", DEMO, "CARD", {}),
        (72, PRINT, "by-account", "打印本企业的备案信息表，账号签名", DEMO, "ACCOUNT", {"ofGuid": platform}),
        (73, PRINT, "filing-for-another", "打印为其他主体提交的备案信息表", CBEC_GUANGZHOU, "CARD", {"ofGuid": filed}),
    ):  # fmt: skip
        block = kind.ask(f"DEMO-2026-{serial:04d}", DEMO, about, sign=sign, **asked)
        yield kind.sample(f"{serial}-{kind.word}-{name}", note, DEMO, block)


def drafts() -> Iterator[Sample]:
    """A certificate application can be saved like every application; queries cannot."""
    block = CERTIFICATE.ask("DEMO-2026-0043", DEMO, DEMO)
    edit(block, "head/appStatus", "1")
    edit(block, CERTIFICATE.block, {"uscc": DEMO.uscc})
    yield CERTIFICATE.sample("draft/certificate", "暂存：内容可以不完整", DEMO, block)


Case = tuple[str, str, Party, Sequence[Edit]]
"""Name, what is wrong, the enterprise asked about, what differs from a clean message."""


def _faults(kind: Kind) -> Iterator[Case]:
    """What can be wrong with every message of these kinds."""
    block, word, zh = kind.block, kind.word, kind.zh
    missing = [(f"{block}/{name}", None) for name in ("competentCustoms", "nameZh")]
    codes = [(f"{block}/{name}", "XYZ") for name in ("form", "type") if name in kind.asks]
    codes += [(f"{block}/competentCustoms", OTHER_CUSTOMS)]
    whose = TRADER_HANGZHOU if kind.for_another else DEMO
    yield f"QLF-007-{word}-without-uscc", f"{zh}没有统一社会信用代码", DEMO, [(f"{block}/uscc", None)]
    yield f"QLF-008-{word}-fields-missing", f"{zh}缺少所在地海关和企业名称", DEMO, missing
    yield f"QLF-030-{word}-codes", f"{zh}的代码均不在代码表中", DEMO, codes
    yield f"QLF-031-{word}-check-character", f"{zh}的代码校验码错误", whose, [(f"{block}/uscc", WRONG_CHECK)]
    yield f"QLF-032-{word}-of-another", f"{zh}以自理方式涉及别的企业", DEMO, [kind.instead(TRADER_HANGZHOU)]
    if kind.for_another:
        yield from _faults_of_queries(kind)
    else:
        yield f"QLF-023-{word}-for-another", f"{zh}为其他主体提出", TRADER_HANGZHOU, ()


def _faults_of_queries(kind: Kind) -> Iterator[Case]:
    """What can be wrong with a query alone: how one acts for another, and that it was saved."""
    word, zh = kind.word, kind.zh
    by_account, as_agent = [("head/signMode", "ACCOUNT")], [kind.instead(DEMO)]
    yield f"QLF-023-{word}-by-account", f"{zh}以账号签名涉及其他主体", TRADER_HANGZHOU, by_account
    yield f"QLF-032-{word}-agent-for-itself", f"{zh}以代理方式涉及本企业", TRADER_HANGZHOU, as_agent
    yield f"QLF-144-{word}-saved", f"{zh}不能暂存", DEMO, [("head/appStatus", "1")]
    yield f"QLF-144-{word}-edited", f"{zh}没有暂存数据可供替换", DEMO, [("head/appType", "2")]


REVERSED = (("applicationQuery/fromDate", "2026-11-20"), ("applicationQuery/toDate", "2026-11-01"))
NUMBER = "209900000000000001"
"""An application number that is given to none."""

OWN_FAULTS: tuple[tuple[Kind, Case], ...] = (
    (APPLICATIONS, ("QLF-141-days-reversed", "申请时间起晚于申请时间止", DEMO, REVERSED)),
    (PRINT, ("QLF-142-neither", "没有写明打印哪份申请", DEMO, (("printRequest/ofGuid", None),))),
    (PRINT, ("QLF-142-both", "同时填写唯一标识和申请统一编号", DEMO, (("printRequest/ofApplicationNo", NUMBER),))),
    (
        RECORD,
        ("QLF-032-record-undertaking-missing", "查询其他主体缺少承诺书", TRADER_HANGZHOU, (("undertaking", None),)),
    ),
    (
        RECORD,
        (
            "QLF-032-record-undertaking-not-accepted",
            "查询其他主体未勾选承诺书",
            TRADER_HANGZHOU,
            (("undertaking/accepted", "false"),),
        ),
    ),
    (
        RECORD,
        (
            "QLF-032-record-undertaking-of-another",
            "查询其他主体，承诺书不是传输企业所作",
            TRADER_HANGZHOU,
            (("undertaking/agentUscc", AGENT.uscc),),
        ),
    ),
)
"""Messages that break a rule of one kind only."""


def broken() -> Iterator[Sample]:
    """Samples that break a stateless rule; all sent by the demo enterprise."""
    cases = [(kind, case) for kind in KINDS for case in _faults(kind)]
    for kind, (name, note, about, edits) in (*cases, *OWN_FAULTS):
        block = kind.ask(bad_key(name), DEMO, about)
        for path, value in edits:
            edit(block, path, value)
        yield kind.sample(f"bad/{name}", note, DEMO, block)


def refused() -> Iterator[Sample]:
    """Samples without a fault of their own: customs' register or the gateway's ledger has something to say to them."""
    number: Block = {"ofGuid": None, "ofApplicationNo": NUMBER}
    for kind, folder, sender, about, name, note, asked in (
        (CERTIFICATE, "bad/newcomer", NEWCOMER, NEWCOMER, "QLF-120-nothing-held", "没有有效资质就申请备案证明", {}),
        (
            CERTIFICATE,
            "bad/representative",
            REPRESENTATIVE,
            REPRESENTATIVE,
            "QLF-120-issued-today",
            "当日已签发备案证明，又申请一份",
            {},
        ),
        (
            CERTIFICATE,
            "bad/trader",
            TRADER_CHENGDU,
            TRADER_CHENGDU,
            "QLF-121-old-one-void",
            "新证明签发后旧证明失效（仅提示）",
            {},
        ),
        (RECORD, "bad", DEMO, UNIVERSITY, "QLF-140-never-filed-for", "查询从未代理过的主体的备案信息", {}),
        (PRINT, "bad", DEMO, DEMO, "QLF-143-no-such-application", "打印不存在的申请", number),
        (PRINT, "bad/agent", AGENT, AGENT, "QLF-143-of-another", "打印其他企业的申请", {}),
    ):
        block = kind.ask(bad_key(name), sender, about, **asked)
        yield kind.sample(f"{folder}/{name}", note, sender, block)


def queries() -> Iterator[Sample]:
    """All of them."""
    yield from clean()
    yield from drafts()
    yield from broken()
    yield from refused()
