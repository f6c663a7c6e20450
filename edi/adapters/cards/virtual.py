"""A virtual card for tests: the PIV application of one key and certificate, in memory only.

It keeps to NIST SP 800-73-4 as far as OpenSC and we use it, so that everything above PC/SC can be tried without a real
card. Not for real keys: whoever runs it can read them.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding

from edi.adapters.cards import piv
from edi.adapters.cards.apdu import OK, read_tlv, tlv
from edi.adapters.cards.secret import Secret
from edi.errors import UserError
from edi.messages.algorithms import PrivateKey

ATR = bytes.fromhex("3B800181")
"""Direct convention, T=1, no historical bytes, checked."""
TRIES = 3
_ALL_AT_ONCE = 256
_EXTENDED = 3
"""Bytes of an extended length, the zero before it included."""
_CHAINED = 0x10
_GET_RESPONSE, _GENERAL_AUTHENTICATE = 0xC0, 0x87
_LONGEST = 4096
"""Bytes of a chained command; more is refused."""

_WRONG_LENGTH, _NOT_ALLOWED, _BLOCKED = 0x6700, 0x6982, 0x6983
_WRONG_DATA, _NOT_FOUND, _WRONG_P1P2, _NO_SUCH_KEY, _UNKNOWN = 0x6A80, 0x6A82, 0x6A86, 0x6A88, 0x6D00
_MORE = 0x6100
_TRIES_LEFT = 0x63C0

_PIX = tlv(0x4F, piv.AID[5:])
_PROPERTIES = tlv(0x61, _PIX + tlv(0x79, tlv(0x4F, piv.AID[:5])))
"""Answer to SELECT (part 2, table 3)."""
_DISCOVERY = tlv(0x7E, tlv(0x4F, piv.AID) + tlv(0x5F2F, b"\x40\x00"))
"""Only the application's PIN opens the card (part 1, 3.3.2)."""
_NOT_FEDERAL = bytes.fromhex("D4E739DA739CED39CE739D836858210842108421C84210C3EB")
"""FASC-N of a card no federal agency issued (SP 800-73-4, part 1, 3.1.2)."""


@dataclass
class _Reference:
    """A PIN or PUK on the card, with its tries."""

    secret: Secret
    tries: int = TRIES

    def check(self, shown: bytes) -> int:
        """Status word for what was shown; a wrong one costs a try."""
        if not self.tries:
            return _BLOCKED
        if hmac.compare_digest(shown, self.secret.padded):
            self.tries = TRIES
            return OK
        self.tries -= 1
        return _TRIES_LEFT | self.tries if self.tries else _BLOCKED

    def put(self, new: bytes) -> None:
        self.secret = Secret(new)
        self.tries = TRIES


