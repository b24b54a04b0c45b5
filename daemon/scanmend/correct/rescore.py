"""The rescoring proposer: a noisy channel over words.

Every suspicious word gets candidates. The model scores each candidate in its left context and before the words that
follow. The best one by score less channel cost is proposed (Kernighan, Church and Gale 1990; Kolak and Resnik 2002).
This works with any GGUF model, since nothing is written freely.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from scanmend.correct.candidates import Candidate, CandidateFinder
from scanmend.correct.judge import MAX_AGREEMENT_NATS
from scanmend.correct.language_model import LanguageModel
from scanmend.correct.lexicon.hyphenation import is_broken
from scanmend.correct.lexicon.tokens import line_above, line_below, split_punctuation
from scanmend.document import Edit, Page, Word, least_confidence

FOLLOWING_WORDS = 2
"""Words after a candidate that the model scores together with it."""
MIN_CONTEXT_CHARACTERS = 1500
"""Characters of the page that are kept, after the prompt, when the left context is cut; it grows to twice as many."""
MAX_SHORTFALL_NATS = 3.0
"""Nats by which a candidate's gain may fall short of its channel cost and it still goes to the judge.

The judge also weighs what the words are, so a candidate that falls a little short may still win.
"""
MAX_RAW_WORDS = 4
"""Raw words, at most, that one candidate stands for."""
PROPOSER = "rescore"
"""This proposer's name in ``Edit.proposer``."""
WRITTEN = "rewrite"
"""The other proposer's name."""
WRITTEN_GAIN_NATS = 3.0
"""Gain of a word that the model wrote, in nats, where no log-probabilities can be had: it chose that word over the raw
one, by how much nobody knows; twenty to one is less than the judge asks for where little else speaks for the edit."""

RewrittenCandidates = Mapping[tuple[int, int], Sequence[Candidate]]
"""The rewriting proposer's candidates, by index of the line and of the word in it."""
NO_CANDIDATES: RewrittenCandidates = MappingProxyType({})
"""What a page has where nothing was rewritten."""


@dataclass(frozen=True, slots=True)
class WordPosition:
    """A word on the page, or one that a line end broke, and the candidates that the model is asked about."""

    line: int
    """0-based index of the line."""
    word: int
    """0-based index of the word in its line; of its first half where it is broken."""
    raw: str
    """The word as the model sees it: a broken one in one piece."""
    candidates: tuple[Candidate, ...]
    pieces: tuple[Word, ...]
    """The word on the page, or the two halves of a broken one."""
    following: tuple[str, ...]
    """The raw words after it: all that the widest candidate stands for, and ``FOLLOWING_WORDS`` more."""

    def continuations(self, gap: str) -> list[str]:
        """Return one text for the raw word and one for each candidate, in this order; all end at the same word.

        ``gap`` is what stands between the left context and the word: a blank, or nothing at the beginning of a line.
        """
        tails = [" ".join(self.following), *(" ".join(self.following[c.count - 1 :]) for c in self.candidates)]
        texts = [self.raw, *(c.text for c in self.candidates)]
        return [gap * bool(t) + t + (" " + tail if tail else "") for t, tail in zip(texts, tails, strict=True)]


def word_positions(
    page: Page,
    finder: CandidateFinder | None,
    rewritten: RewrittenCandidates = NO_CANDIDATES,
    asks: Callable[[int, int], bool] = lambda _n, _i: True,
) -> Iterator[WordPosition]:
    """Yield every word that has candidates, in reading order; without a ``finder`` only those of ``rewritten``.

    ``asks``: whether candidates are sought for a word, by its line and its index.
    """
    words = [(n, i, word) for n, line in enumerate(page.lines) for i, word in enumerate(line.words)]
    k = 0
    while k < len(words):
        n, i, word = words[k]
        after = [w for _, _, w in words[k + 1 : k + 1 + MAX_RAW_WORDS + FOLLOWING_WORDS]]
        if finder is not None and after and is_broken(word.text, after[0].text):
            found, whole = _respelled_broken_word(word, after[0], finder)
            if found and asks(n, i):
                yield _position((n, i), whole, found, (word, after[0]), after[1:])
            for at, one, following in ((words[k][:2], word, after), (words[k + 1][:2], after[0], after[1:])):
                if at in rewritten:
                    yield _position(at, one.text, rewritten[at], (one,), following)
            k += 2
            continue
        found = finder.at_word(page.lines[n].words, i) if finder is not None and asks(n, i) else []
        found = [c for c in found if c.text or after]  # an empty text with nothing after it would score 0, the best
        found = _combined(found, rewritten.get((n, i), ()))
        if found:
            yield _position((n, i), word.text, found, (word,), after)
        k += 1


