"""The values that pass between stages: pages as OCR read them, proposed edits, corrected pages; all frozen.

Below the values stand the functions on them: boxes and confidences, text of pages and pages of text, edits put in
place, and names and moments fit for output.
"""

import itertools
import math
import os
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the page image, origin at its top left."""

Glyph = tuple[tuple[str, float], ...]
"""Tesseract's readings of one character: ``(character, confidence 0–100)``, the best first."""

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Top left, top right, bottom right and bottom left of a line that may slope, in pixels of the page image."""

TOKEN = re.compile(r"\S+")
"""Finds the words of plain text."""
MAX_LINE_WORDS = 30
"""Most words in a line of a page made from plain text."""
_MAX_SQLITE_INT = 2**63 - 1
"""Largest integer that SQLite can store."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Inode, size and time of change: they tell one state of a file from another without reading it."""

    inode: int
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of the last change in nanoseconds since 1970."""

    @classmethod
    def of(cls, stat: os.stat_result) -> "Fingerprint":
        """Take the fingerprint from a stat result, each number within SQLite's 63 bits and sign.

        Some network file systems number files with 64 bits, and a broken clock sets years beyond 2262.
        """
        mtime_ns = max(-_MAX_SQLITE_INT, min(stat.st_mtime_ns, _MAX_SQLITE_INT))
        return cls(stat.st_ino & _MAX_SQLITE_INT, stat.st_size, mtime_ns)

    @classmethod
    def of_all(cls, prints: Mapping[str, "Fingerprint"]) -> "Fingerprint":
        """Return one for several files by name: inode of the first, all bytes, and the latest change."""
        first = prints[min(prints)]
        return cls(first.inode, sum(one.size for one in prints.values()), max(p.mtime_ns for p in prints.values()))


@dataclass(frozen=True, slots=True)
class Member:
    """One of several files that were joined into one source."""

    name: str
    sha256: str
    """Of the file, in hexadecimal."""
    size: int
    """Bytes."""
    modified_ns: int
    """When it was changed last by its own account, in nanoseconds since 1970."""
    pages: tuple[int, ...]
    """1-based numbers that its pages have in the source, in its own order."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as OCR read it."""

    text: str
    """Never empty, and without white space."""
    box: Box | None = None
    """None where there was no image (text given to ``scanmend correct``)."""
    confidence: float | None = None
    """Tesseract's word confidence, 0–100; None where there was no image."""
    glyphs: tuple[Glyph, ...] = ()
    """Tesseract's alternatives, one entry for each character; empty when it gave none."""


@dataclass(frozen=True, slots=True)
class LatticeStep:
    """What the second reader saw at one place of a line: the best symbols and how likely each is."""

    at: float
    """Where the step lies along the line: 0 at its left end, 1 at its right end."""
    symbols: tuple[tuple[str, float], ...]
    """``(symbol, log-probability in nats)``, the best first; the symbol is empty for "no new symbol here"."""


@dataclass(frozen=True, slots=True)
class SecondLine:
    """One line as the second reader found it and, where it was asked to, read it."""

    corners: Corners
    steps: tuple[LatticeStep, ...] = ()
    """The lattice of its reading, from left to right; empty where the line was found but not read."""

    @property
    def box(self) -> Box:
        """The smallest box around the line."""
        xs, ys = zip(*self.corners, strict=True)
        return math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))


@dataclass(frozen=True, slots=True)
class SecondReading:
    """What the second reader says of one page."""

    lines: tuple[SecondLine, ...] = ()
    """The lines that it found, in no particular order."""
    seconds: float = 0.0
    """Time that it took, in seconds."""
    problem: str = ""
    """Why there is no evidence of it, where it was asked and could not answer; empty where it answered."""
    counted: tuple[int, int] | None = None
    """How many lines it found and how many of them it read, where ``lines`` are not kept any more."""

    @property
    def found(self) -> int:
        """Number of the lines that it found."""
        return self.counted[0] if self.counted else len(self.lines)

    @property
    def read(self) -> int:
        """Number of the lines that it read, of those that it found."""
        return self.counted[1] if self.counted else sum(bool(line.steps) for line in self.lines)

    def without_lines(self) -> "SecondReading":
        """Return what is to be told of it once the lines have served their purpose."""
        return replace(self, lines=(), counted=(self.found, self.read))


