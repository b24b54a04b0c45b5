"""Typescripts in French and German: uneven strokes off the line, accents typed over, ``l`` for a missing ``1``."""

import unicodedata
from random import Random

from PIL import Image

from drawn_pages import marks, wear
from drawn_pages.sheet import Face, Sheet
from drawn_pages.text import names
from drawn_pages.text.prose import TONGUES, long_date, paragraph

LANGUAGES = ("fr", "de", "fr")
"""Languages of a set's typescripts, in turn."""
PER_LINE = (58, 66)
"""Fewest and most letters in a line."""
STEP = 7.2
"""Points from letter to letter: ten to the inch, as typewriters of the size pica have them."""
LEADING = (15.0, 18.0, 24.0)
"""Points from line to line."""
YEARS = (1921, 1968)
"""When they were typed."""
OVERTYPED = "éèêàùâîôûëïÉÈÊÀ"
"""Letters that a machine without them gets by typing the accent over."""
QUOTES = str.maketrans("’„“”", '\'"""')
"""The quotation marks that a typewriter has."""
ACCENTS = {"\u0301": "´", "\u0300": "`", "\u0302": "^", "\u0308": "¨"}
"""What is typed for each combining accent."""


def draw(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return a typescript, its text and its language; the text has a 1 wherever an ``l`` was typed for it."""
    code = LANGUAGES[number % len(LANGUAGES)]
    tongue, dpi = TONGUES[code], rng.choice((200, 300))
    sheet = Sheet(dpi=dpi)
    machine = _Machine(sheet, rng, overtypes=rng.random() < 0.4, has_one=rng.random() < 0.5)
    most = rng.randint(*PER_LINE)
    machine.lines([names.firm(rng, code).upper(), f"{names.town(rng, code)}, {long_date(rng, tongue, YEARS)}"])
    machine.lines([rng.choice(tongue.titles).upper()])
    while machine.y < 740:
        machine.lines(_wrapped(paragraph(rng, tongue, rng.randint(2, 5), YEARS), most))
    page = sheet.image
    if rng.random() < 0.5:
        marks.holes(page, dpi)
    if rng.random() < 0.4:
        at = (round(page.width * rng.uniform(0.6, 0.85)), round(page.height * rng.uniform(0.08, 0.9)))
        marks.stamp(page, rng, at, round(0.5 * dpi))
    return wear.scanned(page, rng, dpi, rng.uniform(0.3, 0.8), bilevel=number % 4 == 3), sheet.truth, code


def _wrapped(text: str, most: int) -> list[str]:
    """Return lines of at most so many letters; a blank before a sign does not begin a line."""
    lines = [""]
    for word in text.split(" "):
        signs = word in {";", ":", "!", "?", "»"}
        if lines[-1] and not signs and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


class _Machine:
    """A typewriter with its habits: each type has its own strength and its own place off the line."""

    def __init__(self, sheet: Sheet, rng: Random, *, overtypes: bool, has_one: bool) -> None:
        self._sheet, self._rng = sheet, rng
        self._overtypes, self._has_one = overtypes, has_one
        self._font, self._stroke = rng.choice((("cour", 0.3), ("cour", 0.42), ("cobo", 0.0)))
        self._leading = rng.choice(LEADING)
        self._left = rng.uniform(50, 80)
        self._ribbon = rng.uniform(0, 50)
        self._habits: dict[str, tuple[float, float, float]] = {}
        self.y = 70.0
        """Baseline of the next line, in points."""

    def lines(self, texts: list[str]) -> None:
        """Type a paragraph."""
        for text in texts:
            if self.y > 800:
                break
            typed = text.translate(QUOTES)
            for column, letter in enumerate(typed):
                self._strike(self._left + column * STEP, self.y, letter)
            self._sheet.say(typed)
            self.y += self._leading
        self._sheet.gap()
        self.y += self._leading * 0.8

    def _strike(self, x: float, y: float, letter: str) -> None:
        typed = "l" if letter == "1" and not self._has_one else letter
        if self._overtypes and typed in OVERTYPED:
            base, accent = list(unicodedata.normalize("NFD", typed))
            self._hit(x, y, base)
            self._hit(x, y - (2.2 if base.isupper() else 0), ACCENTS[accent])
        else:
            self._hit(x, y, typed)

    def _hit(self, x: float, y: float, letter: str) -> None:
        rng = self._rng
        if letter not in self._habits:
            self._habits[letter] = (rng.gauss(0, 0.22), rng.gauss(0, 0.4), rng.uniform(0, 45))
        right, up, weak = self._habits[letter]
        grey = min(200, max(0, int(self._ribbon + weak + rng.gauss(0, 16))))
        face = Face(self._font, 12, ink=(grey, grey, grey), stroke=self._stroke)
        at = (x + right + rng.gauss(0, 0.12), y - up + rng.gauss(0, 0.12))
        self._sheet.put(*at, letter, face)
        if grey < 70 and rng.random() < 0.3:
            self._sheet.put(at[0] + 0.25, at[1], letter, face)
