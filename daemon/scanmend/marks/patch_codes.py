"""Finds the patch codes of separator sheets on a page image, by the widths of their bars.

A patch code is four long bars with three narrow gaps: two bars are narrow (0.08 inch, as the gaps), two are wide (0.2
inch), and their order is the code (Kodak's names: 1, 2, 3, 4, 6 and T). It carries no text and no check digit, so what
keeps text, tables and barcodes from being taken for one is its shape: all seven widths must fit, paper must be around
it, and the bars must go on, at an even slope, for longer than the code is tall.

Steps: shrink to about ANALYSIS_DPI; threshold; look down every strip of STRIP_PX columns for seven runs of fitting
lengths; chain what lies beside each other; do the same across. A code is read from the edge of the page that it lies
at, as scanners do, so that it reads the same on a sheet that is upside down; in the middle, from the top or left.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanmend.document import Box, Mark

CODES = {"WWNN": "1", "WNNW": "2", "WNWN": "3", "NWWN": "4", "NNWW": "6", "NWNW": "T"}
"""The names of the codes by their bars, wide or narrow, from the edge inwards."""
KIND = "patch"
"""What a Mark of this module is called."""
ANALYSIS_DPI = 100
"""Resolution to which the page is shrunk, at least: narrow bars and gaps are 8 pixels then."""
A4_LONGER_SIDE_INCHES = 11.69
"""Assumed length of the longer side, that of A4, where the image gives no resolution."""
STRIP_PX = 4
"""Columns of the shrunk page that are averaged: at a slope of 3° that blurs an edge by a fifth of a pixel."""
UNITS = 10.0
"""A code's length in narrow widths: two wide bars of 2.5, two narrow bars and three gaps."""
UNIT_INCHES = (0.04, 0.16)
"""Least and greatest width of a narrow bar, in inches: half and twice what Kodak asks for, as printers scale sheets."""
NARROW_BAR, WIDE_BAR, GAP = (0.5, 1.65), (1.85, 3.3), (0.4, 1.5)
"""Least and greatest widths, in units; a printer or threshold that thickens bars makes the gaps narrower by as much."""
QUIET_UNITS = 1.8
"""Paper before the first and behind the last bar, in units, at least; bars of barcodes and tables have less."""
LENGTH_PER_HEIGHT = 0.9
"""How long the bars are, at least, for the code's length across them; Kodak asks for 1.25."""
MIN_STRIPS_SHARE = 0.8
"""Share of the strips over the bars' length in which the code must be found."""
MAX_STRIPS_MISSED = 3
"""Strips in a row in which a speck may hide the code."""
MAX_SHIFT_UNITS = 0.35
"""Most that the code moves from one strip where it is found to the next, in units."""
MIDDLE_SHARE = 0.1
"""How much nearer one edge must be than the other, as a share of the page, for the code to be read from that edge."""
MIN_CONTRAST = 40.0
"""Grey levels (of 255) between paper and ink, without which nothing is looked for."""
INK_PERCENT = 0.1
"""Percent of the page that is darker than what counts as the brightness of ink: a small code covers half a percent."""
INK_SHARE = 0.5
"""Where ink ends, as a share of the way from the paper's brightness to that of ink."""

_Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Hit:
    """Seven runs in one strip that are as a code's."""

    strip: int
    bars: str
    """``W`` and ``N``, from top to bottom."""
    top: int
    bottom: int
    """Pixels of the shrunk page; the first row that is not the code's."""


