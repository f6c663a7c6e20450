"""Sample messages that break one rule each: those of the contract, then those of customs' register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools import identifiers, tiny_files
from tools.sample_blocks import (
    TIANJIN,
    Block,
    Party,
    application,
    attachment,
    edit,
    filing_form,
    investor,
    licence,
    manager,
)
from tools.sample_clean import AGENT, BROKER_NINGBO, DEMO, TRADER_HANGZHOU, filed_for


def victim(name: str, *, branch_of: Party | None = None) -> Party:
    """The applicant of a bad sample; each has one of its own."""
    return Party(
        key=name.lower(),
        zh=f"示例反例（{name}）有限公司",
        en=f"Example Mistake {name} Co., Ltd.",
        place=TIANJIN,
        entity="2130" if branch_of else "1130",
        organisation="219" if branch_of else "111",
        parent=branch_of,
    )


def wrong_check(party: Party) -> str:
    """The applicant's code with another check character."""
    return party.uscc[:-1] + ("1" if party.uscc.endswith("0") else "0")


def wrong_letter(party: Party) -> str:
    """The applicant's code ending in the letter O, as a zero is often mistyped."""
    return f"{party.uscc[:-1]}O"


Edits = Mapping[str, Any]
"""Path in the application → what stands there instead; a function makes it from the applicant."""

PICTURE = attachment("OTHER", "公章.pdf", tiny_files.gif())
BMP = attachment("OTHER", "公章.bmp", tiny_files.png())
OUTSIDE = attachment("OTHER", "../公章.png", tiny_files.png())
NO_SUCH_DAY = "11010519901399000"
NO_SUCH_DAY += identifiers.resident_check(NO_SUCH_DAY)
BRANCH = {"enterprise/parentUscc": TRADER_HANGZHOU.uscc, "enterprise/parentName": TRADER_HANGZHOU.zh}
BROKERS_BRANCH = {"enterprise/parentUscc": BROKER_NINGBO.uscc, "enterprise/parentName": BROKER_NINGBO.zh}
MANDATORY = (
    "adminDivision",
    "competentCustoms",
    "nameZh",
    "address",
    "marketEntityType",
    "legalRepName",
    "legalRepDocType",
    "legalRepDocNo",
    "contactName",
    "contactMobile",
)
"""The mandatory fields of the enterprise that have no rule of their own."""

CODED = (
    "statEconomicZone",
    "marketEntityType",
    "organizationType",
    "industry",
    "legalRepNationality",
    "legalRepDocType",
    "managers/manager/0/managerType",
    "managers/manager/0/docType",
    "managers/manager/0/nationality",
    "declarants/declarant/0/docType",
    "declarants/declarant/0/nationality",
    "licences/licence/0/licenceType",
    "attachments/attachment/1/attachmentType",
)
"""Fields that hold a code; a bare name is one of the enterprise."""

TRADER = ("TRADER",)

