"""The errors of this program: one root; each says its own sentence and whether trying again helps.

A sender's mistake is never an exception but a finding (`edi.core.findings`). What is raised here is
our own trouble or that of the person at the command line.
"""

from __future__ import annotations

from collections.abc import Sequence


class EdiError(Exception):
    """Root of all errors this program raises on purpose.

    `zh` and `en` say what happened, where, and what to do; `exit_code` is what the command line
    returns for it (exit codes: 1 findings or refusals, 2 usage or configuration, 75 try later).
    """

    exit_code = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


class UserError(EdiError):
    """Wrong usage or configuration; `problems` lists every one found, not only the first."""

    exit_code = 2

    def __init__(self, zh: str, en: str, problems: Sequence[str] = ()) -> None:
        super().__init__(zh, en)
        self.problems = tuple(problems)


class TryLater(EdiError):
    """Our outage: a locked ledger, a receiver out of reach, a full disk. Never a sender's refusal."""

    exit_code = 75


class Broken(EdiError):
    """The program met a state that must not exist: evidence of a bug or of tampering."""
