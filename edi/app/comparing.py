"""Does the page of a certificate say what customs signed? It is drawn again from its own facts and compared.

A file that is the same byte for byte cannot deceive anyone. One that was saved again must draw its pages by the same
instructions, with nothing put on top; fonts and colours may then still deceive, so its reader is warned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edi.adapters.paper.drawing import draw
from edi.adapters.paper.reading import ReadPage, ReadPaper, read_paper
from edi.checks.filing_certificate import GROUND
from edi.core.characters import plain
from edi.core.findings import Dxp, Finding, Severity, clip
from edi.messages.certificate import SLIP_NAME, Certificate, certificate_sheet, type_name


def facts_inside(data: bytes) -> str | Finding:
    """The slip that travels in a PDF."""
    read = read_paper(data, SLIP_NAME)
    return read if isinstance(read, Finding) else read.attachment


def compare(data: bytes, certificate: Certificate, code: str) -> Iterator[Finding]:
    """What is to be said against the page of the PDF `data`, which holds these facts."""
    drawn = draw(certificate_sheet(certificate, code)).data
    if drawn == data:
        return
    pages, expected = _pages(data), _pages(drawn)
    if pages == expected:
        yield _saved_again()
    else:
        said = "".join(one.text for one in pages)
        yield _altered([one for one in _facts_on_page(certificate, code) if "".join(one.split()) not in said])


def _pages(data: bytes) -> tuple[ReadPage, ...]:
    read = read_paper(data, SLIP_NAME)
    return read.pages if isinstance(read, ReadPaper) else ()


def _facts_on_page(certificate: Certificate, code: str) -> Iterator[str]:
    """Every value that stands on the paper."""
    yield from (certificate.number, certificate.issued_on, certificate.name, certificate.uscc)
    yield from (certificate.customs, certificate.customs_name, certificate.valid_until)
    for one in certificate.qualifications:
        yield from (type_name(one.type), one.filing_code, one.valid_from, one.valid_until)
    yield code


def _saved_again() -> Finding:
    return Finding(
        code=Dxp.OTHER_SECURITY,
        severity=Severity.WARNING,
        zh="文件不是签发时的原样（曾另存，或由其他版本生成），页面绘制一致；内容以核验所得为准，不以页面外观为准",
        en="The file is not byte for byte the one issued (saved again, or made by another version); its pages are "
        "drawn alike. Rely on the facts shown here, not on the look of the page",
        ground=GROUND,
    )


def _altered(lost: Sequence[str]) -> Finding:
    what = plain("、".join(lost))
    return Finding(
        code=Dxp.SIGNATURE_MISMATCH,
        expected=clip(what),
        zh=f"页面文字与签名的内容不符{f'，页面上缺少：{what}' if what else '，页面上有其他内容'}；"
        "页面被改动，请勿采信，以核验所得内容为准",
        en=f"The page does not say what was signed: {f'missing on it: {what}' if what else 'there is something else on it'}. The page was "
        "altered; do not rely on it",
        ground=GROUND,
    )
