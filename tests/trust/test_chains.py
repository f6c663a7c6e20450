"""Whom we believe: chains, purposes, strength, validity, and what a certificate says of its holder."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from edi.adapters.pki import KeyKind
from edi.checks.holder import read_signer
from edi.checks.parse import parse
from edi.checks.signature import Refused, Signed, Terms, verify
from edi.checks.trust import Trust, judge_certificate
from edi.messages.algorithms import Extra
from edi.messages.dsig import sign_message
from tests.trust.parties import EPORT, HOLDER, NOW, TRADER, authority, eport_signed, policy, rsa_sha1_signed, signer

SECOND = timedelta(seconds=1)


@pytest.fixture
def message(workspace):
    return parse(workspace.sample("02-TRADER.xml").read_bytes())


def trust(certificate, *authorities, at=NOW):
    return judge_certificate(certificate, policy(*authorities), at).trust


@pytest.mark.parametrize("above", KeyKind)
@pytest.mark.parametrize("below", KeyKind)
def test_a_chain_may_mix_all_kinds_of_keys(above, below):
    root = authority(above)
    middle = root.subordinate("示例中间机构", NOW, below.generate())
    for kind in KeyKind:
        leaf = signer(middle, kind).certificate
        assert trust(leaf, root, middle) is Trust.TRUSTED
        assert trust(leaf, root) is Trust.UNKNOWN_ISSUER, "links come from our own list only"
        assert trust(leaf, middle) is Trust.UNKNOWN_ISSUER, "a chain ends at an authority nobody stands above"


def test_another_authority_of_the_same_name_is_another():
    for kind in KeyKind:
        assert trust(signer(authority(kind)).certificate, authority(kind)) is Trust.UNKNOWN_ISSUER


def test_an_authority_does_not_sign_messages():
    root = authority()
    assert trust(root.root.certificate, root) is Trust.NOT_A_SIGNER


def test_no_authority_below_one_that_may_have_none():
    """The path length of an intermediate authority is zero: what stands below its own subordinate is not believed."""
    root = authority()
    middle = root.subordinate("示例中间机构", NOW)
    lowest = middle.subordinate("示例下级机构", NOW)
    assert trust(signer(lowest).certificate, root, middle, lowest) is Trust.UNKNOWN_ISSUER


def test_validity_holds_to_the_second():
    root = authority()
    certificate = signer(root).certificate
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert [trust(certificate, root, at=at) for at in (first - SECOND, first, last, last + SECOND)] == [
        Trust.NOT_YET_VALID, Trust.TRUSTED, Trust.TRUSTED, Trust.EXPIRED,
    ]  # fmt: skip


def test_an_expired_authority_gives_no_trust():
    root = authority()
    middle = root.subordinate("示例中间机构", NOW)
    certificate = middle.issue(HOLDER, NOW, validity=timedelta(days=5000)).certificate
    assert trust(certificate, root, middle, at=NOW + timedelta(days=4000)) is Trust.EXPIRED


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1())], ids=["rsa-1024", "p-384"]
)
def test_other_keys_are_not_taken(key):
    root = authority()
    assert trust(root.issue(HOLDER, NOW, key=key).certificate, root) is Trust.WEAK_KEY


def custom(root, *extensions, signs=True):
    """A certificate like ours, with more extensions."""
    like = signer(root).certificate
    policies = like.extensions.get_extension_for_class(x509.CertificatePolicies).value
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(signs, False, not signs, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder().subject_name(like.subject).issuer_name(root.root.certificate.subject)
        .public_key(key.public_key()).serial_number(7).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
        .add_extension(usage, critical=True)
    )  # fmt: skip
    for extension, critical in (*extensions, (policies, False)):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(root.root.key, hashes.SHA256())


def test_a_certificate_for_something_else_signs_nothing():
    root = authority()
    server, mail = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert trust(custom(root), root) is Trust.TRUSTED
    assert trust(custom(root, (x509.ExtendedKeyUsage([server, mail]), False)), root) is Trust.TRUSTED
    assert trust(custom(root, (strange, False)), root) is Trust.TRUSTED
    assert trust(custom(root, signs=False), root) is Trust.NOT_A_SIGNER
    assert trust(custom(root, (x509.ExtendedKeyUsage([server]), False)), root) is Trust.NOT_A_SIGNER
    assert trust(custom(root, (strange, True)), root) is Trust.NOT_A_SIGNER


def test_a_mixed_population_signs_side_by_side(message):
    old, new = authority(KeyKind.RSA, "示例旧机构"), authority(KeyKind.SM2, "示例新机构")
    for issuer in (old, new):
        for kind in KeyKind:
            verdict = verify(parse(sign_message(message, signer(issuer, kind))), policy(old, new), NOW)
            assert isinstance(verdict, Signed), (issuer, kind)
            assert verdict.signer.uscc == TRADER
            assert verdict.evidence.verdict == "trusted"


def test_the_key_name_says_the_certificate_or_nothing(message):
    root = authority()
    key = signer(root)
    serial = f"{key.certificate.serial_number:X}"
    for name in (key.key_name, serial, f"00{serial.lower()}", "", "  "):
        assert isinstance(verify(parse(sign_message(message, replace(key, key_name=name))), policy(root), NOW), Signed)
    verdict = verify(parse(sign_message(message, replace(key, key_name="8800000000009"))), policy(root), NOW)
    assert isinstance(verdict, Refused)
    assert (verdict.finding.code, verdict.finding.found) == ("1001", "8800000000009")


# ---- what a channel may opt into ----------------------------------------------------------------


def test_rsa_sha1_needs_opting_in(message):
    root = authority()
    signed = parse(rsa_sha1_signed(message, signer(root, KeyKind.RSA)))
    assert isinstance(verify(signed, policy(root), NOW, Terms(extras=[Extra.RSA_SHA1])), Signed)
    for extras in ((), (Extra.EPORT_KEY,)):
        verdict = verify(signed, policy(root), NOW, Terms(extras=extras))
        assert isinstance(verdict, Refused)
        assert verdict.finding.found.endswith("#rsa-sha1")


def eport_terms(*enterprises):
    return Terms(extras=[Extra.EPORT_KEY], enterprises=enterprises)


def test_what_an_eport_key_produces_needs_opting_in(message):
    root = authority(KeyKind.SM2)
    signed = parse(eport_signed(message, signer(root, KeyKind.SM2, EPORT)))
    verdict = verify(signed, policy(root), NOW, eport_terms(TRADER))
    assert isinstance(verdict, Signed), verdict
    assert isinstance(verify(signed, policy(root), NOW, Terms(enterprises=[TRADER])), Refused)


def test_a_root_with_prefix_and_further_namespaces_as_the_customs_messages_have_it():
    text = (
        '<ceb:M xmlns:ceb="urn:example" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" guid="1"><ceb:a/></ceb:M>'
    )
    root = authority(KeyKind.SM2)
    signed = eport_signed(parse(text.encode()), signer(root, KeyKind.SM2, EPORT))
    assert isinstance(verify(parse(signed), policy(root), NOW, eport_terms(TRADER)), Signed)


def test_no_damage_to_a_certificate_brings_the_program_down(message):
    """Every byte of an SM2 certificate turned over: refused, or nothing that was signed has changed."""
    root = authority(KeyKind.SM2)
    key = signer(root, KeyKind.SM2, EPORT)
    good = key.certificate.public_bytes(Encoding.DER)
    signed = eport_signed(message, key)
    for place in range(len(good)):
        altered = bytearray(good)
        altered[place] ^= 1 << place % 8
        data = signed.replace(b64encode(good), b64encode(altered))
        assert isinstance(verify(parse(data), policy(root), NOW, eport_terms(TRADER)), Refused), place


def test_an_eport_certificate_gives_the_same_facts_as_ours(message):
    root = authority(KeyKind.SM2)
    ours = read_signer(signer(root).certificate, policy(root).naming)
    theirs = read_signer(signer(root, KeyKind.SM2, EPORT).certificate, policy(root).naming, [TRADER])
    for fact in ("uscc", "enterprise", "person", "medium"):
        assert getattr(theirs, fact) == getattr(ours, fact), fact
    assert theirs.card_no == EPORT.texts["1.3.6.1.4.1.5315.100.5.9"]


@pytest.mark.parametrize("enterprises", [(), ("91110105XX000000X0",), (TRADER, "92110105XX489884X0")])
def test_an_organisation_code_that_means_no_enterprise_or_two_means_none(message, enterprises):
    root = authority(KeyKind.SM2)
    signed = parse(eport_signed(message, signer(root, KeyKind.SM2, EPORT)))
    verdict = verify(signed, policy(root), NOW, eport_terms(*enterprises))
    assert isinstance(verdict, Refused)
    assert verdict.evidence.verdict == "names no enterprise"


def test_of_an_eport_message_only_what_was_signed_counts(message):
    """Its SignedInfo may be printed anyhow, but nothing in it and nothing in the content may change."""
    root = authority(KeyKind.SM2)
    signed = eport_signed(message, signer(root, KeyKind.SM2, EPORT))
    terms = eport_terms(TRADER)
    reprinted = signed.replace(b"<ds:Reference", b"\n\t\t<ds:Reference")
    assert isinstance(verify(parse(reprinted), policy(root), NOW, terms), Signed)
    for old, new, code in (
        (b"<postcode>1", b"<postcode>2", "1004"),
        (b"</postcode>", b"</postcode> ", "1004"),
        (b"<ds:DigestValue>", b"<ds:DigestValue>A", "1001"),
        (b'URI=""', b'URI="" Id="x"', "1001"),
        (b"<ds:Reference ", b"text<ds:Reference ", "1001"),
    ):
        assert old in signed
        verdict = verify(parse(signed.replace(old, new, 1)), policy(root), NOW, terms)
        assert isinstance(verdict, Refused), old
        assert verdict.finding.code == code, old


def test_an_eport_algorithm_is_for_sm2_keys_only(message):
    root = authority()
    for kind in (KeyKind.RSA, KeyKind.P256):
        signed = parse(eport_signed(message, signer(root, kind)))
        assert isinstance(verify(signed, policy(root), NOW, eport_terms(TRADER)), Refused)
