#!/usr/bin/env python3
"""Write `schemas/qlf/samples`: messages that satisfy every rule, and in `bad/` one for each way to break one.

All are unsigned and sent by the demo enterprise. `register.json` is what customs must hold beforehand,
`parties.json` names the two enterprises that sign.

    python tools/make_samples.py            write what has changed
    python tools/make_samples.py --check    write nothing; exit 1 if a file is missing, stale or superfluous
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import identifiers
import tiny_files
from sample_blocks import (
    BEIJING,
    CHENGDU,
    CHONGQING,
    GUANGZHOU,
    HANGZHOU,
    LONG_TERM,
    NINGBO,
    PASSPORT,
    QINGDAO,
    SHANGHAI,
    SHENZHEN,
    TIANJIN,
    XIAMEN,
    ZHENGZHOU,
    Block,
    Party,
    application,
    attachment,
    declarant,
    edit,
    filing_form,
    investor,
    licence,
    manager,
    message,
    xml,
)

SAMPLES = Path(__file__).resolve().parent.parent / "schemas" / "qlf" / "samples"

DEMO = Party(key="demo", zh="示例贸易（北京）有限公司", en="Example Trading (Beijing) Co., Ltd.", place=BEIJING)
AGENT = Party(
    key="agent",
    zh="示例报关（上海）有限公司",
    en="Example Customs Brokers (Shanghai) Co., Ltd.",
    place=SHANGHAI,
    industry="5829",
)

# Enterprises that customs knows already, because clean samples lean on them.
BROKER_NINGBO = Party(
    key="broker-ningbo",
    zh="示例报关（宁波）有限公司",
    en="Example Brokers (Ningbo) Co., Ltd.",
    place=NINGBO,
    industry="5829",
)
TRADER_HANGZHOU = Party(
    key="trader-hangzhou",
    zh="示例进出口（杭州）有限公司",
    en="Example Import and Export (Hangzhou) Co., Ltd.",
    place=HANGZHOU,
)
CBEC_GUANGZHOU = Party(
    key="cbec-guangzhou",
    zh="示例跨境电商（广州）有限公司",
    en="Example Cross-Border Commerce (Guangzhou) Co., Ltd.",
    place=GUANGZHOU,
    industry="5193",
)
CBEC_SHENZHEN = Party(
    key="cbec-shenzhen",
    zh="示例电商代理（深圳）有限公司",
    en="Example Commerce Agents (Shenzhen) Co., Ltd.",
    place=SHENZHEN,
)

HEADING = """<?xml version="1.0" encoding="UTF-8"?>
<!--
  {note}
  虚构数据，仅供测试；不是海关的官方报文格式。 Invented data for tests; not the official format of customs.
