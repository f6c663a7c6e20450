"""The card authority of the simulator: issues cards, takes them back, and publishes who is not to be believed.

Legal-person and operator cards and account certificates, as 电子口岸 issues them. A card that was
reported lost (挂失) or frozen (冻结) is on hold and can be released; one that was cancelled (注销) is
so for good; an extension (延期) gives the same card a certificate for longer. Every change publishes a
new revocation list at once, so that the list in the folder is always the whole truth.

It keeps a SQLite file of its own beside its key. The clock is handed in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlite_utils import Database, Migrations

from edi.adapters.clock import Clock
from edi.adapters.files import write_whole
from edi.adapters.pki import LEAF_VALIDITY, Authority, Holder, Issued, KeyKind
from edi.adapters.transactions import transaction
from edi.checks.certificate import serial_of, spki_of
from edi.core.identity import Medium
from edi.core.times import from_iso, iso
from edi.errors import TryLater, UserError

CARDS = "cards.sqlite"
LIST_VALIDITY = timedelta(days=3650)
"""How long a published list is good: long, because a demonstration must not stop on a Sunday."""
PATIENCE = 10.0
"""Seconds to wait for another process that writes."""

MIGRATIONS = Migrations("card-authority")


class State(Enum):
    """What a card is worth."""

    VALID = "VALID"
    LOST = "LOST"
    FROZEN = "FROZEN"
    CANCELLED = "CANCELLED"

    @property
    def text(self) -> str:
        """The Chinese word."""
        return _TEXTS[self]


_TEXTS = {State.VALID: "正常", State.LOST: "挂失", State.FROZEN: "冻结", State.CANCELLED: "注销"}
_MOVES = {
    State.VALID: {State.LOST, State.FROZEN, State.CANCELLED},
    State.LOST: {State.VALID, State.CANCELLED},
    State.FROZEN: {State.VALID, State.CANCELLED},
    State.CANCELLED: set[State](),
}
_REASONS = {
    State.LOST: x509.ReasonFlags.certificate_hold,
    State.FROZEN: x509.ReasonFlags.certificate_hold,
    State.CANCELLED: x509.ReasonFlags.cessation_of_operation,
}


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card or account, as the authority knows it."""

    card_no: str
    uscc: str
    organisation: str
    person: str
    medium: Medium
    state: State
    since: str
    """When it came into that state, UTC."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A revocation list that was published."""

    number: int
    file: Path
    taken_back: int
    """Certificates on it."""


