"""Refreshes the revocation lists: what a source offers is judged first, then takes the old list's place as a whole.

Whatever is wrong with an offer, the list in use stays. A source that fails is one alarm until it works again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.config_crls import CrlSourceConfig
from edi.adapters.crls import LARGEST
from edi.adapters.fetching import fetch
from edi.adapters.files import read_regular, regular_files, write_whole
from edi.adapters.keys import load_certificates
from edi.app.checking import build_lists
from edi.app.office import Office
from edi.app.ops.troubles import Trouble, reconcile
from edi.checks.certificate import fingerprint
from edi.checks.revocation import Crl, UnusableList, check_successor, judge_crl, read_crl
from edi.errors import EdiError

FAMILY = "crl-source:"

Offer = tuple[Crl, x509.Certificate, bytes]
"""A list, the authority that signed it, and the file."""


def refresh_lists(office: Office) -> dict[str, int]:
    """Ask every source; how many new lists were taken into use, and how many sources had none that can be used."""
    taken = 0
    failing: dict[str, Trouble] = {}
    for name, source in office.config.trust.crl_sources.items():
        try:
            taken += _refresh(office, name, source)
        except OSError as error:
            failing[f"{FAMILY}{name}"] = _trouble(name, source, cause_zh(error), cause_en(error))
        except (EdiError, UnusableList) as error:
            failing[f"{FAMILY}{name}"] = _trouble(name, source, error.zh, error.en)
    reconcile(office, FAMILY, failing)
    return {"lists": taken, "failing": len(failing)}


def _trouble(name: str, source: CrlSourceConfig, zh: str, en: str) -> Trouble:
    return Trouble("alarm_crl_source", {"name": name, "place": source.place, "zh": zh, "en": en})


def _refresh(office: Office, name: str, source: CrlSourceConfig) -> int:
    """1 if a new list took the old one's place, 0 if there is no newer one."""
    authorities = load_certificates(source.authority)
    crl, authority, data = _best(_offered(source), authorities)
    lists = build_lists(office.config, authorities)
    known = lists()
    current = known.lists.get(fingerprint(authority))
    check_successor(crl, current, lists.highest(authority), office.clock(), known.longest)
    if current and (crl.number, crl.this_update) == (current.number, current.this_update):
        return 0
    folder = office.config.trust.crls
    folder.mkdir(parents=True, exist_ok=True)
    write_whole({folder / f"{name}.crl": data})
    lists()  # its number is remembered from now on, whether or not anybody is judged by it
    return 1


def _offered(source: CrlSourceConfig) -> Iterator[bytes]:
    """The files that may hold the list, each read to its greatest size and one byte more."""
    if source.path is None:
        yield fetch(source.url, most=LARGEST, seconds=source.timeout_seconds, tls_authorities=source.tls_authorities)
    elif source.path.is_dir():
        for name in sorted(one.name for one in regular_files(source.path) if not one.name.startswith(".")):
            yield read_regular(source.path / name, LARGEST)
    else:
        yield read_regular(source.path, LARGEST)


def _best(offered: Iterator[bytes], authorities: Sequence[x509.Certificate]) -> Offer:
    """The newest list that one of these certificates signed. Raises UnusableList if there is none."""
    best: Offer | None = None
    refused = UnusableList("没有文件", "there is no file")
    for data in offered:
        try:
            crl, authority = _judged(data, authorities)
        except UnusableList as error:
            refused = error
        else:
            if best is None or (crl.number, crl.this_update) > (best[0].number, best[0].this_update):
                best = crl, authority, data
    if best is None:
        raise refused
    return best


def _judged(data: bytes, authorities: Sequence[x509.Certificate]) -> tuple[Crl, x509.Certificate]:
    if len(data) > LARGEST:
        raise UnusableList(f"超过 {LARGEST} 字节", f"it is bigger than {LARGEST} bytes")
    crl = read_crl(data)
    refused = UnusableList("该机构没有证书", "the authority has no certificate")
    for authority in authorities:
        try:
            return judge_crl(crl, authority), authority
        except UnusableList as error:
            refused = error
    raise refused
