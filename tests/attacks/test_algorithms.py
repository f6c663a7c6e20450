"""Keys and algorithms: a method that is weak or absent, a key that comes with the message.

The certificate's key decides the method, and only the methods of the profile exist: no HMAC, no other digest, no value in DER.
The key is that of the first X509Certificate; no other element of KeyInfo is read, and none is followed.
"""

import hashlib
import hmac
from base64 import b64decode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from edi.checks.certificate import spki_of
from edi.messages import algorithms
from edi.messages.canonical import C14n, canonical_subtree
from edi.messages.dsig import ds, sign_message
from tests.trust.parties import HOLDER, NOW, rsa_sha1_signed

from .scene import CHANNEL, attack, b64, certified, child, resigned, signature_of, text_of

DS = algorithms.DS
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


def method(uri, *, length=None):
    """Another SignatureMethod, HMACs with an output length."""

    def change(signature):
        element = child(signature, "SignatureMethod")
        element.set("Algorithm", uri)
        if length is not None:
            etree.SubElement(element, ds("HMACOutputLength")).text = str(length)

    return change


def with_value(scene, make, key=None, change=None):
    """The altered message, its digest right, its value made by `make` from the bytes of SignedInfo."""
    root = etree.fromstring(sign_message(scene.evil(), key or scene.card))
    signature = signature_of(root)
    if change:
        change(signature)
    data = canonical_subtree(signature.find(ds("SignedInfo")), C14n.INCLUSIVE)
    signature.find(ds("SignatureValue")).text = b64(make(data))
    return text_of(root)


def raw(r, s):
    """r‖s, 32 bytes each."""
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


# ---- HMAC


@attack("1001")
def test_hmac_with_the_public_key(scene):
    """HMAC whose secret is the public key, which everybody has (key confusion; McLean 2015 for JWT)."""
    secret = spki_of(scene.card.certificate)
    return with_value(scene, lambda data: hmac.digest(secret, data, "sha1"), change=method(f"{DS}hmac-sha1"))


@attack("1001")
def test_hmac_sha256_with_the_certificate(scene):
    """HMAC whose secret is the certificate in the message (key confusion)."""
    secret = scene.card.certificate.public_bytes(Encoding.DER)
    uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    return with_value(scene, lambda data: hmac.digest(secret, data, "sha256"), change=method(uri))


@attack("1001")
def test_hmac_cut_to_nothing(scene):
    """HMACOutputLength 0: every value fits (CVE-2009-0217)."""
    return with_value(scene, lambda _data: b"", change=method(f"{DS}hmac-sha1", length=0))


@attack("1001")
def test_hmac_cut_to_a_byte(scene):
    """HMACOutputLength 8: one value in 256 fits (CVE-2009-0217)."""
    return with_value(scene, lambda _data: b"\0", change=method(f"{DS}hmac-sha1", length=8))


# ---- methods outside the profile


@attack("1001")
def test_no_method(scene):
    """An empty method, for verifiers that take it for none needed (alg=none; McLean 2015 for JWT)."""
    return resigned(scene, method(""))


@attack("1001")
def test_rsa_sha1_without_opting_in(scene):
    """RSA with SHA-1, for which two messages with one digest can be made (Stevens et al. 2017, SHAttered)."""
    return rsa_sha1_signed(scene.content(), scene.rsa)


@attack("1001")
def test_rsa_md5(scene):
    """RSA with MD5 (Wang et al. 2004)."""
    return with_value(
        scene,
        lambda data: scene.rsa.key.sign(data, padding.PKCS1v15(), hashes.SHA256()),
        scene.rsa,
        method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
    )


@attack("1001")
def test_a_method_for_another_kind_of_key(scene):
    """ecdsa-sha256 named, the key is RSA: the key of the certificate decides (our profile)."""
    return resigned(scene, method(algorithms.ECDSA_SHA256), scene.rsa)


