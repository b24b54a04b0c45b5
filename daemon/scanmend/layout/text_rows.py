"""Groups text runs by where they stand on the page: into bands, rows and cells. Pure."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanmend.document import Word

CELL_GAP_HEIGHTS = 1.5
"""A gap narrower than this multiple of the height may be a blank in justified text; a wider one parts cells."""


@dataclass(frozen=True, slots=True)
class TextRun:
    """Words on one baseline without a wide gap between them; edges in points, on the page as it is shown."""

    left: float
    top: float
    right: float
    bottom: float
    words: tuple[Word, ...]
    in_field: bool = False
    """Whether it is the content of a form field."""

    @property
    def height(self) -> float:
        """Height of the tallest word, in points."""
        return self.bottom - self.top

    @property
    def text(self) -> str:
        """Its words with blanks between them."""
        return " ".join(word.text for word in self.words)

    @property
    def letters(self) -> int:
        """Number of letters in its words; those of scripts without blanks, which are twice as wide, count twice."""
        return sum(c.isalpha() * (1 + (c >= "\u2e80")) for word in self.words for c in word.text)

    @property
    def is_number(self) -> bool:
        """Whether at least half of its letters and digits are digits."""
        digits = sum(c.isdigit() for word in self.words for c in word.text)
        return digits > 0 and 2 * digits >= sum(c.isalnum() for word in self.words for c in word.text)


def bands(runs: Sequence[TextRun]) -> Iterator[list[TextRun]]:
    """Yield groups of runs that lie beside each other, directly or through others, from top to bottom."""
    band: list[TextRun] = []
    bottom = 0.0
    for run in sorted(runs, key=_middle_half):
        top, low = _middle_half(run)
        if band and top >= bottom:
            yield band
            band = []
        bottom = max(bottom, low) if band else low
        band.append(run)
    if band:
        yield band


def rows(runs: Sequence[TextRun]) -> Iterator[list[TextRun]]:
    """Yield the runs of each row from left to right, the rows from top to bottom."""
    for band in bands(runs):
        found: list[list[TextRun]] = []
        for run in band:
            for row in found:
                if _share_baseline(row[0], run) and not any(_overlap(p, run) for p in row):
                    row.append(run)
                    break
            else:
                found.append([run])
        for row in sorted(found, key=lambda r: min(p.top for p in r)):
            yield sorted(row, key=lambda p: p.left)


def joined(row: Sequence[TextRun]) -> TextRun:
    """Join the runs of a row to one."""
    words = tuple(word for run in row for word in run.words)
    return TextRun(
        min(p.left for p in row),
        min(p.top for p in row),
        max(p.right for p in row),
        max(p.bottom for p in row),
        words,
        any(p.in_field for p in row),
    )


def cells(row: Sequence[TextRun]) -> list[TextRun]:
    """Join those runs of a row, sorted from left to right, that no wide gap parts."""
    out: list[list[TextRun]] = []
    for run in row:
        if out and run.left - out[-1][-1].right < CELL_GAP_HEIGHTS * run.height:
            out[-1].append(run)
        else:
            out.append([run])
    return [joined(cell) for cell in out]


def free_heights(above: Sequence[TextRun], band: Sequence[TextRun]) -> float:
    """Return how much free space is between a band and the one above it, as a multiple of the line height."""
    height = statistics.median(p.height for p in above)
    return (min(p.top for p in band) - max(p.bottom for p in above)) / max(height, 1e-9)


def _middle_half(run: TextRun) -> tuple[float, float]:
    """Top and bottom of the middle half of its height, as the boxes of neighbouring lines overlap."""
    return run.top + run.height / 4, run.bottom - run.height / 4


def _share_baseline(a: TextRun, b: TextRun) -> bool:
    """Whether the vertical middle of one run is within the other."""
    middle = (b.top + b.bottom) / 2
    return a.top < middle < a.bottom or b.top < (a.top + a.bottom) / 2 < b.bottom


def _overlap(a: TextRun, b: TextRun) -> bool:
    """Whether they overlap sideways by more than slanted letters do."""
    return min(a.right, b.right) - max(a.left, b.left) > 0.5 * min(a.height, b.height)