-->
"""


def file(note: str, body: str) -> str:
    """A sample file: declaration, what it shows, the message."""
    return f"{HEADING.format(note=note)}{body}\n"


# ------------------------------------------------------------------ clean samples


def courier_papers(party: Party) -> tuple[list[Block], list[Block]]:
    """Courier licence, entered and attached as a photograph."""
    return [licence("COURIER", party, "2028-06-30")], [
        attachment("COURIER_LICENCE", "快递业务经营许可证.jpg", tiny_files.jpeg())
    ]


def payment_papers(party: Party, kind: str) -> tuple[list[Block], list[Block]]:
    """The licence of a payment enterprise: financial for a bank, payment for others."""
    name = {"FINANCIAL": "金融许可证.png", "PAYMENT": "支付业务许可证.PNG"}[kind]
    return [licence(kind, party)], [attachment(f"{kind}_LICENCE", name, tiny_files.png())]


def filed_for(party: Party, types: Sequence[str], key: str, held: Sequence[str] = ()) -> Block:
    """An application the demo enterprise files for another, with all the papers its types need."""
    licences: list[Block] = []
    attachments = [filing_form(party)]
    papers = [courier_papers(party)] if "CBEC_LOGISTICS" in types else []
    if "CBEC_PAYMENT" in types:
        papers.append(payment_papers(party, "FINANCIAL" if party.industry == "6621" else "PAYMENT"))
    for entered, attached in papers:
        licences += entered
        attachments += attached
    return application(party, types, key=key, held=held, sender=DEMO, licences=licences, attachments=attachments)


def own_platform() -> Block:
    """An own filing by account; the form is a photograph."""
    form = attachment("FILING_FORM", "报关单位备案信息表.jpeg", tiny_files.jpeg())
    return application(DEMO, ["CBEC_PLATFORM"], key="DEMO-2026-0008", sender=DEMO, sign="ACCOUNT", attachments=[form])


def own_logistics() -> Block:
    """An own filing by account with one attachment of each kind of file."""
    entered, attached = courier_papers(DEMO)
    extra = [
        attachment("OTHER", "公章.gif", tiny_files.gif()),
        attachment("UNDERTAKING", "承诺书.png", tiny_files.png()),
    ]
    return application(
        DEMO,
        ["CBEC_LOGISTICS"],
        key="DEMO-2026-0015",
        sender=DEMO,
        sign="ACCOUNT",
        licences=entered,
        attachments=[filing_form(DEMO), *attached, *extra],
    )


def foreign_invested() -> Block:
    """A foreign-invested enterprise: investors, two declarants, a legal representative with a passport."""
    party = Party(
        key="foreign-shanghai",
        zh="示例外资贸易（上海）有限公司",
        en="Example Foreign-Invested Trading (Shanghai) Co., Ltd.",
        place=SHANGHAI,
        entity="5130",
    )
    block = application(
        party,
        ["TRADER"],
        key="DEMO-2026-0014",
        sender=DEMO,
        investors=[
            investor("EXAMPLE HOLDINGS PTE. LTD.", "SGP", "USD", "100.5"),
            investor("Muster Beteiligungs GmbH", "DEU", "EUR", "50"),
        ],
        attachments=[filing_form(party)],
    )
    edit(block, "declarants/declarant", [declarant(party, 1), declarant(party, 2)])
    for name, value in (
        ("Name", "SAMPLE PERSON"),
        ("Nationality", "SGP"),
        ("DocType", PASSPORT),
        ("DocNo", "X0000000X"),
    ):
        edit(block, f"enterprise/legalRep{name}", value)
    return block


def single_types() -> Iterator[tuple[str, str, Block]]:
    """One application for each qualification type: token, what it shows, the application."""
    broker = Party(
        key="broker-tianjin", zh="示例报关（天津）有限公司", en="Example Brokers (Tianjin) Co., Ltd.", place=TIANJIN
    )
    broker_branch = Party(
        key="broker-beilun",
        zh="示例报关（宁波）有限公司北仑分公司",
        en="Example Brokers (Ningbo) Co., Ltd., Beilun Branch",
        place=NINGBO,
        entity="2130",
        organisation="219",
        parent=BROKER_NINGBO,
    )
    trader_branch = Party(
        key="trader-yuhang",
        zh="示例进出口（杭州）有限公司余杭分公司",
        en="Example Import and Export (Hangzhou) Co., Ltd., Yuhang Branch",
        place=HANGZHOU,
        entity="2130",
        organisation="219",
        parent=TRADER_HANGZHOU,
    )
    university = Party(
        key="university",
        zh="示例大学（郑州）",
        en="Example University (Zhengzhou)",
        place=ZHENGZHOU,
        kind="12",
        entity="9900",
        organisation="121",
        industry="8341",
    )
    logistics = Party(
        key="logistics",
        zh="示例物流（重庆）有限公司",
        en="Example Logistics Co., Ltd.",
        place=CHONGQING,
        industry="6020",
    )
    b2b = Party(
        key="b2b", zh="示例供应链（青岛）有限公司", en="Example Supply Chain Co., Ltd.", place=QINGDAO, industry="5821"
    )
    payment = Party(
        key="payment", zh="示例支付（上海）有限公司", en="Example Payment Co., Ltd.", place=SHANGHAI, industry="6930"
    )
    site = Party(
        key="site", zh="示例监管场所（成都）有限公司", en="Example Site Co., Ltd.", place=CHENGDU, industry="5990"
    )
    own = application(DEMO, ["TRADER"], key="DEMO-2026-0002", sender=DEMO)
    others = "为其他主体备案"
    yield "BROKER", f"{others}：报关企业", filed_for(broker, ["BROKER"], "DEMO-2026-0001")
    yield "TRADER", "自理，法人卡签名，无需附件：进出口货物收发货人", own
    yield "BROKER_BRANCH", f"{others}：报关企业分支机构", filed_for(broker_branch, ["BROKER_BRANCH"], "DEMO-2026-0003")
    yield "TRADER_BRANCH", f"{others}：收发货人分支机构", filed_for(trader_branch, ["TRADER_BRANCH"], "DEMO-2026-0004")
    yield "TEMPORARY", f"{others}：临时备案单位，有效期一年", filed_for(university, ["TEMPORARY"], "DEMO-2026-0005")
    yield (
        "CBEC_ENTERPRISE",
        f"{others}：跨境电子商务企业，已是收发货人",
        filed_for(CBEC_GUANGZHOU, ["CBEC_ENTERPRISE"], "DEMO-2026-0006", ["TRADER"]),
    )
    yield (
        "CBEC_AGENT",
        f"{others}：境内代理人，已是收发货人",
        filed_for(CBEC_SHENZHEN, ["CBEC_AGENT"], "DEMO-2026-0007", ["TRADER"]),
    )
    yield "CBEC_PLATFORM", "自理，账号签名，附备案信息表：平台企业", own_platform()
    yield (
        "CBEC_LOGISTICS",
        f"{others}：物流企业，附快递许可证",
        filed_for(logistics, ["CBEC_LOGISTICS"], "DEMO-2026-0009"),
    )
    yield "CBEC_LOGISTICS_B2B", f"{others}：物流企业（仅B2B）", filed_for(b2b, ["CBEC_LOGISTICS_B2B"], "DEMO-2026-0010")
    yield "CBEC_PAYMENT", f"{others}：支付企业，非银行机构", filed_for(payment, ["CBEC_PAYMENT"], "DEMO-2026-0011")
    yield "CBEC_SITE", f"{others}：监管场所运营人", filed_for(site, ["CBEC_SITE"], "DEMO-2026-0012")


def clean() -> Iterator[tuple[str, str, list[Block]]]:
    """Clean messages: file name without ending, what they show, their applications."""
    for serial, (token, note, block) in enumerate(single_types(), 1):
        yield f"{serial:02d}-{token}", note, [block]
    several = Party(key="several", zh="示例综合电商（厦门）有限公司", en="Example Commerce Co., Ltd.", place=XIAMEN)
    types = ["TRADER", "CBEC_ENTERPRISE", "CBEC_LOGISTICS"]
    yield "13-several-types", "一份申请备案三种资质", [filed_for(several, types, "DEMO-2026-0013")]
    yield "14-for-another-entity", "为其他主体备案：外商投资企业，含出资者和报关人员", [foreign_invested()]
    yield "15-account-with-attachments", "自理，账号签名，附件含四种文件格式", [own_logistics()]
    food = Party(key="food", zh="示例食品进出口（青岛）有限公司", en="Example Foods Co., Ltd.", place=QINGDAO)
    firm = Party(key="firm", zh="示例报关行（深圳）有限公司", en="Example Brokers (Shenzhen) Co., Ltd.", place=SHENZHEN)
    bank = Party(key="bank", zh="示例银行（北京）有限公司", en="Example Bank Co., Ltd.", place=BEIJING, industry="6621")
    yield (
        "16-three-applications",
        "一个报文三份申请",
        [
            filed_for(food, ["TRADER"], "DEMO-2026-0016-1"),
            filed_for(firm, ["BROKER"], "DEMO-2026-0016-2"),
            filed_for(bank, ["CBEC_PAYMENT"], "DEMO-2026-0016-3"),
        ],
    )


def draft() -> Block:
    """A draft: little is filled in yet, and that is all right."""
    party = Party(key="draft", zh="示例暂存（成都）有限公司", en="Example Draft Co., Ltd.", place=CHENGDU)
    block = application(party, [], key="DEMO-2026-0017", sender=DEMO)
    edit(block, "head/appStatus", "1")
    for name in ("managers", "declarants", "undertaking"):
        edit(block, name, None)
    keep = ("uscc", "nameZh", "adminDivision")
    edit(block, "enterprise", {name: value for name, value in block["enterprise"].items() if name in keep})
    return block


# ------------------------------------------------------------------ samples that break a rule


def victim(name: str, **changes: Any) -> Party:
    """The applicant of a bad sample; each has one of its own."""
    values = {
        "zh": f"示例反例（{name}）有限公司",
        "en": f"Example Mistake {name} Co., Ltd.",
        "place": TIANJIN,
    } | changes
    return Party(key=name.lower(), **values)


Edits = Mapping[str, Any]

FIRST = "attachments/attachment/0"
COMPANION = [licence("COURIER", DEMO, "2028-06-30")]
PICTURE = attachment("OTHER", "公章.pdf", tiny_files.gif())
BMP = attachment("OTHER", "公章.bmp", tiny_files.png())
OUTSIDE = attachment("OTHER", "../公章.png", tiny_files.png())
BRANCH = {"enterprise/parentUscc": TRADER_HANGZHOU.uscc, "enterprise/parentName": TRADER_HANGZHOU.zh}
BROKERS_BRANCH = {"enterprise/parentUscc": BROKER_NINGBO.uscc, "enterprise/parentName": BROKER_NINGBO.zh}
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
        "QLF-008-many-missing",
        "多个必填项未填：住所、法定代表人证件、管理人员姓名",
        TRADER,
        {
            "enterprise/address": None,
            "enterprise/legalRepDocType": None,
            "enterprise/legalRepDocNo": None,
            "managers/manager/0/name": None,
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
        "QLF-030-old-codes",
        "沿用旧代码：国别142、币制142、行业1521a",
        TRADER,
        {
            "enterprise/legalRepNationality": "142",
            "enterprise/industry": "1521a",
            "investors": {"investor": [investor("示例投资有限公司", "CHN", "142", "1000")]},
        },
    ),
    ("QLF-031-uscc-check-character", "统一社会信用代码校验码错误", TRADER, {"enterprise/uscc": "91120116XX0000007A"}),
    ("QLF-031-uscc-alphabet", "统一社会信用代码含字母O", TRADER, {"enterprise/parentUscc": None}),
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


def broken() -> Iterator[tuple[str, str, list[Block]]]:
    """Samples that break a stateless rule."""
    for name, note, types, edits in RULES:
        block = filed_for(victim(name), types, bad_key(name))
        for path, value in edits.items():
            edit(block, path, value)
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
EXCLUDED = victim("QLF-103", entity="2130", organisation="219", parent=TRADER_HANGZHOU)
EXPIRED_PARENT = victim("QLF-104-parent")
ORPHAN = victim("QLF-104", entity="2130", organisation="219", parent=EXPIRED_PARENT)
WRONG_PARENT = victim("QLF-104-kind", entity="2130", organisation="219", parent=TRADER_HANGZHOU)
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


# ------------------------------------------------------------------ what customs knows beforehand


def known(party: Party, *types: str, pending: Sequence[str] = (), **dates: str) -> Block:
    """An enterprise in customs' register."""
    validity = {"validFrom": "2022-01-01", "validUntil": LONG_TERM} | dates
    return {
        "uscc": party.uscc,
        "nameZh": party.zh,
        "competentCustoms": party.place.customs,
        "adminDivision": party.place.division,
        "qualifications": [
            {"type": token, "filingCode": None if token.startswith("CBEC_") else party.filing_code, **validity}
            for token in types
        ],
        "pending": list(pending),
    }


