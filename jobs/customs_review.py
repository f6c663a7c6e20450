"""模拟海关：入库、受理、审核到期的申请 / Simulated customs: lodge, accept and decide what is due."""

from edi.app.composition import App


def run(app: App) -> int:
    """One step of the simulator; how much it did, 0 where it is switched off."""
    return app.review()
