"""The signing station never shows a card the same wrong PIN twice, whatever dies in between.

Before a PIN is shown, the tries the card then had are written down. Fewer tries afterwards mean that the PIN was
wrong, even if this program died before it heard so. Only a person lifts the stop (`edi card resume`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edi.adapters.cards.faults import WrongSecret
from edi.adapters.cards.piv import Piv
from edi.adapters.cards.secret import Secret
from edi.adapters.config import Config
from edi.adapters.files import sync_folders, write_whole
from edi.errors import TryLater

_FILE = "station-pin.json"
_LAST = 1


@dataclass(frozen=True)
class PinGuard:
    """The note beside the ledger. Methods raise OSError if it cannot be kept."""

    note: Path

    @classmethod
    def of(cls, config: Config) -> PinGuard:
        """The guard of a workspace."""
        return cls(config.gateway.ledger.parent / _FILE)

    def show(self, card: Piv, card_no: str, secret: Secret) -> None:
        """Show the card its PIN once. Raises TryLater where that was or would be in vain, CardAway, CardBlocked."""
        tries = card.tries_left()
        self._check(card_no, tries)
        if tries == _LAST:
            raise TryLater(
                f"卡 {card_no} 的 PIN 只剩最后一次尝试，签名站不用它；请由持卡人运行 edi card resume，输入正确的 PIN",
                f"Card {card_no} bears only one more wrong PIN, the station does not risk it; its holder may run "
                "`edi card resume` and enter the right PIN",
            )
        self._write(card=card_no, triesBefore=tries, wrong=False)
        try:
            card.verify(secret)
        except WrongSecret as error:
            raise self.stop(card_no, error) from error
        self.clear()

    def stop(self, card_no: str, error: WrongSecret) -> TryLater:
        """Note that the PIN was wrong; what to raise for it."""
        self._write(card=card_no, triesBefore=error.tries + 1, wrong=True)
        return _stopped(card_no, error.tries)

    def clear(self) -> None:
        """The PIN was right, or a person said it is now."""
        self.note.unlink(missing_ok=True)
        sync_folders([self.note.parent])

    def _check(self, card_no: str, tries: int | None) -> None:
        """Raise TryLater if the PIN shown last was wrong, or may have been."""
        if not self.note.exists():
            return
        noted: dict[str, Any] = json.loads(self.note.read_text(encoding="utf-8"))
        before = noted["triesBefore"]
        if noted["wrong"] or noted["card"] != card_no or tries is None or before is None or tries < before:
            raise _stopped(noted["card"], tries)

    def _write(self, **noted: object) -> None:
        write_whole({self.note: json.dumps(noted).encode("utf-8")})


def _stopped(card_no: str, tries: int | None) -> TryLater:
    left_zh, left_en = (
        (f"还可尝试 {tries} 次", f"{tries} tries are left") if tries is not None else ("剩余次数不详", "")
    )
    return TryLater(
        f"签名站已停：卡 {card_no} 的 PIN 不正确（{left_zh}），不会再试；请更正 EDI_CARD_PIN 或密钥环中的 PIN，再运行 "
        "edi card resume；待签文件原样保留",
        f"The signing station has stopped: the PIN for card {card_no} is wrong ({left_en}) and is not tried again. Mend "
        "it in EDI_CARD_PIN or the keyring, then run `edi card resume`; the files wait as they are",
    )
