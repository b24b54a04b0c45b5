"""Draws separator sheets: patch codes and barcodes on paper, turned, skewed and with a scanner's noise."""

from collections.abc import Iterable

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw

from scanmend.marks.patch_codes import CODES

A4_INCHES = (8.27, 11.69)
"""Width and height of the sheets, in inches."""
NARROW_INCHES, WIDE_INCHES = 0.08, 0.2
"""Widths of bars that Kodak asks for."""
_BARS = {code: bars for bars, code in CODES.items()}


def blank_sheet(dpi: int = 150) -> Image.Image:
    """Return a white sheet of A4."""
    return Image.new("L", (round(A4_INCHES[0] * dpi), round(A4_INCHES[1] * dpi)), 255)


def patch(
    code: str, dpi: int = 150, *, length_inches: float = 2.0, scale: float = 1.0, spread_px: int = 0
) -> Image.Image:
    """Return a patch code of bars that lie across; ``spread_px``: ink added to each side of a bar."""
    narrow, wide = NARROW_INCHES * dpi * scale, WIDE_INCHES * dpi * scale
    picture = Image.new("L", (round(length_inches * dpi), round(wide * 2 + narrow * 5)), 255)
    draw, at = ImageDraw.Draw(picture), 0.0
    for bar in _BARS[code]:
        tall = wide if bar == "W" else narrow
        top, bottom = round(at) - spread_px, round(at + tall) - 1 + spread_px
        draw.rectangle((0, max(0, top), picture.width, bottom), fill=0)
        at += tall + narrow
    return picture


def patch_sheet(code: str, dpi: int = 150, at: tuple[float, float] = (0.5, 0.06), **how: float) -> Image.Image:
    """Return a sheet with a patch code, ``at`` shares of its width and height; the code's middle and top lie there."""
    sheet, drawn = blank_sheet(dpi), patch(code, dpi, **how)  # type: ignore[arg-type]
    sheet.paste(drawn, (round(at[0] * sheet.width - drawn.width / 2), round(at[1] * sheet.height)))
    return sheet


def barcode(value: str, kind: str = "Code128", dpi: int = 150) -> Image.Image:
    """Return a barcode with its quiet zone."""
    made = zxingcpp.create_barcode(value, zxingcpp.barcode_format_from_str(kind))
    picture = Image.fromarray(np.array(made.to_image(scale=max(2, dpi // 75))))
    return picture.convert("L")


def barcode_sheet(values: Iterable[str], kind: str = "Code128", dpi: int = 150) -> Image.Image:
    """Return a sheet with barcodes, one below the other."""
    sheet, top = blank_sheet(dpi), round(dpi * 0.7)
    for value in values:
        drawn = barcode(value, kind, dpi)
        sheet.paste(drawn, (dpi, top))
        top += drawn.height + dpi
    return sheet


def skewed(sheet: Image.Image, degrees: float) -> Image.Image:
    """Return a sheet as it went into the scanner at an angle."""
    return sheet.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)


def noisy(sheet: Image.Image, seed: int, *, share: float = 0.02, grain: float = 12.0) -> Image.Image:
    """Return a sheet with specks of both colours on this share of its pixels, and grain of this deviation."""
    rng = np.random.default_rng(seed)
    grey = np.asarray(sheet, np.float32) * 0.85 + 25 + rng.normal(0, grain, (sheet.height, sheet.width))
    specks = rng.random(grey.shape)
    grey[specks < share / 2] = 0
    grey[specks > 1 - share / 2] = 255
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))
