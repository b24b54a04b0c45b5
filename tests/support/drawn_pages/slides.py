"""Slides: large titles, coloured grounds, light letters on dark, bullets, bar charts with numbers at their axes."""

from random import Random

from PIL import Image

from drawn_pages import wear
from drawn_pages.sheet import Cell, Colour, Face, Sheet
from drawn_pages.text.prose import TONGUES, long_date

LANGUAGES = ("en", "de", "fr", "es")
"""Languages of a set's slides, in turn."""
SIZE = (720.0, 405.0)
"""Width and height in points."""
BULLET = "•"
"""Sign before each point."""
DPI = 144
"""Resolution of the drawing."""
PALETTES: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((255, 255, 255), (30, 30, 30), (0, 90, 160)),
    ((16, 44, 84), (240, 240, 240), (250, 180, 60)),
    ((34, 34, 38), (225, 225, 225), (120, 200, 140)),
    ((244, 236, 214), (70, 40, 20), (180, 70, 40)),
    ((0, 110, 110), (250, 250, 250), (255, 220, 120)),
    ((250, 250, 252), (90, 90, 100), (200, 30, 80)),
)
"""Ground, text and accent."""


def draw(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return a slide, as a photo from the audience or as a scanned hand-out, its text and its language."""
    code = LANGUAGES[number % len(LANGUAGES)]
    ground, ink, accent = rng.choice(PALETTES)
    sheet, tongue = Sheet(SIZE, DPI, ground), TONGUES[code]
    if rng.random() < 0.4:
        sheet.box(0, 0, SIZE[0], 74, width=0, fill=accent)
        title_ink = ground
    else:
        title_ink = accent
    sheet.row(
        50, Face(rng.choice(("hebo", "DejaVuSans-Bold")), 27, 0.95, title_ink), Cell(40, rng.choice(tongue.titles))
    )
    sheet.gap()
    right = 690.0
    charted = number % 2 == 1
    _bullets(sheet, rng, code, ink, 40, 380 if charted else right)
    if charted:
        _chart(sheet, rng, code, ink, accent)
    foot = Face("helv", 9, ink=ink)
    sheet.row(393, foot, Cell(40, long_date(rng, tongue, (2009, 2025))), Cell(690, str(rng.randint(2, 48)), "right"))
    hard = rng.uniform(0.3, 0.9)
    if number % 3 == 2:
        seen = wear.scanned(sheet.image, rng, DPI, 0.4 * hard, edge=1.0)
        return seen, sheet.truth, code
    return wear.photographed(sheet.image, rng, DPI, hard), sheet.truth, code


def _bullets(sheet: Sheet, rng: Random, code: str, ink: Colour, left: float, right: float) -> None:
    tongue, face = TONGUES[code], Face(rng.choice(("helv", "DejaVuSans")), 15 if right > 500 else 13, ink=ink)
    y = 110.0
    for _ in range(5 if right > 500 else 4):
        text = rng.choice(
            (_claim(rng, code), rng.choice(tongue.asides), f"{rng.choice(tongue.asides)} ({rng.randint(2, 97)} %)")
        )
        sheet.put(left, y, BULLET, face)
        first = len(sheet.rows)
        y = sheet.prose(y, text[:1].upper() + text[1:], face, left + 18, right) + 12
        sheet.rows[first] = f"{BULLET} {sheet.rows[first]}"
    sheet.gap()


def _claim(rng: Random, code: str) -> str:
    """Return a short line with figures in it."""
    year = rng.randint(2005, 2020)
    return f"{rng.choice(TONGUES[code].titles)}: +{rng.randint(1, 30)},{rng.randint(0, 9)} % ({year}–{year + 3})"


def _chart(sheet: Sheet, rng: Random, code: str, ink: Colour, accent: Colour) -> None:
    """Draw bars with their values above, years below, and numbers at the axis; row by row from the top in the text."""
    left, right, top, bottom = 440.0, 690.0, 110.0, 330.0
    small = Face("helv", 10, ink=ink)
    step = rng.choice((5, 10, 20, 25, 50))
    sheet.row(top - 16, Face("hebo", 11, ink=ink), Cell(left, rng.choice(TONGUES[code].titles)))
    bars = [rng.randint(step // 2, step * 4) for _ in range(rng.randint(4, 6))]
    scale = (bottom - top) / (step * 4.4)
    sheet.line(left + 22, top, left + 22, bottom, 0.8, ink)
    sheet.line(left + 22, bottom, right, bottom, 0.8, ink)
    said: list[tuple[float, float, str]] = []
    for tick in range(5):
        y = bottom - tick * step * scale
        sheet.put(left + 18, y + 3, str(tick * step), small, "right")
        said.append((y + 3, left, str(tick * step)))
    width = (right - left - 30) / len(bars)
    first = rng.randint(2000, 2019)
    for i, value in enumerate(bars):
        x = left + 30 + width * i
        sheet.box(x, bottom - value * scale, x + width * 0.65, bottom, width=0, fill=accent)
        sheet.put(x + width * 0.325, bottom - value * scale - 4, str(value), small, "middle")
        said.append((bottom - value * scale - 4, x, str(value)))
    for _, _, text in sorted(said):
        sheet.say(text)
    sheet.row(
        bottom + 14, small, *(Cell(left + 30 + width * (i + 0.325), str(first + i), "middle") for i in range(len(bars)))
    )
    sheet.gap()
