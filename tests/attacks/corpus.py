"""All attacks there are: the modules of this folder and the messages they build."""

from . import test_algorithms, test_certificates, test_content, test_references, test_resources, test_wrapping
from .scene import built

FAMILIES = (test_wrapping, test_references, test_algorithms, test_certificates, test_content, test_resources)


def attacks():
    """Every attack by name: who builds it, and the codes it is refused with."""
    return {name: one for family in FAMILIES for name, one in built(family).items()}
