"""Reads a page together: what both readers have becomes one page, with an edit for each change.

What the evidence settles is settled here, without a language model. What it leaves open, it passes on: other readings
that a language model may choose between, and what the image says of any text that somebody proposes.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from scanmend.correct.lexicon.number_marks import Custom
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.two_readers import weigh
from scanmend.correct.two_readers.comparison import Comparison, SecondWord
from scanmend.correct.two_readers.noise import Noise
from scanmend.correct.two_readers.placement import PlacedLine, place
from scanmend.correct.two_readers.proposals import MIN_FOUND_LINE, MIN_FOUND_WORDS, Proposals, Reading
from scanmend.correct.two_readers.revision import Place, Revision, revise
from scanmend.correct.two_readers.witnesses import Testimony, page_custom, testimonies
from scanmend.document import Box, Edit, Page, union

PROPOSER = "reader"
"""This proposer's name in ``Edit.proposer``."""
NUMBER_SCORE = 1.5
"""Score, in nats, from which a disputed number is published as the second reader has it."""
REPEATED_SCORE = 0.5
"""The same where Tesseract clearly misread the same digits so elsewhere on the page, as a dotted 0 for a 6."""
OPEN_SCORE = -3.0
"""Score, in nats, from which a second reading that is not published by itself is shown to the language model."""
CLEAR_SCORE = 2.5
"""Score, in nats, from which the language model is not asked about a second reading."""
_CODE = re.compile(r"\d\)?[-/)]\d")
"""Finds digits that a mark of codes and dates parts: telephone numbers, identifiers."""


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
    settled: frozenset[Place] = frozenset()
    """Words of the revised page that the second reader's evidence settled: no model may change them."""
    open_readings: Mapping[Place, Reading] = field(default_factory=dict)
    """Second readings, by place on the revised page, that a language model may choose."""
    seconds: Mapping[Place, SecondWord] = field(default_factory=dict)
    """The second reading of words of the revised page."""
    raw_seconds: Mapping[Place, SecondWord] = field(default_factory=dict)
    """The second reading of words of Tesseract's page with room for found lines."""
    custom: Custom = field(default_factory=Custom)
    """How the page writes its numbers."""


def read_together(page: Page, words: PageWords, settings: TogetherSettings, *, asks: bool) -> ReadTogether:
    """Settle what the second reader's evidence settles; without any, the page comes back as it is.

    ``asks``: whether a language model is asked about what the evidence leaves open.
    """
    if page.second is None or not page.second.lines:
        return ReadTogether(revise(page, ())[0], Comparison(replace(page, second=None)))
    found = Comparison(page)
    custom = page_custom(page, found)
    proposals = Proposals(page, found, words, custom)
    roomy, placed, moved = place(page, [line for line in found.found_lines if proposals.believes_line(line)])
    lost = {at for reading in proposals.lost_lines for at in reading.places}
    noise = {at for at in Noise(page, found, words).places(but=lost) if _may_drop(page, at, settings)}
    edits = [_dropped(page, at) for at in sorted(noise)]
    undecided: dict[Place, Reading] = {}
    readings = [r for r in proposals.readings() if noise.isdisjoint(r.places)]
    said = testimonies(page, found, readings, custom)
    confused = _confused_digits(readings, NUMBER_SCORE - settings.boldness)
    for reading in readings:
        testimony = said.get((reading.line, reading.word))
        verdict = _verdict(reading, testimony, confused, settings, asks=asks)
        if verdict is None:
            undecided[moved[reading.line], reading.word] = reading
        else:
            edit = _replaced(page, found, reading, accepted=verdict, testimony=testimony)
            edits.append(edit if testimony else replace(edit, margin=_margin(reading, settings, edit, asks=asks)))
    edits = [replace(edit, line=moved[edit.line]) for edit in edits]
    edits += (_inserted(one) for one in _insertions(found, proposals, placed, moved))
    at_home = {(moved[n], i): second for (n, i), second in found.second.items()}
    return replace(_result(roomy, edits, found, undecided, at_home), custom=custom)


def _may_drop(page: Page, at: Place, settings: TogetherSettings) -> bool:
    """Whether the folder lets a word go that is noise: one with a digit stays where Tesseract's digits always do."""
    keeps_digits = settings.numbers == "keep" and weigh.holds_digit(page.lines[at[0]].words[at[1]].text)
    return settings.noise == "drop" and not keeps_digits


def _insertions(
    found: Comparison, proposals: Proposals, placed: Sequence[PlacedLine], moved: Sequence[int]
) -> list["_Insertion"]:
    """Return what is inserted; at one place, what stands further left is first."""
    words = [
        _Insertion((moved[w.place[0]], w.place[1]), w.text, w.box, w.confidence, MIN_FOUND_WORDS)
        for w in found.found_words
        if proposals.believes_words(w)
    ]
    lines = [
        _Insertion((p.line, p.word), p.found.text, p.found.reading.line.box, p.found.reading.confidence, MIN_FOUND_LINE)
        for p in placed
    ]
    return sorted((*words, *lines), key=lambda i: (i.at, i.box[0]))


@dataclass(frozen=True, slots=True)
class _Insertion:
    """Words that only the second reader has, and where they come in."""

    at: Place
    text: str
    box: Box
    confidence: float
    """Mean probability of its characters, 0–1."""
    needed: float
    """Confidence from which it is believed."""

    @property
    def margin(self) -> float:
        """Nats between the odds of the confidence and those of the confidence that is needed."""
        return round(_logit(self.confidence) - _logit(self.needed), 2)


