"""What judging a message takes: forms, contract and trust, built from the configuration."""

from __future__ import annotations

from pathlib import Path

from edi.adapters.config import Config
from edi.adapters.contract import Shelf, load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.adapters.keys import load_certificates
from edi.checks.trust import TrustPolicy
from edi.core.form import Forms
from edi.gateway.examine import Examiner


def build_forms(config: Config) -> Forms:
    """The message types of the program and of the configuration."""
    return discover([own_forms_folder(), *config.contract.forms])


def build_trust(config: Config) -> TrustPolicy:
    """Our authorities, as configured."""
    authorities = tuple(one for path in config.trust.authorities for one in load_certificates(path))
    return TrustPolicy(authorities, config.trust.media)


def build_examiner(config: Config) -> Examiner:
    """Everything an examination needs."""
    forms = build_forms(config)
    return Examiner(forms, load(_folders(config), forms), build_trust(config))


def build_shelf(config: Config) -> Shelf:
    """The folders of the contract, for those who want its words."""
    return Shelf(tuple(folder.resolve() for folder in _folders(config)))


def _folders(config: Config) -> list[Path]:
    return [locate_contract(), *config.contract.schemas]
