"""The rescoring proposer: a noisy channel over suspicious words, with the language model as its prior.

For each suspicious word, candidates come from Tesseract's glyph alternatives, from undoing known OCR confusions
and from the lexicon; the model scores each in its left context and before the words that follow; the best by
score less channel cost is proposed (Kernighan, Church and Gale 1990; Kolak and Resnik 2002). Works with any
GGUF, since nothing is written freely.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from scanmend.correct import numbers
from scanmend.correct.confusions import Confusions
from scanmend.correct.judge import forbidden
from scanmend.correct.lexicon import KNOWN, Lexicon
from scanmend.correct.model import LanguageModel
from scanmend.correct.words import letters, like, parts
from scanmend.document import Edit, Line, Page, Word

LONGEST = 40
"""Letters of a word beyond which it is no word, but a dot leader or a code."""
UNSURE = 75.0
"""Tesseract word confidence below which a known word is suspicious too."""
SURE = 93.0
"""Tesseract word confidence from which a known word is beyond suspicion."""
COMMON = 4.5
"""Zipf frequency from which a word is beyond suspicion."""
CHEAP = 5.0
"""Nats: a confusion this likely of a much more common word makes a word suspicious; more nats for rarer words."""
COMMONER = 2.0
"""Zipf steps that count as much more common: a hundred times."""
HALVED = 3.6
"""Zipf frequency below which a known word may be two that were run together; the lists hold some of those."""
SPLIT = 4.0
"""Nats for a blank that was not read."""
REACH = 18.0
"""Most nats of channel cost for a candidate."""
UNDONE = 9.5
"""Most nats for a candidate found by undoing confusions; beyond, there are thousands."""
MOST = 10
"""Candidates that the model scores for one word."""
AHEAD = 2
"""Words after it that the model scores along."""
LOOKBACK = 1500
"""Characters of text before the word that the model sees at least, after the prompt; at most twice as many."""
_PER_ZIPF = math.log(10)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_ODD = re.compile(r"[^\w\s.,;:!?()\"'\u2018-\u201f-]")
"""Marks that are rarely punctuation and often misread letters."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may have been read as another word."""

    text: str
    """With the punctuation around it."""
    cost: float
    """Channel cost in nats."""
    zipf: float


_NONE = Candidate("", math.inf, 0.0)


