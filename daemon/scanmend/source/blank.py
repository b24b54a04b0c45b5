"""Recognises blank pages: specks, punch holes and the scanner's dark lid do not count; in doubt, a page is not blank.

A blank page costs Tesseract a second and yields junk; a page wrongly called blank is lost. So whatever may be ink
counts: every mark that is larger than dust, and dust that stands so close together that it may be faint text.

Steps: shrink to ANALYSIS_DPI; return at once if there is plainly ink; paint over the dark lid; subtract the paper's
shades; find connected marks; accept only dust, punch holes and marks at the edge.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scanmend.source.connected_components import Mark, connected_marks

ANALYSIS_DPI = 100
"""Resolution to which the page is shrunk before it is examined; all sizes in pixels below are at this resolution."""
A4_LONGER_SIDE_INCHES = 11.69
"""Assumed length of the longer side, that of A4, where the image gives no resolution."""
MIN_LONGER_SIDE_PX = 1000
"""The page is never shrunk below this length of its longer side, whatever resolution the file claims."""
MIN_MARK_CONTRAST = 14.0
"""Grey levels (of 255) by which a mark differs from the paper around it; show-through of the back mostly has less."""
CLEAR_INK_CONTRAST = 80.0
"""Grey levels by which a pixel differs from the page's median that are surely ink, however uneven the paper is."""
MIN_GRAIN_SIGMAS = 5.0
"""A mark must also differ by this many standard deviations of the paper's grain (noise of paper and sensor)."""
MAX_GRAIN = 8.0
"""Standard deviation of the grain in grey levels beyond which faint text could hide in it: such a page is not blank."""
MAX_INK_SHARE = 0.004
"""Share of the page's pixels that are ink, above which it is not blank, whatever shape the ink has."""
MAX_FINE_SPECK_PX, MAX_SPECK_PX = 3, 6
"""Longest side of fine dust (0.8 mm) and of any dust (1.5 mm, less than the digits of a small page number)."""
CLUSTER_PX, TEXT_CLUSTER_WEIGHT = 24, 12
"""Specks in a square of this side (6 mm) are taken for faint text once their weights add up to this."""
SINGLE_PIXEL_WEIGHT, FINE_SPECK_WEIGHT, COARSE_SPECK_WEIGHT = 1, 2, 6
"""Weight of a speck in its cluster: compression strews single pixels around each speck; two coarse specks are text."""
HOLE_DIAMETERS_PX = range(14, 38)
"""Widths and heights of punch holes (3.6 to 9.4 mm): the usual ones measure 5 to 8 mm, and a shadow may add to that."""
MIN_HOLE_FILL = 0.65
"""Share of its bounding box that a punch hole fills; a full disc fills 0.79, a letter or the ring of a stamp less."""
MAX_HOLE_DISTANCE_PX = 110
"""Farthest that the middle of a punch hole is from the nearest edge of the image (28 mm)."""
MAX_HOLES = 4
"""Punch holes that a sheet has at most; a fifth round mark is content."""
MAX_EDGE_MARK_PX = 20
"""A mark that touches the image's edge and reaches no farther in than this (5 mm) is a shadow or the sheet's edge."""
LID_SHADOW_PX = 4
"""Width of the shadow beside the dark lid (1 mm), which is painted over with it."""
MAX_LID_BRIGHTNESS = 0.6
"""The scanner's dark lid is darker than this share of the paper's brightness (the page's median)."""
MAX_LID_SHARE = 0.12
"""How far the dark lid may reach in from each edge, as a share of the image's width or height."""

_BLOCK_PX = 32
"""Side of the blocks whose medians give the paper's brightness: larger than letters, smaller than shades."""
_Grey = NDArray[np.float32]
_Mask = NDArray[np.bool_]


def is_blank(path: Path, dpi: int) -> bool:
    """Whether nothing that could be read is on the page image; ``dpi`` is 0 where its resolution is unknown."""
    with Image.open(path) as picture:
        longer = max(picture.size)
        by = max(1.0, min((dpi or longer / A4_LONGER_SIDE_INCHES) / ANALYSIS_DPI, longer / MIN_LONGER_SIDE_PX))
        size = (max(1, round(picture.width / by)), max(1, round(picture.height / by)))
        grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.BOX), np.float32)
    return _has_no_content(grey)


def _has_no_content(grey: _Grey) -> bool:
    if _is_clearly_inked(grey):
        return False
    sheet, border = _paint_over_lid(grey)
    contrast = np.abs(sheet - _paper_background(sheet))
    grain = 1.4826 * float(np.median(contrast[~border])) if not border.all() else 0.0
    if grain > MAX_GRAIN:
        return False
    ink = (contrast > max(MIN_MARK_CONTRAST, MIN_GRAIN_SIGMAS * grain)) & ~border
    return bool(ink.mean() <= MAX_INK_SHARE) and _are_all_dust_or_holes(connected_marks(ink), ink.shape)


