"""Repairs that need no model: look-alike letters in numbers, misread quotation marks, marks detached from their word.

Nobody sets two single quotation marks for a double one, or closes with one kind what another kind opened. Blanks
before marks are another matter: some languages, printers and typists set them. A mark only goes back to its word where
the image shows no full blank between the two (``boxes``); in text without an image, where the language
sets none there. The page is repaired before the proposers see it, so that a misread word inside quotation
marks is judged as a word.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scanmend.correct.boxes import CLEAR_SHARE, PageBoxes
from scanmend.correct.lexicon import numbers
from scanmend.document import Edit, Line, Page, Word, least_confidence, union

DOUBLE_QUOTE_REASON = "two single quotation marks are one double"
"""Reason, in the record, of a repair of doubled quotation marks."""
UNPAIRED_QUOTE_REASON = "a quotation mark closes as it opened"
"""Reason, in the record, of a repair of a quotation mark that does not fit its counterpart."""
DETACHED_MARK_REASON = "a mark torn off its word"
"""Reason, in the record, of a repair of a mark that was read apart from its word."""

_DOUBLED_QUOTES = (("‘‘", "“"), ("’’", "”"), ("``", "“"), ("''", '"'), ("““", "“"), ("””", "”"))
_OPENING = re.compile(r"[‘“*]*(?=\w)|“$")
_CLOSING = re.compile(r"(?<=\w)([.,!?;:—-]*)([’”]+)([.,;:!?]*)$")
_DETACHED_MARK = re.compile(r"[,;:!?.)\]][\"”’')\]]*")
_QUOTES = set("\"'“‘„»«")
_SPACED_MARK_LANGUAGES = {"fra", "frm"}
"""Tesseract's names of languages that set a blank before ``;``, ``:``, ``!`` and ``?``."""
_OPENING_TO_CLOSING = {"“": "”", "„": "“", "(": ")"}
_CLOSING_TO_OPENING = str.maketrans("’”", "‘“")
_MAX_RAW_WORDS = 3
"""Most raw words that one word and its marks can have been read as."""
_MAX_QUOTATION_WORDS = 150
"""Most words of a quotation; an opening mark further back is not paired."""


@dataclass(frozen=True, slots=True)
class RepairedPage:
    """A page with its typography repaired, and the mapping of its words to the raw page."""

    page: Page
    """The repaired page."""
    edits: tuple[Edit, ...]
    """The repairs as edits of the raw page, all accepted."""
    raw: Page
    """The page as OCR read it."""
    raw_spans: tuple[tuple[tuple[int, int], ...], ...]
    """For each line and word of the repaired page: index of its first raw word, and number of its raw words."""

    def edits_on_raw_page(self, judged: Iterable[Edit]) -> tuple[Edit, ...]:
        """Return edits of the repaired page as edits of the raw page, in reading order, together with the repairs.

        A repair is left out where an accepted edit covers its word, as that edit includes it.
        """
        translated = [self._translated(edit) for edit in judged]
        covered = {(e.line, n) for e in translated if e.accepted for n in range(e.word, e.word + e.count)}
        own = [e for e in self.edits if (e.line, e.word) not in covered]
        return tuple(sorted((*translated, *own), key=lambda e: (e.line, e.word, e.count > 0)))

    def _translated(self, edit: Edit) -> Edit:
        of_line = self.raw_spans[edit.line]
        first = of_line[edit.word][0] if edit.word < len(of_line) else len(self.raw.lines[edit.line].words)
        last = sum(of_line[edit.word + edit.count - 1]) if edit.count else first
        words = self.raw.lines[edit.line].words[first:last]
        return replace(edit, word=first, count=last - first, raw=" ".join(w.text for w in words))


