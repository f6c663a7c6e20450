"""What judging a message takes: forms, contract and trust, built from the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from edi.adapters.config import Config
from edi.adapters.contract import Shelf, load, locate_contract
from edi.adapters.crls import CrlFolder
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.keys import load_certificates
from edi.checks.certificate import is_sm2
from edi.checks.trust import TrustPolicy
from edi.core.form import Forms
from edi.gateway.examine import Examiner
from edi.messages.sm2 import Sm2Missing, is_installed

CRL_MARKS = "crl-numbers.json"
"""Beside the ledger: the highest number of each revocation list that was seen."""


def build_forms(config: Config) -> Forms:
    """The message types of the program and of the configuration."""
    return discover([own_forms_folder(), *config.contract.forms])


def build_trust(config: Config) -> TrustPolicy:
    """Our authorities, as configured. Raises Sm2Missing if one has an SM2 key that cannot be used here."""
    trust = config.trust
    authorities = tuple(one for path in trust.authorities for one in load_certificates(path))
    if any(is_sm2(one) for one in authorities) and not is_installed():
        raise Sm2Missing
    return TrustPolicy(authorities, trust.media, trust.names, build_lists(config, authorities))


def build_lists(config: Config, authorities: Sequence[x509.Certificate]) -> CrlFolder:
    """The revocation lists of these authorities, as configured."""
    return CrlFolder(
        config.trust.crls,
        authorities,
        longest=timedelta(seconds=config.trust.crl_max_age_seconds),
        marks=config.gateway.ledger.parent / CRL_MARKS,
    )


def build_examiner(config: Config) -> Examiner:
    """Everything an examination needs."""
    forms = build_forms(config)
    return Examiner(forms, load(_folders(config), forms), build_trust(config))


def build_shelf(config: Config) -> Shelf:
    """The folders of the contract, for those who want its words."""
    return Shelf(tuple(folder.resolve() for folder in _folders(config)))


def _folders(config: Config) -> list[Path]:
    return [locate_contract(), *config.contract.schemas]