@dataclass(frozen=True, slots=True)
class Line:
    """One text line."""

    words: tuple[Word, ...]
    """None at the place of a line that only the second reader found: there, an edit inserts its words."""
    paragraph: int = 0
    """Number of the paragraph on the page; where it changes, the text has a blank line."""

    @property
    def text(self) -> str:
        """The words with one blank between them."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class DocumentWarning:
    """Something of a document that was not read, not kept or not made, although the document is done."""

    code: str
    """What kind of thing it is, for programs; docs/record.md lists the codes."""
    text: str
    """What happened, and what a person can do about it."""
    page: int | None = None
    """1-based number of the page that it is about; None where it is about the whole document."""


@dataclass(frozen=True, slots=True)
class ArchivalCheck:
    """What one validator says of a PDF that is to be archival."""

    validator: str
    """Its name, with its version where that is known."""
    result: Literal["passed", "failed", "undecided", "not_run"]
    """``undecided``: the file has something that this validator does not judge."""
    said: str = ""
    """Why it did not pass, for a person."""


@dataclass(frozen=True, slots=True)
class ArchivalCopy:
    """What came of making a PDF archival."""

    refused: str = ""
    """Why there is no copy; empty where there is one."""
    check: ArchivalCheck | None = None
    """What pikepdf's own validator says of the copy, read again from the disk; None where there is none."""
    changes: tuple[str, ...] = ()
    """What the copy lacks or has otherwise than the PDF, for a person; nothing that a page shows."""


@dataclass(frozen=True, slots=True)
class Archival:
    """Whether a ``pdf`` output that was to be archival is, and who says so."""

    conformance: str | None
    """``PDF/A-2b`` where the file claims it; None where it does not, and is the plain output."""
    checks: tuple[ArchivalCheck, ...] = ()
    """What the validators say of the archival copy, whether it was published or not; empty where none was made."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A barcode or patch code on a page."""

    kind: str
    """``code39``, ``code128``, ``ean13``, ``ean8``, ``qr``, ``datamatrix`` or ``patch``."""
    value: str
    """What the barcode says, or the name of the patch code: ``1``, ``2``, ``3``, ``4``, ``6`` or ``T``."""
    box: Box


@dataclass(frozen=True, slots=True)
class Page:
    """One page as OCR read it."""

    number: int
    """1-based number of the page in its document."""
    lines: tuple[Line, ...]
    width: int = 0
    """Pixels of the image that OCR saw; 0 where there was none."""
    height: int = 0
    """Pixels of the image that OCR saw; 0 where there was none."""
    dpi: int = 0
    """Resolution of that image; 0 where it is unknown."""
    seconds: float = 0.0
    """Time that Tesseract took, in seconds."""
    origin: Literal["ocr", "text", "blank"] = "ocr"
    """Where the words come from: OCR, or the text that the PDF brought along; a blank page has none."""
    turned: int = 0
    """Degrees clockwise, a multiple of 90, by which the source's page is turned to stand upright.

    Boxes belong to the page turned so, in pixels of the source's image.
    """
    steps: tuple[str, ...] = ()
    """Names of the steps that prepared the image for OCR, in order."""
    languages: tuple[str, ...] = ()
    """Tesseract's names of the languages it was read in; empty where nothing was read."""
    warnings: tuple[DocumentWarning, ...] = ()
    """What of the page was not read."""
    second: SecondReading | None = None
    """What the second reader says of the page; None where it was not asked."""
    marks: tuple[Mark, ...] | None = None
    """Barcodes or patch codes on it; None where nobody looked, as the folder does not split by such."""

    @property
    def raw(self) -> str:
        """The text as read: one row for each line, and a blank line between paragraphs."""
        return layout(self.lines, (line.text for line in self.lines))

    @property
    def mean_confidence(self) -> float | None:
        """Mean word confidence, 0–100; None without words or confidences."""
        known = [w.confidence for line in self.lines for w in line.words if w.confidence is not None]
        return round(statistics.fmean(known), 1) if known else None


