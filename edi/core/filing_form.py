"""The form 《报关单位备案信息表》 of a filing (QLF101) or a change (QLF111), as it is printed for the seal.

Source: manual 《行政相对人统一管理》 5.1.1.6: the form of a draft is printed, sealed, scanned and attached. The manual
does not show the form; its layout is this project's own, its fields are those of the manual's section 2.3.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edi.core.node import Node
from edi.core.qualification import Qualification
from edi.core.sheet import Choice, Choices, Column, Field, FieldWords, Grid, Note, Part, SealField, Sheet, Table
from edi.core.times import LONG_TERM

TITLE = "报关单位备案信息表"

_DRAFT = "暂存　草稿"
_STATEMENT = "本单位保证以上所填报的内容真实、准确、完整、有效，并承担相应的法律责任。"
_UNDERTAKING = (
    "本企业受上述单位委托代为办理备案，承诺已核对其所提供的材料，对所填报内容的真实性、完整性承担相应的法律责任。"
)
_FOOTER = "本表由本系统按所填数据生成，格式为本项目自行制定，不是海关的官方表格。"
_DATE = "日期：　　　　年　　　月　　　日"


_ENTERPRISE = (
    "nameZh", "nameEn", "uscc", "organizationCode", "competentCustoms", "adminDivision", "address", "addressEn",
    "postcode", "statEconomicZone", "economicZone", "marketEntityType", "organizationType", "industry",
    "ciqEnterpriseType", "legalRepName", "legalRepNationality", "legalRepDocType", "legalRepDocNo", "contactName",
    "contactPhone", "contactMobile", "fax", "email", "website", "parentUscc", "parentName",
)  # fmt: skip
"""Fields of the enterprise in the order of the paper."""
_WIDE = frozenset({"nameZh", "nameEn", "address", "addressEn", "website"})
_WORDS_ALONE = frozenset({"managerType", "licenceType", "action", "filingMode", "accepted"})
"""Codes that are tokens of this project: only their meaning is printed."""
_BLOCKS = (
    ("管理人员信息", "managers/manager", {"managerType": 1.4, "name": 1.4, "docType": 1.5, "docNo": 2, "nationality": 1.2, "mobile": 1.5}),
    ("出资者信息", "investors/investor", {"name": 3.2, "nationality": 1.5, "amount": 1.4, "currency": 1.3}),
    ("报关人员信息", "declarants/declarant", {"name": 1.2, "docType": 1.6, "docNo": 2.15, "nationality": 1.1, "mobile": 1.4, "declarantNo": 1.55}),
    ("外部资质信息", "licences/licence", {"licenceType": 2, "licenceNo": 2.4, "authority": 2.4, "validUntil": 1.3}),
)  # fmt: skip
"""Tables: title, path of a row, fields with their share of the width."""


def filing_sheet(node: Node, application_no: str, status_text: str, words: FieldWords) -> Sheet:
    """The paper of a filing (QLF101), finished or not; what is not filled in stays blank.

    `application_no` and `status_text` are what the system says of the application, empty where it says nothing.
    """
    return _sheet(node, "备案", "type", application_no, status_text, words)


def change_sheet(node: Node, application_no: str, status_text: str, words: FieldWords) -> Sheet:
    """The same of a change (QLF111): the types are those held."""
    return _sheet(node, "变更", "heldType", application_no, status_text, words)


def _sheet(node: Node, kind: str, types: str, application_no: str, status_text: str, words: FieldWords) -> Sheet:
    agent = node.text("head/filingMode") == "AGENT"
    return Sheet(
        title=TITLE,
        mark=_DRAFT if node.text("head/appStatus") == "1" else "",
        numbers=(
            Field(label="申请统一编号", value=application_no),
            Field(label="申请状态", value=status_text),
            Field(label="业务种类", value=kind),
            Field(label="办理方式", value=_shown(node, "head/filingMode", words)),
        ),
        parts=(
            *_types(node, types, words),
            Grid(title="企业基本信息", fields=_fields(node, "enterprise", _ENTERPRISE, words)),
            *(_table(node, title, path, shares, words) for title, path, shares in _BLOCKS),
            *(_agent(node, words) if agent else ()),
            Note(title="声明", text=_STATEMENT),
            SealField(lines=("申请单位（单位公章）：", "法定代表人（负责人）签字：", _DATE)),
        ),
        footer=_FOOTER,
    )


def _types(node: Node, field: str, words: FieldWords) -> Iterable[Part]:
    """All twelve types with a tick at those named; in a filing also those the enterprise says it holds already."""
    yield _choices(node, f"qualifications/{field}", words)
    if field != "heldType" and node.texts("qualifications/heldType"):
        yield _choices(node, "qualifications/heldType", words)


def _choices(node: Node, path: str, words: FieldWords) -> Choices:
    named = node.texts(path)
    unknown = [one for one in dict.fromkeys(named) if one not in Qualification.__members__]
    return Choices(
        title=words.label(path),
        choices=(
            *(Choice(label=one.value, ticked=one.token in named) for one in Qualification),
            *(Choice(label=one, ticked=True) for one in unknown),
        ),
    )


def _agent(node: Node, words: FieldWords) -> Iterable[Part]:
    """The undertaking of the enterprise that files for another, with room for its own seal."""
    names = ("agentName", "agentUscc", "accepted")
    yield Grid(title="承诺书（代理企业）", fields=_fields(node, "undertaking", names, words))
    yield Note(text=_UNDERTAKING)
    yield SealField(lines=("代理企业（单位公章）：", "经办人签字：", _DATE))


def _fields(node: Node, block: str, names: Iterable[str], words: FieldWords) -> tuple[Field, ...]:
    return tuple(
        Field(
            label=words.label(f"{block}/{name}"),
            value=_shown(node, f"{block}/{name}", words),
            wide=name in _WIDE,
        )
        for name in names
    )


def _table(node: Node, title: str, path: str, shares: Mapping[str, float], words: FieldWords) -> Table:
    """One row for each block at `path`; in a change declarants come with what is to be done with them."""
    blocks = list(node.nodes(path))
    columns = ({"action": 0.95} if any(one.text("action") for one in blocks) else {}) | dict(shares)
    return Table(
        title=title,
        columns=(
            Column(title="序号", share=0.6),
            *(Column(title=words.label(f"{path}/{name}"), share=share) for name, share in columns.items()),
        ),
        rows=tuple(
            (str(number), *(_worded(f"{path}/{name}", one.text(name), words) for name in columns))
            for number, one in enumerate(blocks, 1)
        ),
    )


def _shown(node: Node, path: str, words: FieldWords) -> str:
    return _worded(path, node.text(path), words)


def _worded(path: str, value: str, words: FieldWords) -> str:
    """A value with what it means: `2210 浦东海关`."""
    name = path.rpartition("/")[2]
    if name == "validUntil" and value == LONG_TERM:
        return f"长期（{value}）"
    if name == "amount" and value:
        return f"{value} 万"  # the field is in units of ten thousand (source 002, 5.1.1.3)
    meaning = words.meaning(path, value) if value else ""
    if name in _WORDS_ALONE:
        return meaning or value
    return f"{value} {meaning}".strip()
