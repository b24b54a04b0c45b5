"""Reads a page together: what both readers have becomes one page, with an edit for each change.

What the evidence settles is settled here, without a language model. What it leaves open, it passes on: other readings
that a language model may choose between, and what the image says of any text that somebody proposes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.two_readers import weigh
from scanmend.correct.two_readers.comparison import Comparison, SecondWord
from scanmend.correct.two_readers.placement import place
from scanmend.correct.two_readers.proposals import Proposals, Reading
from scanmend.correct.two_readers.revision import Revision, Span
from scanmend.correct.two_readers.witnesses import Testimony, testimonies
from scanmend.document import Box, Edit, Line, Page, Word

PROPOSER = "reader"
"""This proposer's name in ``Edit.proposer``."""
NUMBER_SCORE = 1.5
"""Score, in nats, from which a disputed number is published as the second reader has it."""
OPEN_SCORE = -3.0
"""Score, in nats, from which a second reading that is not published by itself is shown to the language model."""
CLEAR_SCORE = 2.5
"""Score, in nats, from which the language model is not asked about a second reading."""

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TogetherSettings:
    """How a folder wants its pages read together."""

    boldness: float = 0.0
    """Nats by which the score that a second reading must reach is lowered; below 0 it is raised."""
    numbers: Literal["verify", "keep"] = "verify"
    """Whether the evidence may decide a disputed number, or Tesseract's digits always stay."""
    noise: Literal["drop", "keep"] = "drop"
    """Whether words are dropped where the second reader finds nothing and Tesseract was unsure."""


@dataclass(frozen=True, slots=True)
class ReadTogether:
    """One page as both readers have it."""

    revision: Revision
    """From the page as Tesseract read it, with room for found lines, to the page as both read it."""
    comparison: Comparison
    """The comparison of the two readings, by places of Tesseract's page with room for found lines."""
    settled: frozenset[_Place] = frozenset()
    """Words of the revised page that the second reader's evidence settled: no model may change them."""
    open_readings: Mapping[_Place, Reading] = field(default_factory=dict)
    """Second readings, by place on the revised page, that a language model may choose."""
    seconds: Mapping[_Place, SecondWord] = field(default_factory=dict)
    """The second reading of words of the revised page."""
    raw_seconds: Mapping[_Place, SecondWord] = field(default_factory=dict)
    """The second reading of words of Tesseract's page with room for found lines."""


def read_together(page: Page, words: PageWords, settings: TogetherSettings, *, asks: bool) -> ReadTogether:
    """Settle what the second reader's evidence settles; without any, the page comes back as it is.

    ``asks``: whether a language model is asked about what the evidence leaves open.
    """
    if page.second is None or not page.second.lines:
        return ReadTogether(_Editing(page).revision(), Comparison(replace(page, second=None)))
    found = Comparison(page)
    proposals = Proposals(page, found, words)
    lines = [line for line in found.found_lines if proposals.believes_line(line)]
    roomy, placed, moved = place(page, lines)
    editing = _Editing(roomy)
    noise = set(proposals.noise()) if settings.noise == "drop" else set()
    for n, i in sorted(noise):
        editing.drop((moved[n], i))
    undecided: dict[_Place, Reading] = {}
    readings = [r for r in proposals.readings() if (r.line, r.word) not in noise]
    said = testimonies(page, found, readings)
    for reading in readings:
        at = moved[reading.line], reading.word
        testimony = said.get((reading.line, reading.word))
        verdict = _verdict(reading, testimony, settings, asks=asks)
        if verdict is None:
            undecided[at] = reading
        else:
            boxes = _boxes(found, reading) if verdict else ()
            reason = testimony.reason if testimony else _reason(reading)
            editing.replace(at, reading, accepted=verdict, reason=reason, boxes=boxes)
    for words_found in found.found_words:
        if proposals.believes_words(words_found):
            (n, i), text = words_found.place, words_found.text
            editing.insert((moved[n], i), text, _word_boxes(text, words_found.box), words_found.confidence)
    for one in placed:
        boxes = _word_boxes(one.found.text, one.found.reading.line.box)
        editing.insert((one.line, one.word), one.found.text, boxes, one.found.reading.confidence)
    at_home = {(moved[n], i): second for (n, i), second in found.second.items()}
    return editing.result(found, undecided, at_home)


def _verdict(reading: Reading, testimony: Testimony | None, settings: TogetherSettings, *, asks: bool) -> bool | None:
    """Return whether the second reading is published; None where the language model may decide."""
    dispute, score = reading.dispute, reading.score + settings.boldness
    if weigh.holds_digit(dispute.raw + dispute.new):
        clear = testimony.second if testimony else score >= NUMBER_SCORE
        return settings.numbers == "verify" and clear
    if asks and (dispute.raw_zipf or dispute.new_zipf):
        if score >= CLEAR_SCORE:
            return True
        return None if score >= OPEN_SCORE else False
    return score >= weigh.ACCEPTANCE_SCORE


