"""What needs no model: look-alike letters in numbers, misread quotation marks, marks torn off their word.

These are facts of typesetting, not of language: nobody sets two single quotation marks for a double one, closes
with one kind what another kind opened, or puts a blank before a comma. They are mended before the proposers see the
page, so that a misread word inside quotation marks is judged as a word.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scanmend.correct.lexicon import numbers
from scanmend.document import Edit, Line, Page, Word, least_confidence, union

DOUBLED = "two single quotation marks are one double"
UNPAIRED = "a quotation mark closes as it opened"
TORN = "a mark torn off its word"

_DOUBLES = (("‘‘", "“"), ("’’", "”"), ("``", "“"), ("''", '"'), ("““", "“"), ("””", "”"))
_OPENING = re.compile(r"[‘“*]*(?=\w)")
_CLOSING = re.compile(r"(?<=\w)([.,!?;:—-]*)([’”]+)([.,;:!?]*)$")
_TORN_BEHIND = re.compile(r"[,;:!?.)\]][\"”’')\]]*")
_QUOTES = set("\"'“‘„»«")
_SPACED_MARKS = {"fra", "frm"}
"""Languages that set a blank before high marks."""
_OPENERS = {"“": "”", "„": "“", "(": ")"}
_MIRROR = str.maketrans("’”", "‘“")
_MOST = 3
"""Raw words that one word and its marks can have been torn into."""
_FURTHEST = 150
"""Words within which a quotation is closed."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A page with its typography mended, and the way back to the raw page."""

    page: Page
    edits: tuple[Edit, ...]
    """What was mended, in terms of the raw page, all accepted."""
    raw: Page
    places: tuple[tuple[tuple[int, int], ...], ...]
    """For each line and word of the mended page: index of the first raw word, and how many raw words it was."""

    def on_raw(self, judged: Iterable[Edit]) -> tuple[Edit, ...]:
        """Translate edits of the mended page, and add what was mended where no accepted one covers it."""
        translated = [self._translated(edit) for edit in judged]
        covered = {(e.line, n) for e in translated if e.accepted for n in range(e.word, e.word + e.count)}
        own = [e for e in self.edits if (e.line, e.word) not in covered]
        return tuple(sorted((*translated, *own), key=lambda e: (e.line, e.word)))

    def _translated(self, edit: Edit) -> Edit:
        places = self.places[edit.line][edit.word : edit.word + edit.count]
        first, last = places[0][0], sum(places[-1])
        words = self.raw.lines[edit.line].words[first:last]
        return replace(edit, word=first, count=last - first, raw=" ".join(w.text for w in words))


def mend(page: Page, languages: Sequence[str], protects: Callable[[str], bool] = lambda _: False) -> Mended:
    """Mend what is certain, word by word, but for words that are protected; the lines stay what they are."""
    reasons: dict[tuple[int, int], str] = {}
    lines: list[Line] = []
    places: list[tuple[tuple[int, int], ...]] = []
    for n, line in enumerate(page.lines):
        words, at = _rejoined(line.words, spaced=not _SPACED_MARKS.isdisjoint(languages))
        reasons |= {(n, first): TORN for first, count in at if count > 1}
        for i, word in enumerate(words):
            text, reason = _mended(word.text)
            if reason and not protects(word.text):
                words[i] = replace(word, text=text, glyphs=())
                reasons[n, at[i][0]] = reason
        lines.append(replace(line, words=tuple(words)))
        places.append(tuple(at))
    for n, i, text in _paired(lines):
        words = list(lines[n].words)
        words[i] = replace(words[i], text=text, glyphs=())
        lines[n] = replace(lines[n], words=tuple(words))
        reasons[n, places[n][i][0]] = UNPAIRED
    mended = Mended(replace(page, lines=tuple(lines)), (), page, tuple(places))
    return replace(mended, edits=tuple(_edits(mended, reasons)))


def _edits(mended: Mended, reasons: dict[tuple[int, int], str]) -> Iterator[Edit]:
    for n, line in enumerate(mended.page.lines):
        for i, word in enumerate(line.words):
            first, count = mended.places[n][i]
            raw = " ".join(w.text for w in mended.raw.lines[n].words[first : first + count])
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


def _mended(text: str) -> tuple[str, str]:
    """The word mended on its own, and why; the reason is empty where nothing was."""
    if (number := numbers.repair(text)) is not None:
        return number, numbers.REPAIRED
    if numbers.is_sacred(text) or not any(c.isalpha() for c in text):
        return text, ""
    new = text
    for wrong, right in _DOUBLES:
        new = new.replace(wrong, right)
    return new, DOUBLED if new != text else ""