def propose(
    page: Page,
    prompt: str,
    finder: CandidateFinder | None,
    model: LanguageModel,
    decide: Callable[[Edit], Edit],
    progress: Callable[[], None],
    rewritten: RewrittenCandidates = NO_CANDIDATES,
    asks: Callable[[int, int], bool] = lambda _n, _i: True,
    has_time: Callable[[], bool] = lambda: True,
) -> Iterator[Edit]:
    """Yield, as ``decide`` judged it, an edit for each word with a better candidate, and every edit of ``rewritten``.

    An accepted edit becomes part of the left context of the words after it. ``progress`` is called for each word
    before the model is asked; ``asks`` as in ``word_positions``. Once ``has_time`` is false, the model is not asked any
    more, and the edits of ``rewritten`` come without a gain.
    """
    context = LeftContext(page, prompt)
    for position in word_positions(page, finder, rewritten, asks):
        progress()
        if context.is_replaced(position.line, position.word):
            late = (as_edit(page, position, c) for c in rewritten.get((position.line, position.word), ()))
            yield from (decide(edit) for edit in late if edit)
            continue
        if not has_time():
            late = (as_edit(page, position, c) for c in position.candidates if c.proposer != PROPOSER)
            yield from (decide(edit) for edit in late if edit)
            continue
        if not model.can_score:
            for unscored in _unscored(page, position):
                judged = decide(unscored)
                yield judged
                if judged.accepted:
                    context.apply(judged)
                    break
            continue
        before, gap = context.text_before(position.line, position.word)
        raw, *scores = model.score(before, position.continuations(gap))
        for candidate, score in _best_first(position, scores):
            gain = round(score - raw, 3) if math.isfinite(score - raw) else -math.inf
            worth_judging = gain > candidate.cost - MAX_SHORTFALL_NATS or candidate.proposer != PROPOSER
            if worth_judging and (edit := as_edit(page, position, candidate)):
                judged = decide(replace(edit, gain=gain))
                yield judged
                if judged.accepted:
                    context.apply(judged)


def _unscored(page: Page, position: WordPosition) -> Iterator[Edit]:
    """Yield what was proposed for a word by others than this module, with the gain that a model's own words count."""
    for candidate in position.candidates:
        if candidate.proposer != PROPOSER and (edit := as_edit(page, position, candidate)):
            yield replace(edit, gain=WRITTEN_GAIN_NATS if candidate.proposer == WRITTEN else None)


def _best_first(position: WordPosition, scores: Sequence[float]) -> list[tuple[Candidate, float]]:
    """Return the best candidate and then all others that were rewritten: each of those needs a verdict."""
    pairs = zip(position.candidates, scores, strict=True)
    ranked = sorted(pairs, key=lambda c: c[0].cost - c[1] - MAX_AGREEMENT_NATS * (c[0].proposer != PROPOSER))
    return ranked[:1] + [c for c in ranked[1:] if c[0].proposer != PROPOSER]


