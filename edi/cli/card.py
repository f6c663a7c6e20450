"""`edi card`: smart cards, and the simulated authority that issues them."""

from __future__ import annotations

import click

from edi.cli.card_authority import authority
from edi.cli.card_reader import change_pin, info, list_cards, resume, sign, simulate, unlock


@click.group()
def card() -> None:
    """智能卡和证书 / Smart cards and certificates."""


for command in (list_cards, info, sign, unlock, change_pin, resume, simulate, authority):
    card.add_command(command)
