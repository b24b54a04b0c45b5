"""The frozen values that pass between stages: a claimed file, its pages as OCR read them, the edits, the result."""

import itertools
import os
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the page image, origin at its top left."""

Glyph = tuple[tuple[str, float], ...]
"""What Tesseract took one character for: ``(character, confidence 0–100)``, the best first."""

TOKEN = re.compile(r"\S+")
WRAP = 30
"""Most words in a line of a page made from plain text."""
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one state of a file from another without reading it."""

    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> "Fingerprint":
        """Take the fingerprint from a stat result, each number within SQLite's 63 bits and sign.

        Some network file systems number files with 64 bits, and a broken clock sets years beyond 2262.
        """
        return cls(stat.st_ino & _MOST, stat.st_size, max(-_MOST, min(stat.st_mtime_ns, _MOST)))


@dataclass(frozen=True, slots=True)
class Claim:
    """One source file that this daemon owns."""

    id: str
    """Unique over all daemons; sorts by time of claim."""
    folder: str
    """Name of the configured folder."""
    relative: Path
    """Where the file lay, relative to the inbox."""
    path: Path
    """Where the file lies now, inside ``<inbox>/.scanmend/<id>/``."""
    stem: Path
    """Output name without suffix, relative to the outbox; chosen once, kept over retries."""
    fingerprint: Fingerprint
    attempt: int = 1
    """1-based number of the attempt in work."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as OCR read it; text never contains white space."""

    text: str
    box: Box | None = None
    """None where there was no image (text given to ``scanmend correct``)."""
    confidence: float | None = None
    """Tesseract's word confidence, 0–100."""
    glyphs: tuple[Glyph, ...] = ()
    """Tesseract's alternatives, one entry a character; empty when it gave none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One text line."""

    words: tuple[Word, ...]
    paragraph: int = 0
    """Number of the paragraph on the page; a change of it is a blank line in the text."""

    @property
    def text(self) -> str:
        """The words, one blank apart."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Page:
    """One page as OCR read it."""

    number: int
    """1-based."""
    lines: tuple[Line, ...]
    width: int = 0
    """Pixels of the image that OCR saw."""
    height: int = 0
    dpi: int = 0
    seconds: float = 0.0
    """Time that Tesseract took, in seconds."""
    origin: Literal["ocr", "text", "blank"] = "ocr"
    """Where the words come from: OCR, or the text that the PDF brought along; a blank page has none."""
    turned: int = 0
    """Degrees clockwise, a multiple of 90, by which the source's page is turned to stand upright; boxes are of the
    page so turned, in pixels of the source's image."""
    steps: tuple[str, ...] = ()
    """What was done to the image before OCR, in words."""
    languages: tuple[str, ...] = ()
    """What it was read in, by Tesseract's names; empty where nothing was read."""

    @property
    def raw(self) -> str:
        """The text as read: lines, and a blank line between paragraphs."""
        return layout(self.lines, (line.text for line in self.lines))

    @property
    def mean_confidence(self) -> float | None:
        """Mean word confidence, 0–100; None without words or confidences."""
        known = [w.confidence for line in self.lines for w in line.words if w.confidence is not None]
        return round(statistics.fmean(known), 1) if known else None