@attack("1001")
def test_sm2_named_for_another_curve(scene):
    """SM2 named, the key is on P-256 (our profile)."""
    return resigned(scene, method(algorithms.SM2_SM3))


@attack("1001")
def test_eport_key_without_opting_in(scene):
    """The method of e-port keys, whose SignedInfo is read more loosely, on a channel that did not ask for it (our profile)."""
    return resigned(scene, method(algorithms.EPORT_SM2_SM3), scene.sm2)


@attack("1001")
def test_a_weaker_digest_than_the_method_has(scene):
    """SHA-1 for the content below rsa-sha256 (Stevens et al. 2017, SHAttered)."""

    def change(signature):
        child(signature, "DigestMethod").set("Algorithm", algorithms.SHA1)

    return resigned(scene, change, scene.rsa)


@attack("1001")
def test_no_digest_method(scene):
    """A DigestMethod without Algorithm (our profile)."""
    return resigned(scene, lambda signature: child(signature, "DigestMethod").attrib.clear())


@attack("1004")
def test_an_empty_digest(scene):
    """An empty DigestValue, for comparisons that only look at the bytes there are (our profile)."""

    def change(signature):
        child(signature, "DigestValue").text = None

    return resigned(scene, change)


@attack("1004")
def test_a_digest_cut_short(scene):
    """The first byte of the digest alone (our profile)."""

    def change(signature):
        element = child(signature, "DigestValue")
        element.text = b64(b64decode(element.text)[:1])

    return resigned(scene, change)


# ---- values


@attack("1001")
def test_an_rsa_value_forged_by_a_cube_root(scene):
    """With e = 3, a number whose cube begins as a padded digest does (Bleichenbacher 2006; CVE-2006-4339)."""
    key = rsa.generate_private_key(public_exponent=3, key_size=2048)
    weak = certified(key, scene.ca.issue(HOLDER, NOW, key=key).certificate)
    return with_value(scene, cube_root_forgery, weak, method(algorithms.RSA_SHA256))


def cube_root_forgery(data):
    """A 256-byte value whose cube starts with 00 01 FF 00, the name of SHA-256 and the digest; the rest is rubbish."""
    named = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
    start = b"\0\1\xff\0" + named
    wanted = int.from_bytes(start + b"\xff" * (256 - len(start)), "big")
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= wanted else (low, middle - 1)
    return low.to_bytes(256, "big")


@attack("1001")
def test_an_rsa_value_with_zeros_in_front(scene):
    """The right number in more bytes than the key has: another text, the same signature (RFC 8017, 8.2.2)."""
    return with_value(scene, lambda data: b"\0" + scene.rsa.sign(data), scene.rsa)


@attack("1001")
def test_an_rsa_value_beyond_the_modulus(scene):
    """s + n in place of s (RFC 8017, 5.2.2)."""

    def make(data):
        n = scene.rsa.key.public_key().public_numbers().n
        return (int.from_bytes(scene.rsa.sign(data), "big") + n).to_bytes(257, "big")

    return with_value(scene, make, scene.rsa)


@attack("1001")
def test_an_rsa_value_of_nothing(scene):
    """Value 0, 1 and the like are fixed points of RSA (RFC 8017)."""
    return with_value(scene, lambda _data: bytes(255) + b"\1", scene.rsa)


@attack("1001")
def test_ecdsa_zeros(scene):
    """r = s = 0 (CVE-2022-21449, psychic signatures)."""
    return with_value(scene, lambda _data: bytes(64))


@attack("1001")
def test_ecdsa_zero_r(scene):
    """r = 0 (FIPS 186-5, 6.4.2)."""
    return with_value(scene, lambda _data: raw(0, 1))


@attack("1001")
def test_ecdsa_zero_s(scene):
    """s = 0 (FIPS 186-5, 6.4.2)."""
    return with_value(scene, lambda _data: raw(1, 0))


