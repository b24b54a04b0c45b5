"""Print from worn type: book pages with broken words at line ends, and newspapers in narrow columns."""

from random import Random

from PIL import Image

from drawn_pages import wear
from drawn_pages.sheet import Cell, Face, Sheet
from drawn_pages.text import names
from drawn_pages.text.prose import TONGUES, long_date, paragraph

BOOK_LANGUAGES = ("en", "de", "fr", "es")
"""Languages of the book pages, in turn."""
NEWS_LANGUAGES = ("es", "de", "en", "es")
"""Languages of the newspapers, in turn."""
BOOK_SIZE = (400.0, 610.0)
"""Width and height of a book's page in points."""
NEWS_SIZE = (560.0, 720.0)
"""Width and height of a newspaper's page in points."""
YEARS = (1826, 1911)
"""When books and newspapers are from."""
GUTTER = 14.0
"""Points between columns."""


def draw_old(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return a page of an old book, its text and its language."""
    code = BOOK_LANGUAGES[number % len(BOOK_LANGUAGES)]
    tongue, dpi = TONGUES[code], rng.choice((200, 300))
    face = Face(
        rng.choice(("tiro", "tiro", "DejaVuSerif")), rng.uniform(9.5, 11.5), rng.uniform(0.88, 1.0), stroke=0.08
    )
    sheet = Sheet(BOOK_SIZE, dpi)
    left, right = 46.0, BOOK_SIZE[0] - 46
    head = rng.choice(tongue.titles).upper()
    sheet.row(
        48,
        Face(face.font, face.size * 0.85),
        Cell(left, str(rng.randint(12, 480))),
        Cell(BOOK_SIZE[0] / 2, head, "middle"),
    )
    sheet.gap()
    y = 76.0
    while y < BOOK_SIZE[1] - 60:
        text = paragraph(rng, tongue, rng.randint(3, 6), YEARS)
        y = sheet.prose(
            y, text, face, left, right, leading=1.32, bottom=BOOK_SIZE[1] - 50, justify=True, hyphens=True, indent=14
        )
        sheet.gap()
    hard = rng.uniform(0.8, 1.35)
    return wear.scanned(sheet.image, rng, dpi, hard, bilevel=number % 2 == 0), sheet.truth, code


def draw_newspaper(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return a newspaper's page of two or three columns, its text column by column, and its language."""
    code = NEWS_LANGUAGES[number % len(NEWS_LANGUAGES)]
    tongue, dpi = TONGUES[code], rng.choice((200, 300))
    columns = rng.choice((2, 3, 3))
    sheet = Sheet(NEWS_SIZE, dpi)
    left, right = 30.0, NEWS_SIZE[0] - 30
    sheet.row(52, Face("tibo", 24), Cell(NEWS_SIZE[0] / 2, rng.choice(tongue.titles).upper(), "middle"))
    sheet.gap()
    dateline = f"{names.town(rng, code)}, {long_date(rng, tongue, YEARS)}"
    sheet.row(68, Face("tiro", 9), Cell(left, dateline), Cell(right, f"No. {rng.randint(100, 9999)}", "right"))
    sheet.line(left, 73, right, 73, 0.8)
    sheet.gap()
    width = (right - left - GUTTER * (columns - 1)) / columns
    face = Face("tiro", rng.uniform(8.2, 9.4), rng.uniform(0.9, 1.0), stroke=0.08)
    for column in range(columns):
        x = left + column * (width + GUTTER)
        if column:
            sheet.line(x - GUTTER / 2, 80, x - GUTTER / 2, NEWS_SIZE[1] - 34, 0.4)
        _column(sheet, rng, code, face, x, x + width)
    return wear.scanned(sheet.image, rng, dpi, rng.uniform(0.6, 1.1), bilevel=number % 3 == 0), sheet.truth, code


def _column(sheet: Sheet, rng: Random, code: str, face: Face, left: float, right: float) -> None:
    """Fill a column with articles."""
    y, bottom, tongue = 90.0, NEWS_SIZE[1] - 38, TONGUES[code]
    while y < bottom - 40:
        title = Face("tibo", face.size * 1.25)
        for words in _in_lines(sheet, rng.choice(tongue.titles).upper(), title, right - left):
            sheet.row(y, title, Cell((left + right) / 2, words, "middle"))
            y += title.size * 1.3
        sheet.gap()
        for _ in range(rng.randint(1, 2)):
            text = paragraph(rng, tongue, rng.randint(2, 5), YEARS)
            y = sheet.prose(
                y, text, face, left, right, leading=1.2, bottom=bottom, justify=True, hyphens=True, indent=8
            )
            sheet.gap()
        y += 6
        sheet.line((left + right) / 2 - 20, y - 8, (left + right) / 2 + 20, y - 8, 0.5)
        y += 6


def _in_lines(sheet: Sheet, text: str, face: Face, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and sheet.width(longer, face) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