@dataclass(frozen=True, slots=True)
class Edit:
    """One proposed change of words within a line, with the judge's verdict on it."""

    line: int
    """0-based index into ``Page.lines``."""
    word: int
    """0-based index of the first raw word in that line."""
    raw: str
    """The raw word or words, one blank apart."""
    new: str
    """What should stand there instead."""
    proposer: str
    """``rescore``, ``rewrite``, ``both`` where these agree, or ``typography``."""
    count: int = 1
    """How many raw words it replaces."""
    gain: float | None = None
    """The language model's log-probability of new less that of raw, in nats, where it was asked."""
    accepted: bool = False
    reason: str = ""
    """Why the judge accepted or rejected it."""
    box: Box | None = None

    @property
    def verdict(self) -> str:
        """``accepted`` or ``rejected``."""
        return "accepted" if self.accepted else "rejected"


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """A page and what became of it."""

    page: Page
    corrected: str
    """Text with every accepted edit applied; layout as in ``Page.raw``."""
    edits: tuple[Edit, ...] = ()
    """Every proposed edit, accepted or not, in reading order."""
    skipped: str = ""
    """Why the model was not asked for this page; empty when it was."""
    seconds: float = 0.0
    """Time that correction took, in seconds."""
    strategy: str = ""
    """``rescore``, ``rewrite`` or ``both``, whichever was chosen; empty when the model was not asked."""


def union(boxes: Iterable[Box | None]) -> Box | None:
    """Return the smallest box around these; None when there is none."""
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    lefts, tops, rights, bottoms = zip(*known, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def least_confidence(words: Iterable[Word]) -> float | None:
    """The least of the words' confidences, 0–100; None where none has one."""
    return min((w.confidence for w in words if w.confidence is not None), default=None)


def without_glyphs(page: CorrectedPage) -> CorrectedPage:
    """Leave out what correction alone needs: it is most of a page's memory, and of its bytes on the way."""
    lines = tuple(
        replace(line, words=tuple(replace(word, glyphs=()) if word.glyphs else word for word in line.words))
        for line in page.page.lines
    )
    return replace(page, page=replace(page.page, lines=lines))


def layout(lines: Iterable[Line], texts: Iterable[str]) -> str:
    """Join one text per line, with a blank line where the paragraph changes."""
    out: list[str] = []
    before: int | None = None
    for line, text in zip(lines, texts, strict=True):
        if before is not None and line.paragraph != before:
            out.append("")
        out.append(text)
        before = line.paragraph
    return "\n".join(out)


def page_from_text(text: str, number: int = 1) -> Page:
    """Take plain text as a page without image: words without boxes and confidences, blank lines part paragraphs.

    Lines longer than WRAP words become several, so the order of words is that of the text, but not its lines.
    """
    lines: list[Line] = []
    paragraph = 0
    for row in text.splitlines():
        words = tuple(Word(token) for token in TOKEN.findall(row))
        lines += (Line(words[i : i + WRAP], paragraph) for i in range(0, len(words), WRAP))
        paragraph += not words
    return Page(number, tuple(lines))


def apply_to_text(text: str, page: Page, edits: Iterable[Edit]) -> str:
    """Return the text that ``page_from_text`` made the page of, accepted edits in place, all white space kept."""
    starts = list(itertools.accumulate((len(line.words) for line in page.lines), initial=0))
    spans = [match.span() for match in TOKEN.finditer(text)]
    out: list[str] = []
    at = 0
    for edit in sorted((e for e in edits if e.accepted), key=lambda e: (e.line, e.word)):
        first = starts[edit.line] + edit.word
        if spans[first][0] < at:
            raise ValueError(f"two accepted edits of the same word: {edit.raw!r}")
        out += (text[at : spans[first][0]], edit.new)
        at = spans[first + edit.count - 1][1]
    return "".join(out) + text[at:]


def apply_edits(line: Line, edits: Iterable[Edit]) -> str:
    """Text of the line with its accepted edits in place."""
    return " ".join(_edited_words(line, sorted((e for e in edits if e.accepted), key=lambda e: e.word)))


def _edited_words(line: Line, edits: list[Edit]) -> Iterator[str]:
    at = 0
    for edit in edits:
        if edit.word < at:
            raise ValueError(f"two accepted edits of the same word: {edit.raw!r}")
        yield from (word.text for word in line.words[at : edit.word])
        yield edit.new
        at = edit.word + edit.count
    yield from (word.text for word in line.words[at:])


def printable(path: str | Path) -> str:
    """A name that any output can hold: undecodable bytes and control characters are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