@dataclass(frozen=True, slots=True)
class Edit:
    """One proposed replacement of words within a line, with the judge's verdict on it."""

    line: int
    """0-based index into ``Page.lines``."""
    word: int
    """0-based index of the first raw word in that line; of the word that new words are inserted before."""
    raw: str
    """The raw word or words, with one blank between them; empty where words are inserted."""
    new: str
    """The word or words that should stand there instead; empty where raw is to be dropped as noise."""
    proposer: str
    """``reader`` (the second reader), ``rescore``, ``rewrite``, ``both`` of these, ``typography``, or ``person``."""
    count: int = 1
    """Number of raw words that it replaces; 0 where words are inserted."""
    gain: float | None = None
    """The language model's log-probability of new less that of raw, in nats; None where it was not asked."""
    optical: float | None = None
    """The second reader's log-probability of the line's image under new less that under raw, in nats.

    None where it did not read the line.
    """
    accepted: bool = False
    """Whether the judge accepted it."""
    reason: str = ""
    """Why the judge accepted or rejected it."""
    box: Box | None = None
    """Box of the first raw word, or of the words inserted; None where there was no image."""
    boxes: tuple[Box, ...] = ()
    """A box for each word of ``new``, where the second reader says where they stand."""
    margin: float | None = None
    """Score of all evidence less the score from which it is accepted, in nats; None where a rule or person decided."""

    @property
    def kind(self) -> Literal["replace", "insert", "drop"]:
        """Whether it replaces raw words, inserts words where none were read, or drops raw words as noise."""
        if not self.count:
            return "insert"
        return "replace" if self.new else "drop"

    @property
    def verdict(self) -> str:
        """``accepted`` or ``rejected``."""
        return "accepted" if self.accepted else "rejected"


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One token with a digit in the published text, and how sure its reading is."""

    line: int
    """0-based index into ``Page.lines``."""
    text: str
    """As published."""
    state: Literal["agreed", "disputed", "single", "confirmed"]
    """Both readers read it and nothing speaks against it; one may be wrong; only one read it; a person decided it."""
    other: str = ""
    """The reading that was not chosen, where it is disputed; empty where nobody knows of another."""
    box: Box | None = None
    chosen_by: str = ""
    """Where it is disputed: why ``text`` was chosen and not ``other``, or what speaks against it."""


@dataclass(frozen=True, slots=True)
class NumberCounts:
    """How many numbers of a page or document both readers read alike, differently, one alone, or a person decided."""

    agreed: int = 0
    disputed: int = 0
    single: int = 0
    confirmed: int = 0
    """Decided by a person, whatever the readers read."""

    @classmethod
    def of(cls, numbers: Iterable[NumberReading]) -> "NumberCounts":
        """Count the readings by their state."""
        counts = Counter(number.state for number in numbers)
        return cls(counts["agreed"], counts["disputed"], counts["single"], counts["confirmed"])

    def __add__(self, other: "NumberCounts") -> "NumberCounts":
        """Return the sums of both."""
        return NumberCounts(
            self.agreed + other.agreed,
            self.disputed + other.disputed,
            self.single + other.single,
            self.confirmed + other.confirmed,
        )

    def __bool__(self) -> bool:
        """Whether any number was counted."""
        return self.total > 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.agreed + self.disputed + self.single + self.confirmed

    @property
    def to_review(self) -> str:
        """What a person should look at, ``3 numbers disputed``; empty where no number is disputed."""
        return f"{self.disputed} number{'s' * (self.disputed > 1)} disputed" if self.disputed else ""


NO_NUMBERS = NumberCounts()
"""The counts where no number was compared: there was no second reader, or there are no numbers."""


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """A page with the outcome of its correction."""

    page: Page
    corrected: str
    """The text with every accepted edit applied, laid out as in ``Page.raw``."""
    edits: tuple[Edit, ...] = ()
    """Every proposed edit, accepted or not, in reading order."""
    skipped: str = ""
    """Why this page was left uncorrected; empty when it was corrected."""
    seconds: float = 0.0
    """Time that correction took, in seconds."""
    strategy: str = ""
    """The strategy that was used: ``rescore``, ``rewrite`` or ``both``; empty when the page was left uncorrected."""
    model_cut: bool = False
    """Whether the model was not asked about all that is open, because its time for a page was over."""
    numbers: tuple[NumberReading, ...] = ()
    """Every token with a digit in the published text, in reading order, where the second reader was asked."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One thing that a field of a document can be: words of one page, as read and normalised."""

    text: str
    """As published: the words with one blank between them, without the marks around them."""
    value: str
    """Normalised: an ISO date, a decimal number with a point, an identifier without blanks; else ``text``."""
    page: int
    """1-based number of the page."""
    boxes: tuple[Box, ...] = ()
    """Where its words stand; none where there was no image."""
    confidence: float = 0.0
    """Probability that this is the field's value and rightly read, 0-1."""
    state: Literal["agreed", "disputed", "single", "confirmed", ""] = ""
    """As in ``NumberReading``, the worst of its words; empty where no number in it was compared."""
    checks: tuple[str, ...] = ()
    """What of the page agrees with it, in plain English: a sum, check digits, the same value elsewhere."""
    currency: str = ""
    """Currency that stands beside an amount: its ISO code, or ``$`` where that does not tell which; empty: none."""


@dataclass(frozen=True, slots=True)
class DocumentField:
    """One fact that a folder wants of its documents, and what was found."""

    name: str
    """As configured."""
    type: str
    """As configured, such as ``date``."""
    required: bool = False
    """Whether a person is to look where it is missing or doubtful."""
    chosen: FieldValue | None = None
    """None where nothing on the pages can be it."""
    others: tuple[FieldValue, ...] = ()
    """What else it could be, the likeliest first."""
    doubt: str = ""
    """Why a person should look, in plain English; empty where there is no reason to."""
    chosen_by: Literal["ranker", "model", "person"] = "ranker"
    """Who chose the value among the candidates; only a person can type one, or say that there is none."""
    by: str = ""
    """The name that the person gave."""

    @property
    def value(self) -> str:
        """The normalised value; empty where there is none."""
        return self.chosen.value if self.chosen else ""


