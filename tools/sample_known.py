"""Samples of the messages about what customs has on record: cancellation (QLF131) and renewal (QLF121).

Nobody sends these for another, so each is sent by the enterprise it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tools import tiny_files
from tools.sample_bad import bad_key
from tools.sample_blocks import BEIJING, CHONGQING, Block, Party, attachment, edit, head, message
from tools.sample_clean import AGENT, BROKER_NINGBO, DEMO, TRADER_HANGZHOU

UNIVERSITY = Party(
    key="temporary",
    zh="示例大学（重庆）",
    en="Example University (Chongqing)",
    place=CHONGQING,
    kind="12",
    entity="9900",
    organisation="121",
    industry="8341",
)
REPRESENTATIVE = Party(
    key="representative",
    zh="示例控股有限公司北京代表处",
    en="Example Holdings Ltd., Beijing Representative Office",
    place=BEIJING,
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A sample and where it stands."""

    path: str
    """Below the samples, without ending."""
    note: str
    form: str
    sender: Party
    block: Block

    @property
    def body(self) -> str:
        """The message."""
        return message(self.path, self.sender, [self.block], self.form)


def known_enterprise(party: Party) -> Block:
    """What such a message tells of the enterprise."""
    return {"uscc": party.uscc, "competentCustoms": party.place.customs, "nameZh": party.zh}


def cancellation(
    party: Party,
    types: Sequence[str],
    key: str,
    *,
    reason: str = "1",
    text: str | None = None,
    sign: str = "CARD",
    attachments: Sequence[Block] = (),
) -> Block:
    """A cancellation of qualifications."""
    return {
        "head": head(key, sign=sign),
        "cancellation": {
            **known_enterprise(party),
            "type": list(types),
            "reasonCode": reason,
            "reasonText": text,
        },
        "attachments": {"attachment": list(attachments)} if attachments else None,
    }


def renewal(party: Party, key: str, *, qualification: str = "TEMPORARY", attachments: Sequence[Block] = ()) -> Block:
    """A renewal, signed by card."""
    return {
        "head": head(key),
        "renewal": {**known_enterprise(party), "type": qualification, "reason": "与境外院校的科研合作延长一年"},
        "attachments": {"attachment": list(attachments)} if attachments else None,
    }


def cancellation_form(party: Party) -> Block:
    """The application for cancellation as a Word document."""
    lines = (
        "注销申请书（示例）",
        f"企业名称：{party.zh}",
        f"统一社会信用代码：{party.uscc}",
        "仅供测试 / for tests only",
    )
    return attachment("CANCELLATION_FORM", "注销申请书.docx", tiny_files.docx(lines))


def known_clean() -> Iterator[Sample]:
    """Samples that satisfy every rule."""
    seal = attachment("OTHER", "公章.bmp", tiny_files.bmp())
    for name, note, block in (
        (
            "17-cancellation-by-card",
            "注销一项资质，卡介质签名，无附件",
            cancellation(AGENT, ["CBEC_PLATFORM"], "AGENT-2026-0017"),
        ),
        (
            "18-cancellation-of-several-types",
            "一次注销两项资质，账号签名，附注销申请书（docx）和公章（bmp）",
            cancellation(
                AGENT,
                ["CBEC_LOGISTICS_B2B", "CBEC_SITE"],
                "AGENT-2026-0018",
                reason="6",
                sign="ACCOUNT",
                attachments=[cancellation_form(AGENT), seal],
            ),
        ),
        (
            "19-cancellation-for-other-reason",
            "注销原因为其他情形，另填说明",
            cancellation(
                AGENT,
                ["BROKER"],
                "AGENT-2026-0019",
                reason="9",
                text=f"集团内部重组，报关业务由{BROKER_NINGBO.zh}承接",
            ),
        ),
    ):
        yield Sample(path=f"agent/{name}", note=note, form="QLF131", sender=AGENT, block=block)
    yield Sample(
        path="temporary/20-renewal-by-card",
        note="延续临时备案，届满前30日内提出，卡介质签名",
        form="QLF121",
        sender=UNIVERSITY,
        block=renewal(UNIVERSITY, "TEMPORARY-2026-0020"),
    )


def known_drafts() -> Iterator[Sample]:
    """Drafts: little is filled in yet."""
    for name, form, block in (
        ("cancellation", "QLF131", cancellation(DEMO, [], "DEMO-2026-0021")),
        ("renewal", "QLF121", renewal(DEMO, "DEMO-2026-0022")),
    ):
        edit(block, "head/appStatus", "1")
        edit(block, name, {"uscc": DEMO.uscc})
        yield Sample(path=f"draft/{name}", note="暂存：内容可以不完整", form=form, sender=DEMO, block=block)


Edit = tuple[str, object]
"""Path in the application, and what stands there instead."""

PROGRAM = attachment("CANCELLATION_FORM", "注销申请书.doc", tiny_files.program())
EXE = attachment("OTHER", "注销申请书.exe", tiny_files.program())
WORD = attachment("OTHER", "情况说明.docx", tiny_files.docx(["情况说明（示例）"]))
OTHER_CUSTOMS = "0299"
WRONG_CHECK = DEMO.uscc[:-1] + ("1" if DEMO.uscc.endswith("0") else "0")

