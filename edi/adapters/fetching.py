"""Fetches a file from an address that the configuration names: this one, from this host, within this time and size."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from edi.adapters.causes import cause_en, cause_zh
from edi.errors import TryLater


def fetch(url: str, *, most: int, seconds: float, tls_authorities: Path | None = None) -> bytes:
    """The bytes at an http or https address, at most `most` + 1 of them: one more tells that it is too big.

    All of it takes `seconds` at most. No redirect is followed and no proxy asked. A server on https must have a
    certificate of the system's authorities, or of those in the file `tls_authorities`, and of no others.
    Raises TryLater.
    """
    parts = urlsplit(url)
    context = None
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=tls_authorities)
        with _line(parts, seconds, context) as (connection, target):
            connection.request("GET", target, headers={"Connection": "close", "User-Agent": "edi"})
            with connection.getresponse() as answer:
                if answer.status != HTTPStatus.OK:
                    raise _not_fetched(url, *[f"HTTP {answer.status}"] * 2)
                return answer.read(most + 1)
    except OSError as error:
        raise _not_fetched(url, cause_zh(error), cause_en(error)) from error
    except HTTPException as error:
        raise _not_fetched(url, "对方的应答不是 HTTP", "the answer is not HTTP") from error
    except UnicodeError as error:
        raise _not_fetched(url, "主机名不对", "that is no name of a host") from error


@contextlib.contextmanager
def _line(parts: SplitResult, seconds: float, context: ssl.SSLContext | None) -> Iterator[tuple[HTTPConnection, str]]:
    """A connection to ask over, and what to ask for."""
    host, kind = parts.hostname or "", HTTPSConnection if context else HTTPConnection
    connection = kind(host, parts.port or kind.default_port)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with (
        socket.create_connection((host, connection.port), timeout=seconds) as plain,
        _cut_after(seconds, plain),
        context.wrap_socket(plain, server_hostname=host) if context else plain as connection.sock,
    ):
        yield connection, target


@contextlib.contextmanager
def _cut_after(seconds: float, line: socket.socket) -> Iterator[None]:
    """Cut the connection when the time is up: a server that sends a byte now and then runs into no other limit."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):  # closed by now
            other_end.shutdown(socket.SHUT_RDWR)

    with line.dup() as other_end:  # TLS takes the first one away
        timer = threading.Timer(seconds, cut)
        timer.start()
        try:
            yield
        except (OSError, HTTPException):
            if not late.is_set():
                raise
        finally:
            timer.cancel()
            timer.join()
    if late.is_set():
        raise TimeoutError


def _not_fetched(url: str, zh: str, en: str) -> TryLater:
    place = url.partition("?")[0]
    return TryLater(f"没有从 {place} 取到：{zh}", f"nothing was fetched from {place}: {en}")
