"""收取海关回执并更新申请状态 / Collect receipts and move applications on."""

from edi.app.composition import App


def run(app: App) -> int:
    """Take in what the receivers have put out; the number of receipt files."""
    return app.exchange().receipts