CANCELLATIONS: tuple[tuple[str, str, tuple[Edit, ...]], ...] = (
    ("QLF-001-cancellation-of-nothing", "没有选择要注销的资质", (("cancellation/type", []),)),
    ("QLF-001-cancellation-twice", "同一资质注销两次", (("cancellation/type", ["CBEC_SITE", "CBEC_SITE"]),)),
    ("QLF-007-cancellation-without-uscc", "注销申请没有统一社会信用代码", (("cancellation/uscc", None),)),
    (
        "QLF-008-cancellation-fields-missing",
        "注销申请缺少所在地海关和企业名称",
        (("cancellation/competentCustoms", None), ("cancellation/nameZh", None)),
    ),
    ("QLF-022-cancellation-with-program", "注销申请不收exe文件", (("attachments", {"attachment": [EXE]}),)),
    ("QLF-022-cancellation-program-as-doc", "扩展名为doc，内容是程序", (("attachments", {"attachment": [PROGRAM]}),)),
    (
        "QLF-023-cancellation-for-another",
        "为其他主体注销",
        (
            ("head/filingMode", "AGENT"),
            ("cancellation/uscc", TRADER_HANGZHOU.uscc),
            ("cancellation/nameZh", TRADER_HANGZHOU.zh),
            ("cancellation/competentCustoms", TRADER_HANGZHOU.place.customs),
        ),
    ),
    ("QLF-024-no-reason", "没有注销原因", (("cancellation/reasonCode", None),)),
    ("QLF-024-text-missing", "其他情形没有说明原因", (("cancellation/reasonCode", "9"),)),
    ("QLF-024-text-surplus", "不是其他情形却另填原因", (("cancellation/reasonText", "业务调整"),)),
    (
        "QLF-030-cancellation-codes",
        "注销申请的各代码均不在代码表中",
        (
            ("cancellation/type", ["CBEC_SHOP"]),
            ("cancellation/reasonCode", "8"),
            ("cancellation/competentCustoms", OTHER_CUSTOMS),
            ("attachments", {"attachment": [cancellation_form(DEMO) | {"attachmentType": "XYZ"}]}),
        ),
    ),
    ("QLF-031-cancellation-check-character", "注销申请的代码校验码错误", (("cancellation/uscc", WRONG_CHECK),)),
    ("QLF-032-cancellation-of-another", "以自理方式注销别的企业", (("cancellation/uscc", TRADER_HANGZHOU.uscc),)),
)
"""Cancellations that break one rule: name, what is wrong, what differs from a clean one."""

RENEWALS: tuple[tuple[str, str, tuple[Edit, ...]], ...] = (
    ("QLF-001-renewal-of-nothing", "没有选择要延续的资质", (("renewal/type", None),)),
    ("QLF-007-renewal-without-uscc", "延续申请没有统一社会信用代码", (("renewal/uscc", None),)),
    (
        "QLF-008-renewal-fields-missing",
        "延续申请缺少所在地海关和企业名称",
        (("renewal/competentCustoms", None), ("renewal/nameZh", None)),
    ),
    ("QLF-022-renewal-with-docx", "延续申请不收docx文件", (("attachments", {"attachment": [WORD]}),)),
    (
        "QLF-023-renewal-for-another",
        "为其他主体延续",
        (
            ("head/filingMode", "AGENT"),
            ("renewal/uscc", UNIVERSITY.uscc),
            ("renewal/nameZh", UNIVERSITY.zh),
            ("renewal/competentCustoms", UNIVERSITY.place.customs),
        ),
    ),
    (
        "QLF-030-renewal-codes",
        "延续申请的代码均不在代码表中",
        (("renewal/type", "PERMANENT"), ("renewal/competentCustoms", OTHER_CUSTOMS)),
    ),
    ("QLF-031-renewal-check-character", "延续申请的代码校验码错误", (("renewal/uscc", WRONG_CHECK),)),
    ("QLF-032-renewal-of-another", "以自理方式延续别的单位", (("renewal/uscc", UNIVERSITY.uscc),)),
)
"""Renewals that break one rule."""


def known_broken() -> Iterator[Sample]:
    """Samples that break a stateless rule; all sent by the demo enterprise."""
    kinds: tuple[tuple[str, Sequence[tuple[str, str, tuple[Edit, ...]]], Callable[[str], Block]], ...] = (
        ("QLF131", CANCELLATIONS, lambda key: cancellation(DEMO, ["CBEC_SITE"], key)),
        ("QLF121", RENEWALS, lambda key: renewal(DEMO, key)),
    )
    for form, cases, clean in kinds:
        for name, note, edits in cases:
            block = clean(bad_key(name))
            for path, value in edits:
                edit(block, path, value)
            yield Sample(path=f"bad/{name}", note=note, form=form, sender=DEMO, block=block)


def known_refused() -> Iterator[Sample]:
    """Samples without a fault of their own: customs' register speaks against them, or an application on its way."""
    for folder, sender, name, note, types in (
        ("bad", DEMO, "QLF-112-not-held", "注销从未备案的资质", ["BROKER"]),
        ("bad/agent", AGENT, "QLF-112-leaned-on", "单独注销跨境电商企业所依赖的收发货人资质", ["TRADER"]),
        (
            "bad/agent",
            AGENT,
            "QLF-114-second-on-its-way",
            "前一份注销申请海关尚未接收，又提交一份",
            ["CBEC_ENTERPRISE"],
        ),
    ):
        block = cancellation(sender, types, bad_key(name))
        yield Sample(path=f"{folder}/{name}", note=note, form="QLF131", sender=sender, block=block)
    for folder, sender, name, note, token in (
        ("bad", DEMO, "QLF-113-not-held", "延续并未持有的临时备案", "TEMPORARY"),
        ("bad", DEMO, "QLF-113-not-temporary", "延续长期有效的资质", "TRADER"),
        ("bad/representative", REPRESENTATIVE, "QLF-113-too-early", "有效期还有335天就申请延续", "TEMPORARY"),
    ):
        block = renewal(sender, bad_key(name), qualification=token)
        yield Sample(path=f"{folder}/{name}", note=note, form="QLF121", sender=sender, block=block)