class Candidates:
    """Finds what a word may have been before it was read."""

    def __init__(self, lexicon: Lexicon, confusions: Confusions) -> None:
        self._lexicon = lexicon
        self._confusions = confusions
        self._cheap = lru_cache(1 << 14)(self._find_cheap)

    def suspicious(self, word: Word) -> bool:
        """Whether the word is worth the model's time."""
        core = parts(word.text).core
        if not 2 <= letters(core) <= LONGEST or numbers.is_sacred(word.text):  # noqa: PLR2004 -- too many neighbours
            return False
        zipf = self._lexicon.zipf(core)
        if zipf < KNOWN or (word.confidence is not None and word.confidence < UNSURE):
            return True
        sure = word.confidence is not None and word.confidence >= SURE
        return zipf < COMMON and not sure and self._cheap(core)

    def of(self, word: Word) -> list[Candidate]:
        """The likeliest candidates for the whole word, the best first by word frequency and channel cost."""
        cut = parts(word.text)
        found: dict[str, Candidate] = {}
        for text, cost in self._readings(word, cut.core):
            if _WORD.fullmatch(text):
                self._add(found, cut.around(text), cost)
        if _ODD.search(cut.before + cut.after):
            usual = _ODD.sub("", cut.before), _ODD.sub("", cut.after)
            for text, cost in self._confusions.undo(word.text, UNDONE, most=300):
                new = parts(text)
                if (new.before, new.after) == usual and _WORD.fullmatch(new.core):
                    self._add(found, text, cost)
        for text in _halves(cut.core):
            self._add(found, cut.around(text), SPLIT)
        allowed = (c for c in found.values() if not forbidden(word.text, c.text))
        return sorted(allowed, key=lambda c: c.cost - c.zipf * _PER_ZIPF)[:MOST]

    def _add(self, found: dict[str, Candidate], text: str, cost: float) -> None:
        """Keep a candidate whose every part is a known word in usual capitals."""
        cores = [parts(part).core for part in text.split()]
        zipf = min((self._lexicon.zipf(core) for core in cores), default=0.0)
        least = KNOWN if len(cores) == 1 else COMMON - 0.5
        usual = all(core.islower() or core.isupper() or core.istitle() or core[1:].islower() for core in cores)
        if cost > REACH or zipf < least or not usual:
            return
        if cost < found.get(text, _NONE).cost:
            found[text] = Candidate(text, cost, zipf)

    def _readings(self, word: Word, core: str) -> Iterator[tuple[str, float]]:
        """Other readings of the core and their channel costs."""
        yield from self._confusions.undo(core, UNDONE, most=300)
        if self._lexicon.zipf(core) < KNOWN:
            for near in self._lexicon.near(core):
                yield (text := like(core, near)), self._confusions.cost(core, text, REACH)
        for text in self._glyph_alternatives(word):
            yield text, min(REACH, self._confusions.cost(core, text))

    def _find_cheap(self, core: str) -> bool:
        """Whether a likely confusion of a much more common word would look like this one."""
        zipf = self._lexicon.zipf(core)
        limit = CHEAP + max(0.0, COMMON - zipf)
        undone = self._confusions.undo(core, limit, most=300)
        return any(self._lexicon.zipf(text) - zipf >= COMMONER for text, _ in undone) or any(
            min(map(self._lexicon.zipf, text.split())) >= COMMON for text in (_halves(core) if zipf < HALVED else ())
        )

    def _glyph_alternatives(self, word: Word) -> Iterator[str]:
        """Words that differ in one glyph, where Tesseract itself wavered."""
        if len(word.glyphs) != len(word.text):
            return
        cut = parts(word.text)
        start = len(cut.before)
        for i in range(len(cut.core)):
            for text, _ in word.glyphs[start + i]:
                if text.isalpha() and text != cut.core[i]:
                    yield cut.core[:i] + text + cut.core[i + 1 :]


def _halves(core: str) -> Iterator[str]:
    """The word cut in two at every place."""
    for i in range(1, len(core)):
        left, right = core[:i], core[i:]
        if left.isalpha() and right.isalpha() and (len(left) > 1 or left in "aAI") and (len(right) > 1 or right == "a"):
            yield f"{left} {right}"


def propose(
    page: Page, prompt: str, candidates: Candidates, model: LanguageModel, progress: Callable[[], None]
) -> Iterator[Edit]:
    """Yield an edit for every suspicious word that has a better reading; the judge has the last word."""
    head = done = f"{prompt}\n\n"
    paragraph = page.lines[0].paragraph if page.lines else 0
    for n, line in enumerate(page.lines):
        if line.paragraph != paragraph:
            done, paragraph = done + "\n", line.paragraph
        if len(done) > len(head) + 2 * LOOKBACK:  # seldom, as a context that begins elsewhere is decoded anew
            done = head + done[-LOOKBACK:]
        for i, word in enumerate(line.words):
            progress()
            gap = " " if i else ""
            text = word.text
            if (mended := numbers.repair(text)) is not None:
                yield Edit(n, i, text, mended, "lookalike", box=word.box)
                text = mended
            elif (
                candidates.suspicious(word)
                and (found := candidates.of(word))
                and (better := _best(word, found, model, done, gap, _ahead(page, n, i)))
            ):
                candidate, gain = better
                yield Edit(n, i, text, candidate.text, "rescore", gain=gain, box=word.box)
                if gain > candidate.cost + 5:
                    text = candidate.text
            done += gap + text
        done += "\n"


def _best(
    word: Word, found: list[Candidate], model: LanguageModel, context: str, gap: str, ahead: str
) -> tuple[Candidate, float] | None:
    """Return the candidate that explains the scan best, and what the model gains by it, in nats; None when raw does."""
    options = [word.text, *(c.text for c in found)]
    raw, *scores = model.score(context, [gap + option + ahead for option in options])
    best = max(range(len(found)), key=lambda k: scores[k] - found[k].cost)
    gain = scores[best] - raw
    if not (math.isfinite(gain) and gain > found[best].cost):
        return None
    return found[best], round(gain, 3)


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
