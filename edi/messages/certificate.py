"""The filing certificate 《报关单位备案证明》: its facts as signed text, its verification code, its paper.

The statement lists every fact, one on a line, so that no two certificates share one. The verification code is
customs' signature over the statement in base32, which a person can type. Statement and code together, the slip,
travel in the QR code and inside the PDF: whoever holds customs' certificate can check them without asking anyone.

This is a design of this project. It is not the certificate that China Customs issues.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from edi.core.qualification import Qualification
from edi.core.results import Granted
from edi.core.sheet import Attachment, Code, Column, Field, Grid, Note, SealField, Sheet, Table
from edi.core.times import LONG_TERM
from edi.messages.dsig import SigningKey

TITLE = "报关单位备案证明"
FIRST_LINE = f"{TITLE} EDI-QLF-CERTIFICATE-1"
"""How a statement begins. The number changes with the meaning of a line or the look of the paper: the paper is drawn
again to be compared, so one that was issued must always be drawn as it was."""
SLIP_NAME = "statement.txt"
"""Name of the slip inside the PDF."""
LARGEST_SLIP = 64 << 10
"""Bytes of a slip that is read; customs' own have some hundreds."""
GROUP = 5
"""Characters of the printed code between two blanks."""

_TYPE = "qualification"
_CODE = "code"
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "|": "\\p"}
_PLAIN = {escaped[1]: plain for plain, escaped in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The facts of a certificate. Dates are ISO dates, 2099-12-31 means long-term."""

    number: str
    issued_on: str
    valid_until: str = ""
    """Last day on which all it says is valid; empty if it does not say."""
    uscc: str
    name: str
    customs: str
    """Code of the competent customs, which issues it."""
    customs_name: str
    qualifications: tuple[Granted, ...]

    def statement(self) -> str:
        """Every fact in a fixed order, one on a line; what customs signs, in UTF-8."""
        lines = [f"{key}={_escaped(getattr(self, name))}" for key, name in _FACTS.items()]
        lines += [f"{_TYPE}={'|'.join(map(_escaped, _facts_of(one)))}" for one in self.qualifications]
        return "\n".join([FIRST_LINE, *lines]) + "\n"

    def to_json(self) -> dict[str, object]:
        """The facts as plain JSON values, under the names they have in the statement."""
        held = [dict(zip(_GRANTED, _facts_of(one), strict=True)) for one in self.qualifications]
        return {key: getattr(self, name) for key, name in _FACTS.items()} | {"qualifications": held}


_FACTS = {
    "certificateNo": "number",
    "issuedOn": "issued_on",
    "validUntil": "valid_until",
    "uscc": "uscc",
    "nameZh": "name",
    "competentCustoms": "customs",
    "customsName": "customs_name",
}
"""Lines of a statement, in their order → fields of a certificate."""
_GRANTED = ("type", "filingCode", "validFrom", "validUntil")
"""Parts of a line about a qualification."""


def _facts_of(one: Granted) -> tuple[str, str, str, str]:
    return one.type, one.filing_code, one.valid_from, one.valid_until


def read_statement(text: str) -> Certificate:
    """The certificate that a statement tells; line ends may have become those of another system on the way.

    Raises ValueError for anything that `Certificate.statement` does not write.
    """
    first, *lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if first != FIRST_LINE:
        raise ValueError(f"not a statement: {first[:60]!r}")
    parts = [line.partition("=") for line in lines]
    keys = [key for key, _, _ in parts]
    if keys != [*_FACTS, *[_TYPE] * (len(keys) - len(_FACTS))]:
        raise ValueError(f"lines missing, superfluous or out of order: {keys}")
    values = [value for _, _, value in parts]
    facts = dict(zip(_FACTS.values(), map(_unescaped, values), strict=False))
    return Certificate(**facts, qualifications=tuple(map(_read_granted, values[len(_FACTS) :])))


def _read_granted(value: str) -> Granted:
    facts = [_unescaped(one) for one in value.split("|")]
    if len(facts) != len(_GRANTED):
        raise ValueError(f"not a qualification: {value!r}")
    return Granted(type=facts[0], filing_code=facts[1], valid_from=facts[2], valid_until=facts[3])


def issue(certificate: Certificate, key: SigningKey) -> str:
    """The verification code: base32 (RFC 4648, unpadded) of the signature by customs' key over the statement."""
    return _base32(key.sign(certificate.statement().encode("utf-8")))


def signature_of(code: str) -> bytes:
    """The signature in a verification code, however it was typed: small letters, blanks and hyphens do not matter.

    Raises ValueError if it is no code.
    """
    plain = re.sub(r"[\s-]", "", code).upper()
    try:
        value = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if not value or _base32(value) != plain:
        raise ValueError("not what base32 writes")
    return value


def slip(certificate: Certificate, code: str) -> str:
    """Statement and code in one text: what the QR code carries."""
    return f"{certificate.statement()}{_CODE}={code}\n"


def read_slip(text: str) -> tuple[Certificate, str]:
    """The certificate and the code in a slip. Raises ValueError if it is none."""
    statement, line, code = text.rstrip().rpartition(f"\n{_CODE}=")
    if not line:
        raise ValueError("it ends without a code")
    return read_statement(f"{statement}\n"), code


def certificate_sheet(certificate: Certificate, code: str) -> Sheet:
    """The paper 《报关单位备案证明》; it follows from certificate and code alone, so that anyone can draw it again."""
    carried = slip(certificate, code)
    customs = f"{certificate.customs_name}（{certificate.customs}）"
    return Sheet(
        title=TITLE,
        numbers=(
            Field(label="证明编号", value=certificate.number),
            Field(label="签发日期", value=certificate.issued_on),
        ),
        parts=(
            Note(text="经核查，下列单位已在海关备案，现将其有效的备案资质证明如下："),
            Grid(title="", fields=_enterprise(certificate, customs)),
            Table(title="备案资质", columns=_COLUMNS, rows=_rows(certificate.qualifications)),
            SealField(lines=("签发海关（印章）：", certificate.customs_name, f"签发日期：{certificate.issued_on}")),
            Code(qr=carried, title="核验码", lines=(_grouped(code), *_HOW_TO_CHECK)),
            Note(title="说明", text=_NOTES),
        ),
        footer="本证明由模拟海关签发，样式与核验方法为本项目自行制定，仅供对接、测试与学习，不是海关的官方证明。",
        attachments=(Attachment(name=SLIP_NAME, text=carried),),
    )


_COLUMNS = (
    Column(title="序号", share=0.5),
    Column(title="资质类型", share=3),
    Column(title="海关备案编码", share=1.6),
    Column(title="有效期起", share=1.2),
    Column(title="有效期止", share=1.8),
)
_HOW_TO_CHECK = (
    "核验码是签发海关对本证明全部内容的数字签名。核验：edi verify 文件，或扫描二维码后对所得文字运行 edi verify。",
)
_NOTES = (
    "1. 申请新的备案证明后，本证明即失效；本证明是否已被替代，须向签发海关查询。\n"
    "2. 本证明所列内容以签发之日海关登记为准；其后资质被变更、延续或注销的，以海关登记为准。\n"
    "3. 本证明内容被涂改的，核验码不符，本证明无效。"
)


def _enterprise(certificate: Certificate, customs: str) -> tuple[Field, ...]:
    until = _until(certificate.valid_until) if certificate.valid_until else ""
    return (
        Field(label="企业名称", value=certificate.name, wide=True),
        Field(label="统一社会信用代码", value=certificate.uscc),
        Field(label="证明有效期止", value=until),
        Field(label="所在地海关", value=customs, wide=True),
    )


def _rows(qualifications: tuple[Granted, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (str(number), type_name(one.type), one.filing_code or "—", one.valid_from, _until(one.valid_until))
        for number, one in enumerate(qualifications, 1)
    )


def type_name(token: str) -> str:
    """The Chinese name of a qualification type, the token itself where it is none of ours."""
    known = Qualification.__members__.get(token)
    return known.value if known else token


def _until(day: str) -> str:
    return f"长期（{day}）" if day == LONG_TERM else day


def _grouped(code: str) -> str:
    return " ".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def _base32(value: bytes) -> str:
    return base64.b32encode(value).decode("ascii").rstrip("=")


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(one, one) for one in text)


def _unescaped(text: str) -> str:
    """Raises ValueError for an escape that is not written."""
    if any(one not in _PLAIN for one in _ESCAPED.findall(text)) or re.search(r"[\r|]", text):
        raise ValueError(f"a value that is not written so: {text!r}")
    return _ESCAPED.sub(lambda found: _PLAIN[found[1]], text)