def register() -> Block:
    """The register that clean samples lean on and bad ones run into."""
    guid = identifiers.guid(f"application:{bad_key('QLF-130-guid-used')}")
    return {
        "enterprises": [
            known(BROKER_NINGBO, "BROKER"),
            known(TRADER_HANGZHOU, "TRADER"),
            known(CBEC_GUANGZHOU, "TRADER"),
            known(CBEC_SHENZHEN, "TRADER"),
            known(HOLDER, "TRADER"),
            known(PENDING, pending=["TRADER"]),
            known(EXCLUDED, "TRADER"),
            known(EXPIRED_PARENT, "TRADER", validUntil="2024-12-31"),
            known(ORPHAN),
            known(WRONG_PARENT),
            known(TEMPORARY, "TEMPORARY", validFrom="-30d", validUntil="+335d"),
            known(PRETENDER, "CBEC_PLATFORM"),
            known(REPEATER),
        ],
        "stored": [{"guid": guid, "digest": hashlib.sha256(b"another content").hexdigest()}],
    }


def parties() -> Block:
    """The enterprises that sign, and the people who hold their cards and accounts."""
    roles = {"legalPerson": "legal", "operator": "operator", "account": "account"}
    return {
        party.key: {"uscc": party.uscc, "nameZh": party.zh, "nameEn": party.en}
        | {name: party.person(role) for name, role in roles.items()}
        for party in (DEMO, AGENT)
    }


