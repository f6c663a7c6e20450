"""Small but genuine PDF, PNG, JPEG, GIF, BMP and Word files for sample attachments.

Every byte is laid down here: no library, no compressor and no clock has a say, so the samples are the
same on every machine. The pictures show the ring of a seal.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping

SIDE = 32
"""Width and height of the pictures in pixels."""


def _ink(x: int, y: int) -> bool:
    """True where the seal has ink."""
    radius = (2 * x - SIDE + 1) ** 2 + (2 * y - SIDE + 1) ** 2
    return (SIDE - 8) ** 2 <= radius <= (SIDE - 2) ** 2 or radius <= (SIDE // 4) ** 2


def pdf(lines: Iterable[str]) -> bytes:
    """One page of text. Chinese is set in a font every reader brings along (STSong-Light)."""
    text = "\n".join(f"<{line.encode('utf-16-be').hex().upper()}> Tj T*" for line in lines)
    content = f"BT /F1 14 Tf 24 TL 60 760 Td\n{text}\nET".encode()
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R\n"
            b"   /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
        (
            b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R /DW 1000\n"
            b"   /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>"
        ),
        (
            b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0\n"
            b"   /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"
        ),
    ]
    file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    for serial, body in enumerate(bodies, 1):
        table += b"%010d 00000 n \n" % len(file)
        file += b"%d 0 obj\n%s\nendobj\n" % (serial, body)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(file))
    return file + table + trailer


def png() -> bytes:
    """A grey picture; the data is stored, not squeezed, since compressors differ."""
    rows = b"".join(b"\x00" + bytes(64 if _ink(x, y) else 255 for x in range(SIDE)) for y in range(SIDE))
    stored = b"\x01" + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF) + rows
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(rows))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def gif() -> bytes:
    """A red picture. A clear code before the table grows keeps each code one byte long."""
    palette = bytes((255, 255, 255, 200, 16, 32)) + bytes(3 * 126)
    pixels = bytes(_ink(x, y) for y in range(SIDE) for x in range(SIDE))
    step = 120
    codes = b"".join(b"\x80" + pixels[at : at + step] for at in range(0, len(pixels), step)) + b"\x81"
    blocks = b"".join(bytes((len(part),)) + part for part in (codes[at : at + 255] for at in range(0, len(codes), 255)))
    screen = struct.pack("<HHBBB", SIDE, SIDE, 0xF6, 0, 0)
    image = b"," + struct.pack("<HHHHB", 0, 0, SIDE, SIDE, 0)
    return b"GIF89a" + screen + palette + image + b"\x07" + blocks + b"\x00;"


_DC_LENGTHS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
"""Number of Huffman codes of each length, for the categories 0 to 11 (JPEG standard, table K.3)."""


def _dc_codes() -> list[str]:
    """The Huffman code of each category, as bits."""
    codes, code = [], 0
    for length, count in enumerate(_DC_LENGTHS, 1):
        for _ in range(count):
            codes.append(f"{code:0{length}b}")
            code += 1
        code <<= 1
    return codes


def _jpeg_scan(levels: Iterable[int]) -> bytes:
    """Blocks of one even grey each: the difference to the block before, then "no more coefficients"."""
    codes, bits, before = _dc_codes(), "", 0
    for level in levels:
        change, before = level - before, level
        size = abs(change).bit_length()
        value = change if change > 0 else change + (1 << size) - 1
        bits += codes[size] + (f"{value:0{size}b}" if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8)
    return data.replace(b"\xff", b"\xff\x00")


def jpeg() -> bytes:
    """A grey picture of 8 × 8 pixel blocks, one pixel of the seal each."""

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    levels = [-60 if _ink(x, y) else 100 for y in range(SIDE) for x in range(SIDE)]
    side = SIDE * 8
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
        + segment(0xDB, b"\x00" + b"\x08" * 64)
        + segment(0xC0, struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0))
        + segment(0xC4, b"\x00" + bytes(_DC_LENGTHS) + bytes(range(12)))
        # Of the other coefficients there are none: the table knows "end of block" and nothing else.
        + segment(0xC4, b"\x10" + bytes((1, *[0] * 15)) + b"\x00")
        + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
        + _jpeg_scan(levels)
        + b"\xff\xd9"
    )


def bmp() -> bytes:
    """A black and white picture: one bit a pixel, rows from the bottom up."""
    palette = bytes((255, 255, 255, 0, 0, 0, 0, 0))
    rows = b"".join(
        int("".join(str(int(_ink(x, y))) for x in range(SIDE)), 2).to_bytes(SIDE // 8) for y in reversed(range(SIDE))
    )
    info = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 1, 0, len(rows), 2835, 2835, 2, 2)
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


_OFFICE = "http://schemas.openxmlformats.org"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def docx(lines: Iterable[str]) -> bytes:
    """A Word document: one paragraph a line."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    texts = {
        "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_DOCX}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main">'
        f"<w:body>{paragraphs}</w:body></w:document>",
    }
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return _archive({name: f"{head}{text}".encode() for name, text in texts.items()})


def _archive(members: Mapping[str, bytes]) -> bytes:
    """A ZIP archive: members stored as they are, dated the 1st of January 1980."""
    files = directory = b""
    for name, body in members.items():
        size = len(body)
        about = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(body), size, size, len(name), 0)
        more = struct.pack("<HHHII", 0, 0, 0, 0, len(files))
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + about + more + name.encode()
        files += b"PK\x03\x04" + about + name.encode() + body
    count = len(members)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(files), 0)
    return files + directory + b"PK\x05\x06" + end


def program() -> bytes:
    """The first bytes of a Windows program: what must not hide behind the name of a document."""
    return b"MZ" + struct.pack("<29H", *([0] * 29)) + struct.pack("<I", 64) + b"PE\0\0"
