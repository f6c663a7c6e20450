"""Samples of the change of what is on record (QLF111).

A change tells the whole record as it shall stand afterwards, so most of its mistakes are those of a filing: the bad
samples of QLF101 are made of it once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tools import identifiers
from tools.sample_bad import EXPIRED_PARENT, RULES, TRADER, Edits, bad_key, spoil, victim
from tools.sample_blocks import (
    CHENGDU,
    HANGZHOU,
    NINGBO,
    QINGDAO,
    SHANGHAI,
    Block,
    Party,
    application,
    declarant,
    edit,
    enterprise,
    filing_form,
    person,
    pick,
)
from tools.sample_clean import DEMO, filed_for
from tools.sample_known import UNIVERSITY, Sample

TRADER_CHENGDU = Party(
    key="trader", zh="示例工贸（成都）有限公司", en="Example Industry and Trade (Chengdu) Co., Ltd.", place=CHENGDU
)
BROKER_QINGDAO = Party(
    key="broker-qingdao",
    zh="示例报关（青岛）有限公司",
    en="Example Brokers (Qingdao) Co., Ltd.",
    place=QINGDAO,
    industry="5829",
)
EMPLOYER = Party(
    key="employer", zh="示例机电（上海）有限公司", en="Example Machinery (Shanghai) Co., Ltd.", place=SHANGHAI
)
MOVER = Party(key="mover", zh="示例家居（浙江）有限公司", en="Example Furnishings (Zhejiang) Co., Ltd.", place=HANGZHOU)


def enrolled(party: Party, serial: int) -> Block:
    """A declarant on record, with the number customs gave."""
    number = identifiers.number(f"enrolled:{party.key}:{serial}", 10**8)
    return declarant(party, serial) | {"declarantNo": f"{number:08d}"}


def to_add(who: Block) -> Block:
    """A declarant to be added."""
    return {"action": "ADD", **who}


def to_change(who: Block, **facts: str) -> Block:
    """A declarant on record, as told from now on."""
    return {"action": "CHANGE", **who, **facts}


def to_cancel(who: Block) -> Block:
    """A declarant on record who leaves; the number says who."""
    return {"action": "CANCEL", **pick(who, "name", "declarantNo")}


def as_change(filing: Block) -> Block:
    """The same record told by a change: the types are held already, the declarants are new."""
    added = [to_add(who) for who in filing["declarants"]["declarant"]]
    return filing | {
        "qualifications": {"heldType": filing["qualifications"]["type"]},
        "declarants": {"declarant": added},
    }


def own_by_card() -> Block:
    """Another address, another legal representative, other telephones; the declarants stay as they are."""
    party, new = TRADER_CHENGDU, person(TRADER_CHENGDU, "new-legal")
    block = as_change(application(party, ["TRADER", "CBEC_ENTERPRISE"], key="TRADER-2026-0021", sender=party))
    spoil(
        block,
        party,
        {
            "enterprise/address": f"{party.place.zh}示例大道8号",
            "enterprise/addressEn": f"8 Example Avenue, {party.place.en}",
            "enterprise/legalRepName": new["name"],
            "enterprise/legalRepDocNo": new["docNo"],
            "enterprise/contactPhone": identifiers.telephone("trader:new", party.place.area),
            "enterprise/contactMobile": identifiers.mobile("trader:new"),
            "declarants": None,
        },
    )
    return block


def own_by_account() -> Block:
    """Another contact; signed by account, so the stamped form is attached."""
    party, new = UNIVERSITY, person(UNIVERSITY, "new-contact")
    block = as_change(
        application(
            party,
            ["TEMPORARY"],
            key="TEMPORARY-2026-0022",
            sender=party,
            sign="ACCOUNT",
            attachments=[filing_form(party)],
        )
    )
    edits = {"contactName": new["name"], "contactMobile": new["mobile"]}
    spoil(block, party, {f"enterprise/{name}": value for name, value in edits.items()} | {"declarants": None})
    return block


def new_name() -> Block:
    """The demo enterprise files another's new name."""
    renamed = replace(
        BROKER_QINGDAO, zh="示例国际报关（青岛）有限公司", en="Example International Brokers (Qingdao) Co., Ltd."
    )
    return as_change(filed_for(renamed, ["BROKER"], "DEMO-2026-0023"))


