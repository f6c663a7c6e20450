"""Revocation lists in a folder: what they say, which of them count, and that they never go back."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags

from edi.adapters.crls import CrlFolder
from edi.adapters.pki import KeyKind
from edi.checks.trust import Trust, judge_certificate
from tests.trust.parties import NOW, authority, policy, signer

HOUR = timedelta(hours=1)


class Shelf:
    """A folder of lists, and the verdict on a certificate by them."""

    def __init__(self, home):
        self.folder = home / "crl"
        self.folder.mkdir()
        self.marks = home / "var" / "crl-numbers.json"

    def put(self, issuer, number, reasons=None, *, now=NOW, until=HOUR, name="ca.crl"):
        taken_back = {one.serial_number: (now, reason) for one, reason in (reasons or {}).items()}
        (self.folder / name).write_bytes(issuer.revocation_list(taken_back, number, now, now + until))

    def source(self, *authorities, longest=timedelta()):
        certificates = [one.root.certificate for one in authorities]
        return CrlFolder(self.folder, certificates, longest=longest, marks=self.marks)

    def judge(self, certificate, *authorities, at=NOW, longest=timedelta()):
        crls = self.source(*authorities, longest=longest)
        return judge_certificate(certificate, policy(*authorities, crls=crls), at)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize(
    ("reason", "trust"),
    [
        (None, Trust.TRUSTED),
        (ReasonFlags.certificate_hold, Trust.ON_HOLD),
        (ReasonFlags.remove_from_crl, Trust.TRUSTED),
        (ReasonFlags.key_compromise, Trust.REVOKED),
        (ReasonFlags.cessation_of_operation, Trust.REVOKED),
        (ReasonFlags.superseded, Trust.REVOKED),
    ],
    ids=str,
)
def test_what_a_list_says_counts(shelf, kind, reason, trust):
    ca = authority(kind)
    card, other = signer(ca).certificate, signer(ca).certificate
    shelf.put(ca, 3, {card: reason} if reason else {})
    judgement = shelf.judge(card, ca)
    assert (judgement.trust, judgement.crl.number) == (trust, 3)
    assert shelf.judge(other, ca).trust is Trust.TRUSTED


def test_an_entry_without_a_reason_revokes(shelf):
    ca = authority()
    card = signer(ca).certificate
    entry = x509.RevokedCertificateBuilder().serial_number(card.serial_number).revocation_date(NOW).build()
    builder = (
        x509.CertificateRevocationListBuilder().issuer_name(ca.root.certificate.subject).last_update(NOW)
        .next_update(NOW + HOUR).add_extension(x509.CRLNumber(1), critical=False).add_revoked_certificate(entry)
    )  # fmt: skip
    crl = builder.sign(ca.root.key, hashes.SHA256())

    (shelf.folder / "der.crl").write_bytes(crl.public_bytes(Encoding.DER))
    assert shelf.judge(card, ca).trust is Trust.REVOKED


def test_every_link_of_a_chain_needs_a_list(shelf):
    root = authority(KeyKind.SM2)
    middle = root.subordinate("示例中间机构", NOW)
    card = signer(middle).certificate
    shelf.put(middle, 1, name="middle.crl")
    judgement = shelf.judge(card, root, middle)
    assert judgement.trust is Trust.UNJUDGED
    assert judgement.authority == root.root.certificate.subject.rfc4514_string()
    shelf.put(root, 1, name="root.crl")
    assert shelf.judge(card, root, middle).trust is Trust.TRUSTED
    shelf.put(root, 2, {middle.root.certificate: ReasonFlags.ca_compromise}, name="root.crl")
    assert shelf.judge(card, root, middle).trust is Trust.REVOKED


@pytest.mark.parametrize(
    ("at", "longest", "trust"),
    [
        (NOW + HOUR, timedelta(), Trust.TRUSTED),
        (NOW + HOUR + timedelta(seconds=1), timedelta(), Trust.UNJUDGED),
        (NOW + timedelta(minutes=30), timedelta(minutes=30), Trust.TRUSTED),
        (NOW + timedelta(minutes=31), timedelta(minutes=30), Trust.UNJUDGED),
    ],
)
def test_a_list_is_good_until_its_next_update_or_its_greatest_age(shelf, at, longest, trust):
    ca = authority()
    shelf.put(ca, 1, now=NOW.replace(microsecond=0))
    at = at.replace(microsecond=0)
    assert shelf.judge(signer(ca).certificate, ca, at=at, longest=longest).trust is trust


def test_the_newest_of_several_counts(shelf):
    ca = authority()
    card = signer(ca).certificate
    shelf.put(ca, 9, {card: ReasonFlags.certificate_hold}, name="a.crl")
    shelf.put(ca, 8, name="b.crl")
    assert shelf.judge(card, ca).trust is Trust.ON_HOLD


def test_a_list_changes_while_the_program_runs(shelf):
    ca = authority()
    card = signer(ca).certificate
    judged = policy(ca, crls=shelf.source(ca))
    shelf.put(ca, 1)
    assert judge_certificate(card, judged, NOW).trust is Trust.TRUSTED
    shelf.put(ca, 2, {card: ReasonFlags.certificate_hold})
    assert judge_certificate(card, judged, NOW).trust is Trust.ON_HOLD
    shelf.put(ca, 3)
    assert judge_certificate(card, judged, NOW).trust is Trust.TRUSTED
    (shelf.folder / "ca.crl").unlink()
    assert judge_certificate(card, judged, NOW).trust is Trust.UNJUDGED


def test_an_older_list_is_never_taken_again_not_even_after_a_restart(shelf):
    ca = authority()
    card = signer(ca).certificate
    shelf.put(ca, 2, {card: ReasonFlags.certificate_hold})
    assert shelf.judge(card, ca).trust is Trust.ON_HOLD
    shelf.put(ca, 1)
    judgement = shelf.judge(card, ca)
    assert judgement.trust is Trust.UNJUDGED
    assert "第 1 号比已见过的第 2 号旧" in judgement.trouble[0]
    shelf.put(ca, 3)
    assert shelf.judge(card, ca).trust is Trust.TRUSTED


def odd_lists(ca):
    stranger = authority()
    name = ca.root.certificate.subject
    partial = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    yield "不是该机构所签", stranger.revocation_list({}, 1, NOW, NOW + HOUR)
    yield "不是吊销列表", b"rubbish"
    yield "不是吊销列表", b""
    for extensions, told in (([], "没有编号"), ([(x509.CRLNumber(1), False), (partial, True)], "完整列表")):
        builder = x509.CertificateRevocationListBuilder().issuer_name(name).last_update(NOW).next_update(NOW + HOUR)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)

        yield told, builder.sign(ca.root.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_no_damage_to_a_list_brings_the_program_down(shelf):
    """A bit of every byte turned over: the list is not used, or it still says of the card what it said."""
    ca = authority()
    card = signer(ca).certificate
    pem = ca.revocation_list({card.serial_number: (NOW, ReasonFlags.certificate_hold)}, 1, NOW, NOW + HOUR)
    good = x509.load_pem_x509_crl(pem).public_bytes(Encoding.DER)
    judged = policy(ca, crls=shelf.source(ca))
    for place in range(len(good)):
        altered = bytearray(good)
        altered[place] ^= 1 << place % 8
        (shelf.folder / f"{place}.crl").write_bytes(altered)
        assert judge_certificate(card, judged, NOW).trust in (Trust.UNJUDGED, Trust.ON_HOLD), place
        (shelf.folder / f"{place}.crl").unlink()


def test_a_list_that_cannot_be_used_is_told_and_refuses_nobody(shelf):
    ca = authority()
    card = signer(ca).certificate
    for told, data in odd_lists(ca):
        (shelf.folder / "odd.crl").write_bytes(data)
        judgement = shelf.judge(card, ca)
        assert judgement.trust is Trust.UNJUDGED, told
        assert told in judgement.trouble[0]
        assert "odd.crl" in judgement.trouble[1]
    shelf.put(ca, 1)
    assert shelf.judge(card, ca).trust is Trust.TRUSTED, "an odd file beside a good one does no harm"


def test_what_is_expired_needs_no_list(shelf):
    ca = authority()
    card = signer(ca).certificate
    assert shelf.judge(card, ca, at=card.not_valid_after_utc + HOUR).trust is Trust.EXPIRED
