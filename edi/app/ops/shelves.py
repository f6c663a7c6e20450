"""Shelves at SFTP partners: what was fetched there and kept goes when it is old and its filing is resolved.

Only what the ferry remembers to have put there is removed. Removing it is done by a connection of its own, so that
the exchange waits for nothing; a partner out of reach is asked again the next night, and its alarm is the ferry's.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence

from edi.adapters.boxes import readable_name
from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import regular_files
from edi.adapters.transport.journal import Journal, Shelved
from edi.adapters.transport.port import SHELF
from edi.adapters.transport.settings import ChannelSftp
from edi.app.channels import claimed_files
from edi.app.ferrying import fetching_leg, journal_of, server_of
from edi.app.office import Office
from edi.errors import EdiError
from edi.gateway.ferry import shelf_name

log = logging.getLogger(__name__)


def clear_shelves(office: Office, before: str, resolved: str) -> int:
    """Remove what has been kept at partners since before a moment; how many files.

    `resolved` is the SQL condition on a file `f` with which nothing is left to be done.
    """
    path = journal_of(office.config)
    if not before or not path.exists():
        return 0
    done = 0
    for name, channel in office.config.channels.items():
        if channel.sftp:
            with contextlib.closing(Journal(path, f"channels.{name}")) as journal:
                old = journal.shelved(fetching_leg(name), before)
                done += _remove(name, channel.sftp, journal, list(_done_with(office, name, old, resolved)))
    return done


def _remove(channel: str, sftp: ChannelSftp, journal: Journal, files: Sequence[Shelved]) -> int:
    """Remove files from the shelf; how many, up to what went wrong."""
    if not files:
        return 0
    done = 0
    with contextlib.closing(server_of(sftp)) as server:
        shelf = server.place(f"{sftp.outbox}/{SHELF}")
        try:
            for one in files:
                shelf.remove(shelf_name(one.name, one.token))
                journal.unshelve(fetching_leg(channel), one.token)
                done += 1
        except EdiError as error:
            log.warning("%s 的 .taken 未清理完：%s / not cleared: %s", channel, error.zh, error.en)
        except OSError as error:
            log.warning("%s 的 .taken 未清理完：%s / not cleared: %s", channel, cause_zh(error), cause_en(error))
    return done


def _done_with(office: Office, channel: str, files: Sequence[Shelved], resolved: str) -> Iterator[Shelved]:
    """Those with which nothing is left to be done: neither here nor claimed, and every file of the name resolved.

    A file goes from the OutBox to its claim and on into the ledger: looked for in this order it is never missed.
    """
    if not files:
        return
    here = office.channels()[channel]
    in_hand = {readable_name(one.name) for one in regular_files(here.boxes.outbox)}
    in_hand |= {readable_name(one.name) for one in claimed_files(here)}
    query = f"select count(*) as n, min({resolved}) as resolved from files f where channel = ? and name = ?"  # noqa: S608
    with office.reader.view() as ledger:
        for one in files:
            name = readable_name(one.name)
            row = ledger.execute(query, (channel, name)).fetchone()
            if name not in in_hand and row["n"] and row["resolved"]:
                yield one