def union(boxes: Iterable[Box | None]) -> Box | None:
    """Return the smallest box around all boxes; None when there are none."""
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    lefts, tops, rights, bottoms = zip(*known, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def least_confidence(words: Iterable[Word]) -> float | None:
    """Return the least of the words' confidences, 0–100; None when no word has one."""
    return min((w.confidence for w in words if w.confidence is not None), default=None)


def without_glyphs(page: CorrectedPage) -> CorrectedPage:
    """Return the page without both readers' alternatives, which take most of its memory and only correction needs."""
    lines = tuple(
        replace(line, words=tuple(replace(word, glyphs=()) if word.glyphs else word for word in line.words))
        for line in page.page.lines
    )
    second = page.page.second and page.page.second.without_lines()
    return replace(page, page=replace(page.page, lines=lines, second=second))


def layout(lines: Iterable[Line], texts: Iterable[str]) -> str:
    """Join the texts of lines, one for each line, with a blank line where the paragraph changes.

    A line without text takes no row. Raises ValueError where there are more or fewer texts than lines.
    """
    out: list[str] = []
    before: int | None = None
    for line, text in zip(lines, texts, strict=True):
        if not text:
            continue
        if before is not None and line.paragraph != before:
            out.append("")
        out.append(text)
        before = line.paragraph
    return "\n".join(out)


def row_numbers(words: Iterable[Sequence[object]]) -> list[int]:
    """Return for each line the 1-based number of its row in ``layout``, blank lines not counted.

    ``words``: those of each line. A line without any has no row; its number is that of the row above it, or 0.
    """
    return list(itertools.accumulate(int(bool(of_line)) for of_line in words))


def page_from_text(text: str, number: int = 1) -> Page:
    """Return plain text as a page without an image: words have no boxes and confidences, blank lines end paragraphs.

    A line of more than ``MAX_LINE_WORDS`` words becomes several lines of the page.
    """
    lines: list[Line] = []
    paragraph = 0
    for row in text.splitlines():
        words = tuple(Word(token) for token in TOKEN.findall(row))
        lines += (Line(words[i : i + MAX_LINE_WORDS], paragraph) for i in range(0, len(words), MAX_LINE_WORDS))
        paragraph += not words
    return Page(number, tuple(lines))


def apply_to_text(text: str, page: Page, edits: Iterable[Edit]) -> str:
    """Return the text with accepted edits applied and all other white space kept; ``page`` is ``page_from_text(text)``.

    Raises ValueError where two accepted edits overlap.
    """
    starts = list(itertools.accumulate((len(line.words) for line in page.lines), initial=0))
    spans = [match.span() for match in TOKEN.finditer(text)]
    out: list[str] = []
    at = 0
    for edit in sorted((e for e in edits if e.accepted), key=lambda e: (e.line, e.word, e.count)):
        first = starts[edit.line] + edit.word
        if spans[first][0] < at:
            raise ValueError(f"two accepted edits of the same word: {edit.raw!r}")
        out += (text[at : spans[first][0]], edit.new)
        at = spans[first + edit.count - 1][1]
    return "".join(out) + text[at:]


def apply_edits(line: Line, edits: Iterable[Edit]) -> str:
    """Return the text of the line with its accepted edits applied; raises ValueError where two of them overlap."""
    parts = in_text_order(line, edits)
    texts = (part.new if isinstance(part, Edit) else line.words[part].text for part in parts)
    return " ".join(text for text in texts if text)


def in_text_order(line: Line, edits: Iterable[Edit]) -> Iterator[int | Edit]:
    """Yield the line's accepted edits, and the index of each word that none of them replaces, in the text's order.

    What is inserted at one place comes in the order given. Raises ValueError where two accepted edits overlap.
    """
    at = 0
    for edit in sorted((e for e in edits if e.accepted), key=lambda e: (e.word, e.count)):
        if edit.word < at:
            raise ValueError(f"two accepted edits of the same word: {edit.raw!r}")
        yield from range(at, edit.word)
        yield edit
        at = edit.word + edit.count
    yield from range(at, len(line.words))


def local_iso(moment: float) -> str:
    """Return a moment, wall clock in seconds, as people here read it: ISO 8601 in local time with its offset."""
    return datetime.fromtimestamp(moment).astimezone().isoformat(timespec="seconds")


def printable(path: str | Path) -> str:
    """Return a file's name fit for any output: undecodable bytes and unprintable characters are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
