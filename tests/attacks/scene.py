"""The scene of every attack: an authority, an enterprise with its card, a stranger with a key of his own, the gateway's examiner."""

import base64
import functools
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.x509 import ReasonFlags
from lxml import etree

from edi.adapters.contract import load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.keys import key_name
from edi.adapters.pki import Authority, KeyKind
from edi.checks.certificate import fingerprint
from edi.checks.parse import parse
from edi.checks.revocation import Crls, judge_crl, read_crl
from edi.gateway.examine import ChannelPolicy, Examiner
from edi.messages.canonical import C14n, canonical_subtree
from edi.messages.dsig import SigningKey, ds, sign_message
from tests.trust.parties import HOLDER, NOW, TRADER, authority, bare, policy, signer

OTHER = "91310115XX4971453G"
"""USCC of an enterprise that is not the sender's."""
CHANNEL = ChannelPolicy(enterprises=(TRADER,))
YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who is there. `card`, `rsa` and `sm2` are the enterprise's; `held` and `cancelled` were taken back."""

    ca: Authority
    card: SigningKey
    rsa: SigningKey
    sm2: SigningKey
    held: SigningKey
    cancelled: SigningKey
    other: SigningKey
    """Of another enterprise, issued by the same authority."""
    stranger: SigningKey
    """Of an authority that has the same name and issued the same facts."""
    crl: bytes
    examiner: Examiner

    def content(self, sample="02-TRADER.xml"):
        """The unsigned message."""
        (file,) = locate_contract().glob(f"**/samples/{sample}")
        return bare(parse(file.read_bytes()))

    def evil(self):
        """The message as the attacker wants it: another enterprise gets the qualification."""
        root = self.content()
        child(root, "enterprise").find("{*}uscc").text = OTHER
        return root

    def genuine(self, key=None):
        """The message as the enterprise signed it."""
        return parse(sign_message(self.content(), key or self.card))

    def examine(self, data):
        """The gateway's verdict."""
        return self.examiner.examine(data, CHANNEL, NOW)


@functools.cache
def the_scene():
    """One scene for all: making keys is slow."""
    ca = authority()
    held, cancelled = signer(ca), signer(ca)
    taken_back = {held: ReasonFlags.certificate_hold, cancelled: ReasonFlags.cessation_of_operation}
    serials = {one.certificate.serial_number: (NOW, reason) for one, reason in taken_back.items()}
    crl = ca.revocation_list(serials, 1, NOW - timedelta(minutes=1), NOW + YEAR)
    lists = Crls(lists={fingerprint(ca.root.certificate): judge_crl(read_crl(crl), ca.root.certificate)})
    forms = discover([own_forms_folder()])
    return Scene(
        ca=ca,
        card=signer(ca),
        rsa=signer(ca, KeyKind.RSA),
        sm2=signer(ca, KeyKind.SM2),
        held=held,
        cancelled=cancelled,
        other=signer(ca, organisation="示例物流（上海）有限公司", uscc=OTHER),
        stranger=signer(authority()),
        crl=crl,
        examiner=Examiner(forms, load([locate_contract()], forms), policy(ca, crls=lambda: lists)),
    )


def attack(*codes, examine=Scene.examine):
    """Makes a test of a builder of hostile bytes: the examination refuses them with all of these codes.

    The docstring of the builder names the attack and, in brackets, where it was published.
    """

    def test_of(build):
        @functools.wraps(build)
        def test(scene):
            verdict = examine(scene, build(scene))
            assert not verdict.good
            assert verdict.held is None
            assert set(codes) <= {one.code for one in verdict.findings}, verdict.findings
            assert all(one.zh and one.en for one in verdict.findings)
            if any(code in ("0001", "0999", "1001", "1004") for code in codes):
                assert verdict.business is None, "nothing is read out of what was not signed"
                assert verdict.signer is None

        test.build, test.codes = build, codes
        return test

    return test_of


def built(module):
    """The attacks of a module by name; `build` makes the bytes, `codes` are the answer."""
    return {name: one for name, one in vars(module).items() if hasattr(one, "build")}


# ---- pieces of messages


def child(root, name):
    """The first element of that name, wherever it stands."""
    return next(one for one in root.iter(etree.Element) if etree.QName(one).localname == name)


def signature_of(root):
    """The message's signature."""
    return root.find(ds("Signature"))


def text_of(root):
    """A message as bytes."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def changed(root, name, text):
    """The message with another text in one of its elements."""
    child(root, name).text = text
    return text_of(root)


def replaced(data, *pairs):
    """Bytes with parts replaced, each of which must be there."""
    for old, new in pairs:
        assert old in data, old
        data = data.replace(old, new, 1)
    return data


def certified(key, certificate):
    """A signing key under that certificate."""
    return SigningKey(key, certificate, key_name(certificate))


def issued(issuer, holder=HOLDER, *, like=None, key=None, now=NOW, validity=YEAR, extensions=None):
    """A signing key whose certificate is like ours, but for what is said."""
    made = issuer.issue(holder, now, key=key, validity=validity)
    if extensions is None and like is None:
        return certified(made.key, made.certificate)
    return certified(made.key, reissued(issuer, made.certificate, extensions or (), like))


def reissued(issuer, certificate, extensions, like=None):
    """The certificate issued again, with these extensions in place of those of their kinds."""
    kinds = {one.oid for one, _ in extensions}
    kept = [(one.value, one.critical) for one in certificate.extensions if one.oid not in kinds]
    builder = (
        x509.CertificateBuilder().subject_name((like or certificate).subject).issuer_name(issuer.root.certificate.subject)
        .public_key(certificate.public_key()).serial_number((like or certificate).serial_number)
        .not_valid_before(certificate.not_valid_before_utc).not_valid_after(certificate.not_valid_after_utc)
    )  # fmt: skip
    for value, critical in (*kept, *extensions):
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(issuer.root.key, certificate.signature_hash_algorithm)


# ---- signatures made by an attacker who has a card that we believe


def resigned(scene, change, key=None):
    """The message with a SignedInfo that was changed before it was signed; `change` gets the signature."""
    key = key or scene.card
    root = scene.genuine(key)
    signature = signature_of(root)
    change(signature)
    sign_again(signature, key)
    return text_of(root)


def sign_again(signature, key):
    """A new value over SignedInfo as it stands."""
    info = signature.find(ds("SignedInfo"))
    signature.find(ds("SignatureValue")).text = b64(key.sign(canonical_subtree(info, C14n.INCLUSIVE)))


def digest_again(signature, canonical):
    """The digest of some bytes in place of that of the message."""
    child(signature, "DigestValue").text = b64(hashlib.sha256(canonical).digest())


def b64(data):
    """Base64, as text."""
    return base64.b64encode(data).decode("ascii")
