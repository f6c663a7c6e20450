"""Customs' press: the filing certificate as a paper, with the code by which anyone can tell that it is customs' own."""

from __future__ import annotations

from edi.adapters.code_names import CodeNames
from edi.adapters.contract import Shelf
from edi.core.results import Issued
from edi.customs.certificates import CertificateFacts, Press
from edi.messages.certificate import Certificate, certificate_sheet, issue
from edi.messages.dsig import SigningKey


def build_press(shelf: Shelf, key: SigningKey) -> Press:
    """A press that signs with customs' `key`; names of customs come from the code tables of the contract."""
    names = CodeNames(shelf)

    def press(facts: CertificateFacts) -> Issued:
        from edi.adapters.paper.drawing import draw  # noqa: PLC0415 - its library takes 0.1 s to load

        certificate = Certificate(
            number=facts.number,
            issued_on=facts.issued_on,
            valid_until=facts.valid_until,
            uscc=facts.uscc,
            name=facts.name,
            customs=facts.customs,
            customs_name=names.name("customs_district", facts.customs),
            qualifications=facts.qualifications,
        )
        code = issue(certificate, key)
        return Issued(
            certificate_no=facts.number,
            issued_on=facts.issued_on,
            valid_until=facts.valid_until,
            verification_code=code,
            file_name=f"报关单位备案证明-{facts.number}.pdf",
            content=draw(certificate_sheet(certificate, code)).data,
        )

    return press
