"""QR codes (ISO/IEC 18004) as matrices, by the encoder that comes with reportlab."""

from __future__ import annotations

LARGEST_SAFE, LARGEST = 2213, 2809
"""Bytes that version 39 holds, the largest the encoder chooses by itself: at level M, at level L."""


def qr_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """Dark and light squares, row by row, of `text` in UTF-8; empty if it is longer than a QR code can hold.

    Level M, so that a crease or the edge of a seal does no harm; level L where there is no room for it.
    """
    # Imported here: it takes 0.4 s, and most papers have no QR code.
    from reportlab.graphics.barcode.qrencoder import QR8bitByte, QRCode, QRErrorCorrectLevel  # noqa: PLC0415

    size = len(text.encode("utf-8"))
    if size > LARGEST:
        return ()
    level = QRErrorCorrectLevel.M if size <= LARGEST_SAFE else QRErrorCorrectLevel.L
    code = QRCode(None, level)
    code.addData(QR8bitByte(text))  # always bytes: the encoder's own choice (Kanji) is not read as UTF-8
    code.make()
    return tuple(
        tuple(bool(code.isDark(row, column)) for column in range(code.getModuleCount()))
        for row in range(code.getModuleCount())
    )