# ------------------------------------------------------------------ answers to the samples


def receipt(serial: str, status: str, info: str, **more: Any) -> str:
    """A receipt for the second clean sample."""
    head = {
        "guid": identifiers.guid("application:DEMO-2026-0002"),
        "applicationNo": "202600000000000002",
        "clientSeqNo": "DEMO-2026-0002",
        "competentCustoms": DEMO.place.customs,
        "returnStatus": status,
        "returnTime": f"20261120{serial}",
        "returnInfo": info,
    }
    return xml("QLF102Message", "urn:edi-customs:qlf:1", identifiers.guid(f"receipt:{serial}"), {"QLF102": head | more})


def answer(result: str, code: str, **more: Any) -> str:
    """A technical answer to the second clean sample."""
    head = {
        "gateway": "EDIGATEWAY000001",
        "channel": "demo",
        "fileName": "02-TRADER.xml",
        "receivedAt": "20261120093001000",
        "result": result,
        "responseCode": code,
        "messageType": "QLF101Message",
        "messageGuid": identifiers.guid("message:02-TRADER"),
    }
    chain = {"chain": {"seq": "1", "head": hashlib.sha256(b"first event").hexdigest()}}
    return xml("TechnicalAnswer", "urn:edi-customs:answer:1", identifiers.guid(f"answer:{result}"), head | more | chain)


