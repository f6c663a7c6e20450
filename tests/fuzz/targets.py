"""What is fuzzed: everything that reads bytes of strangers. A target takes a plan, carries it out, and judges what came of it.

A target returns the codes it met, for the statistics. It raises AssertionError if a promise is broken: another exception than those a
reader tells of, a finding without words, or a good verdict on something that nobody signed.
"""

import functools
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from edi.adapters.contract import locate_contract
from edi.adapters.paper.drawing import draw
from edi.app.verifying import Known, judge_pdf, judge_text
from edi.checks.certificate import read_certificate
from edi.checks.holder import read_signer
from edi.checks.parse import DEFAULT_LIMITS, parse
from edi.checks.revocation import UnusableList, judge_crl, read_crl
from edi.checks.trust import Trust, judge_certificate
from edi.core.abreast import alone
from edi.core.findings import has_errors
from edi.core.qualification import Qualification
from edi.core.results import Granted
from edi.core.times import CHINA
from edi.gateway.collected import receipt_steps
from edi.messages.algorithms import Extra
from edi.messages.canonical import C14n, canonical_document
from edi.messages.certificate import Certificate, certificate_sheet, issue, read_statement, slip
from edi.messages.dsig import sign_message
from edi.messages.dxp import DxpMsg, write_dxp_msg
from tests.attacks.scene import CHANNEL, YEAR, the_scene
from tests.trust.parties import EPORT, NOW, bare, eport_signed, policy, signer

from .mutations import BYTES, TREES, WHOLE, Step, mutate

OPEN_CHANNEL = replace(CHANNEL, extras=tuple(Extra))


@dataclass(frozen=True)
class Plan:
    """One run, as numbers."""

    seed: int
    before: tuple[Step, ...]
    """Mutations of the content before it is signed."""
    sign: bool
    after: tuple[Step, ...]
    """Mutations of what was signed."""
    wrap: tuple[Step, ...]
    bare: bool
    """The mutations are of bytes, not of elements."""

    def apply(self, data):
        """What the plan makes of signed bytes."""
        mutated = mutate(data, self.after, BYTES if self.bare else TREES)
        return mutate(mutated, self.wrap, WHOLE)


@dataclass(frozen=True)
class World:
    """The seeds, and who is believed."""

    contents: tuple[bytes, ...]
    eport: bytes
    receipts: tuple[bytes, ...]
    customs: object
    certificates: tuple[bytes, ...]
    paper: Certificate
    code: str
    pdf: bytes
    known: Known


@functools.cache
def the_world():
    """Made once: keys and papers take a second."""
    scene = the_scene()
    samples = locate_contract() / "qlf" / "samples"
    customs = signer(scene.ca)
    paper = Certificate(
        number="2210202600000012", issued_on=NOW.astimezone(CHINA).date().isoformat(), valid_until="2099-12-31",
        uscc="91310115XX4971453G", name="示例外资贸易（上海）有限公司", customs="2210", customs_name="浦东海关",
        qualifications=(Granted(type=Qualification.TRADER.name, filing_code="3122968396", valid_from="2026-01-01", valid_until="2099-12-31"),),
    )  # fmt: skip
    code = issue(paper, customs)
    certificates = (scene.card, scene.rsa, scene.sm2, signer(scene.ca, holder=EPORT))
    return World(
        contents=tuple(
            one.read_bytes()
            for one in sorted(samples.glob("**/*.xml"))
            if one.parent.name not in ("receipts", "answers")
        ),
        eport=eport_signed(scene.content(), scene.sm2),
        receipts=tuple(one.read_bytes() for one in sorted((samples / "receipts").glob("*.xml"))),
        customs=customs,
        certificates=tuple(one.certificate.public_bytes(Encoding.DER) for one in certificates),
        paper=paper,
        code=code,
        pdf=draw(certificate_sheet(paper, code)).data,
        known=Known(policy(scene.ca), (customs.certificate,)),
    )


