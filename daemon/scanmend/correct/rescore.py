"""The rescoring proposer: a noisy channel over suspicious words, with the language model as its prior.

For each suspicious word, candidates come from Tesseract's glyph alternatives, from undoing known OCR confusions
and from the lexicon; the model scores each in its left context and before the words that follow; the best by
score less channel cost is proposed (Kernighan, Church and Gale 1990; Kolak and Resnik 2002). Works with any
GGUF, since nothing is written freely.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scanmend.correct import numbers
from scanmend.correct.confusions import Confusions
from scanmend.correct.lexicon import KNOWN, Lexicon
from scanmend.correct.model import LanguageModel
from scanmend.correct.words import letters, like, parts
from scanmend.document import Edit, Line, Page, Word

UNSURE = 75.0
"""Tesseract word confidence below which a known word is suspicious too."""
CHEAP = 5.0
"""Nats: a confusion this likely, of a word this much more common, makes a known but rare word suspicious."""
COMMONER = 2.5
"""Zipf steps that count as much more common: some 300 times."""
REACH = 12.0
"""Most nats of channel cost for a candidate."""
MOST = 8
"""Candidates that the model scores for one word."""
AHEAD = 2
"""Words after it that the model scores along."""
LOOKBACK = 3000
"""Characters of text before the word that the model sees."""
_PER_ZIPF = math.log(10)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may have been read as another."""

    text: str
    cost: float
    """Channel cost in nats."""
    zipf: float


class Candidates:
    """Finds what a word may have been before it was read."""

    def __init__(self, lexicon: Lexicon, confusions: Confusions) -> None:
        self._lexicon = lexicon
        self._confusions = confusions

    def suspicious(self, word: Word) -> bool:
        """Whether the word is worth the model's time."""
        core = parts(word.text).core
        if letters(core) < 2 or numbers.is_sacred(core):  # noqa: PLR2004 -- single letters have too many neighbours
            return False
        zipf = self._lexicon.zipf(core)
        if zipf < KNOWN or (word.confidence is not None and word.confidence < UNSURE):
            return True
        return any(c.zipf - zipf >= COMMONER for c in self._undone(core, CHEAP)) if zipf < 4.5 else False  # noqa: PLR2004

    def of(self, word: Word) -> list[Candidate]:
        """The likeliest candidates for the word's core, the best first by word frequency and channel cost."""
        core = parts(word.text).core
        found = {c.text: c for c in self._undone(core, REACH)}
        if self._lexicon.zipf(core) < KNOWN:
            for near in self._lexicon.near(core):
                text = like(core, near)
                if text not in found and (cost := self._confusions.cost(core, text, REACH)) <= REACH:
                    found[text] = Candidate(text, cost, self._lexicon.zipf(text))
        for text in self._glyph_alternatives(word):
            if text not in found and self._lexicon.knows(text):
                found[text] = Candidate(text, min(REACH, self._confusions.cost(core, text)), self._lexicon.zipf(text))
        found.pop(core, None)
        return sorted(found.values(), key=lambda c: c.cost - c.zipf * _PER_ZIPF)[:MOST]

    def _undone(self, core: str, limit: float) -> Iterator[Candidate]:
        for text, cost in self._confusions.undo(core, limit, most=300):
            if text.isalpha() and (zipf := self._lexicon.zipf(text)) >= KNOWN:
                yield Candidate(text, cost, zipf)

    def _glyph_alternatives(self, word: Word) -> Iterator[str]:
        """Words that differ in one glyph, where Tesseract itself wavered."""
        if len(word.glyphs) != len(word.text):
            return
        for i, glyph in enumerate(word.glyphs):
            for text, _ in glyph[1:]:
                if text.isalpha():
                    yield parts(word.text[:i] + text + word.text[i + 1 :]).core


def propose(
    page: Page, prompt: str, candidates: Candidates, model: LanguageModel, progress: Callable[[], None]
) -> Iterator[Edit]:
    """Yield an edit for every suspicious word that has a better reading; the judge has the last word."""
    done = f"{prompt}\n\n"
    paragraph = page.lines[0].paragraph if page.lines else 0
    for n, line in enumerate(page.lines):
        if line.paragraph != paragraph:
            done, paragraph = done + "\n", line.paragraph
        for i, word in enumerate(line.words):
            progress()
            gap = " " if i else ""
            text = word.text
            if (mended := numbers.repair(text)) is not None:
                yield Edit(n, i, text, mended, "lookalike", box=word.box)
                text = mended
            elif candidates.suspicious(word) and (found := candidates.of(word)):
                edit = _best(n, i, word, found, model, done[-LOOKBACK:] + gap.strip(), gap, _ahead(page, n, i))
                if edit:
                    yield edit
                    if (edit.gain or 0) > _cost(edit, found) + 2:
                        text = edit.new
            done += gap + text
        done += "\n"


def _best(
    line: int, index: int, word: Word, found: list[Candidate], model: LanguageModel, context: str, gap: str, ahead: str
) -> Edit | None:
    cut = parts(word.text)
    options = [word.text, *(cut.around(c.text) for c in found)]
    raw, *scores = model.score(context, [gap + option + ahead for option in options])
    best = max(range(len(found)), key=lambda k: scores[k] - found[k].cost)
    gain = scores[best] - raw
    if gain - found[best].cost <= 0:
        return None
    return Edit(line, index, word.text, options[best + 1], "rescore", gain=round(gain, 3), box=word.box)


def _cost(edit: Edit, found: list[Candidate]) -> float:
    core = parts(edit.new).core
    return next((c.cost for c in found if c.text == core), REACH)


def _ahead(page: Page, n: int, i: int) -> str:
    """The next words as they were read, to the end of the next line at most."""
    line = page.lines[n]
    following = [w.text for w in line.words[i + 1 : i + 1 + AHEAD]]
    rest = AHEAD - len(following)
    below: tuple[Word, ...] = page.lines[n + 1].words[:rest] if rest and n + 1 < len(page.lines) else ()
    return "".join(f" {w}" for w in following) + ("\n" + " ".join(w.text for w in below) if below else "")


def context_of(page: Page, line: Line) -> str:
    """The raw text before a line, for scoring edits that came from elsewhere."""
    before: list[str] = []
    for other in page.lines:
        if other is line:
            break
        before.append(other.text)
    return "\n".join(before)[-LOOKBACK:]
