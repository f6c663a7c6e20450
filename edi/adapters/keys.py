"""Certificates and private keys from PEM files.

Smart cards are to stand behind the same `SigningKey` shape. A passphrase is asked for or read from
the environment by the caller; it is never part of the configuration.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from edi.adapters.causes import cause_en, cause_zh
from edi.checks.certificate import public_key
from edi.errors import UserError
from edi.messages.algorithms import PrivateKey, PublicKey
from edi.messages.dsig import SigningKey
from edi.messages.sm2 import SM2_CURVE, Sm2PrivateKey


def load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM file. Raises UserError if there is none."""
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except OSError as error:
        raise UserError(
            f"证书文件无法读取：{cause_zh(error)}", f"The certificate cannot be read: {cause_en(error)}"
        ) from error
    except ValueError as error:
        raise UserError(
            f"{path} 不是 PEM 格式的证书文件；请给出以 -----BEGIN CERTIFICATE----- 开头的文件",
            f"{path} is no file of certificates in PEM form; give one that begins with -----BEGIN CERTIFICATE-----",
        ) from error


def load_signing_key(key: Path, certificate: Path, passphrase: bytes | None = None) -> SigningKey:
    """The private key with its certificate. Raises UserError if they do not belong together."""
    private = _load_private(key, passphrase)
    leaf = load_certificates(certificate)[0]
    if private.public_key() != _public_key(leaf, certificate):
        raise UserError(
            f"私钥 {key} 与证书 {certificate} 不是一对；请核对两个文件",
            f"The key {key} does not belong to the certificate {certificate}; check the two files",
        )
    return SigningKey(private, leaf, key_name(leaf))


def key_name(certificate: x509.Certificate) -> str:
    """What KeyName says of a certificate: the card number it states, else its serial number."""
    numbers = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return str(numbers[0].value) if numbers else f"{certificate.serial_number:x}"


def _public_key(certificate: x509.Certificate, path: Path) -> PublicKey:
    try:
        return public_key(certificate)
    except UnsupportedAlgorithm as error:
        raise UserError(
            f"证书 {path} 的密钥算法不受支持（{error}）；请使用 RSA、P-256 或 SM2 证书",
            f"The algorithm of the key in {path} is not supported ({error}); use an RSA, P-256 or SM2 certificate",
        ) from error


def _load_private(path: Path, passphrase: bytes | None) -> PrivateKey:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"私钥文件无法读取：{cause_zh(error)}", f"The key cannot be read: {cause_en(error)}") from error
    key = _decrypt(data, path, passphrase if b"ENCRYPTED" in data else None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Sm2PrivateKey):
        raise UserError(
            f"私钥 {path} 的算法不受支持；请使用 RSA、P-256 或 SM2 密钥",
            f"The algorithm of the key {path} is not supported; use an RSA, P-256 or SM2 key",
        )
    return key


def _decrypt(data: bytes, path: Path, passphrase: bytes | None) -> object:
    """The key in `data`; a passphrase that is set but not needed does no harm."""
    try:
        return _read(data, passphrase)
    except TypeError as error:
        raise UserError(
            f"私钥 {path} 有口令；请在环境变量 EDI_KEY_PASSPHRASE 中给出",
            f"The key {path} has a passphrase; give it in the environment variable EDI_KEY_PASSPHRASE",
        ) from error
    except ValueError as error:
        if passphrase:
            raise UserError(
                f"私钥 {path} 的口令不正确，或文件已损坏；请核对环境变量 EDI_KEY_PASSPHRASE",
                f"The passphrase of the key {path} is wrong, or the file is damaged; check EDI_KEY_PASSPHRASE",
            ) from error
        raise UserError(
            f"{path} 不是 PEM 格式的私钥文件；请给出以 -----BEGIN … PRIVATE KEY----- 开头的文件",
            f"{path} is no private key in PEM form; give a file that begins with -----BEGIN … PRIVATE KEY-----",
        ) from error


def _read(data: bytes, passphrase: bytes | None) -> object:
    try:
        return load_pem_private_key(data, passphrase)
    except UnsupportedAlgorithm as error:
        if SM2_CURVE not in str(error):
            return None
        return Sm2PrivateKey.from_pem(data, passphrase)
