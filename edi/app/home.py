"""The folder in which an installation lives, and its ledger for those who only ask.

Apart from the composition root, so that a question needs nothing of what a filing needs.
"""

from __future__ import annotations

from pathlib import Path

from edi.adapters.config import load_config
from edi.adapters.ledger_reader import LedgerReader

CONFIG_FILE = "config.toml"
PKI = "pki"
"""Folder of a workspace's certificates."""


def open_reader(home: Path) -> LedgerReader:
    """Read access to a workspace's ledger, beside a running gateway. Raises UserError for a faulty configuration."""
    return LedgerReader(load_config(home / CONFIG_FILE).gateway.ledger)
