"""SM2 keys (GB/T 32918) with SM3, by the native library Tongsuo; an extra: `pip install 'customs-edi[sm]'`.

The user id is the default one, 1234567812345678, as the exchange has it (exchange 6). Signature
values are raw r‖s, 64 bytes; DER only inside certificates. `cryptography` reads everything of an SM2
certificate but its key, so nothing else is asked of the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from edi.errors import UserError

SM2_WITH_SM3 = x509.ObjectIdentifier("1.2.156.10197.1.501")
SM2_CURVE = "1.2.156.10197.1.301"
WIDTH = 32
"""Bytes of r, of s, and of a coordinate."""
_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
"""SubjectPublicKeyInfo of an SM2 key up to its point: id-ecPublicKey on the SM2 curve."""
_UNCOMPRESSED = b"\x04"


class Sm2Missing(UserError):
    """An SM2 key was met and the library for it is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "遇到国密 SM2 密钥，但没有安装国密支持；请运行 pip install 'customs-edi[sm]'",
            "An SM2 key was met, but the library for it is not installed; run pip install 'customs-edi[sm]'",
        )


@dataclass(frozen=True)
class Sm2PublicKey:
    """A public key."""

    spki: bytes
    """Its SubjectPublicKeyInfo, DER."""

    def __post_init__(self) -> None:
        size = len(_HEAD) + len(_UNCOMPRESSED) + 2 * WIDTH
        if len(self.spki) != size or not self.spki.startswith(_HEAD + _UNCOMPRESSED):
            raise ValueError("not an SM2 key with an uncompressed point")

    def holds(self, value: bytes, data: bytes) -> bool:
        """Whether raw r‖s is the signature over `data`. Raises Sm2Missing."""
        if len(value) != 2 * WIDTH:
            return False
        return self.holds_der(_to_der(value), data)

    def holds_der(self, value: bytes, data: bytes) -> bool:
        """Whether r and s in DER, as certificates have them, are the signature over `data`. Raises Sm2Missing."""
        library = _Library()
        try:
            clean = encode_dss_signature(*decode_dss_signature(value))
            library.serialization.load_der_public_key(self.spki).verify(clean, data, library.algorithm())
        except library.refusals:
            return False
        return True


class Sm2PrivateKey:
    """A private key; the library holds it."""

    def __init__(self, key: Any) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Sm2PrivateKey:
        """A new key. Raises Sm2Missing."""
        library = _Library()
        return cls(library.ec.generate_private_key(library.ec.SM2()))

    @classmethod
    def from_pem(cls, data: bytes, passphrase: bytes | None) -> Sm2PrivateKey:
        """The key in a PEM file.

        Raises Sm2Missing, TypeError if it wants a passphrase, ValueError for whatever else is wrong with it.
        """
        library = _Library()
        try:
            return cls(library.serialization.load_pem_private_key(data, passphrase))
        except library.refusals as error:
            raise ValueError(str(error)) from error

    def public_key(self) -> Sm2PublicKey:
        """The public key that belongs to it."""
        form = _Library().serialization
        return Sm2PublicKey(
            self._key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
        )

    def pem(self) -> bytes:
        """The key as PEM (PKCS#8), without a passphrase."""
        form = _Library().serialization
        pem: bytes = self._key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        return pem

    def sign(self, data: bytes) -> bytes:
        """The signature over `data` as raw r‖s."""
        r, s = decode_dss_signature(self.sign_der(data))
        return r.to_bytes(WIDTH, "big") + s.to_bytes(WIDTH, "big")

    def sign_der(self, data: bytes) -> bytes:
        """The signature over `data` in DER, as certificates have it."""
        value: bytes = self._key.sign(data, _Library().algorithm())
        return value


def is_installed() -> bool:
    """Whether SM2 keys can be used here."""
    try:
        _Library()
    except Sm2Missing:
        return False
    return True


class _Library:
    """The modules of tongsuopy, loaded when an SM2 key is first met. Raises Sm2Missing."""

    def __init__(self) -> None:
        try:
            from tongsuopy.crypto import exceptions, hashes, serialization  # noqa: PLC0415
            from tongsuopy.crypto.asymciphers import ec  # noqa: PLC0415
        except ImportError as error:
            raise Sm2Missing from error
        self.ec = ec
        self.serialization = serialization
        self._hashes = hashes
        self.refusals: tuple[type[Exception], ...] = (
            ValueError,
            exceptions.InvalidSignature,
            exceptions.InternalError,
            exceptions.UnsupportedAlgorithm,
        )
        """What is raised for a bad signature, point or file."""

    def algorithm(self) -> Any:
        """SM2 with SM3 and the default user id; the library calls it ECDSA and goes by the curve."""
        return self.ec.ECDSA(self._hashes.SM3())


def _to_der(value: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(value[:WIDTH], "big"), int.from_bytes(value[WIDTH:], "big"))