RULES: list[tuple[str, str, Sequence[str], Edits]] = [
    ("QLF-001-no-type", "没有选择资质类型", (), {}),
    ("QLF-001-type-twice", "同一资质类型选择两次", ("CBEC_SITE", "CBEC_SITE"), {}),
    ("QLF-001-held-and-applied", "声明已备案的资质又再次申请", TRADER, {"qualifications/heldType": ["TRADER"]}),
    ("QLF-002-trader-and-trader-branch", "收发货人与收发货人分支机构同选", ("TRADER", "TRADER_BRANCH"), BRANCH),
    ("QLF-003-trader-and-broker-branch", "收发货人与报关企业分支机构同选", ("TRADER", "BROKER_BRANCH"), BROKERS_BRANCH),
    ("QLF-004-broker-and-broker-branch", "报关企业与报关企业分支机构同选", ("BROKER", "BROKER_BRANCH"), BROKERS_BRANCH),
    ("QLF-004-broker-and-trader-branch", "报关企业与收发货人分支机构同选", ("BROKER", "TRADER_BRANCH"), BRANCH),
    ("QLF-005-temporary-and-other", "临时备案单位与其他资质同选", ("TEMPORARY", "CBEC_SITE"), {}),
    ("QLF-006-enterprise-alone", "跨境电商企业不是收发货人，也未同时申请", ("CBEC_ENTERPRISE",), {}),
    ("QLF-006-agent-alone", "境内代理人不是收发货人，也未同时申请", ("CBEC_AGENT",), {}),
    ("QLF-007-no-uscc", "没有统一社会信用代码", TRADER, {"enterprise/uscc": None}),
    ("QLF-008-no-contact-mobile", "缺少联系人移动电话", TRADER, {"enterprise/contactMobile": None}),
    (
        "QLF-008-all-missing",
        "全部必填项未填",
        ("CBEC_SITE",),
        {
            **{f"enterprise/{name}": None for name in MANDATORY},
            "managers/manager": [{}],
            "investors": {"investor": [{}]},
        },
    ),
    (
        "QLF-010-no-finance-manager",
        "收发货人缺少财务负责人",
        TRADER,
        {"managers/manager": [manager(DEMO, "CUSTOMS_MANAGER")]},
    ),
    ("QLF-010-no-managers", "收发货人没有管理人员", TRADER, {"managers": None}),
    (
        "QLF-010-two-customs-managers",
        "两名关务负责人",
        ("CBEC_SITE",),
        {"managers/manager": [manager(DEMO, "CUSTOMS_MANAGER"), manager(AGENT, "CUSTOMS_MANAGER")]},
    ),
    (
        "QLF-010-two-finance-managers",
        "两名财务负责人",
        ("CBEC_SITE",),
        {"managers/manager": [manager(DEMO, "FINANCE_MANAGER"), manager(AGENT, "FINANCE_MANAGER")]},
    ),
    ("QLF-011-no-investor", "外商投资企业没有出资者", TRADER, {"enterprise/marketEntityType": "5150"}),
    (
        "QLF-012-amount-without-currency",
        "有出资金额而无币制",
        TRADER,
        {"investors": {"investor": [investor("示例投资有限公司", "CHN", "CNY", "1000") | {"currency": None}]}},
    ),
    (
        "QLF-012-amount-zero",
        "出资金额为零",
        TRADER,
        {"investors": {"investor": [investor("示例投资有限公司", "CHN", "CNY", "0.00")]}},
    ),
    ("QLF-013-no-mobile", "报关人员缺少移动电话", TRADER, {"declarants/declarant/0/mobile": None}),
    ("QLF-013-nothing-told", "报关人员各项未填", TRADER, {"declarants/declarant/0": {}}),
    (
        "QLF-013-number-given",
        "新备案填写了报关人员备案号",
        TRADER,
        {"declarants/declarant/0/declarantNo": "0000000001"},
    ),
    ("QLF-014-payment-without-licence", "支付企业没有录入许可证", ("CBEC_PAYMENT",), {"licences": None}),
    (
        "QLF-015-logistics-with-payment-licence",
        "物流企业录入的不是快递许可证",
        ("CBEC_LOGISTICS",),
        {"licences/licence": [licence("PAYMENT", DEMO)]},
    ),
    ("QLF-016-no-valid-until", "许可证缺少有效日期", ("CBEC_LOGISTICS",), {"licences/licence/0/validUntil": None}),
    ("QLF-016-nothing-told", "许可证各项未填", ("CBEC_SITE",), {"licences": {"licence": [{}]}}),
    (
        "QLF-016-beyond-long-term",
        "有效日期晚于长期有效",
        ("CBEC_LOGISTICS",),
        {"licences/licence/0/validUntil": "9999-12-31"},
    ),
    ("QLF-017-branch-without-parent", "分支机构未填所属单位", ("TRADER_BRANCH",), {}),
    ("QLF-017-parent-without-branch", "不是分支机构却填写所属单位", TRADER, BRANCH),
    ("QLF-020-agent-without-form", "为其他主体备案未附备案信息表", TRADER, {"attachments": None}),
    (
        "QLF-021-logistics-not-attached",
        "物流企业未附快递许可证",
        ("CBEC_LOGISTICS",),
        {"attachments/attachment": [filing_form(DEMO)]},
    ),
    (
        "QLF-021-payment-not-attached",
        "支付企业未附许可证",
        ("CBEC_PAYMENT",),
        {"attachments/attachment": [filing_form(DEMO)]},
    ),
    (
        "QLF-021-other-licence-attached",
        "录入支付业务许可证，附的却是金融许可证",
        ("CBEC_PAYMENT",),
        {"attachments/attachment/1/attachmentType": "FINANCIAL_LICENCE"},
    ),
    ("QLF-022-wrong-magic", "扩展名为pdf，内容是gif", TRADER, {"attachments/attachment": [filing_form(DEMO), PICTURE]}),
    ("QLF-022-wrong-extension", "备案申请不收bmp文件", TRADER, {"attachments/attachment": [filing_form(DEMO), BMP]}),
    ("QLF-022-path-in-name", "文件名含路径", TRADER, {"attachments/attachment": [filing_form(DEMO), OUTSIDE]}),
    ("QLF-023-agent-by-account", "以账号签名为其他主体备案", TRADER, {"head/signMode": "ACCOUNT"}),
    ("QLF-030-unknown-customs", "所在地海关代码不存在", TRADER, {"enterprise/competentCustoms": "0299"}),
    ("QLF-030-unknown-type", "资质类型代码不存在", ("CBEC_SHOP",), {}),
    ("QLF-030-province-only", "行政区划只到省级", TRADER, {"enterprise/adminDivision": "120000"}),
    (
        "QLF-030-every-field",
        "各代码字段均不在代码表中",
        ("CBEC_LOGISTICS_B2B",),
        {
            "qualifications/heldType": ["CBEC_SHOP"],
            "enterprise/adminDivision": "120199",
            "investors": {"investor": [investor("示例投资有限公司", "XYZ", "XYZ", "1000")]},
            "licences": {"licence": [licence("COURIER", DEMO)]},
            "attachments/attachment": [filing_form(DEMO), attachment("OTHER", "公章.gif", tiny_files.gif())],
            **{name if "/" in name else f"enterprise/{name}": "XYZ" for name in CODED},
        },
    ),
    (
        "QLF-030-old-codes",
        "沿用旧代码：国别142、币制142、行业9999",
        TRADER,
        {
            "enterprise/legalRepNationality": "142",
            "enterprise/industry": "9999",
            "investors": {"investor": [investor("示例投资有限公司", "CHN", "142", "1000")]},
        },
    ),
    (
        "QLF-031-uscc-check-character",
        "统一社会信用代码校验码错误",
        TRADER,
        {"enterprise/uscc": wrong_check},
    ),
    (
        "QLF-031-uscc-alphabet",
        "统一社会信用代码含字母O",
        TRADER,
        {"enterprise/uscc": wrong_letter},
    ),
    (
        "QLF-031-organisation-code",
        "组织机构代码与统一社会信用代码不符",
        TRADER,
        {"enterprise/organizationCode": "XX0000007"},
    ),
    (
        "QLF-031-resident-identity",
        "居民身份证号码校验码错误",
        TRADER,
        {"enterprise/legalRepDocNo": "120116199001010000", "managers/manager/0/docNo": "12011619900101000x"},
    ),
    ("QLF-031-birth-date", "居民身份证号码中无此日期", TRADER, {"enterprise/legalRepDocNo": NO_SUCH_DAY}),
    (
        "QLF-031-contact",
        "电话、手机、邮箱、邮编、网址形式错误",
        TRADER,
        {
            "enterprise/contactPhone": "(022)00000000",
            "enterprise/contactMobile": "+86-10000000000",
            "enterprise/fax": "022-",
            "enterprise/email": "contact@example",
            "enterprise/postcode": "3004500",
            "enterprise/website": "www.example.com",
        },
    ),
    ("QLF-032-undertaking-missing", "为其他主体备案缺少承诺书", TRADER, {"undertaking": None}),
    ("QLF-032-undertaking-not-accepted", "承诺书未勾选", TRADER, {"undertaking/accepted": "false"}),
    ("QLF-032-undertaking-of-another", "承诺书不是传输企业所作", TRADER, {"undertaking/agentUscc": AGENT.uscc}),
    (
        "QLF-032-own-for-another",
        "自理备案，企业却不是传输企业",
        TRADER,
        {"head/filingMode": "OWN", "undertaking": None},
    ),
    ("QLF-033-other-province", "天津的企业选了上海的海关", TRADER, {"enterprise/competentCustoms": "2210"}),
    ("QLF-033-unknown-head", "所在地海关为广东分署，无法核对（提示）", TRADER, {"enterprise/competentCustoms": "5000"}),
]
"""Samples that break one stateless rule: name, what is wrong, types applied for, what differs from a clean one."""


