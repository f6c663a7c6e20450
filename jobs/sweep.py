"""扫描各通道的 OutBox，收取事件漏报的申报文件 / Sweep the OutBoxes for filings no event announced."""

from edi.app.composition import App


def run(app: App) -> int:
    """Take and process what is ready; the number of files."""
    return app.exchange().files
