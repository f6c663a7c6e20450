"""Building blocks of sample messages: invented parties and the blocks of an application about them.

Every name, number and file is invented. A block is a mapping in the order of the schema; an entry that
is None is left out, a list repeats its element.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tools import identifiers, tiny_files

Block = dict[str, Any]

LONG_TERM = "2099-12-31"
CHINA = "CHN"
RESIDENT_CARD = "111"
PASSPORT = "414"


@dataclass(frozen=True)
class Place:
    """Where an enterprise sits, and the customs of that place."""

    division: str
    customs: str
    postcode: str
    area: str
    zh: str
    en: str


BEIJING = Place("110105", "0117", "100020", "010", "北京市朝阳区", "Chaoyang District, Beijing")
TIANJIN = Place("120116", "0202", "300450", "022", "天津市滨海新区", "Binhai New Area, Tianjin")
SHANGHAI = Place("310115", "2210", "200120", "021", "上海市浦东新区", "Pudong New Area, Shanghai")
HANGZHOU = Place("330110", "2918", "311100", "0571", "浙江省杭州市余杭区", "Yuhang District, Hangzhou, Zhejiang")
NINGBO = Place("330206", "3104", "315800", "0574", "浙江省宁波市北仑区", "Beilun District, Ningbo, Zhejiang")
XIAMEN = Place("350206", "3714", "361006", "0592", "福建省厦门市湖里区", "Huli District, Xiamen, Fujian")
QINGDAO = Place("370211", "4218", "266555", "0532", "山东省青岛市黄岛区", "Huangdao District, Qingdao, Shandong")
ZHENGZHOU = Place("410184", "4612", "451150", "0371", "河南省郑州市新郑市", "Xinzheng, Zhengzhou, Henan")
GUANGZHOU = Place("440115", "5169", "511455", "020", "广东省广州市南沙区", "Nansha District, Guangzhou, Guangdong")
SHENZHEN = Place("440305", "5304", "518067", "0755", "广东省深圳市南山区", "Nanshan District, Shenzhen, Guangdong")
CHONGQING = Place("500112", "8012", "401120", "023", "重庆市渝北区", "Yubei District, Chongqing")
CHENGDU = Place("510116", "7916", "610200", "028", "四川省成都市双流区", "Shuangliu District, Chengdu, Sichuan")


@dataclass(frozen=True, kw_only=True)
class Party:
    """An invented enterprise."""

    key: str
    zh: str
    en: str
    place: Place
    kind: str = "91"
    entity: str = "1130"
    organisation: str = "111"
    industry: str = "5181"
    parent: Party | None = None

    @property
    def uscc(self) -> str:
        """Unified social credit code."""
        return identifiers.uscc(self.key, self.place.division, self.kind)

    def person(self, role: str) -> str:
        """Name of one of its people: a common surname and a given name that says "example"."""
        given = {"legal": "示例", "operator": "样本", "account": "演示", "customs": "样例", "finance": "演算"}
        surname = "张李王赵陈刘杨黄周吴"[identifiers.number(f"{role} of {self.key}", 10)]
        return surname + given.get(role, "模拟")

    def filing_code(self, qualification: str) -> str | None:
        """Its customs filing code: division, economic zone 9, nature, serial number; CBEC types have none."""
        if qualification.startswith("CBEC_"):
            return None
        nature = {"BROKER": "8", "BROKER_BRANCH": "8", "TEMPORARY": "9"}.get(qualification, "6")
        return f"{self.place.division[:4]}9{nature}{identifiers.number(f'filing:{self.key}', 10**4):04d}"


def person(party: Party, role: str) -> Block:
    """What is told of a Chinese person, in no particular order."""
    key = f"{party.key}:{role}"
    return {
        "name": party.person(role),
        "docType": RESIDENT_CARD,
        "docNo": identifiers.resident_id(key),
        "nationality": CHINA,
        "mobile": identifiers.mobile(key),
    }


def pick(source: Block, *names: str) -> Block:
    """Entries of `source` in the order named; None where there is none."""
    return {name: source.get(name) for name in names}


def enterprise(party: Party) -> Block:
    """The block about the enterprise, with every field an applicant can fill in."""
    place, legal, contact = party.place, person(party, "legal"), person(party, "contact")
    parent = party.parent
    return {
        "uscc": party.uscc,
        "adminDivision": place.division,
        "competentCustoms": place.customs,
        "statEconomicZone": "9",
        "postcode": place.postcode,
        "nameZh": party.zh,
        "nameEn": party.en,
        "address": f"{place.zh}示例路{1 + identifiers.number(party.key, 999)}号",
        "addressEn": f"{1 + identifiers.number(party.key, 999)} Example Road, {place.en}",
        "marketEntityType": party.entity,
        "organizationType": party.organisation,
        "industry": party.industry,
        "legalRepName": legal["name"],
        "legalRepNationality": legal["nationality"],
        "legalRepDocType": legal["docType"],
        "legalRepDocNo": legal["docNo"],
        "contactName": contact["name"],
        "contactPhone": identifiers.telephone(party.key, place.area),
        "contactMobile": contact["mobile"],
        "email": f"{party.key}@example.com",
        "fax": identifiers.telephone(f"{party.key}:fax", place.area),
        "website": f"https://{party.key}.example.com/",
        "parentUscc": parent.uscc if parent else None,
        "parentName": parent.zh if parent else None,
        "ciqEnterpriseType": "99",
        "organizationCode": identifiers.organisation_code(party.uscc),
        "economicZone": "示例经济区",
    }


def manager(party: Party, kind: str) -> Block:
    """A customs manager or a finance manager."""
    role = {"CUSTOMS_MANAGER": "customs", "FINANCE_MANAGER": "finance"}[kind]
    return {"managerType": kind, **pick(person(party, role), "name", "docType", "docNo", "nationality", "mobile")}


def declarant(party: Party, serial: int) -> Block:
    """A declarant; the filing number is for customs to give."""
    who = person(party, f"declarant{serial}")
    return {**pick(who, "name", "docType", "docNo", "mobile", "nationality"), "declarantNo": None}


def investor(name: str, nationality: str, currency: str, amount: str) -> Block:
    """An investor; the amount is in units of 10,000."""
    return {"name": name, "nationality": nationality, "currency": currency, "amount": amount}


def licence(kind: str, party: Party, until: str = LONG_TERM) -> Block:
    """An external licence."""
    authority = {"COURIER": "示例邮政管理局", "FINANCIAL": "示例金融监督管理局", "PAYMENT": "示例人民银行"}[kind]
    serial = identifiers.number(f"licence:{party.key}", 10**6)
    return {"licenceType": kind, "licenceNo": f"示例许字第{serial:06d}号", "authority": authority, "validUntil": until}


def attachment(kind: str, name: str, content: bytes) -> Block:
    """An attached file."""
    return {"attachmentType": kind, "fileName": name, "content": base64.b64encode(content).decode()}


def filing_form(party: Party) -> Block:
    """The stamped filing form as a PDF."""
    lines = (
        "报关单位备案信息表（示例）",
        f"企业名称：{party.zh}",
        f"统一社会信用代码：{party.uscc}",
        "仅供测试 / for tests only",
    )
    return attachment("FILING_FORM", "报关单位备案信息表.pdf", tiny_files.pdf(lines))


def head(key: str, *, sign: str = "CARD", own: bool = True) -> Block:
    """The head of a new application that is submitted."""
    return {
        "guid": identifiers.guid(f"application:{key}"),
        "appType": "1",
        "appTime": "20261120093000",
        "appStatus": "2",
        "clientSeqNo": key,
        "applicationNo": None,
        "filingMode": "OWN" if own else "AGENT",
        "signMode": sign,
    }


def application(
    party: Party,
    types: Sequence[str],
    *,
    key: str,
    held: Sequence[str] = (),
    sender: Party,
    sign: str = "CARD",
    investors: Sequence[Block] = (),
    licences: Sequence[Block] = (),
    attachments: Sequence[Block] = (),
) -> Block:
    """An application with every block filled in; an own filing if the party is the sender."""
    own = party == sender
    undertaking = {"accepted": "true", "agentUscc": sender.uscc, "agentName": sender.zh}
    return {
        "head": head(key, sign=sign, own=own),
        "qualifications": {"type": list(types), "heldType": list(held)},
        "undertaking": None if own else undertaking,
        "enterprise": enterprise(party),
        "managers": {"manager": [manager(party, "CUSTOMS_MANAGER"), manager(party, "FINANCE_MANAGER")]},
        "investors": {"investor": list(investors)} if investors else None,
        "declarants": {"declarant": [declarant(party, 1)]},
        "licences": {"licence": list(licences)} if licences else None,
        "attachments": {"attachment": list(attachments)} if attachments else None,
    }


def message(key: str, sender: Party, applications: Iterable[Block], form: str = "QLF101") -> str:
    """A message of a form, unsigned."""
    transfer = {"copCode": sender.uscc, "copName": sender.zh, "dxpMode": "DXP", "dxpId": "DXPENT0000000001"}
    body = {form: list(applications), "BaseTransfer": transfer}
    return xml(f"{form}Message", "urn:edi-customs:qlf:1", identifiers.guid(f"message:{key}"), body)


def xml(root: str, namespace: str, guid: str, body: Block) -> str:
    """A message as indented XML, without its declaration."""
    attributes = f"xmlns={quoteattr(namespace)} guid={quoteattr(guid)}"
    return "\n".join([f'<{root} {attributes} version="1.0">', *_lines(body, "  "), f"</{root}>"])


def _lines(block: Block, indent: str) -> Iterable[str]:
    for name, entry in block.items():
        for value in entry if isinstance(entry, list) else [entry]:
            if isinstance(value, dict):
                yield f"{indent}<{name}>"
                yield from _lines(value, f"{indent}  ")
                yield f"{indent}</{name}>"
            elif value is not None:
                yield f"{indent}<{name}>{escape(value)}</{name}>"


def edit(block: Block, path: str, value: object) -> None:
    """Set the entry at a path such as `managers/manager/1/name`; None takes it out."""
    *steps, last = path.split("/")
    place: Any = block
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        if last not in place:
            raise KeyError(f"{path}: the block has no such entry")
        place[last] = value
