"""Sample messages that satisfy every rule, alone and all together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools import tiny_files
from tools.sample_blocks import (
    BEIJING,
    CHENGDU,
    CHONGQING,
    GUANGZHOU,
    HANGZHOU,
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
)

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
