"""接收方久无回执时原样再送一次 / Send the same bytes again to a receiver that says nothing."""

from collections.abc import Mapping

from edi.app.office import Office
from edi.app.ops.ask_again import ask_again


def run_beside(office: Office) -> Mapping[str, int]:
    """How many messages go out again; the exchange carries them."""
    return ask_again(office)
