"""A scanned image as an object of a PDF: JPEG and plain PNG data unchanged, everything else compressed losslessly."""

import io
import struct
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from scanmend.fs.safe_open import open_source
from scanmend.outputs.pdf.writer import PdfFile
from scanmend.source.image.image_page import ImagePage
from scanmend.source.image.seen import is_full_scale

_COLOUR_SPACES = {"L": ("/DeviceGray", 1), "RGB": ("/DeviceRGB", 3), "CMYK": ("/DeviceCMYK", 4)}
_PNG_COLOUR_SPACES = {0: ("/DeviceGray", 1), 2: ("/DeviceRGB", 3), 3: ("", 1)}
"""PDF's colour space and samples per pixel, by the colour type of a PNG."""
_PNG_SIGNATURE_BYTES = 8
_ROWS_PER_STRIP, _STRIP_OFFSETS, _STRIP_SIZES = 278, 273, 279
"""Tags of a TIFF."""


@dataclass(frozen=True, slots=True)
class _Png:
    """What a PDF needs of a PNG file."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool
    transparent: bool
    palette: bytes
    data: bytes


def add_image(pdf: PdfFile, path: Path, page: ImagePage) -> tuple[int, tuple[int, int], int]:
    """Add the image of a page, of the file ``path``: return object number, size in pixels, and orientation.

    The orientation is that of the data that went in, 1 to 8 as in EXIF: those of JPEGs and PNGs go in as they are.
    OSError, and what Pillow raises on damage where pixels have to be decoded.
    """
    stored = page.stored
    if stored is not None and stored.format in ("JPEG", "MPO") and stored.mode in _COLOUR_SPACES:
        return _add_jpeg(pdf, _bytes(path), stored), stored.size, page.orientation
    if stored is not None and stored.format == "PNG":
        png = _parsed(_bytes(path))
        whole = png.colour in _PNG_COLOUR_SPACES and not png.interlaced and not png.transparent
        if whole and (png.bits <= 8 or png.colour or is_full_scale(stored)):  # noqa: PLR2004 -- bits
            return _add_png(pdf, png, stored), stored.size, page.orientation
    picture = page.picture
    if picture.mode == "1":
        return _add_fax(pdf, picture), picture.size, 1
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return _add_png(pdf, _parsed(packed.getvalue()), picture), picture.size, 1


def _bytes(path: Path) -> bytes:
    with open_source(path) as file:
        return file.read()


def _add_jpeg(pdf: PdfFile, data: bytes, image: Image.Image) -> int:
    space, samples = _COLOUR_SPACES[image.mode]
    # Adobe's programs write CMYK inverted, and mark the file as theirs.
    inverted = " /Decode [1 0 1 0 1 0 1 0]" if image.mode == "CMYK" and "adobe" in image.info else ""
    inside = f"/ColorSpace {_profiled(pdf, image, space, samples)} /BitsPerComponent 8{inverted} /Filter /DCTDecode"
    return _add(pdf, image.width, image.height, inside, data)


def _add_png(pdf: PdfFile, png: _Png, image: Image.Image) -> int:
    space, samples = _PNG_COLOUR_SPACES[png.colour]
    if png.palette:
        colours = pdf.add("", png.palette)
        space = f"[/Indexed /DeviceRGB {len(png.palette) // 3 - 1} {colours} 0 R]"
    else:
        space = _profiled(pdf, image, space, samples)
    inside = (
        f"/ColorSpace {space} /BitsPerComponent {png.bits} /Filter /FlateDecode /DecodeParms "
        f"<< /Predictor 15 /Colors {samples} /BitsPerComponent {png.bits} /Columns {png.width} >>"
    )
    return _add(pdf, png.width, png.height, inside, png.data)


def _add_fax(pdf: PdfFile, image: Image.Image) -> int:
    """Add a bilevel image as CCITT group 4, in one strip."""
    packed = io.BytesIO()
    # Without its tags, since Pillow hands them on: the order of bits among them, which PDF does not know.
    bare = Image.frombytes("1", image.size, image.tobytes())
    bare.save(packed, "TIFF", compression="group4", tiffinfo={_ROWS_PER_STRIP: image.height})
    with Image.open(packed, formats=("TIFF",)) as tiff:
        tags = tiff.tag_v2  # type: ignore[attr-defined]
        start, size = tags[_STRIP_OFFSETS][0], tags[_STRIP_SIZES][0]
    inside = (
        "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms "
        f"<< /K -1 /BlackIs1 true /Columns {image.width} /Rows {image.height} >>"
    )
    return _add(pdf, image.width, image.height, inside, packed.getvalue()[start : start + size])


def _add(pdf: PdfFile, width: int, height: int, inside: str, data: bytes) -> int:
    return pdf.add(f"/Type /XObject /Subtype /Image /Width {width} /Height {height} {inside}", data, packed=True)


def _profiled(pdf: PdfFile, image: Image.Image, space: str, samples: int) -> str:
    """Return the colour space: the image's own ICC profile where it has one that fits, else ``space``."""
    profile = image.info.get("icc_profile") or b""
    fits = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(profile[16:20]) == samples and profile[36:40] == b"acsp"
    if not fits:
        return space
    return f"[/ICCBased {pdf.add(f'/N {samples} /Alternate {space}', profile)} 0 R]"


def _parsed(data: bytes) -> _Png:
    width, height, bits, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, _PNG_SIGNATURE_BYTES + 8)
    palette, transparent, parts = b"", colour not in _PNG_COLOUR_SPACES, []
    at = _PNG_SIGNATURE_BYTES
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            parts.append(data[at + 8 : at + 8 + size])
        elif kind == b"PLTE" and colour == 3:  # noqa: PLR2004 -- a palette
            palette = data[at + 8 : at + 8 + size]
        elif kind == b"tRNS":
            transparent = True
        at += size + 12
    return _Png(width, height, bits, colour, bool(interlace), transparent, palette, b"".join(parts))
