"""Is there anything on a page? Specks, punch holes and the scanner's dark lid are nothing; in doubt there is something.

A blank page costs Tesseract a second and yields junk; a page wrongly called blank is lost. So every mark that may be
ink counts: what is larger than dust, and dust that stands in rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ANALYSIS_DPI = 100
"""Resolution at which the page is looked at, and in which the sizes below are meant."""
A4_LONGER_SIDE_INCHES = 11.69
"""The longer side of a sheet whose image does not tell its resolution."""
MIN_LONGER_SIDE_PX = 1000
"""The longer side is not made smaller than this, whatever resolution the file claims."""
MIN_MARK_CONTRAST = 14.0
"""Grey levels by which a mark differs from the paper around it; show-through mostly stays below."""
CLEAR_INK_CONTRAST = 80.0
"""Grey levels by which ink differs from any paper, shades or not."""
MIN_GRAIN_SIGMAS = 5.0
"""Standard deviations of the paper's own grain that a mark exceeds."""
MAX_GRAIN = 8.0
"""Grey levels of grain beyond which nobody can tell whether there is faint text."""
MAX_INK_SHARE = 0.004
"""Share of the page that is marks, from which it is not blank, whatever they are."""
MAX_FINE_SPECK_PX, MAX_SPECK_PX = 3, 6
"""Longest side of fine and of coarse dust; the latter is 1.5 mm, less than the digits of a small page number."""
CLUSTER_PX, TEXT_CLUSTER_WEIGHT = 24, 12
"""Within so small a square, specks of so much weight together are a faint text, …"""
SINGLE_PIXEL_WEIGHT, FINE_SPECK_WEIGHT, COARSE_SPECK_WEIGHT = 1, 2, 6
"""… where single pixels, which compression strews around each speck, weigh little, and two coarse specks enough."""
HOLE_DIAMETERS_PX = range(14, 38)
"""Diameter of punch holes: 5 to 8 mm, and their shadow."""
MIN_HOLE_FILL = 0.65
"""Of their bounding square; a full disc fills 0.79, a letter or a stamp's ring less."""
MAX_HOLE_DISTANCE_PX = 110
"""Farthest that their middle is from the sheet's edge."""
MAX_HOLES = 4
MAX_EDGE_MARK_PX = 20
"""So far into the picture, what touches its edge is shadow, or the edge of the sheet."""
LID_SHADOW_PX = 4
"""So far beside the dark lid, what is dark is its shadow."""
MAX_LID_BRIGHTNESS = 0.6
"""Share of the paper's light below which it is the dark lid."""
MAX_LID_SHARE = 0.12
"""How far the dark lid may reach into the picture, of its width or height."""

_BLOCK = 32
"""Larger than letters and their strokes, smaller than shades."""
_Grey = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Mark:
    left: int
    top: int
    right: int
    bottom: int
    pixels: int

    @property
    def longer(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def weight(self) -> int:
        """What it counts for in a crowd."""
        return (
            COARSE_SPECK_WEIGHT
            if self.longer > MAX_FINE_SPECK_PX
            else FINE_SPECK_WEIGHT
            if self.pixels > 1
            else SINGLE_PIXEL_WEIGHT
        )


def is_blank(path: Path, dpi: int) -> bool:
    """Whether nothing is on the page image that could be read; ``dpi`` is 0 where it is unknown."""
    with Image.open(path) as picture:
        longer = max(picture.size)
        by = max(1.0, min((dpi or longer / A4_LONGER_SIDE_INCHES) / ANALYSIS_DPI, longer / MIN_LONGER_SIDE_PX))
        size = (max(1, round(picture.width / by)), max(1, round(picture.height / by)))
        grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.BOX), np.float32)
    return _has_no_marks(grey)


def _has_no_marks(grey: _Grey) -> bool:
    if _is_clearly_inked(grey):
        return False
    sheet, border = _paint_over_lid(grey)
    marks = np.abs(sheet - _paper_background(sheet))
    grain = 1.4826 * float(np.median(marks[~border])) if not border.all() else 0.0
    if grain > MAX_GRAIN:
        return False
    ink = (marks > max(MIN_MARK_CONTRAST, MIN_GRAIN_SIGMAS * grain)) & ~border
    return bool(ink.mean() <= MAX_INK_SHARE) and _are_all_dust_or_holes(_connected_marks(ink), ink.shape)