@attack("1001")
def test_ecdsa_order(scene):
    """r = s = n, which are zero again (CVE-2022-21449)."""
    return with_value(scene, lambda _data: raw(P256_ORDER, P256_ORDER))


@attack("1001")
def test_ecdsa_in_der(scene):
    """The right r and s as DER, of which there are many forms for one value (our profile)."""

    def make(data):
        value = scene.card.sign(data)
        return encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))

    return with_value(scene, make)


@attack("1001")
def test_ecdsa_with_more_behind_it(scene):
    """The right r and s with a byte behind them (our profile)."""
    return with_value(scene, lambda data: scene.card.sign(data) + b"\0")


@attack("1001")
def test_ecdsa_wider(scene):
    """The right r and s in 33 bytes each (our profile)."""

    def make(data):
        value = scene.card.sign(data)
        return b"\0" + value[:32] + b"\0" + value[32:]

    return with_value(scene, make)


@attack("1001")
def test_sm2_zeros(scene):
    """SM2 with r = s = 0 (CVE-2022-21449; GB/T 32918.2, 7.1)."""
    return with_value(scene, lambda _data: bytes(64), scene.sm2)


@attack("1001")
def test_sm2_whose_sum_is_the_order(scene):
    """SM2 with r + s = n, so that the key drops out of the equation (GB/T 32918.2, 7.1 step B5)."""
    return with_value(scene, lambda _data: raw(1, SM2_ORDER - 1), scene.sm2)


@attack("1001")
def test_sm2_malleated(scene):
    """SM2 with n − s, which for SM2, other than ECDSA, is no signature (GB/T 32918.2)."""

    def make(data):
        value = scene.sm2.sign(data)
        return value[:32] + (SM2_ORDER - int.from_bytes(value[32:], "big")).to_bytes(32, "big")

    return with_value(scene, make, scene.sm2)


@attack("1001")
def test_sm2_in_der(scene):
    """SM2 as DER, as certificates have it (our profile)."""

    def make(data):
        value = scene.sm2.sign(data)
        return encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))

    return with_value(scene, make, scene.sm2)


@attack("1001")
def test_no_value(scene):
    """An empty SignatureValue (our profile)."""
    return with_value(scene, lambda _data: b"")


@attack("1001")
def test_rubbish_behind_the_base64(scene):
    """Characters outside the alphabet after the value, which lenient decoders skip (RFC 4648, 3.3)."""
    return text_of(scene.genuine()).replace(b"</ds:SignatureValue>", b"*=</ds:SignatureValue>")


@attack("1001")
def test_two_values(scene):
    """Two SignatureValue, one verified, the other passed on (our profile)."""
    root = scene.genuine()
    value = signature_of(root).find(ds("SignatureValue"))
    value.addnext(etree.fromstring(etree.tostring(value)))
    return text_of(root)


# ---- keys that come with the message


@attack("1001")
def test_a_key_value_of_the_attacker(scene):
    """No certificate, but a KeyValue that fits the signature: anybody's (XML Signature Best Practices 2013)."""
    root = etree.fromstring(sign_message(scene.evil(), scene.stranger))
    info = signature_of(root).find(ds("KeyInfo"))
    for old in list(info):
        info.remove(old)
    info.append(key_value(scene.stranger))
    return text_of(root)


@attack("1001")
def test_a_key_value_beside_the_certificate(scene):
    """The attacker's KeyValue makes the signature, the certificate of the enterprise makes the sender (our profile)."""
    root = etree.fromstring(sign_message(scene.evil(), certified(scene.stranger.key, scene.card.certificate)))
    info = signature_of(root).find(ds("KeyInfo"))
    info.insert(0, key_value(scene.stranger))
    return text_of(root)


