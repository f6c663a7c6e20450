"""签名站：用卡给待签文件签名并投入通道 / Signing station: sign unsigned exports by card and put them into a channel."""

from edi.app.composition import App
from edi.app.station import sign_waiting


def run(app: App) -> int:
    """Sign what waits; the number of files, 0 where the station is switched off or held up."""
    with app.outages.holding("签名站 signing station"):
        return sign_waiting(app)
    return 0
