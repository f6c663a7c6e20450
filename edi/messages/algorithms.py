"""The signature algorithms of the exchange: their names, what each is, and the two key operations (exchange 6).

The key of a certificate decides the algorithm, so RSA, P-256 and SM2 live side by side. Nothing that is
not listed in `METHODS` exists for this program: no HMAC, no other hash, no other curve.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from edi.messages.sm2 import Sm2PrivateKey, Sm2PublicKey

DS = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_CHINA_PORT = "http://www.chinaport.gov.cn/2022/04/xmldsig#"

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SM3 = f"{_CHINA_PORT}sm3"
SHA1 = f"{DS}sha1"
RSA_SHA256 = f"{_MORE}rsa-sha256"
ECDSA_SHA256 = f"{_MORE}ecdsa-sha256"
SM2_SM3 = f"{_CHINA_PORT}sm2-sm3"
RSA_SHA1 = f"{DS}rsa-sha1"
EPORT_SM2_SM3 = f"{DS}sm2-sm3"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Sm2PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Sm2PublicKey


class Extra(Enum):
    """What a channel may opt into; only verified, never made."""

    RSA_SHA1 = "rsa-sha1"
    """RSA with SHA-1, as old keys sign."""
    EPORT_KEY = "eport-key"
    """What e-port keys produce today: SM2 under a name of its own, a SHA-1 digest, and a SignedInfo that was signed
    in one line and printed indented afterwards."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A signature method."""

    name: str
    digest: str
    """The digest method that goes with it."""
    extra: Extra | None = None
    """What a channel has to opt into for it, None for the profile itself."""


METHODS: Mapping[str, Method] = {
    RSA_SHA256: Method(name="rsa-sha256", digest=SHA256),
    ECDSA_SHA256: Method(name="ecdsa-sha256", digest=SHA256),
    SM2_SM3: Method(name="sm2-sm3", digest=SM3),
    RSA_SHA1: Method(name="rsa-sha1", digest=SHA1, extra=Extra.RSA_SHA1),
    EPORT_SM2_SM3: Method(name="sm2-sm3 (eport-key)", digest=SHA1, extra=Extra.EPORT_KEY),
}
"""Identifier → method."""
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {SHA256: hashes.SHA256, SM3: hashes.SM3, SHA1: hashes.SHA1}


def methods(extras: Collection[Extra] = ()) -> dict[str, Method]:
    """The methods that may be met where `extras` were opted into."""
    return {uri: one for uri, one in METHODS.items() if one.extra is None or one.extra in extras}


def digest(uri: str, data: bytes) -> bytes:
    """The digest of `data` by one of the digest methods."""
    hasher = hashes.Hash(_HASHES[uri]())
    hasher.update(data)
    return hasher.finalize()


def method_of(key: PrivateKey) -> str:
    """Identifier of the method a key signs with."""
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA_SHA256
    return SM2_SM3 if isinstance(key, Sm2PrivateKey) else ECDSA_SHA256


def sign(key: PrivateKey, data: bytes) -> bytes:
    """The signature value over `data` as XML Signature wants it: of elliptic curves raw r‖s."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, Sm2PrivateKey):
        return key.sign(data)
    width = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def holds(key: PublicKey, method: str, value: bytes, data: bytes) -> bool:
    """Whether `value` is the signature over `data`; False also where the method is not one for such a key."""
    try:
        if isinstance(key, Sm2PublicKey):
            return method in (SM2_SM3, EPORT_SM2_SM3) and key.holds(value, data)
        if isinstance(key, rsa.RSAPublicKey) and method in (RSA_SHA256, RSA_SHA1):
            key.verify(value, data, padding.PKCS1v15(), hashes.SHA1() if method == RSA_SHA1 else hashes.SHA256())  # noqa: S303
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and method == ECDSA_SHA256:
            key.verify(_der(value, key), data, ec.ECDSA(hashes.SHA256()))
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def _der(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """r‖s as XML Signature writes it, in the DER form the library wants."""
    width = (key.curve.key_size + 7) // 8
    if len(value) != 2 * width:
        raise ValueError("not r and s of the curve's width")
    return encode_dss_signature(int.from_bytes(value[:width], "big"), int.from_bytes(value[width:], "big"))
