"""从所设来源更新吊销列表 / Refresh revocation lists from the sources that are configured."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.crl_refresh import refresh_lists


def run_beside(office: Office) -> Mapping[str, int]:
    """How many lists were taken into use, and how many sources had none to offer."""
    return refresh_lists(office)