def _is_clearly_inked(grey: _Grey) -> bool:
    """What is true of most pages, told quickly."""
    top, left = (n // 8 for n in grey.shape)  # beyond any lid
    inner = grey[top : grey.shape[0] - top, left : grey.shape[1] - left]
    paper = float(np.median(inner[::4, ::4]))
    return bool((np.abs(inner - paper) > CLEAR_INK_CONTRAST).mean() > MAX_INK_SHARE)


def _paint_over_lid(grey: _Grey) -> tuple[_Grey, _Mask]:
    """The page, and what of it the scanner saw beside the sheet, painted over with the paper next to it.

    That is dark from the picture's edge inwards, without a gap.
    """
    sheet, border = grey.copy(), np.zeros(grey.shape, bool)
    dark = grey < MAX_LID_BRIGHTNESS * float(np.median(grey))
    for turned in range(4):
        side, painted, seen = (np.rot90(picture, turned) for picture in (border, sheet, dark))
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
    """The paper behind the marks, with its shades: medians of blocks, drawn out smoothly."""
    rows, columns = (max(1, round(n / _BLOCK)) for n in sheet.shape)
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


def _are_all_dust_or_holes(marks: Iterable[_Mark], shape: tuple[int, ...]) -> bool:
    holes = 0
    crowds: dict[tuple[int, int], int] = {}
    for mark in marks:
        if _touches_edge(mark, shape):
            continue
        if mark.longer <= MAX_SPECK_PX:
            for cell in _cluster_cells(mark):
                crowds[cell] = crowds.get(cell, 0) + mark.weight
                if crowds[cell] >= TEXT_CLUSTER_WEIGHT:
                    return False
        elif _is_hole(mark, shape) and holes < MAX_HOLES:
            holes += 1
        else:
            return False
    return True


def _cluster_cells(mark: _Mark) -> Iterator[tuple[int, int]]:
    """The squares, each half over the next, that the mark is in."""
    half = CLUSTER_PX // 2
    x, y = mark.left // half, mark.top // half
    yield from ((x - dx, y - dy) for dx in (0, 1) for dy in (0, 1))


def _touches_edge(mark: _Mark, shape: tuple[int, ...]) -> bool:
    """Whether it comes in from outside the picture, and not far."""
    height, width = shape
    return (
        (mark.left == 0 and mark.right <= MAX_EDGE_MARK_PX)
        or (mark.top == 0 and mark.bottom <= MAX_EDGE_MARK_PX)
        or (mark.right == width and mark.left >= width - MAX_EDGE_MARK_PX)
        or (mark.bottom == height and mark.top >= height - MAX_EDGE_MARK_PX)
    )


def _is_hole(mark: _Mark, shape: tuple[int, ...]) -> bool:
    width, height = mark.right - mark.left, mark.bottom - mark.top
    if width not in HOLE_DIAMETERS_PX or height not in HOLE_DIAMETERS_PX or not 0.75 < width / height < 1.33:  # noqa: PLR2004 -- round
        return False
    x, y = (mark.left + mark.right) / 2, (mark.top + mark.bottom) / 2
    near = min(x, y, shape[1] - x, shape[0] - y) <= MAX_HOLE_DISTANCE_PX
    return near and mark.pixels >= MIN_HOLE_FILL * width * height


def _connected_marks(ink: _Mask) -> Iterable[_Mark]:
    """Connected marks, corners included; built of the runs of ink in each row."""
    padded = np.zeros((ink.shape[0], ink.shape[1] + 2), np.int8)
    padded[:, 1:-1] = ink
    step = np.diff(padded, axis=1)
    rows, starts = np.nonzero(step == 1)
    ends = np.nonzero(step == -1)[1]
    parent = list(range(len(rows)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above = 0
    runs: list[Any] = list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))
    for here, (row, start, end) in enumerate(runs):
        while above < here and (runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start)):
            above += 1
        for other in range(above, here):
            if runs[other][0] != row - 1 or runs[other][1] > end:
                break
            parent[root(other)] = root(here)
    found: dict[int, _Mark] = {}
    for here, (row, start, end) in enumerate(runs):
        mark = found.get(root(here), _Mark(start, row, end, row + 1, 0))
        found[root(here)] = _Mark(
            min(mark.left, start), min(mark.top, row), max(mark.right, end), row + 1, mark.pixels + end - start
        )
    return found.values()
