"""One server with two accounts per worker; a proxy before it per test."""

import pytest

from tests.sftp.rig import Proxy, running_sshd


@pytest.fixture(scope="session")
def server_of_this_worker():
    with running_sshd(["erp", "customs"]) as server:
        yield server


@pytest.fixture
def sshd(server_of_this_worker):
    """The server, up again whatever became of it in the test before."""
    server_of_this_worker.start()
    return server_of_this_worker


@pytest.fixture
def proxy(sshd):
    made = Proxy(sshd.port)
    yield made
    made.close()
