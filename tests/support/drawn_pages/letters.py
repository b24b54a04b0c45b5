"""Business letters: letterhead, address, date, paragraphs, a signature that nobody can read, now and then a stamp."""

from random import Random

from PIL import Image

from drawn_pages import marks, wear
from drawn_pages.sheet import Cell, Face, Sheet, sized
from drawn_pages.text import names
from drawn_pages.text.prose import TONGUES, long_date, paragraph

LANGUAGES = ("en", "de", "fr", "es")
"""Languages of a set's letters, in turn."""
FACES = (
    Face("tiro", 11),
    Face("helv", 10),
    Face("DejaVuSerif", 9.5, 0.9),
    Face("cour", 10.5, stroke=0.2),
    Face("DejaVuSans", 9.5, 0.9),
)
"""Types that letters are set in."""
BOLD = {"tiro": "tibo", "helv": "hebo", "DejaVuSerif": "tibo", "cour": "cobo", "DejaVuSans": "DejaVuSans-Bold"}
"""The bold type to each."""


def draw(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return a letter, its text and its language."""
    code = LANGUAGES[number % len(LANGUAGES)]
    tongue, dpi = TONGUES[code], rng.choice((200, 200, 300))
    face = rng.choice(FACES)
    sheet = Sheet(dpi=dpi)
    sender = names.firm(rng, code)
    sheet.row(62, Face(BOLD[face.font], rng.uniform(15, 19)), Cell(70, sender))
    street, town = names.address(rng, code)
    sheet.row(78, sized(face, 8.5), Cell(70, f"{street} · {town} · {names.phone(rng)}"))
    sheet.line(70, 86, 525, 86, 1.2)
    sheet.gap()
    y = 118.0
    for text in (names.person(rng, code), *names.address(rng, code)):
        sheet.row(y, face, Cell(70, text))
        y += face.size * 1.35
    sheet.gap()
    sheet.row(y + 14, face, Cell(525, long_date(rng, tongue, (1978, 2024)), "right"))
    sheet.gap()
    subject = rng.choice(tongue.titles)
    sheet.row(y + 42, Face(BOLD[face.font], face.size), Cell(70, subject))
    sheet.gap()
    sheet.row(y + 66, face, Cell(70, rng.choice(tongue.opening).format(name=names.person(rng, code))))
    sheet.gap()
    y += 66 + face.size * 2
    for _ in range(rng.randint(3, 5)):
        y = sheet.prose(y, paragraph(rng, tongue, rng.randint(2, 4), (1978, 2024)), face, 70, 525)
        sheet.gap()
        y += face.size * 0.7
    sheet.row(y + 4, face, Cell(70, rng.choice(tongue.closing)))
    sheet.gap()
    signature = (sheet.px(75), sheet.px(y + 12), sheet.px(rng.uniform(190, 250)), sheet.px(y + 46))
    marks.scribble(sheet.image, rng, signature)
    sheet.row(y + 62, face, Cell(70, names.person(rng, code)))
    page = _used(sheet.image, rng, dpi)
    if number % 4 == 3:
        return (
            wear.faxed(page, rng, dpi) if dpi == 200 else wear.scanned(page, rng, dpi, 0.5, bilevel=True),
            sheet.truth,
            code,
        )
    return wear.scanned(page, rng, dpi, rng.uniform(0.3, 0.85), bilevel=number % 3 == 1), sheet.truth, code


def _used(page: Image.Image, rng: Random, dpi: int) -> Image.Image:
    """Return the page as an office leaves it: stamped as received, annotated, punched, folded into its envelope."""
    width, height = page.size
    if rng.random() < 0.6:
        marks.stamp(
            page,
            rng,
            (round(width * rng.uniform(0.62, 0.85)), round(height * rng.uniform(0.14, 0.9))),
            round(0.55 * dpi),
        )
    if rng.random() < 0.5:
        x, y = width * rng.uniform(0.3, 0.6), height * rng.uniform(0.1, 0.24)
        marks.scribble(page, rng, (round(x), round(y), round(x + 1.4 * dpi), round(y + 0.3 * dpi)))
    if rng.random() < 0.5:
        marks.holes(page, dpi)
    return marks.folds(page, rng, 2) if rng.random() < 0.4 else page
