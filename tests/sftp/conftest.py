"""One server with two accounts per worker; a proxy before it per test."""

import pytest

from tests.sftp.rig import Proxy, running_sshd


@pytest.fixture(scope="session")
def sshd():
    with running_sshd(["erp", "customs"]) as server:
        yield server


@pytest.fixture
def proxy(sshd):
    made = Proxy(sshd.port)
    yield made
    made.close()
