"""Why customs could not store an application, and the negative return codes that say so (domain 1.6).

A code is minus the digits of the form followed by three more: `-101002` is a QLF101 whose signature
does not hold. The table in `docs/simulator.md` is generated from here.
"""

from __future__ import annotations

from enum import Enum

from edi.core.findings import Finding
from edi.core.form import Form
from edi.core.status import Status


class Failure(Enum):
    """A reason why an application is not stored: last three digits of its code, Chinese, English."""

    SCHEMA = (
        1,
        "报文不符合格式定义（XSD），请按检查结果修改后重新提交",
        "the message does not fit its schema; mend what the findings name and submit again",
    )
    SIGNATURE = (
        2,
        "签名验证未通过，请按检查结果处理后重新签名提交",
        "the signature was not accepted; do what the finding says, sign and submit again",
    )
    CONFLICT = (
        130,
        "海关已有相同申请标识（guid）而内容不同的申请，以先到者为准；新的申请请使用新的标识",
        "customs holds another application with this guid, and the first stands; give a new application a new guid",
    )

    @property
    def number(self) -> int:
        """Last three digits of the return code."""
        return self.value[0]

    @property
    def zh(self) -> str:
        """What happened and what to do, in Chinese."""
        return self.value[1]

    @property
    def en(self) -> str:
        """The same in English."""
        return self.value[2]

    @property
    def info(self) -> str:
        """The receipt's returnInfo."""
        return f"{Status.LODGE_FAILED.text}：{self.zh}"

    def code(self, form: Form) -> int:
        """The return code for an application of `form`."""
        digits = "".join(character for character in form.code if character.isdecimal())
        return -(int(digits) * 1000 + self.number)


def conflict_finding(form: Form, guid: str, position: int) -> Finding:
    """The form's rule against the same guid with other content."""
    return Finding(
        code=form.conflict_code,
        path=f"/{form.code}Message/{form.code}[{position + 1}]/head/guid",
        found=guid,
        zh=Failure.CONFLICT.zh,
        en=Failure.CONFLICT.en.capitalize(),
        ground="本项目约定 / project decision",
    )
