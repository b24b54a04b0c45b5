"""The rescoring proposer: a noisy channel over words.

Every suspicious word gets candidates; the model scores each in its left context and before the words that follow; the
best by score less channel cost is proposed (Kernighan, Church and Gale 1990; Kolak and Resnik 2002). Works with any
GGUF, since nothing is written freely.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from scanmend.correct.candidates import Candidate, CandidateFinder
from scanmend.correct.judge import MAX_AGREEMENT_NATS
from scanmend.correct.language_model import LanguageModel
from scanmend.correct.lexicon.tokens import is_broken, split_punctuation
from scanmend.document import Edit, Page, Word, least_confidence

FOLLOWING_WORDS = 2
"""Words after it that the model scores along."""
MIN_CONTEXT_CHARACTERS = 1500
"""Characters of text before the word that the model sees at least, after the prompt; at most twice as many."""
MAX_SHORTFALL_NATS = 3.0
"""Nats by which a candidate may fall short of its cost and is still put to the judge, who weighs words, too."""
MAX_RAW_WORDS = 4
"""Raw words that one candidate takes in, at most."""
PROPOSER = "rescore"

RewrittenCandidates = Mapping[tuple[int, int], Sequence[Candidate]]
"""Candidates from elsewhere, by line and word."""
NO_CANDIDATES: RewrittenCandidates = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WordPosition:
    """A word, or a word that a line end broke, and what the model is asked about it."""

    line: int
    word: int
    raw: str
    """As it goes to the model: what a line end broke is put together."""
    candidates: tuple[Candidate, ...]
    pieces: tuple[Word, ...]
    """The word on the page, or its two parts."""
    following: tuple[str, ...]
    """The words after it that some candidate takes in, and AHEAD more."""

    def continuations(self, gap: str) -> list[str]:
        """What follows the context in each case, the raw one first; all end at the same word."""
        rests = [" ".join(self.following), *(" ".join(self.following[c.count - 1 :]) for c in self.candidates)]
        texts = [self.raw, *(c.text for c in self.candidates)]
        return [gap * bool(t) + t + (" " + rest if rest else "") for t, rest in zip(texts, rests, strict=True)]


def word_positions(
    page: Page, candidates: CandidateFinder | None, extra: RewrittenCandidates = NO_CANDIDATES
) -> Iterator[WordPosition]:
    """Yield every place worth the model's time, in reading order; without ``candidates`` only those of ``extra``."""
    words = [(n, i, word) for n, line in enumerate(page.lines) for i, word in enumerate(line.words)]
    k = 0
    while k < len(words):
        n, i, word = words[k]
        after = [w for _, _, w in words[k + 1 : k + 1 + MAX_RAW_WORDS + FOLLOWING_WORDS]]
        if candidates is not None and after and is_broken(word.text, after[0].text):
            found, whole = _respelled_broken_word(word, after[0], candidates)
            if found:
                yield _position((n, i), whole, found, (word, after[0]), after[1:])
            for at, one, following in ((words[k][:2], word, after), (words[k + 1][:2], after[0], after[1:])):
                if at in extra:
                    yield _position(at, one.text, extra[at], (one,), following)
            k += 2
            continue
        found = [] if candidates is None else candidates.at_word(page.lines[n].words, i)
        found = [c for c in found if c.text or after]  # nothing before nothing costs nothing, whatever was there
        found = _combined(found, extra.get((n, i), ()))
        if found:
            yield _position((n, i), word.text, found, (word,), after)
        k += 1


def propose(
    page: Page,
    prompt: str,
    candidates: CandidateFinder | None,
    model: LanguageModel,
    decide: Callable[[Edit], Edit],
    progress: Callable[[], None],
    extra: RewrittenCandidates = NO_CANDIDATES,
) -> Iterator[Edit]:
    """Yield, as ``decide`` judged it, an edit for each suspicious word that has a better reading, and all of ``extra``.

    What was accepted is what the words after it are read after.
    """
    context = LeftContext(page, prompt)
    for place in word_positions(page, candidates, extra):
        progress()
        if context.is_replaced(place.line, place.word):
            late = (as_edit(page, place, c) for c in extra.get((place.line, place.word), ()))
            yield from (decide(edit) for edit in late if edit)
            continue
        before, gap = context.text_before(place.line, place.word)
        raw, *scores = model.score(before, place.continuations(gap))
        for candidate, score in _best_first(place, scores):
            gain = round(score - raw, 3) if math.isfinite(score - raw) else -math.inf
            worth = gain > candidate.cost - MAX_SHORTFALL_NATS or candidate.proposer != PROPOSER
            if worth and (edit := as_edit(page, place, candidate)):
                judged = decide(replace(edit, gain=gain))
                yield judged
                if judged.accepted:
                    context.apply(judged)


def _best_first(place: WordPosition, scores: Sequence[float]) -> list[tuple[Candidate, float]]:
    """The best candidate, and whatever others were rewritten: those have to be answered for."""
    pairs = zip(place.candidates, scores, strict=True)
    ranked = sorted(pairs, key=lambda c: c[0].cost - c[1] - MAX_AGREEMENT_NATS * (c[0].proposer != PROPOSER))
    return ranked[:1] + [c for c in ranked[1:] if c[0].proposer != PROPOSER]