def find_patch_codes(grey: _Grey, dpi: int) -> tuple[Mark, ...]:
    """Return the patch codes on an image (rows by columns, 0 is black); ``dpi`` is 0 where it is unknown."""
    dpi = dpi or round(max(grey.shape) / A4_LONGER_SIDE_INCHES)
    shrink = max(1, dpi // ANALYSIS_DPI)
    small = _shrunk(grey, shrink, shrink)
    paper, ink = float(np.median(small)), float(np.percentile(small, INK_PERCENT))
    if not small.size or paper - ink < MIN_CONTRAST:
        return ()
    limit = paper + (ink - paper) * INK_SHARE
    unit_px = (UNIT_INCHES[0] * dpi / shrink, UNIT_INCHES[1] * dpi / shrink)
    found = [
        Mark(KIND, _code(bars, box[1], box[3], grey.shape[0]), box)
        for bars, box in _codes(small, limit, unit_px, shrink)
    ]
    for bars, (top, left, bottom, right) in _codes(small.T, limit, unit_px, shrink):
        found.append(Mark(KIND, _code(bars, left, right, grey.shape[1]), (left, top, right, bottom)))
    return tuple(sorted(found, key=lambda mark: (mark.box[1], mark.box[0])))


def _code(bars: str, start: int, end: int, length: int) -> str:
    """Return the name of a code that reaches from ``start`` to ``end`` on a page of this length."""
    before, behind = start, length - end
    return CODES[bars[::-1] if before - behind > MIDDLE_SHARE * length else bars]


def _codes(
    small: NDArray[np.float32], limit: float, unit_px: tuple[float, float], shrink: int
) -> Iterator[tuple[str, Box]]:
    """Yield bars, from top to bottom, and box on the unshrunk page, of each code whose bars lie across."""
    strips = _shrunk(small, 1, STRIP_PX) < limit
    hits = [hit for i in range(strips.shape[1]) for hit in _hits(i, strips[:, i], unit_px)]
    for chain in _chains(hits):
        tall = float(np.median([hit.bottom - hit.top for hit in chain]))
        strips_long = chain[-1].strip - chain[0].strip + 1
        if strips_long * STRIP_PX < LENGTH_PER_HEIGHT * tall or len(chain) < MIN_STRIPS_SHARE * strips_long:
            continue
        left, right = chain[0].strip * STRIP_PX, (chain[-1].strip + 1) * STRIP_PX
        top, bottom = min(hit.top for hit in chain), max(hit.bottom for hit in chain)
        yield chain[0].bars, (left * shrink, top * shrink, right * shrink, bottom * shrink)


def _hits(strip: int, dark: NDArray[np.bool_], unit_px: tuple[float, float]) -> Iterator[_Hit]:
    """Yield where seven runs of one strip, from bar to bar, have lengths that fit, with paper before and behind."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], dark, [False]))))
    bounds = np.concatenate(([0], edges, [dark.size]))
    runs = np.diff(bounds)  # of paper and ink in turn; the first is paper, which may be none
    for first in range(1, len(runs) - 7, 2):
        seven = runs[first : first + 7]
        unit = float(seven.sum()) / UNITS
        if not unit_px[0] <= unit <= unit_px[1] or min(runs[first - 1], runs[first + 7]) < QUIET_UNITS * unit:
            continue
        gaps = seven[1::2] / unit
        bars = "".join(_width(float(bar) / unit) for bar in seven[::2])
        if bars in CODES and bool(((gaps >= GAP[0]) & (gaps <= GAP[1])).all()):
            yield _Hit(strip, bars, int(bounds[first]), int(bounds[first + 7]))


def _width(units: float) -> str:
    if NARROW_BAR[0] <= units <= NARROW_BAR[1]:
        return "N"
    return "W" if WIDE_BAR[0] <= units <= WIDE_BAR[1] else "?"


def _chains(hits: list[_Hit]) -> list[list[_Hit]]:
    """Put hits of the same bars together that lie beside each other; hits come strip by strip."""
    chains: list[list[_Hit]] = []
    for hit in hits:
        most = MAX_SHIFT_UNITS * (hit.bottom - hit.top) / UNITS
        for chain in chains:
            last = chain[-1]
            gap = hit.strip - last.strip
            if hit.bars == last.bars and 0 < gap <= MAX_STRIPS_MISSED + 1 and abs(hit.top - last.top) <= most * gap + 1:
                chain.append(hit)
                break
        else:
            chains.append([hit])
    return chains


def _shrunk(grey: NDArray[np.generic], down: int, across: int) -> NDArray[np.float32]:
    """Return the means of blocks of so many rows and columns; what is left over at the bottom and right is cut off."""
    rows, columns = grey.shape[0] // down, grey.shape[1] // across
    cut = grey[: rows * down, : columns * across]
    means: NDArray[np.float32] = cut.reshape(rows, down, columns, across).mean(axis=(1, 3), dtype=np.float32)
    return means