def staff() -> Block:
    """One declarant comes, one has another mobile, one goes; a third on record is not named and stays."""
    block = as_change(filed_for(EMPLOYER, TRADER, "DEMO-2026-0024"))
    named = [
        to_add(declarant(EMPLOYER, 4)),
        to_change(enrolled(EMPLOYER, 1), mobile=identifiers.mobile("employer:new")),
        to_cancel(enrolled(EMPLOYER, 2)),
    ]
    edit(block, "declarants/declarant", named)
    return block


def moved(party: Party, key: str) -> Block:
    """An enterprise moves; the change goes to the customs it moves to (QLF-111). Its code stays."""
    block = as_change(filed_for(party, TRADER, key))
    code = pick(enterprise(party), "uscc", "organizationCode")
    edit(block, "enterprise", enterprise(replace(party, place=NINGBO)) | code)
    edit(block, "declarants", None)
    return block


def clean() -> Iterator[Sample]:
    """Samples that satisfy every rule; of one enterprise only one change can be under way, so each has its own."""
    for path, note, sender, block in (
        ("trader/21-change-by-card", "变更住所、法定代表人和联系电话，卡介质签名", TRADER_CHENGDU, own_by_card()),
        ("temporary/22-change-by-account", "变更联系人，账号签名，附备案信息表", UNIVERSITY, own_by_account()),
        ("23-change-for-another-entity", "为其他主体变更备案：企业名称", DEMO, new_name()),
        ("24-change-of-declarants", "新增、变更、取消报关人员各一名", DEMO, staff()),
        ("25-move-to-another-customs", "企业迁址，向变更后的海关提交", DEMO, moved(MOVER, "DEMO-2026-0025")),
    ):
        yield Sample(path=path, note=note, form="QLF111", sender=sender, block=block)


def draft() -> Sample:
    """A draft: little is filled in yet, not even who of the declarants goes."""
    block = as_change(application(DEMO, [], key="DEMO-2026-0026", sender=DEMO))
    spoil(
        block,
        DEMO,
        {
            "head/appStatus": "1",
            "enterprise": {"uscc": DEMO.uscc, "nameZh": DEMO.zh},
            "managers": None,
            "declarants/declarant": [{"action": "CANCEL"}],
        },
    )
    return Sample(path="draft/change", note="暂存：内容可以不完整", form="QLF111", sender=DEMO, block=block)


OF_FILINGS_ONLY = frozenset({"QLF-001", "QLF-002", "QLF-003", "QLF-004", "QLF-005", "QLF-006", "QLF-013"})
"""Rules that a change does not have, or that demand something else of it."""

STRANGER = enrolled(victim("QLF-013"), 1)

CHANGES: Mapping[str, tuple[str, Edits]] = {
    "QLF-001-change-of-nothing": ("没有填写现有资质类型", {"qualifications/heldType": []}),
    "QLF-001-change-type-twice": ("同一现有资质类型填写两次", {"qualifications/heldType": ["TRADER", "TRADER"]}),
    "QLF-013-change-no-action": ("报关人员没有办理事项", {"declarants/declarant/0/action": None}),
    "QLF-013-change-number-given": (
        "新增的报关人员填写了备案号",
        {"declarants/declarant": [to_add(STRANGER)]},
    ),
    "QLF-013-change-number-missing": (
        "变更、取消的报关人员没有备案号",
        {"declarants/declarant": [to_change(STRANGER) | {"declarantNo": None}, {"action": "CANCEL"}]},
    ),
    "QLF-013-change-number-twice": (
        "同一报关人员既变更又取消",
        {"declarants/declarant": [to_change(STRANGER), to_cancel(STRANGER)]},
    ),
    "QLF-013-change-nothing-told": (
        "新增、变更的报关人员各项未填",
        {"declarants/declarant": [{"action": "ADD"}, {"action": "CHANGE"}]},
    ),
    "QLF-030-change-unknown-action": ("办理事项代码不存在", {"declarants/declarant/0/action": "REMOVE"}),
}
"""Changes that break a rule in a way no filing can: name, what is wrong, what differs from a clean one."""


