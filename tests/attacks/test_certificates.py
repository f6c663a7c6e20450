"""Certificates: look-alikes, borrowed names, chains that come with the message, cards that were taken back.

Only chains of our own list count, by signature and not by name; each link for its purpose, strong enough, valid at the moment of
receipt and not on its authority's list. Whose message it is follows from the certificate alone, and must be what the message says.
"""

from dataclasses import replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edi.adapters.pki import Authority, Issued, KeyKind, Shape
from edi.checks.certificate import spki_of
from edi.checks.revocation import Crls
from edi.core.identity import Medium
from edi.messages import der
from edi.messages.dsig import sign_message
from tests.trust.parties import EPORT, HOLDER, NOW, TRADER, authority, signer

from .scene import CHANNEL, OTHER, YEAR, attack, b64, certified, child, issued, reissued, text_of

SERVER = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)


def by(scene, key):
    """The message, signed by that key."""
    return sign_message(scene.content(), key)


def with_certificate(scene, data):
    """A genuine message whose X509Certificate holds other bytes; without the KeyName, which would tell."""
    root = scene.genuine()
    name = child(root, "KeyName")
    name.getparent().remove(name)
    child(root, "X509Certificate").text = b64(data)
    return text_of(root)


def der_of(key):
    return key.certificate.public_bytes(Encoding.DER)


# ---- look-alikes


@attack("1999")
def test_an_authority_of_the_same_name(scene):
    """The attacker's own authority bears the name of ours and issues the same facts (cloned issuer)."""
    return by(scene, scene.stranger)


@attack("1999")
def test_a_certificate_with_the_same_issuer_subject_and_serial_number(scene):
    """The enterprise's certificate issued again by a cloned authority, to the last number (cloned issuer and subject)."""
    rogue = authority()
    return by(scene, issued(rogue, like=scene.card.certificate))


@attack("1999")
def test_a_self_signed_certificate(scene):
    """The card's names on a certificate that nobody but its own key signed (Mainka et al. 2014, certificate faking)."""
    key = ec.generate_private_key(ec.SECP256R1())
    like = scene.card.certificate
    itself = Authority(Issued(key, _named(like, key)))
    return by(scene, certified(key, reissued(itself, itself.root.certificate, (), like)))


def _named(like, key):
    """A certificate with the names of another, for a key of our own."""
    builder = (
        x509.CertificateBuilder().subject_name(like.subject).issuer_name(like.subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(NOW - YEAR).not_valid_after(NOW + YEAR)
    )  # fmt: skip
    for one in like.extensions:
        builder = builder.add_extension(one.value, critical=one.critical)
    return builder.sign(key, hashes.SHA256())


@attack("1999")
def test_an_authority_as_signer(scene):
    """Our authority's own key signs a message: it vouches for enterprises and is none (our profile)."""
    return by(scene, certified(scene.ca.root.key, scene.ca.root.certificate))


@attack("1999")
def test_a_chain_that_the_message_brings_along(scene):
    """The attacker's whole chain, root included, in X509Data (RFC 5280, 6.1: the anchor is ours to choose)."""
    rogue = authority()
    key = signer(rogue)
    data = by(scene, key)
    more = f"</ds:X509Certificate><ds:X509Certificate>{b64(rogue.root.certificate.public_bytes(Encoding.DER))}</ds:X509"
    return data.replace(b"</ds:X509", more.encode(), 1)


@attack("1999")
def test_a_certificate_issued_by_a_card(scene):
    """A card issues a certificate for another name (Marlinspike 2002, basic constraints; CVE-2002-0862)."""
    card = Authority(Issued(scene.card.key, scene.card.certificate))
    return by(scene, issued(card, uscc_of(OTHER)))


@attack("1999")
def test_an_authority_below_a_card(scene):
    """A card makes itself an authority by a certificate of its own making (CVE-2002-0862)."""
    card = Authority(Issued(scene.card.key, scene.card.certificate))
    return by(scene, signer(card.subordinate("示例发证机构", NOW)))


def uscc_of(uscc):
    """A holder with that credit code."""
    return Shape(
        subject=x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, uscc),
                x509.NameAttribute(NameOID.COMMON_NAME, "张示例"),
            ]
        )
    )


@attack("1999")
def test_a_certificate_signed_with_md5(scene):
    """A certificate whose authority signed an MD5 digest, of which a twin can be made (Sotirov et al. 2008, rogue CA)."""
    rsa_ca = authority(KeyKind.RSA)
    return by(scene, weakly_signed(rsa_ca, hashes.MD5(), "2a864886f70d010104"))


