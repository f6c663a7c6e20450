"""Servers of the standard library, on loopback, for the time of a test."""

import contextlib
import threading


@contextlib.contextmanager
def at_work(server):
    """The server, at work in a thread of its own while the context lasts."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
