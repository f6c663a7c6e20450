"""One scene for all attacks."""

import pytest

from .scene import the_scene


@pytest.fixture(scope="session")
def scene():
    return the_scene()