def key_value(key):
    """The public key of RFC 4050, as XMLDSig 1.1 writes it."""
    numbers = key.key.public_key().public_numbers()
    point = b64(b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))
    return etree.fromstring(
        f'<KeyValue xmlns="{DS}"><ECKeyValue xmlns="http://www.w3.org/2009/xmldsig11#">'
        f'<NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><PublicKey>{point}</PublicKey></ECKeyValue></KeyValue>'
    )


@attack("1001")
def test_the_victims_certificate_before_the_attackers(scene):
    """Two certificates: one verifies the signature, the other one names the sender (our profile)."""
    return text_of(two_certificates(scene, scene.card.certificate, scene.stranger.certificate))


@attack("1999")
def test_the_attackers_certificate_before_the_victims(scene):
    """The same in the other order: the first counts, for the signature and for trust alike (our profile)."""
    return text_of(two_certificates(scene, scene.stranger.certificate, scene.card.certificate))


def two_certificates(scene, first, second):
    root = etree.fromstring(sign_message(scene.evil(), scene.stranger))
    element = child(root, "X509Certificate")
    element.text = b64(first.public_bytes(Encoding.DER))
    more = etree.Element(element.tag)
    more.text = b64(second.public_bytes(Encoding.DER))
    element.addnext(more)
    for name in root.iter(ds("KeyName")):
        name.getparent().remove(name)
    return root


@attack("1001")
def test_a_certificate_to_be_looked_up(scene):
    """Issuer and serial number in place of the certificate: whoever looks it up signs with it (our profile)."""
    root = scene.genuine()
    data = child(root, "X509Data")
    data.remove(data[0])
    serial = etree.SubElement(data, ds("X509IssuerSerial"))
    etree.SubElement(serial, ds("X509IssuerName")).text = scene.card.certificate.issuer.rfc4514_string()
    etree.SubElement(serial, ds("X509SerialNumber")).text = str(scene.card.certificate.serial_number)
    return text_of(root)


@attack("1001")
def test_no_key_info(scene):
    """No KeyInfo: the verifier would have to guess whose signature it is (our profile)."""
    root = scene.genuine()
    signature = signature_of(root)
    signature.remove(signature.find(ds("KeyInfo")))
    return text_of(root)


@attack("1001")
def test_the_key_name_of_somebody_else(scene):
    """KeyName says another card than the certificate, for logs and for those who look keys up by it (our profile)."""
    root = scene.genuine()
    child(root, "KeyName").text = "8900000000999"
    return text_of(root)


# ---- malleated, not forged


@pytest.mark.parametrize("spaced", [False, True], ids=["other-s", "other-s-and-blanks"])
def test_a_malleated_value_is_the_same_message(scene, spaced):
    """n − s in place of s is a second good ECDSA signature of the same content (SEC 1, 4.1.4).

    Accepted as what it is: the digest of the signed bytes tells messages apart, never the signature, so it is a duplicate.
    """
    data = text_of(scene.genuine())
    second = malleated(data, spaced=spaced)
    assert second != data
    verdicts = [scene.examine(one) for one in (data, second)]
    assert [one.good for one in verdicts] == [True, True]
    assert verdicts[0].digest == verdicts[1].digest


def malleated(data, *, spaced=False):
    """The message with the other ECDSA signature of the same bytes."""
    root = etree.fromstring(data)
    element = signature_of(root).find(ds("SignatureValue"))
    value = b64decode(element.text)
    r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    text = b64(raw(r, P256_ORDER - s))
    element.text = " \n".join(text) if spaced else text
    return text_of(root)


def test_what_one_channel_opted_into_counts_for_no_other(scene):
    """A message of an old key, good on a channel that opted in, comes through one that did not (our profile).

    Refused with 1001: what is allowed is asked of the channel the file came through.
    """
    data = rsa_sha1_signed(scene.content(), scene.rsa)
    opted_in = replace(CHANNEL, extras=(algorithms.Extra.RSA_SHA1,))
    assert scene.examiner.examine(data, opted_in, NOW).good
    assert [one.code for one in scene.examine(data).findings] == ["1001"]