def spoil(block: Block, party: Party, edits: Edits) -> None:
    """Put what differs into an application of `party`."""
    for path, value in edits.items():
        edit(block, path, value(party) if callable(value) else value)


def broken() -> Iterator[tuple[str, str, list[Block]]]:
    """Samples that break a stateless rule."""
    for name, note, types, edits in RULES:
        block = filed_for(victim(name), types, bad_key(name))
        spoil(block, victim(name), edits)
        yield name, note, [block]
    own = application(DEMO, TRADER, key="BAD-QLF-020-account", sender=DEMO, sign="ACCOUNT")
    yield "QLF-020-account-without-form", "以账号申报未附备案信息表", [own]
    name = "QLF-032-agent-for-itself"
    itself = filed_for(victim(name), TRADER, bad_key(name))
    edit(itself, "enterprise", application(DEMO, TRADER, key=name, sender=DEMO)["enterprise"])
    yield name, "办理方式为代理，企业却是传输企业自己", [itself]


def bad_key(name: str) -> str:
    """The clientSeqNo of a bad sample."""
    return f"BAD-{name}"[:32].rstrip("-")


HOLDER = victim("QLF-101")
PENDING = victim("QLF-102")
EXCLUDED = victim("QLF-103", branch_of=TRADER_HANGZHOU)
EXPIRED_PARENT = victim("QLF-104-parent")
ORPHAN = victim("QLF-104", branch_of=EXPIRED_PARENT)
WRONG_PARENT = victim("QLF-104-kind", branch_of=TRADER_HANGZHOU)
TEMPORARY = victim("QLF-105")
PRETENDER = victim("QLF-106")
REPEATER = victim("QLF-130")


