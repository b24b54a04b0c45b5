"""The text of a page with its doubtful places marked in it, as it is after what was decided. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from scanmend.review.documents import ReviewPlace
from scanmend.review.doubt.places import Place
from scanmend.web.desk.places import is_settled, reading_order


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a row of text."""

    text: str
    """Empty at a place where nothing stands."""
    place: str = ""
    """Id of the place that it is; empty for text that nobody doubts."""
    is_decided: bool = False


@dataclass(frozen=True, slots=True)
class _Marked:
    """A line with places: its row in the text as it is now, and its pieces."""

    row: int
    """1-based number of its row; of the row above it where the line has no text now."""
    has_row: bool
    pieces: tuple[Piece, ...]


def marked_rows(text: str, places: Sequence[ReviewPlace]) -> list[tuple[Piece, ...]]:
    """Return the rows of a page's text in pieces; an empty row parts paragraphs.

    ``text``: with all decisions; ``places``: those of this page. A line without any text gets a row of its own, so that
    its places can be seen.
    """
    marked = list(_marked(places))
    in_row = {one.row: one.pieces for one in marked if one.has_row}
    out = [one.pieces for one in marked if not one.has_row and not one.row]
    number = 0
    for row in text.split("\n"):
        number += bool(row)
        found = in_row.get(number) if row else None
        out.append(found if found and _words(found) == row.split() else (Piece(row),))
        if row:
            out += [one.pieces for one in marked if not one.has_row and one.row == number]
    return out


def _marked(places: Sequence[ReviewPlace]) -> Iterator[_Marked]:
    """Yield the lines with places; a decision that empties or fills a line moves the rows below it."""
    moved = 0
    of_words = [one for one in reading_order(places) if one.place.span is not None]
    for _, of_line in groupby(of_words, key=lambda one: one.place.span and one.place.span.line):
        group = list(of_line)
        first = group[0].place
        pieces = tuple(_pieces(_line_text(first), group))
        had_row, has_row = bool(_line_text(first)), bool(_words(pieces))
        row = first.line + moved + (has_row and not had_row) - (had_row and not has_row)
        moved += has_row - had_row
        yield _Marked(row, has_row, pieces)


def _line_text(place: Place) -> str:
    """Return the text of a place's line as the machine published it."""
    return " ".join(part for part in (place.before, place.text, place.after) if part)


def _pieces(line: str, places: Sequence[ReviewPlace]) -> Iterator[Piece]:
    at = 0
    for one in places:
        place = one.place
        start = len(place.before) + bool(place.before)
        if start > at:
            yield Piece(line[at:start])
        yield Piece(one.text, place.id, is_settled(one))
        at = max(at, start + len(place.text))
        if not place.text and place.after:
            yield Piece(" ")
    if at < len(line):
        yield Piece(line[at:])


def _words(pieces: Sequence[Piece]) -> list[str]:
    return "".join(piece.text for piece in pieces).split()
