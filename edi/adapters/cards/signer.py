"""A card as a signer of messages: its certificate decides the algorithm, its key never leaves it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from edi.adapters.cards.faults import CardFault
from edi.adapters.cards.piv import Algorithm, Piv, Slot
from edi.adapters.cards.secret import Secret
from edi.adapters.keys import key_name
from edi.checks.certificate import is_sm2
from edi.errors import UserError
from edi.messages.algorithms import ECDSA_SHA256, RSA_SHA256

_RSA_BITS = 2048
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo before a SHA-256 digest (RFC 8017, 9.2)."""


@dataclass(frozen=True, kw_only=True)
class CardSigner:
    """One slot of a card with the PIN that opens it; a `Signer` like a key from a file."""

    card: Piv
    slot: Slot
    certificate: x509.Certificate
    pin: Secret

    @property
    def key_name(self) -> str:
        """Card number, written as KeyName."""
        return key_name(self.certificate)

    @property
    def algorithm(self) -> str:
        """Identifier of the signature method."""
        return RSA_SHA256 if isinstance(self.certificate.public_key(), rsa.RSAPublicKey) else ECDSA_SHA256

    def sign(self, data: bytes) -> bytes:
        """The signature value over `data`, made by the card and checked here; ECDSA as raw r‖s.

        The PIN is shown before each signature, as slot 9C demands it (SP 800-73-4, part 1, table 4b).
        Raises WrongSecret, CardBlocked, CardAway, CardFault.
        """
        self.card.verify(self.pin)
        key = self.certificate.public_key()
        try:
            return self._by_rsa(key, data) if isinstance(key, rsa.RSAPublicKey) else self._by_ec(key, data)
        except (InvalidSignature, ValueError) as error:
            raise CardFault(
                f"卡 {self.key_name} 的签名与其证书不符，未使用；请联系发卡机构",
                f"The signature of card {self.key_name} does not fit its certificate and was not used; ask who issued "
                "the card",
            ) from error

    def _by_rsa(self, key: rsa.RSAPublicKey, data: bytes) -> bytes:
        info = _SHA256_INFO + hashlib.sha256(data).digest()
        block = b"\x00\x01" + b"\xff" * (_RSA_BITS // 8 - len(info) - 3) + b"\x00" + info
        value = self.card.authenticate(self.slot, Algorithm.RSA_2048, block)
        key.verify(value, data, padding.PKCS1v15(), hashes.SHA256())
        return value

    def _by_ec(self, key: object, data: bytes) -> bytes:
        value = self.card.authenticate(self.slot, Algorithm.ECC_P256, hashlib.sha256(data).digest())
        assert isinstance(key, ec.EllipticCurvePublicKey)  # signing_certificate let no other through
        key.verify(value, data, ec.ECDSA(hashes.SHA256()))
        return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(value))


def signing_certificate(card: Piv, slot: Slot) -> x509.Certificate:
    """The certificate to sign with. Raises UserError if the slot is empty or its key is of another kind."""
    certificate = card.certificate(slot)
    if certificate is None:
        raise UserError(
            f"卡上 {slot.key} 没有证书；请用 edi card info 查看，用 --slot 另选",
            f"Slot {slot.key} of the card has no certificate; look with `edi card info`, choose with --slot",
        )
    key = None if is_sm2(certificate) else certificate.public_key()
    if (isinstance(key, rsa.RSAPublicKey) and key.key_size == _RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    ):
        return certificate
    raise UserError(
        f"卡上 {slot.key} 的密钥算法不受支持；请使用 RSA-2048 或 P-256 的卡",
        f"The key in slot {slot.key} is of a kind we do not support; use a card with RSA-2048 or P-256",
    )
