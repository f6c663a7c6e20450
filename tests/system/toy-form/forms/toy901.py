"""TOY901: a message type that exists only in this test folder."""

from edi.core.findings import Finding
from edi.core.form import Form


def not_on_a_friday(node, register):
    """TOY-101: toys are not registered on Fridays, by the register's calendar."""
    if register.today.isoweekday() == 5:
        yield Finding(code="TOY-101", path=node.where("toy/name"), zh="星期五不登记玩具", en="No toys on Fridays")


FORM = Form(
    code="TOY901",
    receipt_code="TOY902",
    namespace="urn:edi-customs:toy:1",
    name_zh="玩具登记",
    name_en="Registration of a toy",
    schema="toy/TOY901.xsd",
    rules="toy/TOY901.sch",
    applicant="toy/owner",
    applicant_name="toy/name",
    customs="toy/customs",
    signer_code="TOY-001",
    medium_code="TOY-002",
    conflict_code="TOY-130",
    customs_checks=(not_on_a_friday,),
)
