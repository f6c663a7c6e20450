"""The certificate: its statement says everything once, its code is customs' signature, its paper shows it all."""

from dataclasses import fields, replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from hypothesis import given
from hypothesis import strategies as st

from edi.adapters.paper.drawing import draw
from edi.adapters.paper.qr import qr_matrix
from edi.core.results import Granted
from edi.core.sheet import Code
from edi.messages.certificate import (
    FIRST_LINE,
    Certificate,
    certificate_sheet,
    issue,
    read_slip,
    read_statement,
    signature_of,
    slip,
    type_name,
)

from .conftest import bare

TEXT = st.text(st.sampled_from("甲A1|=\\\n\r\t pnr") | st.characters(codec="utf-8"), max_size=12)
CERTIFICATES = st.builds(
    Certificate,
    **{one.name: TEXT for one in fields(Certificate) if one.name != "qualifications"},
    qualifications=st.lists(
        st.builds(Granted, type=TEXT, filing_code=TEXT, valid_from=TEXT, valid_until=TEXT), max_size=3
    ).map(tuple),
)


@given(CERTIFICATES)
def test_a_statement_tells_the_whole_certificate(one):
    """What can be read back exactly cannot be shared by two certificates."""
    assert read_statement(one.statement()) == one


@given(CERTIFICATES, CERTIFICATES)
def test_two_certificates_never_share_a_statement(one, other):
    assert (one.statement() == other.statement()) == (one == other)


@given(CERTIFICATES, st.binary(min_size=64, max_size=64))
def test_a_slip_survives_the_line_ends_of_another_system(one, signature):
    code = "A" * 103 if not any(signature) else signature.hex().upper()
    text = slip(one, code)
    assert read_slip(text) == (one, code)
    assert read_slip(text.replace("\n", "\r\n")) == (one, code)


def test_a_statement_is_plain_text_one_fact_a_line(certificate):
    assert certificate.statement().splitlines() == [
        FIRST_LINE,
        "certificateNo=2210202600000012",
        f"issuedOn={certificate.issued_on}",
        "validUntil=2099-12-31",
        f"uscc={certificate.uscc}",
        "nameZh=示例外资贸易（上海）有限公司",
        "competentCustoms=2210",
        "customsName=浦东海关",
        f"qualification=TRADER|3122968396|{certificate.issued_on}|2099-12-31",
        f"qualification=CBEC_ENTERPRISE||{certificate.issued_on}|2099-12-31",
        f"qualification=CBEC_LOGISTICS_B2B||{certificate.issued_on}|2099-12-31",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FIRST_LINE, "另一种证明"),
        ("certificateNo=", "number="),
        ("validUntil=2099-12-31\n", ""),
        ("nameZh=", "nameZh=\n"),
        ("|3122968396|", "|3122968396|1|"),
        ("|3122968396|", "|"),
        ("nameZh=示例", "nameZh=示\\例"),
        ("nameZh=示例", "nameZh=示|例"),
        ("nameZh=示例", "nameZh=示\r例"),
        ("customsName", "uscc=1\ncustomsName"),
    ],
)
def test_what_no_statement_says_is_not_read(certificate, old, new):
    text = certificate.statement()
    assert old in text
    with pytest.raises(ValueError):
        read_statement(text.replace(old, new, 1))


def test_the_code_is_an_ordinary_signature_over_the_statement(certificate, customs_key, enterprise_key):
    """Judged by the library alone: P-256 as r and s, RSA as PKCS #1 v1.5, both over SHA-256."""
    data = certificate.statement().encode()
    value = signature_of(issue(certificate, customs_key))
    der = utils.encode_dss_signature(int.from_bytes(value[:32]), int.from_bytes(value[32:]))
    customs_key.certificate.public_key().verify(der, data, ec.ECDSA(hashes.SHA256()))
    value = signature_of(issue(certificate, enterprise_key))
    enterprise_key.certificate.public_key().verify(value, data, padding.PKCS1v15(), hashes.SHA256())


@given(st.binary(min_size=1, max_size=80))
def test_a_code_may_be_typed_in_small_letters_and_groups(value):
    code = issue_of(value)
    typed = " ".join(code[start : start + 5] for start in range(0, len(code), 5)).lower()
    assert signature_of(typed) == signature_of(code.replace("A", "a-")) == value


def issue_of(value):
    """The code of a key that signs everything by `value`."""

    class Stamp:
        def sign(self, _data):
            return value

    return issue(Certificate(**dict.fromkeys(FACTS, ""), qualifications=()), Stamp())


FACTS = ("number", "issued_on", "uscc", "name", "customs", "customs_name")


@pytest.mark.parametrize("code", ["", "ABC1", "A", "AB=", "ABCDE F0", "AC", "核验码"])
def test_what_is_no_code_is_told(code):
    with pytest.raises(ValueError):
        signature_of(code)


def test_the_paper_shows_every_fact_and_carries_the_slip(certificate, customs_key, poppler):
    code = issue(certificate, customs_key)
    drawn = draw(certificate_sheet(certificate, code))
    assert drawn.pages == 1
    assert drawn.missing == ""
    said = bare(poppler("pdftotext", drawn.data, "-raw"))
    shown = [certificate.number, certificate.issued_on, certificate.uscc, certificate.name, certificate.customs_name]
    shown += [type_name(one.type) for one in certificate.qualifications] + ["3122968396", "长期（2099-12-31）", code]
    shown += ["须向签发海关查询", "不是海关的官方证明"]
    assert [one for one in shown if bare(one) not in said] == []
    assert slip(certificate, code) in poppler("pdfdetach", drawn.data, "-save", "1", "-o", "/dev/stdout")


def test_all_types_and_an_rsa_signature_fit_the_qr_code(full, enterprise_key, poppler):
    code = issue(full, enterprise_key)
    sheet = certificate_sheet(full, code)
    (printed,) = (one for one in sheet.parts if isinstance(one, Code))
    assert read_slip(printed.qr) == (full, code)
    assert qr_matrix(printed.qr)
    said = bare(poppler("pdftotext", draw(sheet).data, "-raw"))
    assert [one.type for one in full.qualifications if type_name(one.type) not in said] == []


def test_types_of_a_later_table_are_shown_by_their_token(certificate):
    one = replace(certificate.qualifications[0], type="SOMETHING_NEW")
    sheet = certificate_sheet(replace(certificate, qualifications=(one,)), "AA")
    assert "SOMETHING_NEW" in str(sheet)