FINDING = {
    "code": "QLF-010",
    "severity": "error",
    "path": "/QLF101Message/QLF101/managers",
    "line": "66",
    "found": "CUSTOMS_MANAGER",
    "expected": "一名财务负责人 / one finance manager",
    "zh": "备案“TRADER”必须填写财务负责人，未填写。请增加一名 FINANCE_MANAGER。",
    "en": '"TRADER" needs a finance manager; there is none. Add a manager of type FINANCE_MANAGER.',
    "ground": "单一窗口用户手册《行政相对人统一管理》5.1.1.2",
}


def answers() -> Iterator[tuple[str, str, str]]:
    """Receipts and technical answers: path, what they show, the message."""
    granted = {"type": "TRADER", "filingCode": DEMO.filing_code, "validFrom": "2026-11-20", "validUntil": LONG_TERM}
    staff = declarant(DEMO, 1)
    enrolled = {"name": staff["name"], "docNo": staff["docNo"], "declarantNo": "1101000001"}
    results = {
        "qualification": [granted],
        "declarant": [enrolled],
        "localCiqOrg": "示例海关",
        "enterpriseType": "示例类型",
    }
    taken = {
        "guid": identifiers.guid("application:DEMO-2026-0002"),
        "applicationNo": "202600000000000002",
        "clientSeqNo": "DEMO-2026-0002",
        "status": "SUBMITTED",
        "statusText": "申报成功",
    }
    refusal = {"opinion": "同一资质的申请尚在办理中。", "findings": {"finding": [FINDING | {"code": "QLF-102"}]}}
    refusal["findings"] = {
        "finding": [
            {
                "code": "QLF-102",
                "severity": "error",
                "found": "TRADER",
                "zh": "资质“TRADER”正在申请中，不可再次申请。请等待审批结果。",
                "en": '"TRADER" is under application already. Wait for the decision.',
                "ground": "单一窗口用户手册《行政相对人统一管理》5.1.1",
            }
        ]
    }
    yield "receipts/lodged.xml", "业务回执：海关入库成功", receipt("093005000", "120", "海关入库成功，请等待审核")
    yield "receipts/refused.xml", "业务回执：海关不予受理", receipt("093006000", "100", "海关不予受理", **refusal)
    yield (
        "receipts/approved.xml",
        "业务回执：审批通过",
        receipt("153000000", "399", "审批通过", opinion="予以备案。", results=results),
    )
    yield "answers/accepted.xml", "技术回执：已接收", answer("ACCEPTED", "0000", applications={"application": [taken]})
    yield "answers/refused.xml", "技术回执：已退回", answer("REFUSED", "0999", findings={"finding": [FINDING]})


# ------------------------------------------------------------------ files


def wanted() -> dict[Path, str]:
    """Every file that ought to exist, with its text."""
    files = {}
    for folder, group in (("", clean()), ("bad", broken()), ("bad", refused_by_customs())):
        for name, note, blocks in group:
            files[SAMPLES / folder / f"{name}.xml"] = file(note, message(name, DEMO, blocks))
    files[SAMPLES / "draft" / "incomplete.xml"] = file("暂存：内容可以不完整", message("draft", DEMO, [draft()]))
    for path, note, body in answers():
        files[SAMPLES / path] = file(note, body)
    for name, content in (("register", register()), ("parties", parties())):
        files[SAMPLES / f"{name}.json"] = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    return files


def stale(files: Mapping[Path, str]) -> list[Path]:
    """Files that are missing, differ, or are no longer made."""
    differing = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    present = {path for ending in ("xml", "json") for path in SAMPLES.rglob(f"*.{ending}")}
    return differing + sorted(present - set(files))


def main() -> int:
    """Run the tool; the exit code for the shell."""
    parser = argparse.ArgumentParser(description="make schemas/qlf/samples")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything is stale")
    check = parser.parse_args().check
    files = wanted()
    out_of_date = stale(files)
    for path in out_of_date:
        print(f"{'stale' if check else 'written' if path in files else 'removed'}: {path.relative_to(SAMPLES)}")
    if check:
        return 1 if out_of_date else 0
    for path in out_of_date:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