@dataclass
class VirtualCard:
    """The card; `answer` takes a command as it comes over the wire and gives the reply with its status word."""

    key: PrivateKey
    certificate: x509.Certificate
    pin: Secret
    puk: Secret
    slot: piv.Slot = piv.Slot.SIGNATURE
    _verified: bool = False
    _chain: bytes = b""
    _rest: bytes = b""
    _pin: _Reference = field(init=False)
    _puk: _Reference = field(init=False)
    _objects: dict[int, bytes] = field(init=False)

    def __post_init__(self) -> None:
        if self._algorithm() is None:
            raise UserError(
                "虚拟卡只支持 RSA-2048 和 P-256 密钥；请换用其他密钥",
                "The virtual card bears keys of RSA-2048 and P-256 only; use another key",
            )
        self._pin, self._puk = _Reference(self.pin), _Reference(self.puk)
        self._objects = _objects(self.certificate, self.slot)

    def power(self) -> None:
        """Power off, on or reset: what was shown or begun is forgotten, tries stay spent."""
        self._verified = False
        self._chain = self._rest = b""

    def answer(self, apdu: bytes) -> bytes:
        """The reply to one command."""
        try:
            head, data, wanted = _taken_apart(apdu)
            if head[0] == _CHAINED:
                self._chain += data
                return _word(OK if len(self._chain) <= _LONGEST else _WRONG_LENGTH)
            data, self._chain = self._chain + data, b""
            if head[1] == _GET_RESPONSE:
                return self._portion(wanted)
            self._rest, status = self._obey(head, data)
        except (ValueError, KeyError, IndexError):
            return _word(_WRONG_DATA)
        return self._portion(wanted) if self._rest else _word(status)

    def _portion(self, wanted: int) -> bytes:
        """As much of the reply as is wanted, and how much is left (61 00 for 256 bytes or more)."""
        portion, self._rest = self._rest[:wanted], self._rest[wanted:]
        left = len(self._rest)
        return portion + _word(_MORE | (left if left < _ALL_AT_ONCE else 0) if left else OK)

    def _obey(self, head: bytes, data: bytes) -> tuple[bytes, int]:
        if head[1] == _GENERAL_AUTHENTICATE:
            return self._authenticate(head[2], head[3], data)
        match head[1:].hex().upper():
            case "A40400":
                known = len(data) >= 5 and piv.AID.startswith(data)  # noqa: PLR2004 - at least the provider
                return (_PROPERTIES, OK) if known else (b"", _NOT_FOUND)
            case "CB3FFF":
                found = self._objects.get(int.from_bytes(read_tlv(data)[0x5C], "big"))
                return (found, OK) if found else (b"", _NOT_FOUND)
            case name:
                return b"", self._about_secrets(name, data)

    def _about_secrets(self, name: str, data: bytes) -> int:
        """VERIFY, CHANGE REFERENCE DATA of PIN and PUK, RESET RETRY COUNTER."""
        match name:
            case "200080":
                return self._verify(data)
            case "240080":
                return self._replace(self._pin, data, of=self._pin)
            case "240081":
                return self._replace(self._puk, data, of=self._puk)
            case "2C0080":
                return self._replace(self._puk, data, of=self._pin)
            case _:
                return _UNKNOWN

    def _verify(self, data: bytes) -> int:
        if not data:  # only a question
            return OK if self._verified else _TRIES_LEFT | self._pin.tries if self._pin.tries else _BLOCKED
        status = self._pin.check(data)
        self._verified = status == OK
        return status

    def _replace(self, shown: _Reference, data: bytes, of: _Reference) -> int:
        """Put a new value in the place of `of` if the right one was shown."""
        old, new = data[:8], data[8:]
        if len(new) != 8:  # noqa: PLR2004 - SP 800-73
            return _WRONG_DATA
        status = shown.check(old)
        if status == OK:
            of.put(new)
        return status

    def _algorithm(self) -> piv.Algorithm | None:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return piv.Algorithm.RSA_2048 if self.key.key_size == 2048 else None  # noqa: PLR2004
        if isinstance(self.key, ec.EllipticCurvePrivateKey) and isinstance(self.key.curve, ec.SECP256R1):
            return piv.Algorithm.ECC_P256
        return None

    def _authenticate(self, algorithm: int, slot: int, data: bytes) -> tuple[bytes, int]:
        """GENERAL AUTHENTICATE: one signature per PIN shown, as slot 9C has it (part 1, table 4b)."""
        if slot != int(self.slot.key, 16):
            return b"", _NO_SUCH_KEY
        if piv.Algorithm(algorithm) is not self._algorithm():
            return b"", _WRONG_P1P2
        if not self._verified:
            return b"", _NOT_ALLOWED
        challenge = read_tlv(read_tlv(data)[0x7C])[0x81]
        self._verified = self.slot is not piv.Slot.SIGNATURE
        return tlv(0x7C, tlv(0x82, self._sign(challenge))), OK

    def _sign(self, challenge: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(challenge, ec.ECDSA(Prehashed(hashes.SHA256())))
        assert isinstance(self.key, rsa.RSAPrivateKey)  # __post_init__ let no other through
        numbers = self.key.private_numbers()
        block = int.from_bytes(challenge, "big")
        if block >= numbers.public_numbers.n:
            raise ValueError("the block is larger than the modulus")
        return pow(block, numbers.d, numbers.public_numbers.n).to_bytes(256, "big")


def _objects(certificate: x509.Certificate, slot: piv.Slot) -> dict[int, bytes]:
    """Data objects by tag (part 1, tables 2 to 20); the GUID is that of the certificate, the same at every start."""
    guid = certificate.fingerprint(hashes.SHA256())[:16]
    chuid = tlv(0x30, _NOT_FEDERAL) + tlv(0x34, guid) + tlv(0x35, b"20991231") + tlv(0x3E, b"") + tlv(0xFE, b"")
    holder = tlv(0x70, certificate.public_bytes(Encoding.DER)) + tlv(0x71, b"\0") + tlv(0xFE, b"")
    return {
        0x7E: _DISCOVERY,
        0x5FC102: tlv(0x53, chuid),
        0x5FC107: tlv(0x53, _capabilities(guid)),
        slot.certificate: tlv(0x53, holder),
    }


def _capabilities(guid: bytes) -> bytes:
    """The card capability container (part 1, table 8)."""
    empty = (0xF4, 0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE)
    identifier = tlv(0xF0, piv.AID[:5] + b"\x02" + guid[:15])
    versions = tlv(0xF1, b"\x21") + tlv(0xF2, b"\x21") + tlv(0xF3, b"") + tlv(0xF5, b"\x10")
    return identifier + versions + b"".join(tlv(tag, b"") for tag in empty)


def _taken_apart(apdu: bytes) -> tuple[bytes, bytes, int]:
    """Header, data and bytes wanted of a short or extended command. Raises ValueError, IndexError."""
    head, body = apdu[:4], apdu[4:]
    if len(body) <= 1:  # nothing, or Le
        return head, b"", _le(body)
    if body[0] == 0 and len(body) == _EXTENDED:
        return head, b"", _le(body[1:])
    start, size = (_EXTENDED, int.from_bytes(body[1:3], "big")) if body[0] == 0 else (1, body[0])
    if len(body) < start + size:
        raise ValueError("the command is cut off")
    return head, body[start : start + size], _le(body[start + size :])


def _le(field: bytes) -> int:
    """Bytes wanted; none without the field, and this card never sends more than 256 at a time."""
    return min(int.from_bytes(field, "big") or _ALL_AT_ONCE, _ALL_AT_ONCE) if field else 0


def _word(status: int) -> bytes:
    return status.to_bytes(2, "big")