def _combined(found: Sequence[Candidate], rewritten: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates of both proposers; one that both have is marked ``both`` and comes once."""
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
    """The text before a word as the model sees it: the prompt, then the page so far with accepted edits applied."""

    def __init__(self, page: Page, prompt: str) -> None:
        self._page = page
        self._prompt = self._text = f"{prompt}\n\n"
        self._at = (0, 0)
        self._new_words: dict[tuple[int, int], str] = {}
        self._replaced: set[tuple[int, int]] = set()

    def text_before(self, n: int, i: int) -> tuple[str, str]:
        """Return the text before word ``i`` of line ``n``, and the gap (a blank or nothing) between the two.

        Words must be asked for in reading order.
        """
        line, word = self._at
        while (line, word) != (n, i):
            words = self._page.lines[line].words
            if word == len(words):
                line, word = line + 1, 0
                self._text += self._break_above(line)
                if len(self._text) > len(self._prompt) + 2 * MIN_CONTEXT_CHARACTERS:
                    # Cut seldom: after a cut nothing of the context is in the model's cache any more.
                    self._text = self._prompt + self._text[-MIN_CONTEXT_CHARACTERS:]
                continue
            if (line, word) not in self._replaced:
                text = self._new_words.get((line, word), words[word].text)
                self._text += (" " if word else "") + text
            word += 1
        self._at = n, i
        return self._text, " " if i else ""

    def _break_above(self, n: int) -> str:
        """Return the line ends between line ``n`` and the text above it; none where one of the two has no words."""
        above = line_above(self._page, n)
        if above is None or not self._page.lines[n].words:
            return ""
        return "\n" if self._page.lines[above].paragraph == self._page.lines[n].paragraph else "\n\n"

    def apply(self, edit: Edit) -> None:
        """Use an edit's new words in place of its raw words from now on."""
        self._new_words[edit.line, edit.word] = edit.new
        self._replaced |= {(edit.line, edit.word + k) for k in range(1, edit.count)}

    def is_replaced(self, n: int, i: int) -> bool:
        """Whether word ``i`` of line ``n`` is part of an applied edit that begins before it."""
        return (n, i) in self._replaced


def as_edit(page: Page, position: WordPosition, candidate: Candidate) -> Edit | None:
    """Return the candidate as an edit of words of one line; None where no edit of one line expresses it.

    Of a broken word only the half that differs is edited, and its hyphen stays. A word that differs in both halves
    can be edited where both stand in one line, but not across a line end.
    """
    words = page.lines[position.line].words
    if not candidate.text:
        return _speck_dropped(position.line, position.word, words)
    if len(position.pieces) == 1:
        return _edit_of_words(position.line, position.word, words, candidate.count, candidate.text, candidate.proposer)
    one, two = position.pieces
    left = split_punctuation(one.text)
    start, hyphen = left.before + left.core, one.text[-1]
    end = split_punctuation(two.text).core + split_punctuation(two.text).after
    same_line = position.word + 1 < len(words)
    below = line_below(page, position.line)
    second = (position.line, position.word + 1) if same_line or below is None else (below, 0)
    if candidate.text.startswith(start) and len(candidate.text) > len(start):
        return _edit_of_words(*second, page.lines[second[0]].words, 1, candidate.text[len(start) :])
    if candidate.text.endswith(end) and len(candidate.text) > len(end):
        return _edit_of_words(position.line, position.word, words, 1, candidate.text[: -len(end)] + hyphen)
    if same_line:
        cut = min(max(1, len(start)), len(candidate.text) - 1)
        new = f"{candidate.text[:cut]}{hyphen} {candidate.text[cut:]}"
        return _edit_of_words(position.line, position.word, words, 2, new)
    return None


def _respelled_broken_word(one: Word, two: Word, finder: CandidateFinder) -> tuple[list[Candidate], str]:
    """Return the candidates for a word that a line end broke into two, and the word in one piece."""
    whole = one.text[:-1] + two.text
    word = Word(whole, confidence=least_confidence((one, two)))
    found = finder.respelled(word) if finder.is_suspicious(word) else []
    return [c for c in found if " " not in c.text], whole


def _edit_of_words(n: int, i: int, words: Sequence[Word], count: int, new: str, proposer: str = PROPOSER) -> Edit:
    raw = " ".join(w.text for w in words[i : i + count])
    return Edit(n, i, raw, new, proposer, count=count, box=words[i].box)


def _speck_dropped(n: int, i: int, words: Sequence[Word]) -> Edit | None:
    """Return an edit of the speck and a neighbour into the neighbour alone, as no edit may have an empty text."""
    if i + 1 < len(words):
        return _edit_of_words(n, i, words, 2, words[i + 1].text)
    return _edit_of_words(n, i - 1, words, 2, words[i - 1].text) if i else None