@attack("1999")
def test_a_certificate_signed_with_sha1(scene):
    """The same with SHA-1 (Leurent, Peyrin 2020, SHA-1 is a shambles)."""
    rsa_ca = authority(KeyKind.RSA)
    return by(scene, weakly_signed(rsa_ca, hashes.SHA1(), "2a864886f70d010105"))


def weakly_signed(rsa_ca, algorithm, identifier):
    """A card whose certificate an RSA authority signed over a weak digest."""
    key = signer(rsa_ca)
    name = der.element(der.SEQUENCE, bytes.fromhex("0609" + identifier + "0500"))
    parts = der.elements(key.certificate.tbs_certificate_bytes)
    parts[2] = name
    tbs = der.element(der.SEQUENCE, *parts)
    value = rsa_ca.root.key.sign(tbs, padding.PKCS1v15(), algorithm)
    made = der.element(der.SEQUENCE, tbs, name, der.element(der.BIT_STRING, b"\0" + value))
    return certified(key.key, x509.load_der_x509_certificate(made))


# ---- not for this, not now, not any more


@attack("1002")
def test_an_expired_certificate(scene):
    """A card that expired yesterday (RFC 5280, 6.1.3)."""
    return by(scene, issued(scene.ca, now=NOW - YEAR, validity=YEAR - timedelta(days=1)))


@attack("1002")
def test_a_certificate_that_is_not_valid_yet(scene):
    """A card for tomorrow (RFC 5280, 6.1.3)."""
    return by(scene, issued(scene.ca, now=NOW + timedelta(days=1)))


@attack("1999")
def test_a_card_on_hold(scene):
    """A card that was reported lost (挂失) or frozen (RFC 5280, 5.3.1 certificateHold)."""
    return by(scene, scene.held)


@attack("1999")
def test_a_cancelled_card(scene):
    """A card that was cancelled (注销; RFC 5280, 5.3.1)."""
    return by(scene, scene.cancelled)


@attack("1999")
def test_a_certificate_for_something_else(scene):
    """A server's certificate of the same authority signs a filing (RFC 5280, 4.2.1.12)."""
    return by(scene, issued(scene.ca, extensions=[SERVER]))


@attack("1999")
def test_a_key_that_may_not_sign(scene):
    """A key for encryption only signs a filing (RFC 5280, 4.2.1.3)."""
    usage = x509.KeyUsage(False, False, True, True, False, False, False, False, False)
    return by(scene, issued(scene.ca, extensions=[(usage, True)]))


@attack("1999")
def test_a_critical_extension_we_do_not_know(scene):
    """A critical extension says something that we would have to obey and do not understand (RFC 5280, 4.2)."""
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    return by(scene, issued(scene.ca, extensions=[(strange, True)]))


@attack("1999")
def test_a_short_rsa_key(scene):
    """RSA of 1024 bits, which can be factored (NIST SP 800-131A)."""
    return by(scene, issued(scene.ca, key=rsa.generate_private_key(65537, 1024)))


@attack("1999")
def test_another_curve(scene):
    """A key on a curve outside the profile, P-384, under a method of the profile (our profile)."""
    return by(scene, issued(scene.ca, key=ec.generate_private_key(ec.SECP384R1())))


# ---- somebody else's name


@attack("1999", "QLF-032")
def test_the_certificate_of_another_enterprise(scene):
    """Another enterprise signs for this one with a card of its own (our profile)."""
    return by(scene, scene.other)


@attack("1999")
def test_a_zero_byte_in_the_name(scene):
    """Credit code, zero byte, something else: whoever compares C strings stops at the zero (Marlinspike 2009; CVE-2009-2408)."""
    return by(scene, issued(scene.ca, holder=HOLDER, like=_like(scene, f"{TRADER}\0.example")))


@attack("1001")
def test_controls_in_a_card_number(scene):
    """A stranger's card number that no XML can hold, for the refusal to quote beside another KeyName (CWE-117)."""
    stranger = signer(authority(), holder=replace(EPORT, texts={"1.3.6.1.4.1.5315.100.5.9": "89\0\x1b[2J"}))
    return by(scene, replace(stranger, key_name="8900000000001"))


@attack("1999")
def test_two_credit_codes_in_one_certificate(scene):
    """Two organisation identifiers, one of which is the victim's (Kaminsky et al. 2010, PKI layer cake)."""
    return by(scene, issued(scene.ca, like=_like(scene, OTHER, TRADER)))


@attack("1999")
def test_no_credit_code(scene):
    """A certificate of our authority that names no enterprise (our profile)."""
    return by(scene, issued(scene.ca, like=_like(scene)))


