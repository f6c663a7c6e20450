"""Fixtures for the tests of the simulated customs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edi.adapters.contract import Contract, load, locate_contract
from edi.adapters.discovery import discover, own_forms_folder
from edi.core.form import Forms
from edi.customs.settings import Settings

from .office import CUSTOMS, Office, Pki, make_pki


@pytest.fixture(scope="session")
def pki() -> Pki:
    return make_pki()


@pytest.fixture(scope="session")
def forms() -> Forms:
    return discover([own_forms_folder()])


@pytest.fixture(scope="session")
def contract(forms: Forms) -> Contract:
    return load([locate_contract()], forms)


@pytest.fixture
def open_office(tmp_path: Path, pki: Pki, forms: Forms, contract: Contract) -> Iterator[Callable[..., Office]]:
    """Factory of offices; keywords are settings."""
    offices: list[Office] = []

    def build(name: str = "customs", **settings: Any) -> Office:
        home = tmp_path / name
        chosen = Settings(
            node_id=CUSTOMS,
            collect_from=home / "in",
            deliver_to=home / "out",
            register=home / "customs.db",
            **settings,
        )
        home.mkdir()
        offices.append(Office(home, pki, forms, contract, chosen))
        return offices[-1]

    yield build
    for office in offices:
        office.close()


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    return open_office()


@pytest.fixture
def holding() -> Callable[..., dict[str, Any]]:
    """Register data of one enterprise."""

    def build(uscc: str, *types: str, until: str = "2099-12-31", pending: Sequence[str] = ()) -> dict[str, Any]:
        held = [{"type": one, "filingCode": None, "validFrom": "-30d", "validUntil": until} for one in types]
        enterprise = {"uscc": uscc, "nameZh": "示例", "competentCustoms": "0117", "adminDivision": "110105"}
        return {"enterprises": [enterprise | {"qualifications": held, "pending": list(pending)}], "stored": []}

    return build


@pytest.fixture(scope="session")
def days() -> Callable[[float], timedelta]:
    return lambda count: timedelta(days=count)