def repair_page(
    page: Page, languages: Sequence[str], protects: Callable[[str], bool] = lambda _: False
) -> RepairedPage:
    """Repair the typography of a page, word by word within its lines; ``protects`` says which words stay as read."""
    reasons: dict[tuple[int, int], str] = {}
    lines: list[Line] = []
    spans: list[tuple[tuple[int, int], ...]] = []
    torn = _TornMarks(page, languages)
    for n, line in enumerate(page.lines):
        words, at = torn.rejoined(n)
        reasons |= {(n, first): DETACHED_MARK_REASON for first, count in at if count > 1}
        for i, word in enumerate(words):
            text, reason = _repaired_word(word.text)
            if reason and not protects(word.text):
                words[i] = replace(word, text=text, glyphs=())
                reasons[n, at[i][0]] = reason
        lines.append(replace(line, words=tuple(words)))
        spans.append(tuple(at))
    for n, i, text in _unmatched_quotes(lines):
        words = list(lines[n].words)
        words[i] = replace(words[i], text=text, glyphs=())
        lines[n] = replace(lines[n], words=tuple(words))
        reasons[n, spans[n][i][0]] = UNPAIRED_QUOTE_REASON
    repaired = RepairedPage(replace(page, lines=tuple(lines)), (), page, tuple(spans))
    return replace(repaired, edits=tuple(_edits(repaired, reasons)))


def _edits(repaired: RepairedPage, reasons: dict[tuple[int, int], str]) -> Iterator[Edit]:
    for n, line in enumerate(repaired.page.lines):
        for i, word in enumerate(line.words):
            first, count = repaired.raw_spans[n][i]
            raw = " ".join(w.text for w in repaired.raw.lines[n].words[first : first + count])
            if raw != word.text:
                yield Edit(
                    n,
                    first,
                    raw,
                    word.text,
                    "typography",
                    count=count,
                    accepted=True,
                    reason=reasons[n, first],
                    box=word.box,
                )


def _repaired_word(text: str) -> tuple[str, str]:
    """Return the word as repaired by itself, and the reason; the reason is empty where nothing was repaired."""
    if (number := numbers.repair_lookalikes(text)) is not None:
        return number, numbers.REPAIR_REASON
    if numbers.holds_number(text) or not any(c.isalpha() for c in text):
        return text, ""
    new = text
    for wrong, right in _DOUBLED_QUOTES:
        new = new.replace(wrong, right)
    return new, DOUBLE_QUOTE_REASON if new != text else ""


class _TornMarks:
    """Finds the marks of one page that were read apart from their words."""

    def __init__(self, page: Page, languages: Sequence[str]) -> None:
        self._lines = page.lines
        self._boxes = PageBoxes(page)
        self._languages_known = bool(languages)
        self._spaced = not _SPACED_MARK_LANGUAGES.isdisjoint(languages)

    def rejoined(self, n: int) -> tuple[list[Word], list[tuple[int, int]]]:
        """Return the words of line ``n`` with torn marks put back, and index and number of the raw words of each."""
        words = self._lines[n].words
        out: list[Word] = []
        at: list[tuple[int, int]] = []
        i = 0
        while i < len(words):
            word, count = words[i], 1
            while (
                i + count < len(words)
                and count < _MAX_RAW_WORDS
                and self._lacks_blank(n, words[i + count - 1], words[i + count])
                and _is_detached_mark(word, words[i + count :], spaced=self._spaced)
            ):
                word, count = _joined((word, words[i + count])), count + 1
            out.append(word)
            at.append((i, count))
            i += count
        return out, at

    def _lacks_blank(self, n: int, one: Word, two: Word) -> bool:
        """Whether nobody set a blank between two neighbours: by the image, or without one by the language's custom."""
        if one.box is not None and two.box is not None:
            share = self._boxes.blank_share(n, one, two)
            return share is not None and share < CLEAR_SHARE
        return self._languages_known


def _is_detached_mark(word: Word, following: Sequence[Word], *, spaced: bool) -> bool:
    """Whether the word and the next are one word and its mark; ``spaced``: blanks before high marks are usual."""
    here, behind = word.text, following[0].text
    follower = following[1].text if len(following) > 1 else ""
    if here in _OPENING_TO_CLOSING and behind[:1].isalpha():
        return len(behind) > 2 or any(_OPENING_TO_CLOSING[here] in w.text for w in following)  # noqa: PLR2004 -- scribble is short
    if not _DETACHED_MARK.fullmatch(behind) or (spaced and behind[0] in ";:!?"):
        return False
    if numbers.holds_number(here) or not (here[-1].isalpha() or here[-1] in "”’)]"):
        return False
    if behind[0] == ":" and not (follower[:1].islower() or follower[:1] in _QUOTES):
        return False  # a label before its value
    if behind[0] == "." and not (follower[:1].isupper() or follower[:1] in _QUOTES or not follower):
        return False  # a speck
    return sum(c.isalpha() for c in here) > 1 and (not follower or any(c.isalpha() for c in follower))


