"""A TLS authority and the certificate of a server on loopback; the clock is the system's, as the TLS library reads it."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class TlsParty:
    """An authority of its own and a server it vouches for."""

    def __init__(self, folder, address="127.0.0.1"):
        folder.mkdir()
        now, self._root, server = (
            datetime.now(UTC),
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        self.authority = folder / "ca.pem"
        """The file a client trusts."""
        root = self._certificate(
            "示例机构", self._root.public_key(), now, x509.BasicConstraints(ca=True, path_length=0)
        )
        leaf = self._certificate(
            "示例服务器",
            server.public_key(),
            now,
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root.public_key()),
        )
        self.authority.write_bytes(root.public_bytes(Encoding.PEM))
        both = folder / "server.pem"
        both.write_bytes(
            server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + leaf.public_bytes(Encoding.PEM)
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        """What the server speaks with."""
        self.context.load_cert_chain(both)

    def _certificate(self, name, key, now, *extensions):
        def named(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        builder = (
            x509.CertificateBuilder().subject_name(named(name)).issuer_name(named("示例机构")).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )  # fmt: skip
        for one in extensions:
            builder = builder.add_extension(one, critical=isinstance(one, x509.BasicConstraints))
        return builder.sign(self._root, hashes.SHA256())