def refused_by_customs() -> Iterator[tuple[str, str, list[Block]]]:
    """Samples without a fault of their own, which customs' register speaks against."""
    cases: list[tuple[str, str, Party, Sequence[str], Sequence[str]]] = [
        ("QLF-101-already-held", "申请已备案的资质", HOLDER, TRADER, ()),
        ("QLF-102-under-application", "申请申请中的资质", PENDING, TRADER, ()),
        ("QLF-103-excluded-by-held", "已是收发货人，又申请分支机构", EXCLUDED, ("TRADER_BRANCH",), ()),
        ("QLF-104-parent-expired", "所属单位的资质已过期", ORPHAN, ("TRADER_BRANCH",), ()),
        ("QLF-104-parent-of-other-kind", "所属单位是收发货人而非报关企业", WRONG_PARENT, ("BROKER_BRANCH",), ()),
        ("QLF-105-temporary-valid", "临时备案有效期内申请收发货人", TEMPORARY, TRADER, ()),
        ("QLF-106-not-held", "声明已是收发货人，海关并无备案", PRETENDER, ("CBEC_ENTERPRISE",), TRADER),
        ("QLF-130-guid-used", "申请标识已存有不同内容", REPEATER, TRADER, ()),
    ]
    for name, note, party, types, held in cases:
        yield name, note, [filed_for(party, types, bad_key(name), held)]
