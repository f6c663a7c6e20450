"""Many filings from one sample: each for an applicant of its own, for kill tests and the benchmark."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from edi.adapters.keys import load_signing_key
from edi.messages.dsig import SigningKey, sign_message
from tools import identifiers

NAMESPACE = {"q": "urn:edi-customs:qlf:1"}
DIVISION = "110105"


@dataclass(frozen=True)
class Filing:
    """A signed filing: one message of one or several applications."""

    name: str
    guids: tuple[str, ...]
    """Of its applications."""
    data: bytes

    @property
    def guid(self) -> str:
        """Of its only application."""
        (guid,) = self.guids
        return guid


def filings(
    home: Path, count: int, series: str, sample: str = "12-CBEC_SITE.xml", signer: SigningKey | None = None
) -> Iterator[Filing]:
    """`count` filings made after a sample of the workspace, all different, the same at every run; signed by its operator."""
    operator = signer or operator_of(home)
    text = (home / "samples" / sample).read_bytes()
    applicants = _applicants(series, sender=etree.fromstring(text).findtext("q:BaseTransfer/q:copCode", "", NAMESPACE))
    for number in range(count):
        yield _filing(text, f"{series}-{number:06d}", next(applicants), operator)


def operator_of(home: Path) -> SigningKey:
    """The operator's card of the workspace's channel `demo`."""
    return load_signing_key(home / "pki" / "operator.key", home / "pki" / "operator.pem")


def message_of(batch: Sequence[Filing], name: str, signer: SigningKey) -> Filing:
    """One message with the applications of all these filings; its own guid is that of the first message."""
    root = etree.fromstring(batch[0].data)
    for place, one in enumerate(batch[1:], 1):
        root.insert(place, etree.fromstring(one.data)[0])
    return Filing(name, tuple(guid for one in batch for guid in one.guids), sign_message(root, signer))


def messages_of(made: Iterator[Filing], per_message: int, series: str, signer: SigningKey) -> Iterator[Filing]:
    """The filings in messages of `per_message` applications; the last one may have fewer."""
    for number in itertools.count():
        batch = list(itertools.islice(made, per_message))
        if not batch:
            return
        yield message_of(batch, f"{series}-{number:06d}.xml", signer)


def with_attachment(filing: Filing, size: int, signer: SigningKey) -> Filing:
    """The filing with its first attachment blown up to `size` bytes, signed anew."""
    root = etree.fromstring(filing.data)
    content = root.find("q:QLF101/q:attachments/q:attachment/q:content", NAMESPACE)
    if content is None:
        raise ValueError("the filing has no attachment")
    content.text = base64.b64encode(base64.b64decode(content.text or "").ljust(size, b"\n")).decode("ascii")
    return Filing(filing.name, filing.guids, sign_message(root, signer))


def _applicants(series: str, sender: str) -> Iterator[str]:
    """Credit codes, none twice and none the sender's own: made from a hash, they would soon meet each other."""
    seen = {sender}
    for number in itertools.count():
        uscc = identifiers.uscc(f"{series}:{number}", DIVISION)
        if uscc not in seen:
            seen.add(uscc)
            yield uscc


def _filing(sample: bytes, key: str, uscc: str, signer: SigningKey) -> Filing:
    root = etree.fromstring(sample)
    guid = identifiers.guid(f"application:{key}")
    root.set("guid", identifiers.guid(f"message:{key}"))
    _put(root, "head/q:guid", guid)
    _put(root, "head/q:clientSeqNo", key)
    _put(root, "enterprise/q:uscc", uscc)
    _put(root, "enterprise/q:organizationCode", identifiers.organisation_code(uscc))
    _put(root, "enterprise/q:adminDivision", DIVISION)
    _put(root, "enterprise/q:competentCustoms", "0117")
    return Filing(f"{key}.xml", (guid,), sign_message(root, signer))


def _put(root: etree._Element, path: str, text: str) -> None:
    element = root.find(f"q:QLF101/q:{path}", NAMESPACE)
    if element is None:
        raise ValueError(f"the sample has no {path}")
    element.text = text