def _is_clearly_inked(grey: _Grey) -> bool:
    """A quick test that most printed pages pass, by which they need no closer analysis."""
    top, left = (n // 8 for n in grey.shape)  # beyond any lid
    inner = grey[top : grey.shape[0] - top, left : grey.shape[1] - left]
    paper = float(np.median(inner[::4, ::4]))
    return bool((np.abs(inner - paper) > CLEAR_INK_CONTRAST).mean() > MAX_INK_SHARE)


def _paint_over_lid(grey: _Grey) -> tuple[_Grey, _Mask]:
    """Return the page with the dark lid painted over by the paper next to it, and a mask of what was painted.

    The lid is whatever is dark from the image's edge inwards without a gap.
    """
    sheet, border = grey.copy(), np.zeros(grey.shape, bool)
    dark = grey < MAX_LID_BRIGHTNESS * float(np.median(grey))
    for quarter_turns in range(4):
        side, painted, seen = (np.rot90(picture, quarter_turns) for picture in (border, sheet, dark))
        reach = int(seen.shape[1] * MAX_LID_SHARE)
        length = np.logical_and.accumulate(seen[:, :reach], axis=1).sum(axis=1)
        length[length == reach] = 0  # along the edge, not across it; or no lid
        length[length > 0] += LID_SHADOW_PX
        outside = np.arange(seen.shape[1]) < length[:, None]
        beside = np.take_along_axis(painted, length[:, None].clip(max=seen.shape[1] - 1), axis=1)
        painted[outside] = np.broadcast_to(beside, outside.shape)[outside]
        side |= outside
    return sheet, border


def _paper_background(sheet: _Grey) -> _Grey:
    """Brightness of the paper at each pixel, shades included: medians of blocks, interpolated bilinearly."""
    rows, columns = (max(1, round(n / _BLOCK_PX)) for n in sheet.shape)
    blocks = [
        [float(np.median(part)) for part in np.array_split(band, columns, axis=1)]
        for band in np.array_split(sheet[::2, ::2], rows, axis=0)
    ]
    around = (
        np.pad(np.array(blocks, np.float32), 1, "reflect", reflect_type="odd") if min(rows, columns) > 1 else blocks
    )
    drawn = Image.fromarray(np.array(around, np.float32))
    inner = (1, 1, columns + 1, rows + 1) if min(rows, columns) > 1 else None
    return np.asarray(drawn.resize((sheet.shape[1], sheet.shape[0]), Image.Resampling.BILINEAR, inner))


def _are_all_dust_or_holes(marks: Iterable[Mark], shape: tuple[int, ...]) -> bool:
    holes = 0
    clusters: dict[tuple[int, int], int] = {}
    for mark in marks:
        if _is_edge_mark(mark, shape):
            continue
        if mark.longer_side <= MAX_SPECK_PX:
            for square in _cluster_squares(mark):
                clusters[square] = clusters.get(square, 0) + _weight(mark)
                if clusters[square] >= TEXT_CLUSTER_WEIGHT:
                    return False
        elif _is_hole(mark, shape) and holes < MAX_HOLES:
            holes += 1
        else:
            return False
    return True


def _weight(speck: Mark) -> int:
    if speck.longer_side > MAX_FINE_SPECK_PX:
        return COARSE_SPECK_WEIGHT
    return FINE_SPECK_WEIGHT if speck.pixels > 1 else SINGLE_PIXEL_WEIGHT


def _cluster_squares(mark: Mark) -> Iterator[tuple[int, int]]:
    """The squares of CLUSTER_PX that the mark is in; they overlap by half, so that no cluster is cut apart."""
    half = CLUSTER_PX // 2
    x, y = mark.left // half, mark.top // half
    yield from ((x - dx, y - dy) for dx in (0, 1) for dy in (0, 1))


def _is_edge_mark(mark: Mark, shape: tuple[int, ...]) -> bool:
    """Whether the mark touches an edge of the image and reaches no farther in than MAX_EDGE_MARK_PX."""
    height, width = shape
    return (
        (mark.left == 0 and mark.right <= MAX_EDGE_MARK_PX)
        or (mark.top == 0 and mark.bottom <= MAX_EDGE_MARK_PX)
        or (mark.right == width and mark.left >= width - MAX_EDGE_MARK_PX)
        or (mark.bottom == height and mark.top >= height - MAX_EDGE_MARK_PX)
    )


def _is_hole(mark: Mark, shape: tuple[int, ...]) -> bool:
    width, height = mark.right - mark.left, mark.bottom - mark.top
    if width not in HOLE_DIAMETERS_PX or height not in HOLE_DIAMETERS_PX or not 0.75 < width / height < 1.33:  # noqa: PLR2004 -- round
        return False
    x, y = (mark.left + mark.right) / 2, (mark.top + mark.bottom) / 2
    near = min(x, y, shape[1] - x, shape[0] - y) <= MAX_HOLE_DISTANCE_PX
    return near and mark.pixels >= MIN_HOLE_FILL * width * height