class CardAuthority:
    """One authority: `<stem>.key`, `<stem>.pem`, its cards, and the folder its lists are published in."""

    def __init__(self, authority: Authority, cards: Path, lists: Path, clock: Clock) -> None:
        """`cards` is its SQLite file, `lists` the folder for its revocation list."""
        self._authority = authority
        self._path = cards
        self._list = lists / f"{serial_of(authority.root.certificate)}.crl"
        self._clock = clock
        with self._outages():
            cards.parent.mkdir(parents=True, exist_ok=True)
            cards.touch(mode=0o600)
            self._connection = sqlite3.connect(cards, timeout=PATIENCE, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA synchronous = FULL")
            MIGRATIONS.apply(Database(self._connection, execute_plugins=False))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    # ---- what it does ---------------------------------------------------------------------------

    def issue(self, holder: Holder, kind: KeyKind = KeyKind.P256, validity: timedelta = LEAF_VALIDITY) -> Issued:
        """A new card with a new key. Raises UserError if the number is taken or nobody is named."""
        if not holder.card_no or not holder.uscc or holder.medium is None:
            raise UserError(
                "发卡须有卡号、统一社会信用代码和介质类别；请补全",
                "A card needs a number, a USCC and a medium; give all three",
            )
        with self._writing() as connection:
            if self._find(holder.card_no):
                raise UserError(
                    f"卡号 {holder.card_no} 已经发过；请换一个卡号，或办理延期",
                    f"The card {holder.card_no} was issued before; take another number, or extend it",
                )
            issued = self._authority.issue(holder, self._clock(), key=kind.generate(), validity=validity)
            row = asdict(holder) | {"medium": holder.medium.value, "state": State.VALID.value, "since": self._now()}
            Database(connection).table("cards").insert(row)
            self._enter(connection, holder.card_no, issued.certificate)
        return issued

    def report_lost(self, card_no: str) -> Published:
        """挂失: on hold until it is released or cancelled."""
        return self._move(card_no, State.LOST)

    def freeze(self, card_no: str) -> Published:
        """冻结: on hold until it is released or cancelled."""
        return self._move(card_no, State.FROZEN)

    def release(self, card_no: str) -> Published:
        """解挂, 解冻: good again."""
        return self._move(card_no, State.VALID)

    def cancel(self, card_no: str) -> Published:
        """注销: never good again."""
        return self._move(card_no, State.CANCELLED)

    def extend(self, card_no: str, validity: timedelta = LEAF_VALIDITY) -> x509.Certificate:
        """延期: a certificate for the same key and holder, valid from now; the older one runs out by itself."""
        with self._writing() as connection:
            card = self.card(card_no)
            if card.state is not State.VALID:
                raise _illegal(card, "延期", "be extended")
            query = "SELECT pem FROM certificates WHERE card_no = ? ORDER BY issued_at DESC, rowid DESC"
            newest = x509.load_pem_x509_certificate(connection.execute(query, (card_no,)).fetchone()["pem"])
            holder = Holder(
                organisation=card.organisation, uscc=card.uscc, person=card.person, card_no=card_no, medium=card.medium
            )
            certificate = self._authority.certify(spki_of(newest), holder, self._clock(), validity)
            self._enter(connection, card_no, certificate)
        return certificate

    def publish(self, validity: timedelta = LIST_VALIDITY) -> Published:
        """A new revocation list, with the next number, good for `validity`."""
        with self._writing() as connection:
            return self._publish(connection, validity)

    def card(self, card_no: str) -> Card:
        """A card by its number. Raises UserError if there is none."""
        found = self._find(card_no)
        if found is None:
            raise UserError(
                f"没有卡号为 {card_no} 的卡；请用 edi card authority list 查看",
                f"There is no card {card_no}; see edi card authority list",
            )
        return found

    def cards(self) -> list[Card]:
        """All cards, by number."""
        with self._outages():
            return [_card(row) for row in self._connection.execute("SELECT * FROM cards ORDER BY card_no")]

    # ---- how ------------------------------------------------------------------------------------

    def _move(self, card_no: str, state: State) -> Published:
        with self._writing() as connection:
            card = self.card(card_no)
            if state not in _MOVES[card.state]:
                raise _illegal(card, f"改为“{state.text}”", f"become {state.value}")
            connection.execute(
                "UPDATE cards SET state = ?, since = ? WHERE card_no = ?", (state.value, self._now(), card_no)
            )
            return self._publish(connection, LIST_VALIDITY)

    def _publish(self, connection: sqlite3.Connection, validity: timedelta) -> Published:
        """The list is written before the transaction ends: if it cannot be, nothing has changed."""
        now = self._clock()
        connection.execute("UPDATE lists SET number = number + 1")
        number = int(connection.execute("SELECT number FROM lists").fetchone()["number"])
        rows = connection.execute(
            "SELECT t.serial, c.state, c.since FROM certificates t JOIN cards c USING (card_no) "
            "WHERE c.state <> 'VALID' AND t.not_after >= ? ORDER BY t.serial",
            (iso(now),),
        )
        taken_back = {int(row["serial"], 16): (from_iso(row["since"]), _REASONS[State(row["state"])]) for row in rows}
        data = self._authority.revocation_list(taken_back, number, now, now + validity)
        self._list.parent.mkdir(parents=True, exist_ok=True)
        write_whole({self._list: data})
        return Published(number=number, file=self._list, taken_back=len(taken_back))

    def _enter(self, connection: sqlite3.Connection, card_no: str, certificate: x509.Certificate) -> None:
        Database(connection).table("certificates").insert(
            {
                "serial": serial_of(certificate),
                "card_no": card_no,
                "issued_at": self._now(),
                "not_after": iso(certificate.not_valid_after_utc),
                "pem": certificate.public_bytes(Encoding.PEM),
            }
        )

    def _find(self, card_no: str) -> Card | None:
        with self._outages():
            row = self._connection.execute("SELECT * FROM cards WHERE card_no = ?", (card_no,)).fetchone()
        return _card(row) if row else None

    def _now(self) -> str:
        return iso(self._clock())

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._outages(), transaction(self._connection):
            yield self._connection

    @contextmanager
    def _outages(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise TryLater(
                f"发证机构的卡库 {self._path} 或吊销列表目录暂时无法使用：{error}；请检查磁盘空间和权限，稍后再试",
                f"The cards {self._path} or the folder of lists cannot be used now: {error}; check disk space and "
                "permissions and try again",
            ) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError):
                raise
            raise UserError(
                f"卡库 {self._path} 已损坏：{error}；请从备份恢复",
                f"The cards {self._path} are damaged: {error}; restore a backup",
            ) from error


def _card(row: sqlite3.Row) -> Card:
    named = {name: row[name] for name in ("card_no", "uscc", "organisation", "person", "since")}
    return Card(**named, medium=Medium(row["medium"]), state=State(row["state"]))


def _illegal(card: Card, zh: str, en: str) -> UserError:
    return UserError(
        f"卡 {card.card_no} 现为“{card.state.text}”，不能{zh}；请核对卡号",
        f"The card {card.card_no} is {card.state.value} and cannot {en}; check its number",
    )


@MIGRATIONS(name="001_cards")
def _cards(db: Database) -> None:
    columns = ("card_no", "uscc", "organisation", "person", "medium", "state", "since")
    db.table("cards").create(dict.fromkeys(columns, str), pk="card_no", not_null=set(columns))
    db.table("certificates").create(
        {"serial": str, "card_no": str, "issued_at": str, "not_after": str, "pem": bytes},
        pk="serial",
        not_null={"card_no", "issued_at", "not_after", "pem"},
        foreign_keys=[("card_no", "cards", "card_no")],
    )
    db.table("certificates").create_index(["card_no"])
    db.table("lists").create({"number": int}, not_null={"number"})
    db.table("lists").insert({"number": 0})
