"""与 SFTP 对方收发文件：取申报和回执，送应答和申报 / Carry files to and from SFTP partners."""

from edi.app.composition import App


def run(app: App) -> int:
    """Carry what is ready, now instead of at the next poll; the number of files."""
    return app.poll()
