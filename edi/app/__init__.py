"""The composition root: the only room that knows every adapter and joins gateway and simulator."""

from edi.app.composition import App, open_app, open_reader

__all__ = ["App", "open_app", "open_reader"]