def _logit(probability: float) -> float:
    """Return the logarithm of the odds of a probability, which is taken for 0.999 at most."""
    bounded = min(max(probability, 0.001), 0.999)
    return math.log(bounded / (1 - bounded))


def _result(
    roomy: Page,
    edits: Sequence[Edit],
    comparison: Comparison,
    undecided: Mapping[Place, Reading],
    seconds: Mapping[Place, SecondWord],
) -> ReadTogether:
    """Return the revision, with what is known of the words of the revised page."""
    revision, settled = revise(roomy, edits)
    raw_to_new = {
        (n, first): (n, i)
        for n, spans in enumerate(revision.raw_spans)
        for i, (first, count) in enumerate(spans)
        if count == 1 and (n, i) not in settled
    }
    return ReadTogether(
        revision,
        comparison,
        settled,
        {raw_to_new[at]: reading for at, reading in undecided.items() if at in raw_to_new},
        {raw_to_new[at]: second for at, second in seconds.items() if at in raw_to_new},
        seconds,
    )


def _confused_digits(readings: Sequence[Reading], least: float) -> frozenset[tuple[str, str]]:
    """Return the digits that Tesseract clearly misread on the page, each with what it is; clear from a score on."""
    clear = [r.dispute for r in readings if r.score >= least]
    pairs = {pair for d in clear for pair in weigh.digit_pairs(d.raw, d.new)}
    return frozenset((a, b) for a, b in pairs if (b, a) not in pairs)


def _verdict(
    reading: Reading,
    testimony: Testimony | None,
    confused: frozenset[tuple[str, str]],
    settings: TogetherSettings,
    *,
    asks: bool,
) -> bool | None:
    """Return whether the second reading is published; None where the language model may decide."""
    dispute, score = reading.dispute, reading.score + settings.boldness
    if weigh.holds_digit(dispute.raw + dispute.new):
        pairs = weigh.digit_pairs(dispute.raw, dispute.new)
        least = REPEATED_SCORE if pairs and pairs <= confused else NUMBER_SCORE
        clear = testimony.second if testimony else score >= least and not _breaks_code(dispute)
        return settings.numbers == "verify" and clear
    if asks and (dispute.raw_zipf or dispute.new_zipf):
        if score >= CLEAR_SCORE:
            return True
        return None if score >= OPEN_SCORE else False
    return score >= weigh.ACCEPTANCE_SCORE


def _breaks_code(dispute: weigh.Dispute) -> bool:
    """Whether a mark comes into the digits of a code, such as a telephone number, though the image is not clear.

    Codes have no decimals; a speck between two digits looks like a point.
    """
    raw, new = dispute.raw, dispute.new
    only_marks = len(new) > len(raw) and _solid(raw) == _solid(new)
    return only_marks and dispute.optical < weigh.MAX_OPTICAL_NATS and _CODE.search(raw) is not None


def _solid(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _margin(reading: Reading, settings: TogetherSettings, edit: Edit, *, asks: bool) -> float:
    """Return the nats between a second reading's score and the one at which its verdict would be another one."""
    dispute = reading.dispute
    needed = weigh.ACCEPTANCE_SCORE
    if weigh.holds_digit(dispute.raw + dispute.new):
        needed = NUMBER_SCORE
    elif asks and (dispute.raw_zipf or dispute.new_zipf):
        needed = CLEAR_SCORE if edit.accepted else OPEN_SCORE
    return round(reading.score + settings.boldness - needed, 2)


def _dropped(page: Page, at: Place) -> Edit:
    """Return the edit that drops a word as noise."""
    word = page.lines[at[0]].words[at[1]]
    reason = f"noise: the second reader finds nothing there, and Tesseract is unsure ({word.confidence or 0:.0f})"
    return Edit(*at, word.text, "", PROPOSER, accepted=True, reason=reason, box=word.box)


def _replaced(page: Page, found: Comparison, reading: Reading, *, accepted: bool, testimony: Testimony | None) -> Edit:
    """Return the edit of a word that both readers read differently, with its verdict."""
    dispute = reading.dispute
    return Edit(
        reading.line,
        reading.word,
        dispute.raw,
        dispute.new,
        PROPOSER,
        count=reading.count,
        optical=round(dispute.optical, 3),
        accepted=accepted,
        reason=testimony.reason if testimony else _reason(reading),
        box=union(w.box for w in page.lines[reading.line].words[reading.word : reading.word + reading.count]),
        boxes=_boxes(found, reading) if accepted else (),
    )


def _inserted(one: _Insertion) -> Edit:
    """Return the edit that inserts words before one word."""
    reason, boxes = f"only the second reader found it (certain to {one.confidence:.0%})", _word_boxes(one.text, one.box)
    edit = Edit(*one.at, "", one.text, PROPOSER, count=0, accepted=True, reason=reason, box=union(boxes), boxes=boxes)
    return replace(edit, margin=one.margin)


def _reason(reading: Reading) -> str:
    dispute = reading.dispute
    return (
        f"{'the image fits it better' if dispute.optical > 0 else 'the image does not fit it better'} "
        f"(image {dispute.optical:+.1f}, all evidence {reading.score:+.1f})"
    )


def _boxes(found: Comparison, reading: Reading) -> tuple[Box, ...]:
    """Return a box for each word of a second reading of several; none where it is of one word, as Tesseract's."""
    second = reading.second
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
