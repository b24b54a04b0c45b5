"""Sound images that Pillow does not open, and files that say they are images: HEIC headers, odd JPEGs, BMP masks."""

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image


def masked_bmp(page: Image.Image, bits: int, masks: Sequence[int], *, upwards: bool = True) -> bytes:
    """Return a BMP of the grey page whose samples lie where four masks say: red, green, blue, alpha (0 for none)."""
    width, height = page.size
    pixels = page.load()
    assert pixels

    def packed(level: int) -> int:
        out = masks[3]
        for mask in masks[:3]:
            low = (mask & -mask).bit_length() - 1
            out |= round(level / 255 * (mask >> low)) << low
        return out

    stride = (width * bits + 31) // 32 * 4
    rows = []
    for y in reversed(range(height)) if upwards else range(height):
        values = struct.pack(f"<{width}{'H' if bits == 16 else 'I'}", *(packed(pixels[x, y]) for x in range(width)))
        rows.append(values.ljust(stride, b"\0"))
    data = b"".join(rows)
    head = struct.pack(
        "<IiiHHIIiiII4I", 108, width, height if upwards else -height, 1, bits, 3, len(data), 7874, 7874, 0, 0, *masks
    )
    head += b"BGRs" + bytes(48)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, 14 + len(head)) + head + data


def png_with(page: Image.Image, kind: bytes, content: bytes) -> bytes:
    """Return the page as a PNG with one chunk more behind its header."""
    packed = io.BytesIO()
    page.save(packed, "PNG")
    data = packed.getvalue()
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data[:33] + chunk + data[33:]


def jpeg_of(page: Image.Image, *, precision: int = 8, frame: int = 0xC0, exif: bytes = b"") -> bytes:
    """Return the page as a JPEG whose frame claims this precision and kind, with this APP1 segment."""
    packed = io.BytesIO()
    page.save(packed, "JPEG", quality=95, dpi=(200, 200))
    data = bytearray(packed.getvalue())
    at = data.index(b"\xff\xc0\x00")
    data[at + 1], data[at + 4] = frame, precision
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif if exif else b""
    return bytes(data[:20] + segment + data[20:])  # behind JFIF's own segment


def heic(major: bytes = b"heic", *others: bytes, content: int = 500) -> bytes:
    """Return the boxes of a HEIC file without a picture in them: what it is can be told, and whether it is whole."""
    brands = b"".join(others or (b"mif1", b"heic"))
    boxes = (
        (b"ftyp", major + bytes(4) + brands),
        (b"meta", bytes(60)),
        (b"mdat", bytes(range(250)) * (content // 250)),
    )
    return b"".join(struct.pack(">I", 8 + len(data)) + kind + data for kind, data in boxes)
