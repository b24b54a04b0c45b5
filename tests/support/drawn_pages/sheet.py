"""A clean page under construction, and the text that it says in reading order."""

import functools
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pymupdf
from PIL import Image, ImageDraw, ImageFont

from drawn_pages.text.prose import breakable

A4 = (595.0, 842.0)
"""Width and height in points."""
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
"""Where Debian installs the fonts that come with Tesseract's dependencies."""
STAND_INS = {"DejaVuSans": "helv", "DejaVuSans-Bold": "hebo", "DejaVuSansMono": "cour", "DejaVuSerif": "tiro"}
"""PyMuPDF's fonts to take where DejaVu is not installed."""
Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""
BLACK: Colour = (0, 0, 0)
"""Colour of ink."""


@dataclass(frozen=True, slots=True)
class Face:
    """Type of one kind and size."""

    font: str
    """One of PyMuPDF's (``helv``, ``tiro``, ``cour`` …), or the name of a DejaVu file."""
    size: float
    """Points."""
    narrow: float = 1.0
    """Width of the letters as a share of their usual width."""
    ink: Colour = BLACK
    stroke: float = 0.0
    """Points by which strokes are thicker on each side."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text at one place of a row."""

    x: float
    """Where it begins, in points; where it ends if it is set to the right."""
    text: str
    align: str = "left"
    """``left``, ``right`` or ``middle`` of ``x``."""


@functools.lru_cache(maxsize=64)
def _loaded(font: str, pixels: int) -> ImageFont.FreeTypeFont:
    file = DEJAVU / f"{font}.ttf"
    if file.exists():
        return ImageFont.truetype(str(file), pixels)
    return ImageFont.truetype(io.BytesIO(pymupdf.Font(STAND_INS.get(font, font)).buffer), pixels)


class Sheet:
    """A page of so many points at a resolution; every row that is set is also taken down."""

    def __init__(self, size: tuple[float, float] = A4, dpi: int = 200, ground: Colour = (255, 255, 255)) -> None:
        self.size, self.dpi = size, dpi
        self.image = Image.new("RGB", (self.px(size[0]), self.px(size[1])), ground)
        self.draw = ImageDraw.Draw(self.image)
        self.rows: list[str] = []
        self.facts: dict[str, str] = {}
        """What the page says of itself by the names of fields, as printed."""

    def px(self, points: float) -> int:
        """Return points as pixels."""
        return round(points * self.dpi / 72)

    def width(self, text: str, face: Face) -> float:
        """Return how wide a text is, in points."""
        return _loaded(face.font, self.px(face.size)).getlength(text) * face.narrow * 72 / self.dpi

    def put(self, x: float, y: float, text: str, face: Face, align: str = "left") -> None:
        """Draw text whose baseline is at y, without taking it down."""
        font = _loaded(face.font, self.px(face.size))
        left = x - self.width(text, face) * {"left": 0.0, "middle": 0.5, "right": 1.0}[align]
        stroke = face.stroke * self.dpi / 72
        if face.narrow == 1.0:
            at = (self.px(left), self.px(y))
            self.draw.text(at, text, font=font, fill=face.ink, anchor="ls", stroke_width=stroke)
            return
        above, below = self.px(face.size * 1.2), self.px(face.size * 0.4)
        mask = Image.new("L", (int(font.getlength(text)) + above, above + below), 0)
        ImageDraw.Draw(mask).text((above // 4, above), text, font=font, fill=255, anchor="ls", stroke_width=stroke)
        mask = mask.resize((max(1, round(mask.width * face.narrow)), mask.height), Image.Resampling.LANCZOS)
        at = (self.px(left) - round(above // 4 * face.narrow), self.px(y) - above)
        self.image.paste(face.ink, (at[0], at[1], at[0] + mask.width, at[1] + mask.height), mask)

    def row(self, y: float, face: Face, *cells: Cell) -> None:
        """Draw one row and take it down as one line, its cells from left to right."""
        for cell in cells:
            self.put(cell.x, y, cell.text, face, cell.align)
        self.say(" ".join(cell.text for cell in cells))

    def say(self, text: str) -> None:
        """Take down a line that was drawn otherwise."""
        self.rows.append(" ".join(text.split()))

    def gap(self) -> None:
        """End a paragraph."""
        self.rows.append("")

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.7, ink: Colour = BLACK) -> None:
        """Draw a rule from one place to another."""
        ends = (self.px(x0), self.px(y0), self.px(x1), self.px(y1))
        self.draw.line(ends, fill=ink, width=max(1, self.px(width)))

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        width: float = 0.7,
        ink: Colour = BLACK,
        fill: Colour | None = None,
    ) -> None:
        """Draw a box."""
        corners = (self.px(x0), self.px(y0), self.px(x1), self.px(y1))
        self.draw.rectangle(corners, outline=ink if width else None, fill=fill, width=max(1, self.px(width)))

    def prose(
        self, y: float, text: str, face: Face, left: float, right: float, *, leading: float = 1.35, bottom: float = 1e9,
        justify: bool = False, hyphens: bool = False, indent: float = 0.0,
    ) -> float:  # fmt: skip
        """Set one paragraph as far as it fits above ``bottom``; return the y of the line below it."""
        lines = list(self._wrapped(text.split(" "), face, right - left, hyphens=hyphens, indent=indent))
        for number, words in enumerate(lines):
            if y > bottom:
                break
            x = left + (indent if number == 0 else 0)
            if justify and number < len(lines) - 1 and len(words) > 1:
                self._spread(x, y, words, face, right)
            else:
                self.put(x, y, " ".join(words), face)
            self.say(" ".join(words))
            y += face.size * leading
        return y

    def _spread(self, x: float, y: float, words: Sequence[str], face: Face, right: float) -> None:
        widths = [self.width(word, face) for word in words]
        blank = (right - x - sum(widths)) / (len(words) - 1)
        for word, width in zip(words, widths, strict=True):
            self.put(x, y, word, face)
            x += width + blank

    def _wrapped(
        self, words: Sequence[str], face: Face, width: float, *, hyphens: bool, indent: float
    ) -> Iterator[list[str]]:
        """Yield the words of each line; a word that does not fit may be broken with a hyphen."""
        line: list[str] = []
        room = width - indent
        for whole in words:
            word = whole
            if line and self.width(" ".join([*line, word]), face) > room:
                fitting = [
                    at
                    for at in (breakable(word) if hyphens else ())
                    if self.width(" ".join([*line, word[:at] + "-"]), face) <= room
                ]
                if fitting:
                    line.append(word[: fitting[-1]] + "-")
                    word = word[fitting[-1] :]
                yield line
                line, room = [], width
            line.append(word)
        yield line

    @property
    def truth(self) -> str:
        """What was set, in reading order, a blank line between paragraphs."""
        return "\n".join(self.rows).strip() + "\n"


def with_facts(image: Image.Image, sheet: Sheet) -> Image.Image:
    """Return a page's image, as worn as it is by now, with the sheet's facts in its ``info``."""
    image.info["fields"] = dict(sheet.facts)
    return image


def sized(face: Face, size: float) -> Face:
    """Return the face in another size."""
    return replace(face, size=size)
