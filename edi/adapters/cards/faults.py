"""What can go wrong with a card, each with its words; whether trying again helps decides the kind.

A card out of reach is an outage. A wrong PIN and a blocked card are for a person: the program never
tries the same PIN a second time, for a card locks after few.
"""

from __future__ import annotations

from edi.errors import TryLater, UserError


class CardAway(TryLater):
    """Reader service, reader or card out of reach at the moment."""


class CardFault(TryLater):
    """The card answered something that its application does not provide for."""


class WrongSecret(UserError):
    """The card refused a PIN or PUK; `tries` more wrong ones block it."""

    def __init__(self, what: str, tries: int) -> None:
        super().__init__(
            f"{what} 不正确，还可尝试 {tries} 次，用完后锁定；程序不会自动重试，请核对后再输入",
            f"The {what} is wrong; {tries} tries are left before it is blocked. The program does not try again by "
            "itself; make sure of it first",
        )
        self.tries = tries


class CardBlocked(UserError):
    """No tries are left for the PIN or the PUK."""

    def __init__(self, what: str) -> None:
        way_zh, way_en = (
            ("请用 edi card unlock 凭 PUK 解锁", "unblock it by its PUK with `edi card unlock`")
            if what == "PIN"
            else ("请到发卡机构处理", "only who issued the card can help")
        )
        super().__init__(
            f"卡的 {what} 已锁定，未作尝试；{way_zh}",
            f"The {what} of the card is blocked, nothing was tried; {way_en}",
        )


def unexpected(what_zh: str, what_en: str, status: int) -> CardFault:
    """The card did not do something and gave a status word for it."""
    return CardFault(
        f"卡在{what_zh}时返回状态字 {status:04X}；请重新插卡再试，仍不行请换卡或联系发卡机构",
        f"The card answered status {status:04X} to {what_en}; insert it again, if that does not help change it or ask "
        "who issued it",
    )
