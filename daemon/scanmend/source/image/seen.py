"""What is seen of a decoded image: opaque, and with every pixel type scaled to 8 bits. The one place that decides."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

PLAIN_MODES = ("1", "L", "P", "RGB")
"""Pillow's modes that ``seen`` returns: black and white, grey, palette, colour."""

_WHITE_LEVELS = (255.0, 4095.0, 65535.0, 2.0**24 - 1)
"""White in samples of 8, 12, 16 and 24 bits, which may lie in larger ones."""
_FLOAT_OVERSHOOT = 1.25
"""How far above white a float may be: sharpening overshoots."""
_MAX_ON_WHITE = 160
"""Mean brightness of what is not transparent from which it is put on black: its contrast with white is below 95."""
_MIN_PAPER_SHARE = 0.5
"""Share of its bounding box that what is not transparent fills from which it is a sheet, not writing."""
_BAND_ROWS = 256
"""Rows that are scaled at a time, to save memory."""
_Samples = NDArray[Any]


def seen(image: Image.Image) -> Image.Image:
    """Return the image in one of PLAIN_MODES, without transparency; as it is where it is so already.

    What is transparent becomes white, or black where the rest is too bright for white (``_ground``). Samples of more
    than 8 bits are scaled by the white level that fits the brightest of them, see ``scaled``. ValueError where a
    palette is missing.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return _of_deep(image)
    if image.mode == "P" and image.palette is None:
        raise ValueError("its palette is missing")
    if "transparency" in image.info or any(band in "Aa" for band in image.getbands()):
        return _on_ground(image)
    if image.mode == "LAB":
        return _of_lab(image)
    return image if image.mode in PLAIN_MODES else image.convert("RGB")


def grey(image: Image.Image) -> Image.Image:
    """Return what ``seen`` returned as OCR reads it: black and white stays so, all else becomes grey."""
    return image if image.mode in ("1", "L") else image.convert("L")


def scaled(samples: _Samples, *, inverted: bool = False) -> NDArray[np.uint8]:
    """Return samples of any number type and shape as 8 bits; ``inverted``: the highest value is black.

    White is the most that 8, 12, 16 or 24 bits or the samples' own type hold, whichever fits the highest value, as
    scanners of 12 bits write 16; in floats it may also be 1. With values below zero, black and white are the lowest and
    highest of the type where these span it, or else of the image. What is no number is black.
    """
    low, white = _levels(samples)
    out = np.empty(samples.shape, np.uint8)
    for at in range(0, len(samples), _BAND_ROWS):
        band = np.nan_to_num(samples[at : at + _BAND_ROWS].astype(np.float64), nan=low, posinf=white, neginf=low)
        share = np.clip((band - low) / (white - low), 0, 1)
        out[at : at + _BAND_ROWS] = np.rint(255 * (1 - share if inverted else share))
    return out


def is_full_scale(image: Image.Image) -> bool:
    """Whether white in this image of 16 bits is the highest value that these hold."""
    return _levels(np.asarray(image)) == (0.0, 65535.0)


def _levels(samples: _Samples) -> tuple[float, float]:
    """Return which values are black and white."""
    whole = samples.dtype.kind in "iu"
    finite = samples if whole else samples[np.isfinite(samples)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    levels: tuple[float, ...] = (1.0, *_WHITE_LEVELS)
    if whole:
        least, most = float(np.iinfo(samples.dtype).min), float(np.iinfo(samples.dtype).max)
        if low < 0 and high - low > (most - least) / 2:
            return least, most
        levels = (*(white for white in _WHITE_LEVELS if white < most), most)
    if low < 0:
        return low, max(high, low + 1)
    over = 1.0 if whole else _FLOAT_OVERSHOOT
    return 0.0, next((white for white in levels if high <= white * over), high)


def _of_deep(image: Image.Image) -> Image.Image:
    samples = np.asarray(image)
    made = Image.fromarray(scaled(samples))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        made.putalpha(Image.fromarray(np.where(samples == clear, 0, 255).astype(np.uint8)))
        return _on_ground(made)
    if "icc_profile" in image.info:
        made.info["icc_profile"] = image.info["icc_profile"]
    return made


def _on_ground(image: Image.Image) -> Image.Image:
    if image.mode == "La":
        image = image.convert("LA")
    colours = image.convert("RGBA")
    alpha = colours.getchannel("A")
    grey_only = image.mode in ("L", "LA", "1")
    sheet = Image.new("L" if grey_only else "RGB", image.size, _ground(colours.convert("L"), alpha))
    sheet.paste(colours.convert(sheet.mode), mask=alpha)
    return sheet


def _ground(brightness: Image.Image, alpha: Image.Image) -> str:
    """``white``, or ``black`` where white would hide what is there: bright writing on nothing, as of dark screens."""
    box = alpha.getbbox()
    if box is None:
        return "white"
    weights = np.asarray(alpha.crop(box).histogram(), np.float64)
    covered = float(weights @ np.arange(256)) / 255
    if covered >= _MIN_PAPER_SHARE * (box[2] - box[0]) * (box[3] - box[1]):
        return "white"
    light = 0.0
    for top in range(box[1], box[3], _BAND_ROWS):
        band = (box[0], top, box[2], min(top + _BAND_ROWS, box[3]))
        light += float(np.vdot(*(np.asarray(i.crop(band), np.float64) for i in (brightness, alpha))))
    return "black" if light / 255 / covered > _MAX_ON_WHITE else "white"


def _of_lab(image: Image.Image) -> Image.Image:
    lab, screen = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    made = ImageCms.profileToProfile(image, lab, screen, outputMode="RGB")
    assert made is not None  # as it is not made in place  # noqa: S101
    made.info.clear()
    return made