def _reason(reading: Reading) -> str:
    dispute = reading.dispute
    return (
        f"{'the image fits it better' if dispute.optical > 0 else 'the image does not fit it better'} "
        f"(image {dispute.optical:+.1f}, all evidence {reading.score:+.1f})"
    )


def _boxes(found: Comparison, reading: Reading) -> tuple[Box, ...]:
    """Return a box for each word of a second reading of several; none where it is of one word, as Tesseract's."""
    second = found.second[reading.line, reading.word]
    texts = second.text.split()
    if len(texts) < 2:  # noqa: PLR2004
        return ()
    frame = found.frames[found.readings.index(second.reading)]
    characters = second.reading.characters[second.first : second.last + 1]
    half = frame.height / frame.width / 4
    return _word_boxes(second.text, frame.box_between(characters[0].at - half, characters[-1].at + half))


def _word_boxes(text: str, box: Box) -> tuple[Box, ...]:
    """Divide a box among the words of a text by their numbers of characters, with a blank between two."""
    left, top, right, bottom = box
    unit = (right - left) / max(1, len(text))
    out, at = [], 0
    for word in text.split():
        out.append((round(left + unit * at), top, round(left + unit * (at + len(word))), bottom))
        at += len(word) + 1
    return tuple(out)


class _Editing:
    """Collects edits of one page, and applies those that are accepted."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._edits: list[Edit] = []

    def replace(self, at: _Place, reading: Reading, *, accepted: bool, reason: str, boxes: Sequence[Box]) -> None:
        """Note another reading of one word, with its verdict."""
        dispute, box = reading.dispute, self._page.lines[at[0]].words[at[1]].box
        self._edits.append(
            Edit(
                *at,
                dispute.raw,
                dispute.new,
                PROPOSER,
                optical=round(dispute.optical, 3),
                accepted=accepted,
                reason=reason,
                box=box,
                boxes=tuple(boxes),
            )
        )

    def drop(self, at: _Place) -> None:
        """Drop a word as noise."""
        word = self._page.lines[at[0]].words[at[1]]
        reason = f"noise: the second reader finds nothing there, and Tesseract is unsure ({word.confidence or 0:.0f})"
        self._edits.append(Edit(*at, word.text, "", PROPOSER, accepted=True, reason=reason, box=word.box))

    def insert(self, at: _Place, text: str, boxes: tuple[Box, ...], confidence: float) -> None:
        """Insert words before one word."""
        reason = f"only the second reader found it (certain to {confidence:.0%})"
        box = (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )
        self._edits.append(Edit(*at, "", text, PROPOSER, count=0, accepted=True, reason=reason, box=box, boxes=boxes))

    def revision(self) -> Revision:
        """Return the page with the accepted edits applied."""
        return self._applied()[0]

    def result(
        self, comparison: Comparison, undecided: Mapping[_Place, Reading], seconds: Mapping[_Place, SecondWord]
    ) -> ReadTogether:
        """Return the revision, with what is known of the words of the revised page."""
        revision, settled = self._applied()
        raw_to_new = {
            (n, first): (n, i)
            for n, spans in enumerate(revision.raw_spans)
            for i, (first, count) in enumerate(spans)
            if count == 1 and (n, i) not in settled
        }
        return ReadTogether(
            revision,
            comparison,
            frozenset(settled),
            {raw_to_new[at]: reading for at, reading in undecided.items() if at in raw_to_new},
            {raw_to_new[at]: second for at, second in seconds.items() if at in raw_to_new},
            seconds,
        )

    def _applied(self) -> tuple[Revision, set[_Place]]:
        """Return the revision, and the places of words on the revised page that come from an accepted edit."""
        by_line: dict[int, list[Edit]] = defaultdict(list)
        for edit in self._edits:
            if edit.accepted:
                by_line[edit.line].append(edit)
        lines: list[Line] = []
        spans: list[tuple[Span, ...]] = []
        settled: set[_Place] = set()
        for n, line in enumerate(self._page.lines):
            words, of_line, changed = _edited(line, by_line[n])
            lines.append(replace(line, words=tuple(words)))
            spans.append(tuple(of_line))
            settled |= {(n, i) for i in changed}
        page = replace(self._page, lines=tuple(lines), second=None)
        return Revision(page, tuple(self._edits), replace(self._page, second=None), tuple(spans)), settled


def _edited(line: Line, edits: Sequence[Edit]) -> tuple[list[Word], list[Span], list[int]]:
    """Return the words of a line with accepted edits applied, their raw words, and which of them come from an edit."""
    words: list[Word] = []
    spans: list[Span] = []
    changed: list[int] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.word, e.count)):
        for i in range(at, edit.word):
            words.append(line.words[i])
            spans.append((i, 1))
        texts = edit.new.split()
        raw = line.words[edit.word] if edit.count else None
        for k, text in enumerate(texts):
            box = edit.boxes[k] if len(edit.boxes) == len(texts) else edit.box
            changed.append(len(words))
            words.append(Word(text, box, raw.confidence if raw else None))
            spans.append((edit.word, edit.count))
        at = edit.word + edit.count
    for i in range(at, len(line.words)):
        words.append(line.words[i])
        spans.append((i, 1))
    return words, spans, changed