def broken() -> Iterator[tuple[str, str, Block]]:
    """Changes that break a stateless rule: name, what is wrong, the change."""
    cases = [
        (f"{name[:7]}-change{name[7:]}", f"变更申请中的同一错误：{note}", types, edits)
        for name, note, types, edits in RULES
        if name[:7] not in OF_FILINGS_ONLY
    ]
    cases += [(name, note, TRADER, edits) for name, (note, edits) in CHANGES.items()]
    for name, note, types, edits in cases:
        block = as_change(filed_for(victim(name), types, bad_key(name)))
        spoil(block, victim(name), edits)
        yield name, note, block
    name = "QLF-020-change-account-without-form"
    yield name, "以账号变更未附备案信息表", own_change(bad_key(name), sign="ACCOUNT")
    name = "QLF-032-change-agent-for-itself"
    itself = as_change(filed_for(victim(name), TRADER, bad_key(name)))
    edit(itself, "enterprise", own_change(name)["enterprise"])
    yield name, "办理方式为代理，企业却是传输企业自己", itself


def own_change(key: str, *, sign: str = "CARD") -> Block:
    """A change of the demo enterprise."""
    return as_change(application(DEMO, TRADER, key=key, sender=DEMO, sign=sign))


UNFILED = victim("QLF-110-unfiled")
EXPIRED = victim("QLF-110-expired")
OTHERWISE_FILED = victim("QLF-110-types")
CHANGING = victim("QLF-110-changing")
STAFFLESS = victim("QLF-115-staffless")
STAFFED = victim("QLF-115-staffed")
BRANCH_OF_EXPIRED = victim("QLF-104-change", branch_of=EXPIRED_PARENT)
MOVED = victim("QLF-111-moved")


def refused() -> Iterator[tuple[str, str, Block]]:
    """Changes without a fault of their own, which customs' register speaks against: name, why, the change."""
    cases: tuple[tuple[str, str, Party, Sequence[str], Sequence[Block]], ...] = (
        ("QLF-104-change-parent-expired", "变更为资质已过期的所属单位", BRANCH_OF_EXPIRED, ["TRADER_BRANCH"], ()),
        ("QLF-110-not-filed", "变更从未备案的企业", UNFILED, TRADER, ()),
        ("QLF-110-expired", "变更备案已过期的企业", EXPIRED, TRADER, ()),
        ("QLF-110-other-types", "现有资质类型与海关登记不符", OTHERWISE_FILED, ["BROKER"], ()),
        ("QLF-110-under-change", "前一份变更申请尚未办结", CHANGING, TRADER, ()),
        ("QLF-115-not-enrolled", "取消海关没有登记的报关人员", STAFFLESS, TRADER, [to_cancel(STRANGER)]),
        ("QLF-115-enrolled-already", "新增已登记的报关人员", STAFFED, TRADER, [to_add(declarant(STAFFED, 1))]),
    )
    for name, note, party, types, named in cases:
        block = as_change(filed_for(party, types, bad_key(name)))
        edit(block, "declarants", {"declarant": list(named)} if named else None)
        yield name, note, block


def warned() -> Iterator[tuple[str, str, Block]]:
    """Changes that customs takes with a warning: name, of what, the change."""
    name = "QLF-111-another-customs"
    yield name, "所在地海关与登记不同，由变更后的海关审核（仅提示）", moved(MOVED, bad_key(name))


def changes() -> Iterator[Sample]:
    """All samples of this message."""
    yield from clean()
    yield draft()
    for group in (broken(), refused(), warned()):
        for name, note, block in group:
            yield Sample(path=f"bad/{name}", note=note, form="QLF111", sender=DEMO, block=block)