def message(plan):
    """A filing of any kind: the gateway's examination and the offline kit."""
    scene, world = the_scene(), the_world()
    root = bare(parse(pick(world.contents, plan.seed)))
    content = mutate(etree.tostring(root), plan.before, TREES)
    root = parse(content)
    if isinstance(root, list):
        return codes(root)
    key = (scene.card, scene.rsa, scene.sm2)[plan.seed % 3]
    signed = content if not plan.sign else world.eport if plan.seed % 11 == 0 else sign_message(bare(root), key)
    data = plan.apply(signed)
    verdict = scene.examiner.examine(data, OPEN_CHANNEL, NOW)
    if verdict.good:
        assert verdict.digest == digest_of(signed), "a good verdict on what nobody signed"
        assert verdict.signer
    else:
        assert has_errors(verdict.findings)
    if plan.seed % 4 == 0:
        codes(scene.examiner.check_offline(data, DEFAULT_LIMITS))
    return codes(verdict.findings)


def receipt(plan):
    """A receipt of customs in its envelope."""
    scene, world = the_scene(), the_world()
    content = mutate(pick(world.receipts, plan.seed), plan.before, TREES)
    root = parse(content)
    if isinstance(root, list):
        return codes(root)
    signed = sign_message(bare(root), world.customs) if plan.sign else content
    inner = replace(plan, wrap=()).apply(signed)
    envelope = DxpMsg(
        message_id="1", sender="EDICUSTOMS000001", receivers=("EDIGATEWAY000001",), created="2026-11-22T09:00:00",
        message_type="QLF102", data=inner,
    )  # fmt: skip
    data = mutate(write_dxp_msg(envelope), plan.wrap, TREES)
    opened = alone(receipt_steps(data, scene.examiner.forms, scene.examiner.contract, [world.customs.certificate]))
    if not opened.trouble:
        assert plan.sign
        assert canonical_of(opened.message) == canonical_of(signed), "a receipt believed that nobody signed"
    return codes(opened.trouble)


def certificate(plan):
    """A certificate alone: reading, judging, whose it is."""
    scene = the_scene()
    good = pick(the_world().certificates, plan.seed)
    data = mutate(good, plan.after, BYTES)
    try:
        read = read_certificate(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        return [type(error).__name__]
    trust = judge_certificate(read, scene.examiner.trust, NOW).trust
    read_signer(read, scene.examiner.trust.naming, CHANNEL.enterprises)
    if trust is Trust.TRUSTED:
        assert read.tbs_certificate_bytes == read_certificate(good).tbs_certificate_bytes
    return [trust.value]


def crl(plan):
    """A revocation list."""
    scene = the_scene()
    data = mutate(read_crl(scene.crl).public_bytes(Encoding.DER) if plan.bare else scene.crl, plan.after, BYTES)
    try:
        read = read_crl(data)
        judged = judge_crl(read, scene.ca.root.certificate)
    except UnusableList as error:
        return [type(error).__name__]
    assert read.tbs_certlist_bytes == read_crl(scene.crl).tbs_certlist_bytes
    return ["good" if judged.is_fresh(NOW, timedelta()) else "stale"]


def statement(plan):
    """The text of a QR code."""
    world = the_world()
    text = mutate(slip(world.paper, world.code).encode(), plan.after, BYTES).decode("utf-8", "replace")
    paper = judge_text(text, world.known, NOW + YEAR if plan.seed % 2 else NOW)
    if paper.good:
        assert paper.certificate == world.paper, "a certificate believed that customs never issued"
    try:
        read = read_statement(text)
    except ValueError:
        return codes(paper.findings)
    assert read_statement(read.statement()) == read
    return codes(paper.findings)


def pdf(plan):
    """A filing certificate as PDF."""
    world = the_world()
    paper = judge_pdf(mutate(world.pdf, plan.after, BYTES), world.known, NOW)
    if paper.good:
        assert paper.certificate == world.paper
    return codes(paper.findings)


TARGETS = {one.__name__: one for one in (message, receipt, certificate, crl, statement, pdf)}


def pick(seeds, number):
    return seeds[number % len(seeds)]


def codes(findings):
    """The codes of findings, each of which says in both languages what is wrong."""
    for one in findings:
        assert one.zh
        assert one.en
        assert one.code
    return [one.code for one in findings]


def canonical_of(data):
    return canonical_document(bare(parse(data)), C14n.INCLUSIVE)


def digest_of(data):
    """What tells a signed message from others."""
    return hashlib.sha256(canonical_of(data)).hexdigest()
