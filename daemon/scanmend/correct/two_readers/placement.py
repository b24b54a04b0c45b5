"""Puts the lines that only the second reader found at their place in the reading order.

A found line that stands in the row of one of Tesseract's lines, as a price does beside its item, becomes part of that
row. Any other becomes a line of its own, below the line above it in the same column. Lines that stand close below each
other, such as a lost paragraph, stay together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scanmend.correct.two_readers.comparison import FoundLine
from scanmend.document import Box, Line, Page, union

SAME_ROW_HEIGHTS = 0.35
"""Heights of a found line by which the middle of a word may lie above or below its own and still be in its row."""
ROW_STEP_WEIGHT = 4.0
"""Weight of the distance between two middles, against the gap between two neighbours, in what counts as near."""
MAX_ROW_GAP = 0.35
"""Widest gap between two neighbours in one row, as a share of the page's width."""
BLOCK_GAP_HEIGHTS = 1.0
"""Widest free space between two lines of one block, as a multiple of their height."""
BLOCK_OVERLAP = 0.5
"""Least share of the narrower line's width that two lines of one block have in common."""
MIN_BLOCK_LINES = 2
"""Lines from which a block is text of its own, if its lines are long, and no cells of a table."""
PROSE_CHARACTERS = 25
"""Mean number of characters from which the lines of a block are text and no cells of a table."""


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A found line, and where its words belong on the page that has room for it."""

    found: FoundLine
    line: int
    """0-based index of the line on that page."""
    word: int
    """0-based index of the word that they stand before."""


def place(page: Page, found: Sequence[FoundLine]) -> tuple[Page, tuple[PlacedLine, ...], tuple[int, ...]]:
    """Return the page with an empty line for each found line that needs one, and where each found line belongs.

    Last comes, for each line of the page given, its index on the page returned.
    """
    boxes = [union(w.box for w in line.words) for line in page.lines]
    below: dict[int, list[list[FoundLine]]] = {}
    in_rows: list[tuple[FoundLine, int, int]] = []
    for block in _blocks(sorted(found, key=lambda f: f.frame.top)):
        prose = len(block) >= MIN_BLOCK_LINES and sum(len(f.text) for f in block) >= PROSE_CHARACTERS * len(block)
        if prose:
            below.setdefault(_line_above(boxes, block), []).append(block)
            continue
        for one in block:
            row = _row_of(page, one)
            if row is not None:
                in_rows.append((one, *row))
            else:
                below.setdefault(_line_above(boxes, [one]), []).append([one])
    return _with_room(page, below, in_rows)


def _with_room(
    page: Page, below: Mapping[int, Sequence[list[FoundLine]]], in_rows: Sequence[tuple[FoundLine, int, int]]
) -> tuple[Page, tuple[PlacedLine, ...], tuple[int, ...]]:
    """Return what ``place`` returns; ``below``: groups of lines by the line above them, -1 for the top of the page."""
    lines: list[Line] = []
    places: list[PlacedLine] = []
    moved: list[int] = []
    for n in range(-1, len(page.lines)):
        if n >= 0:
            moved.append(len(lines))
            lines.append(page.lines[n])
        neighbour = page.lines[max(n, 0)].paragraph if page.lines else 0
        before: FoundLine | None = None
        for group in sorted(below.get(n, ()), key=lambda g: (g[0].frame.top, g[0].frame.left)):
            for one in group:
                if before is None or len(group) > 1 or not _share_row(before, one, page.width):
                    lines.append(Line((), neighbour))
                places.append(PlacedLine(one, len(lines) - 1, 0))
                before = one if len(group) == 1 else None
    places += [PlacedLine(one, moved[n], i) for one, n, i in in_rows]
    return replace(page, lines=tuple(lines)), tuple(places), tuple(moved)


def _blocks(found: Sequence[FoundLine]) -> Iterator[list[FoundLine]]:
    """Yield groups of lines that stand close below each other; ``found`` goes down the page."""
    blocks: list[list[FoundLine]] = []
    for one in found:
        home = next((b for b in blocks if _is_below(b[-1], one)), None)
        if home is None:
            blocks.append([one])
        else:
            home.append(one)
    yield from blocks


def _is_below(upper: FoundLine, lower: FoundLine) -> bool:
    one, two = upper.reading.line.box, lower.reading.line.box
    shared = min(one[2], two[2]) - max(one[0], two[0])
    gap = lower.frame.top - upper.frame.top - upper.frame.height
    beside = shared >= BLOCK_OVERLAP * min(one[2] - one[0], two[2] - two[0])
    return beside and gap <= BLOCK_GAP_HEIGHTS * max(upper.frame.height, lower.frame.height)


def _share_row(one: FoundLine, two: FoundLine, width: int) -> bool:
    """Whether two found lines stand beside each other in a row, as number and heading do; ``width``: the page's."""
    a, b = one.reading.line.box, two.reading.line.box
    step = abs(a[1] + a[3] - b[1] - b[3]) / 2
    gap = max(a[0], b[0]) - min(a[2], b[2])
    height = min(one.frame.height, two.frame.height)
    return step <= SAME_ROW_HEIGHTS * height and -height < gap <= MAX_ROW_GAP * width


def _row_of(page: Page, found: FoundLine) -> tuple[int, int] | None:
    """Return line and word before which a found line stands in its row; None where nothing stands near in the row."""
    left, top, right, bottom = found.reading.line.box
    middle, height = (top + bottom) / 2, found.frame.height
    best: tuple[float, int, int] | None = None
    for n, line in enumerate(page.lines):
        for i, word in enumerate(line.words):
            box = word.box
            if box is None or (step := abs((box[1] + box[3]) / 2 - middle)) > SAME_ROW_HEIGHTS * height:
                continue
            for gap, at in ((left - box[2], i + 1), (box[0] - right, i)):
                distance = gap + ROW_STEP_WEIGHT * step
                if gap > -height and (best is None or distance < best[0]):
                    best = distance, n, at
    return best[1:] if best is not None and best[0] <= MAX_ROW_GAP * page.width else None


def _line_above(boxes: Sequence[Box | None], block: Sequence[FoundLine]) -> int:
    """Return the index of the lowest line above a block in the same column.

    Where none is, that before the first line of the column; where the column has no lines, that before the first line
    right of the block or below it.
    """
    left, top, right, bottom = union(one.reading.line.box for one in block) or (0, 0, 0, 0)
    _, first_top, _, first_bottom = block[0].reading.line.box
    known = [(n, box) for n, box in enumerate(boxes) if box is not None]
    column = [(n, box) for n, box in known if min(box[2], right) > max(box[0], left)]
    above = [(box[1] + box[3], n) for n, box in column if box[1] + box[3] < first_top + first_bottom]
    if above:
        return max(above)[1]
    if column:
        return column[0][0] - 1
    later = (n for n, box in known if (box[1] + box[3]) / 2 > bottom or (box[0] >= right and box[3] > top))
    return next(later, len(boxes)) - 1