def _joined(words: Sequence[Word]) -> Word:
    """Return several words as one."""
    complete = all(len(w.glyphs) == len(w.text) for w in words)
    return Word(
        "".join(w.text for w in words),
        box=union(w.box for w in words),
        confidence=least_confidence(words),
        glyphs=tuple(glyph for w in words for glyph in w.glyphs) if complete else (),
    )


@dataclass(frozen=True, slots=True)
class _OpenQuotation:
    """The marks that open a quotation, or two quotations, at one word."""

    order: int
    """0-based number of the word on the page."""
    line: int
    """0-based index of the line."""
    word: int
    """0-based index of the word in its line."""
    text: str
    """The word with its marks."""
    marks: str
    """The opening marks."""


def _unmatched_quotes(lines: Sequence[Line]) -> Iterator[tuple[int, int, str]]:
    """Yield line, word and new text of each quotation mark that does not fit its counterpart.

    Only on pages that quote with double curly marks: on others a single one may be usual, or an apostrophe.
    """
    texts = [w.text for line in lines for w in line.words]
    if sum(t.count("“") + t.count("”") for t in texts) <= sum(t.startswith("‘") for t in texts):
        return
    opened: list[_OpenQuotation] = []
    for order, (n, i, text) in enumerate(
        (n, i, w.text) for n, line in enumerate(lines) for i, w in enumerate(line.words)
    ):
        if opened and (
            lines[opened[0].line].paragraph != lines[n].paragraph or order - opened[0].order > _MAX_QUOTATION_WORDS
        ):
            opened = []
        if numbers.holds_number(text):
            continue
        if marks := _opening_marks(text):
            stale = marks[:1] == "“" and any("“" in o.marks for o in opened)
            opened = [*([] if stale else opened), _OpenQuotation(order, n, i, text, marks)]
        if opened and (closing := _CLOSING.search(text)):
            fixed, opened = _resolved_closing(opened, n, i, closing)
            yield from fixed


def _resolved_closing(
    opened: list[_OpenQuotation], n: int, i: int, closing: re.Match[str]
) -> tuple[list[tuple[int, int, str]], list[_OpenQuotation]]:
    """Return the repairs (line, word, new text) that a closing mark calls for, and what is still open after it."""
    before, marks, after = closing.groups()
    waiting = "".join(o.marks for o in opened)
    mirrored = marks[::-1].translate(_CLOSING_TO_OPENING)
    if waiting.endswith(mirrored) and (before or marks != "’"):
        return [], _drop_last_marks(opened, len(mirrored))
    if waiting == "“" and before and marks in {"’", "’”", "”’"}:
        return [(n, i, closing.string[: closing.start(2)] + "”" + after)], []
    badly = set(waiting) <= {"‘", "*"} or waiting == "“*"
    if len(opened) == 1 and badly and marks == "”" and (opened[0].line, opened[0].word) != (n, i):
        return [(opened[0].line, opened[0].word, "“" + opened[0].text[len(waiting) :])], []
    return [], opened if marks == "’" and not (before and waiting == "*") else []


def _drop_last_marks(opened: list[_OpenQuotation], count: int) -> list[_OpenQuotation]:
    """Return the open quotations without the last ``count`` marks."""
    while opened and count > 0:
        count -= len(opened[-1].marks)
        opened = opened[:-1]
    return opened


def _opening_marks(text: str) -> str:
    """Return the marks that open a quotation at this word; a star counts, as a quotation mark is misread as one."""
    found = _OPENING.match(text)
    return found.group() if found else ""