def _combined(found: Sequence[Candidate], rewritten: Sequence[Candidate]) -> list[Candidate]:
    """Both proposers' candidates; what both came upon is told as such."""
    others = {(c.text, c.count) for c in rewritten}
    known = {(c.text, c.count) for c in found}
    agreed = (replace(c, proposer="both") if (c.text, c.count) in others else c for c in found)
    return [*agreed, *(c for c in rewritten if (c.text, c.count) not in known)]


def _position(
    at: tuple[int, int], raw: str, found: Sequence[Candidate], pieces: tuple[Word, ...], after: Sequence[Word]
) -> WordPosition:
    widest = max(c.count for c in found)
    return WordPosition(*at, raw, tuple(found), pieces, tuple(w.text for w in after[: widest - 1 + FOLLOWING_WORDS]))


class LeftContext:
    """The text before a word as the model sees it: prompt, then the page so far with what was accepted."""

    def __init__(self, page: Page, prompt: str) -> None:
        self._page = page
        self._head = self._done = f"{prompt}\n\n"
        self._at = (0, 0)
        self._instead: dict[tuple[int, int], str] = {}
        self._skip: set[tuple[int, int]] = set()

    def text_before(self, n: int, i: int) -> tuple[str, str]:
        """The context before word ``i`` of line ``n``, and the gap between the two."""
        line, word = self._at
        while (line, word) != (n, i):
            words = self._page.lines[line].words
            if word == len(words):
                below, here = self._page.lines[line + 1], self._page.lines[line]
                self._done += "\n" if below.paragraph == here.paragraph else "\n\n"
                line, word = line + 1, 0
                if (
                    len(self._done) > len(self._head) + 2 * MIN_CONTEXT_CHARACTERS
                ):  # seldom, as all of it is decoded anew then
                    self._done = self._head + self._done[-MIN_CONTEXT_CHARACTERS:]
                continue
            if (line, word) not in self._skip:
                text = self._instead.get((line, word), words[word].text)
                self._done += (" " if word else "") + text
            word += 1
        self._at = n, i
        return self._done, " " if i else ""

    def apply(self, edit: Edit) -> None:
        """Let an edit stand for its words from now on."""
        self._instead[edit.line, edit.word] = edit.new
        self._skip |= {(edit.line, edit.word + k) for k in range(1, edit.count)}

    def is_replaced(self, n: int, i: int) -> bool:
        """Whether the word was taken in by an edit of the words before it."""
        return (n, i) in self._skip


def as_edit(page: Page, place: WordPosition, candidate: Candidate) -> Edit | None:
    """The candidate as an edit of words of one line; None where it cannot be told as one."""
    words = page.lines[place.line].words
    if not candidate.text:
        return _speck_dropped(place.line, place.word, words)
    if len(place.pieces) == 1:
        return _edit_of_words(place.line, place.word, words, candidate.count, candidate.text, candidate.proposer)
    one, two = place.pieces
    left = split_punctuation(one.text)
    start, hyphen = left.before + left.core, one.text[-1]
    end = split_punctuation(two.text).core + split_punctuation(two.text).after
    same_line = place.word + 1 < len(words)
    second = (place.line, place.word + 1) if same_line else (place.line + 1, 0)
    if candidate.text.startswith(start) and len(candidate.text) > len(start):
        return _edit_of_words(*second, page.lines[second[0]].words, 1, candidate.text[len(start) :])
    if candidate.text.endswith(end) and len(candidate.text) > len(end):
        return _edit_of_words(place.line, place.word, words, 1, candidate.text[: -len(end)] + hyphen)
    if same_line:
        cut = min(max(1, len(start)), len(candidate.text) - 1)
        return _edit_of_words(
            place.line, place.word, words, 2, f"{candidate.text[:cut]}{hyphen} {candidate.text[cut:]}"
        )
    return None


def _respelled_broken_word(one: Word, two: Word, candidates: CandidateFinder) -> tuple[list[Candidate], str]:
    """Candidates for a word that a line end broke, and the word."""
    whole = one.text[:-1] + two.text
    word = Word(whole, confidence=least_confidence((one, two)))
    found = candidates.respelled(word) if candidates.is_suspicious(word) else []
    return [c for c in found if " " not in c.text], whole


def _edit_of_words(n: int, i: int, words: Sequence[Word], count: int, new: str, proposer: str = PROPOSER) -> Edit:
    raw = " ".join(w.text for w in words[i : i + count])
    return Edit(n, i, raw, new, proposer, count=count, box=words[i].box)


def _speck_dropped(n: int, i: int, words: Sequence[Word]) -> Edit | None:
    """A speck is dropped together with a neighbour that stays."""
    if i + 1 < len(words):
        return _edit_of_words(n, i, words, 2, words[i + 1].text)
    return _edit_of_words(n, i - 1, words, 2, words[i - 1].text) if i else None
