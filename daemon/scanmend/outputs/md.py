"""The ``.md`` output: the corrected text as Markdown, with headings, lists and tables as far as the layout shows them.

Lines are joined to paragraphs, and words hyphenated at a line's end are joined.
"""

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanmend.document import Box, CorrectedPage, union
from scanmend.language.scripts import is_full_width
from scanmend.outputs.page_file import Pages
from scanmend.outputs.word_boxes import PlacedWord, placed_words

_HEADING_RATIO = 1.35
"""A line at least this many times as high as the document's usual line is a heading."""
_TITLE_RATIO = 1.8
"""A heading at least this many times as high as the usual line is of the first level, else of the second."""
_MAX_HEADING_WORDS = 14
"""Most words in a heading's line; longer lines are prose in large type."""
_CELL_GAP_HEIGHTS = 1.6
"""A gap wider than this multiple of the line's height separates two cells of a table."""
_MIN_TABLE_ROWS = 2
"""Fewest rows that make a table."""
_MAX_LINE_STEP_HEIGHTS = 1.8
"""Largest step between two lines of a cell, as a multiple of the line's height."""
_ROW_STEP_RATIO = 1.15
"""The step to the next row of a table is larger, by this factor, than that between lines of one row."""
_TABLE_GAP_HEIGHTS = 3.5
"""A larger step, as a multiple of the line's height, parts tables with different numbers of cells."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])|(?<!\w)(#)")
_STARTS_BLOCK = re.compile(r"([-+](?= )|=+$|-{3,}$)")
_BULLET = re.compile(r"[•‣▪●◦·∙»–—-] (?=\S)")
_ORDERED = re.compile(r"\d{1,3}[.)] ")
_HYPHENATED = re.compile(r"(\w*[^\W\d_])[-‐¬\u00ad]$")
_CONTINUES = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class _TextLine:
    """One line of text."""

    words: tuple[PlacedWord, ...]
    paragraph: int
    box: Box | None
    height: float
    """Median height of its words in pixels; 0 without image."""

    @property
    def text(self) -> str:
        return " ".join(w.text for w in self.words)

    def cells(self) -> list[list[PlacedWord]]:
        """Its words, split where the gap between two that stand side by side is wide; in reading order."""
        order = sorted(range(len(self.words)), key=lambda n: (self.words[n].box or (0,))[0])
        out: list[list[int]] = []
        right: int | None = None
        for n in order:
            box = self.words[n].box
            if right is not None and box and box[0] - right <= _CELL_GAP_HEIGHTS * self.height:
                out[-1].append(n)
            else:
                out.append([n])
            right = max(right, box[2]) if box and right is not None and n in out[-1][1:] else box[2] if box else None
        return [[self.words[n] for n in sorted(cell)] for cell in sorted(out, key=min)]


def render(pages: Pages) -> Iterator[bytes]:
    """Yield Markdown in UTF-8, page by page; with several pages, a comment with its number begins each.

    The pages are iterated twice: headings are higher than the usual line of the whole document.
    """
    known: Counter[str] = Counter()
    heights: list[float] = []
    for page in pages:
        for row in _rows(page):
            known.update(w.text.strip(".,;:!?()\"'").lower() for w in row.words)
            if row.height:
                heights.append(row.height / (page.page.dpi or 1))
    usual = statistics.median(heights) if heights else 0.0
    for i, page in enumerate(pages):
        blocks = list(_blocks(_rows(page), usual * (page.page.dpi or 1), known))
        head = [f"<!-- page {page.page.number} -->"] if len(pages) > 1 else []
        text = ("\n\n" if i else "") + "\n\n".join([*head, *blocks]).strip()
        yield text.encode("utf-8", "replace")
    yield b"\n"


def _rows(page: CorrectedPage) -> list[_TextLine]:
    lines = zip(placed_words(page), page.page.lines, strict=True)
    return [_row(words, line.paragraph) for words, line in lines if words]


def _row(words: Sequence[PlacedWord], paragraph: int) -> _TextLine:
    heights = [w.box[3] - w.box[1] for w in words if w.box]
    return _TextLine(
        tuple(words), paragraph, union([w.box for w in words]), statistics.median(heights) if heights else 0.0
    )


def _blocks(rows: Sequence[_TextLine], usual: float, known: Counter[str]) -> Iterator[str]:
    """Yield tables, headings, list items and paragraphs in reading order."""
    at = 0
    prose: list[_TextLine] = []
    while at < len(rows):
        table, length = _table_at(rows, at)
        if table:
            yield from _paragraphs(prose, usual, known)
            prose = []
            yield _table(table)
            at += length
        else:
            prose.append(rows[at])
            at += 1
    yield from _paragraphs(prose, usual, known)


def _paragraphs(rows: Sequence[_TextLine], usual: float, known: Counter[str]) -> Iterator[str]:
    groups: list[tuple[int, list[_TextLine]]] = []
    for _, group in itertools.groupby(rows, key=lambda row: (row.paragraph, _rank(row, usual))):
        lines = list(group)
        rank = _rank(lines[0], usual) or 2 * _capitals(lines)
        if groups and not rank and not groups[-1][0] and _runs_on(groups[-1][1][-1], lines[0]):
            groups[-1][1].extend(lines)
        else:
            groups.append((rank, lines))
    for rank, lines in groups:
        if rank:
            yield f"{'#' * rank} {_escaped(_joined(lines, known))}"
            continue
        items: list[list[_TextLine]] = [[]]
        for line in lines:
            if items[-1] and (_BULLET.match(line.text) or _ORDERED.match(line.text)):
                items.append([])
            items[-1].append(line)
        yield "\n\n".join(_item(_joined(item, known)) for item in items)


def _rank(row: _TextLine, usual: float) -> int:
    """Level of a heading, 1 or 2; 0 for other text."""
    if not usual or row.height < _HEADING_RATIO * usual or len(row.words) > _MAX_HEADING_WORDS:
        return 0
    if sum(c.isalpha() for c in row.text) < 3:  # noqa: PLR2004 -- a smudge, or a number in large type
        return 0
    return 1 if row.height >= _TITLE_RATIO * usual else 2


def _capitals(lines: Sequence[_TextLine]) -> bool:
    """Whether a paragraph is one short line in capitals, as headings on typewriters are."""
    text = lines[0].text
    words = sum(c.isalpha() for c in text) > 3 and len(lines[0].words) > 1  # noqa: PLR2004 -- else: an abbreviation
    return len(lines) == 1 and words and text.isupper() and not any(c.isdigit() for c in text)


def _runs_on(before: _TextLine, after: _TextLine) -> bool:
    """Whether a sentence continues after what OCR took for the end of a paragraph."""
    alike = max(before.height, after.height) <= _HEADING_RATIO * min(before.height, after.height)
    return alike and after.text[:1].islower() and before.text[-1:] not in ".!?:;"


def _item(text: str) -> str:
    if bullet := _BULLET.match(text):
        return f"- {_escaped(text[bullet.end() :])}"
    text = _escaped(text)
    return _STARTS_BLOCK.sub(r"\\\1", text, count=1) if _STARTS_BLOCK.match(text) else text


def _joined(rows: Sequence[_TextLine], known: Counter[str]) -> str:
    """Join lines to one text; a word hyphenated at a line's end is joined, unless the hyphen belongs to the word.

    The hyphen belongs to it if ``known``, how often the document has each word, says so, or if the word has others.
    """
    text = rows[0].text
    for row in rows[1:]:
        hyphenated, rest = _HYPHENATED.search(text), _CONTINUES.match(row.text)
        if hyphenated is None or rest is None or not rest[0][0].islower():
            unparted = is_full_width(text[-1]) and is_full_width(
                row.text[0]
            )  # Chinese and Japanese, inside words as well
            text += row.text if unparted else f" {row.text}"
            continue
        whole, with_hyphen = f"{hyphenated[1]}{rest[0]}".lower(), f"{hyphenated[1]}-{rest[0]}".lower()
        keeps = known[with_hyphen] > known[whole] or "-" in text[: hyphenated.start()].rpartition(" ")[2]
        text = (text[: hyphenated.end(1)] + "-" if keeps else text[: hyphenated.end(1)]) + row.text
    return text


def _table_at(rows: Sequence[_TextLine], start: int) -> tuple[list[list[str]], int]:
    """Return the table that begins at row ``start``, as a list of cells for each of its rows, and its number of lines.

    Without a table, both are empty. Lines that go on in cells above them belong to the row of these.
    """
    taken: list[list[list[PlacedWord]]] = []
    continues: list[bool] = []
    for i, row in enumerate(rows[start:], start):
        cells = row.cells()
        before = rows[i - 1] if taken else None
        if not row.box or (before and before.box and row.box[1] < before.box[1]):
            break
        least = min(
            (_step(rows[n - 1], rows[n]) for n in range(start + 1, i) if not continues[n - start]), default=0
        )  # between rows
        if before and _goes_on_in_cells(rows, i, _columns(taken), least if any(continues) else 0):
            continues.append(True)
            taken.append(cells)
            continue
        if len(cells) < 2 or (before and len(cells) != len(before.cells()) and _is_apart(before, row)):  # noqa: PLR2004
            break
        if len(_columns([*taken, cells])) < max(2, max(map(len, [*taken, cells])) - 1):
            break  # cells of one row overlap several of another: prose with wide gaps
        continues.append(False)
        taken.append(cells)
    columns = _columns(taken)
    if continues.count(False) < _MIN_TABLE_ROWS or len(columns) < 2:  # noqa: PLR2004
        return [], 0
    table: list[list[str]] = []
    for cells, goes_on in zip(taken, continues, strict=True):
        texts = _by_column(cells, columns)
        if goes_on:
            table[-1] = [f"{above} {text}".strip() for above, text in zip(table[-1], texts, strict=True)]
        else:
            table.append(texts)
    from_right = sum(_span(cells[0]) > _span(cells[-1]) for cells in taken)
    return [row[::-1] for row in table] if 2 * from_right > len(taken) else table, len(taken)


def _goes_on_in_cells(rows: Sequence[_TextLine], i: int, columns: Sequence[tuple[int, int]], least: int) -> bool:
    """Whether row ``i`` continues cells of the row above: it has words in some columns, and stands closer to that row.

    It is closer than the next row of the table or than ``least``, the pixels from row to row where others go on.
    """
    row, cells = rows[i], rows[i].cells()
    spans = [_span(cell) for cell in cells]
    within = [sum(left <= end and right >= start for start, end in columns) for left, right in spans]
    if len(cells) >= len(columns) or within != [1] * len(cells) or any(c.isdigit() for c in row.text):
        return False
    step, below = _step(rows[i - 1], row), [_step(a, b) for a, b in itertools.pairwise(rows[i : i + 5])]
    if step > _MAX_LINE_STEP_HEIGHTS * row.height:
        return False
    return any(after > _ROW_STEP_RATIO * step for after in (least, *itertools.takewhile(lambda n: n > 0, below)))


def _step(above: _TextLine, row: _TextLine) -> int:
    """Pixels from the bottom of one row to that of the next; 0 where a place is unknown."""
    return row.box[3] - above.box[3] if row.box and above.box else 0


def _is_apart(above: _TextLine, row: _TextLine) -> bool:
    """Whether there is much free space between two rows, as between two tables."""
    return _step(above, row) > _TABLE_GAP_HEIGHTS * row.height


def _span(cell: Sequence[PlacedWord]) -> tuple[int, int]:
    boxes = [w.box for w in cell if w.box]
    return (min(b[0] for b in boxes), max(b[2] for b in boxes)) if boxes else (0, 0)


def _columns(rows: Sequence[Sequence[Sequence[PlacedWord]]]) -> list[tuple[int, int]]:
    """Left and right of each column; cells that overlap sideways are in one column."""
    out: list[tuple[int, int]] = []
    for left, right in sorted(_span(cell) for cells in rows for cell in cells):
        if out and left <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], right))
        else:
            out.append((left, right))
    return out


def _by_column(cells: Sequence[Sequence[PlacedWord]], columns: Sequence[tuple[int, int]]) -> list[str]:
    texts = [""] * len(columns)
    for cell in cells:
        left = _span(cell)[0]
        column = next(i for i, (start, end) in enumerate(columns) if start <= left <= end)
        texts[column] = f"{texts[column]} {' '.join(w.text for w in cell)}".strip()
    return texts


def _table(cells: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(_escaped(text) for text in row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * len(cells[0]), *lines[1:]])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda m: f"\\{m[0]}", text)
