"""Characters that show themselves, and those that only change what stands around them."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of controls: they ring bells, clear screens, turn the direction of writing round."""


def is_seen(one: str) -> bool:
    """True if the character is no control."""
    return unicodedata.category(one) not in _UNSEEN


def plain(text: str) -> str:
    """A stranger's text on one line, fit for a terminal, a mail or a log: � for every control in it."""
    return "".join(one if is_seen(one) else "\ufffd" for one in text)
