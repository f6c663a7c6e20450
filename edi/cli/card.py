"""`edi card`: smart cards."""

from __future__ import annotations

import click

from edi.cli.card_reader import change_pin, info, list_cards, resume, sign, simulate, unlock


@click.group()
def card() -> None:
    """智能卡 / Smart cards."""


for command in (list_cards, info, sign, unlock, change_pin, resume, simulate):
    card.add_command(command)