def _like(scene, *codes):
    """A certificate with these credit codes, signed by anybody: only its subject is used."""
    names = [x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, one) for one in codes]
    return issued(
        authority(), Shape(subject=x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, "张示例")]))
    ).certificate


@attack("QLF-023")
def test_an_account_that_says_it_is_a_card(scene):
    """A message declares a card and is signed by an account certificate, which anybody at the desk can use (our profile)."""
    return by(scene, issued(scene.ca, replace(HOLDER, medium=Medium.ACCOUNT)))


# ---- certificates that are none


@attack("1001")
def test_an_empty_certificate(scene):
    """An X509Certificate with nothing in it (our profile)."""
    return with_certificate(scene, b"")


@attack("1001")
def test_a_certificate_with_more_behind_it(scene):
    """The right certificate with bytes behind its end: another fingerprint, the same facts (CVE-2014-8275)."""
    return with_certificate(scene, der_of(scene.card) + b"\0")


@attack("1001")
def test_two_certificates_in_one(scene):
    """Two certificates in one X509Certificate, one behind the other (our profile)."""
    return with_certificate(scene, der_of(scene.card) + der_of(scene.stranger))


@attack("1001")
def test_a_certificate_cut_short(scene):
    """Half a certificate (our profile)."""
    return with_certificate(scene, der_of(scene.card)[:300])


@attack("1001")
def test_a_certificate_with_a_length_of_indefinite_form(scene):
    """BER in place of DER: other bytes, the same meaning (CVE-2014-8275, certificate fingerprints)."""
    return with_certificate(scene, b"\x30\x80" + der_of(scene.card)[4:] + b"\0\0")


@attack("1001")
def test_a_certificate_of_another_key(scene):
    """The victim's certificate over the attacker's signature (our profile)."""
    return by(scene, certified(scene.stranger.key, scene.card.certificate))


@attack("1001")
def test_a_certificate_with_another_serial_number(scene):
    """The serial number of a card on hold is replaced by one that is on no list (our profile)."""
    serial = scene.held.certificate.serial_number.to_bytes(20, "big").lstrip(b"\0")
    data = der_of(scene.held).replace(serial, bytes(len(serial) - 1) + b"\1", 1)
    return with_certificate(scene, data)


@attack("1999")
def test_curve_parameters_of_the_attackers_choice(scene):
    """The victim's public key on a curve whose generator is that very key: its secret is 1 (CVE-2020-0601, CurveBall).

    Such parameters also made square roots run for ever (CVE-2022-0778).
    """
    good = der_of(scene.card)
    spki = spki_of(scene.card.certificate)
    return with_certificate(scene, _lengthened(good, spki, explicit(spki)))


def explicit(spki):
    """SubjectPublicKeyInfo of the same point, on P-256 written out, with that point as generator."""
    point = der.contents(der.elements(spki)[1])[1:]
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = int("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    def integer(value):
        return der.element(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    def octets(value):
        return der.element(4, value.to_bytes(32, "big"))

    field = der.element(der.SEQUENCE, bytes.fromhex("06072a8648ce3d0101"), integer(prime))
    curve = der.element(der.SEQUENCE, octets(prime - 3), octets(b))
    parameters = der.element(der.SEQUENCE, integer(1), field, curve, der.element(4, point), integer(order), integer(1))
    algorithm = der.element(der.SEQUENCE, bytes.fromhex("06072a8648ce3d0201"), parameters)
    return der.element(der.SEQUENCE, algorithm, der.element(der.BIT_STRING, b"\0" + point))


def _lengthened(certificate, old, new):
    """The certificate with one of its parts replaced, lengths put right."""
    tbs, algorithm, value = der.elements(certificate)
    parts = [new if one == old else one for one in der.elements(tbs)]
    return der.element(der.SEQUENCE, der.element(der.SEQUENCE, *parts), algorithm, value)


@attack("1001")
def test_a_serial_number_below_zero(scene):
    """A serial number that is negative, which one reader of a revocation list writes so and another otherwise (RFC 5280, 4.1.2.2)."""
    good = der_of(scene.card)
    serial = der.elements(scene.card.certificate.tbs_certificate_bytes)[1]
    return with_certificate(scene, _lengthened(good, serial, der.element(2, b"\xff")))


def test_a_missing_list_refuses_nobody(scene):
    """Somebody keeps the revocation list from us, so that a lost card may work or nobody may file (RFC 5280, 6.3.3).

    Held: no verdict at all until there is a list.
    """
    blind = replace(scene.examiner, trust=replace(scene.examiner.trust, crls=Crls))
    for key in (scene.card, scene.held):
        verdict = blind.examine(by(scene, key), CHANNEL, NOW)
        assert verdict.held
        assert not verdict.findings
        assert not verdict.good
