"""Analyses a page image before OCR: whether its text is light on dark, its light uneven, its lines skewed.

Works on a small copy, in a few hundredths of a second; numpy only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]

ANALYSIS_SIDE_PX = 1200
"""Length of the small copy's longer side, in pixels, that the sizes below are meant for."""
MAX_SLOPE = 8.0
"""Largest slope that is looked for, in degrees to either side."""
MIN_SLOPE = 0.5
"""Least slope that is reported, in degrees: Tesseract reads less skewed lines as well as level ones, and straightening
blurs the image a little."""

_SURROUNDINGS_PX = 12
"""The surroundings of a pixel reach this many pixels to each side."""
_INK_CONTRAST = 24
"""Grey levels, of 255, by which ink is darker than its surroundings."""
_MAX_INK_PIXELS = 30_000
"""The slope is measured on a sample of about this many pixels of ink, which gives the same result as all of them."""
_MIN_SHARPNESS_RATIO = 1.15
"""A slope is believed when the rows of ink are sharper along it than along the horizontal by this factor."""
_TILE_PX = 32
"""Side of the square tiles in which the light is compared, in pixels of the small copy."""
_TEXT_INK_SHARES = (0.03, 0.5)
"""Least and greatest share of ink in a tile that has text on it."""
_MAX_SHADOW_SHARE = 0.12
"""Greatest share of the tiles with text that may lie in shadow for the light to count as even."""


@dataclass(frozen=True, slots=True)
class PageAnalysis:
    """What a page image needs before OCR."""

    inverted: bool
    """Whether the text is light on a dark page."""
    uneven: bool
    """Whether much of the text lies in shadow, where one threshold for the whole page would take paper for ink."""
    slope: float
    """Degrees by which lines fall to the right; 0 where they are level, or the slope cannot be measured."""


def analyse(small: Grey) -> PageAnalysis:
    """Analyse a grey copy of the page (rows by columns, 8 bits) whose longer side has about ANALYSIS_SIDE_PX pixels."""
    contrast = small.astype(np.float32) - _surroundings(small)
    # Strokes are thin, so what stands out most from its surroundings is text: darker, or else lighter.
    inverted = bool(np.mean(contrast**3) > 0)
    ink = contrast > _INK_CONTRAST if inverted else contrast < -_INK_CONTRAST
    return PageAnalysis(inverted, _is_uneven(255 - small if inverted else small, ink), _slope(ink))


def _surroundings(small: Grey) -> npt.NDArray[np.float32]:
    """Mean brightness around each pixel."""
    side = 2 * _SURROUNDINGS_PX + 1
    padded = np.pad(
        small, ((_SURROUNDINGS_PX + 1, _SURROUNDINGS_PX), (_SURROUNDINGS_PX + 1, _SURROUNDINGS_PX)), mode="edge"
    )
    # Sums may overflow; their differences are right all the same.
    sums = padded.cumsum(0, dtype=np.uint32).cumsum(1, dtype=np.uint32)
    across = sums[:, side:] - sums[:, :-side]
    mean: npt.NDArray[np.float32] = (across[side:] - across[:-side]).astype(np.float32) / np.float32(side**2)
    return mean


def _is_uneven(small: Grey, ink: npt.NDArray[np.bool_]) -> bool:
    """Compare the paper of tiles with text to the page's threshold; a dark desk has no text, so it is not a shadow."""
    share = _tiles(ink).mean(axis=1)
    printed = (share > _TEXT_INK_SHARES[0]) & (share < _TEXT_INK_SHARES[1])
    if not printed.any():
        return False
    paper = np.percentile(_tiles(small)[printed], 90, axis=1)
    return bool(np.mean(paper < _threshold(small)) > _MAX_SHADOW_SHARE)


def _tiles(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Square tiles of _TILE_PX, flattened to one per row; incomplete tiles at the right and bottom are left out."""
    height, width = (n // _TILE_PX for n in image.shape)
    squares = image[: height * _TILE_PX, : width * _TILE_PX].reshape(height, _TILE_PX, width, _TILE_PX)
    return squares.swapaxes(1, 2).reshape(-1, _TILE_PX**2)


def _threshold(small: Grey) -> int:
    """Brightness that best separates dark from light on the page as a whole (Otsu 1979)."""
    counts = np.bincount(small.ravel(), minlength=256).astype(np.float64)
    below, sums = counts.cumsum(), (counts * np.arange(256)).cumsum()
    weights = np.maximum(below * (below[-1] - below), 1.0)
    return int(np.argmax((sums[-1] * below - sums * below[-1]) ** 2 / weights))


def _slope(ink: npt.NDArray[np.bool_]) -> float:
    """Slope of the direction along which ink lies in the sharpest rows (Postl 1986)."""
    y, x = (n.astype(np.float64) for n in np.nonzero(ink))
    if len(x) < _SURROUNDINGS_PX**2:
        return 0.0
    sample = slice(None, None, max(1, len(x) // _MAX_INK_PIXELS))
    x, y = x[sample], y[sample]

    def sharpness(degrees: float) -> float:
        rows = y - x * np.tan(np.radians(degrees))
        counts = np.bincount((rows - rows.min()).astype(np.intp)).astype(np.float64)
        return float(np.square(np.diff(counts)).sum())

    best = max(_angles(-MAX_SLOPE, MAX_SLOPE, 0.5), key=sharpness)
    best = max(_angles(best - 0.5, best + 0.5, 0.1), key=sharpness)
    at_an_end = abs(best) >= MAX_SLOPE
    if at_an_end or abs(best) < MIN_SLOPE or sharpness(best) < _MIN_SHARPNESS_RATIO * sharpness(0.0):
        return 0.0
    return round(best, 1)


def _angles(first: float, last: float, step: float) -> list[float]:
    steps: Any = np.arange(first, last + step / 2, step)
    return [float(n) for n in steps]