def _rejoined(words: Sequence[Word], *, spaced: bool) -> tuple[list[Word], list[tuple[int, int]]]:
    """Put marks that stand alone back to the word they follow or precede; with the raw place of each word."""
    out: list[Word] = []
    at: list[tuple[int, int]] = []
    i = 0
    while i < len(words):
        word, count = words[i], 1
        while i + count < len(words) and count < _MOST and _torn(word, words[i + count :], spaced=spaced):
            word, count = _joined((word, words[i + count])), count + 1
        out.append(word)
        at.append((i, count))
        i += count
    return out, at


def _torn(word: Word, following: Sequence[Word], *, spaced: bool) -> bool:
    """Whether the word and the next are one word and its mark."""
    here, behind = word.text, following[0].text
    follower = following[1].text if len(following) > 1 else ""
    if here in _OPENERS and behind[:1].isalpha():
        return len(behind) > 2 or any(_OPENERS[here] in w.text for w in following)  # noqa: PLR2004 -- scribble is short
    if not _TORN_BEHIND.fullmatch(behind) or (spaced and behind[0] in ";:!?"):
        return False
    if numbers.is_sacred(here) or not (here[-1].isalpha() or here[-1] in "”’)]"):
        return False
    if behind[0] == ":" and not (follower[:1].islower() or follower[:1] in _QUOTES):
        return False  # a label before its value
    if behind[0] == "." and not (follower[:1].isupper() or follower[:1] in _QUOTES or not follower):
        return False  # a speck
    return sum(c.isalpha() for c in here) > 1 and (not follower or any(c.isalpha() for c in follower))


def _joined(words: Sequence[Word]) -> Word:
    """Several words as one."""
    complete = all(len(w.glyphs) == len(w.text) for w in words)
    return Word(
        "".join(w.text for w in words),
        box=union(w.box for w in words),
        confidence=least_confidence(words),
        glyphs=tuple(glyph for w in words for glyph in w.glyphs) if complete else (),
    )


@dataclass(frozen=True, slots=True)
class _Open:
    """A quotation that was opened, or two at the same word."""

    order: int
    line: int
    word: int
    text: str
    marks: str


def _paired(lines: Sequence[Line]) -> Iterator[tuple[int, int, str]]:
    """Line, word and new text of each quotation mark that does not fit the one it belongs to.

    Only on pages that quote with double curly marks: elsewhere a single one may be the custom, or an apostrophe.
    """
    texts = [w.text for line in lines for w in line.words]
    if sum(t.count("“") + t.count("”") for t in texts) <= sum(t.startswith("‘") for t in texts):
        return
    opened: list[_Open] = []
    for order, (n, i, text) in enumerate(
        (n, i, w.text) for n, line in enumerate(lines) for i, w in enumerate(line.words)
    ):
        if opened and (lines[opened[0].line].paragraph != lines[n].paragraph or order - opened[0].order > _FURTHEST):
            opened = []
        if numbers.is_sacred(text):
            continue
        if marks := _opening(text):
            stale = marks[:1] == "“" and any("“" in o.marks for o in opened)
            opened = [*([] if stale else opened), _Open(order, n, i, text, marks)]
        if opened and (closing := _CLOSING.search(text)):
            fixed, opened = _closed(opened, n, i, closing)
            yield from fixed


def _closed(
    opened: list[_Open], n: int, i: int, closing: re.Match[str]
) -> tuple[list[tuple[int, int, str]], list[_Open]]:
    """What to write instead, on either side, and what is still open after it."""
    before, marks, after = closing.groups()
    waiting = "".join(o.marks for o in opened)
    mirrored = marks[::-1].translate(_MIRROR)
    if waiting.endswith(mirrored) and (before or marks != "’"):
        return [], _without_last(opened, len(mirrored))
    if waiting == "“" and before and marks in {"’", "’”", "”’"}:
        return [(n, i, closing.string[: closing.start(2)] + "”" + after)], []
    badly = set(waiting) <= {"‘", "*"} or waiting == "“*"
    if len(opened) == 1 and badly and marks == "”" and (opened[0].line, opened[0].word) != (n, i):
        return [(opened[0].line, opened[0].word, "“" + opened[0].text[len(waiting) :])], []
    return [], opened if marks == "’" and not (before and waiting == "*") else []


def _without_last(opened: list[_Open], count: int) -> list[_Open]:
    """Drop the last marks that are open."""
    while opened and count > 0:
        count -= len(opened[-1].marks)
        opened = opened[:-1]
    return opened


def _opening(text: str) -> str:
    """The marks that open a quotation at this word; stars are quotation marks read badly."""
    found = _OPENING.match(text)
    return found.group() if found else ""
