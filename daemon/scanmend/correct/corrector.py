"""One page through correction: proposers suggest, the model is asked for what each edit gains, the judge decides."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from scanmend.correct import rescore, rewrite
from scanmend.correct.candidates import Candidate, Candidates
from scanmend.correct.confusions import Confusions
from scanmend.correct.judge import COST_MOST, NUMBER_KEPT, TOO_DIFFERENT, Evidence, forbidden, judge
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.glossary import glossary
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.tokens import BREAKS, around, beside, parts, starts_sentence, unbroken
from scanmend.correct.lexicon.wordlists import Lexicon
from scanmend.correct.model import LanguageModel
from scanmend.correct.task import CorrectionTask, skipped
from scanmend.correct.typography import mend
from scanmend.document import CorrectedPage, Edit, Line, Page, Word, apply_edits, layout, least_confidence


@dataclass(frozen=True, slots=True)
class Ground:
    """What is the same for all edits of a page."""

    page: Page
    """As the proposers see it: what needs no model is mended."""
    task: CorrectionTask
    vocabulary: PageWords
    candidates: Candidates


class Corrector:
    """Corrects pages of one set of languages with one model."""

    def __init__(self, model: LanguageModel, lexicon: Lexicon, confusions: Confusions) -> None:
        self._model = model
        self._lexicon = lexicon
        self._confusions = confusions

    def correct(self, page: Page, task: CorrectionTask, progress: Callable[[], None] = lambda: None) -> CorrectedPage:
        """Return the page with every proposed edit judged and the accepted ones applied; may raise ModelError."""
        started = time.monotonic()
        if reason := skipped(page, task):
            return CorrectedPage(page, page.raw, skipped=reason)
        words = glossary(task.glossary)
        mended = mend(page, task.languages, words.protects)
        vocabulary = PageWords(self._lexicon, mended.page, words)
        ground = Ground(mended.page, task, vocabulary, Candidates(vocabulary, self._confusions))
        edits = mended.on_raw(self._judged_edits(ground, progress))
        texts = (apply_edits(line, (e for e in edits if e.line == n)) for n, line in enumerate(page.lines))
        seconds = round(time.monotonic() - started, 3)
        return CorrectedPage(page, layout(page.lines, texts), edits, seconds=seconds, strategy=task.strategy)

    def _judged_edits(self, ground: Ground, progress: Callable[[], None]) -> list[Edit]:
        """Every proposed edit with its verdict; what was rewritten is weighed beside the candidates of its word."""
        page, task = ground.page, ground.task
        done: list[Edit] = []
        extra: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
        if task.strategy in ("rewrite", "both"):
            for edit in rewrite.propose(page, _attended(ground), task.prompt, self._model, progress):
                if reason := self._ruled_out(ground, edit):
                    done.append(replace(edit, reason=reason))
                else:
                    cost = ground.candidates.cost(edit.raw, edit.new)
                    extra[edit.line, edit.word].append(Candidate(edit.new, cost, 0.0, edit.count, edit.proposer))

        candidates = ground.candidates if task.strategy in ("rescore", "both") else None
        decide = partial(self._judged, ground, done)
        for edit in rescore.propose(page, task.prompt, candidates, self._model, decide, progress, extra):
            done.append(edit)  # noqa: PERF402 -- each is judged by those before it
        return done

    def _ruled_out(self, ground: Ground, edit: Edit) -> str:
        """Why the model need not be asked about an edit; empty when it must be."""
        ends = around(ground.page, edit.line, edit.word, edit.count)
        kept = [*edit.new.split(), *_whole(ends[0], edit.new, ends[1])]
        words = [*edit.raw.split(), *_whole(ends[0], edit.raw, ends[1])]
        if any(ground.vocabulary.protects(word) and word not in kept for word in words):
            return "the glossary protects this word"
        if reason := forbidden(edit.raw, edit.new):
            return reason
        if numbers.belongs(edit.raw, edit.new, *beside(ground.page, edit.line, edit.word, edit.count)):
            return NUMBER_KEPT
        return "" if ground.candidates.cost(edit.raw, edit.new) <= COST_MOST else TOO_DIFFERENT

    def _judged(self, ground: Ground, before: Iterable[Edit], edit: Edit) -> Edit:
        words = range(edit.word, edit.word + edit.count)
        for other in before:
            taken = range(other.word, other.word + other.count)
            if other.line == edit.line and other.accepted and words.start < taken.stop and taken.start < words.stop:
                return replace(edit, reason="another edit of this word was accepted")
        if reason := self._ruled_out(ground, edit):
            return replace(edit, reason=reason)
        verdict = judge(self._evidence(ground, edit), ground.task.boldness)
        return replace(edit, accepted=verdict.accepted, reason=verdict.reason)

    def _evidence(self, ground: Ground, edit: Edit) -> Evidence:
        page, vocabulary = ground.page, ground.vocabulary
        line = page.lines[edit.line]
        words = line.words[edit.word : edit.word + edit.count]
        before, after = around(page, edit.line, edit.word, edit.count)
        raw, new = (_whole(before, text, after) for text in (edit.raw, edit.new))
        return Evidence(
            raw=edit.raw,
            new=edit.new,
            cost=ground.candidates.cost(edit.raw, edit.new),
            gain=edit.gain,
            raw_zipf=min((self._lexicon.zipf(part) for part in raw), default=0.0),
            new_zipf=min((vocabulary.zipf(part) for part in new), default=0.0),
            confidence=least_confidence(words),
            starts_sentence=starts_sentence(line, edit.word, self._above(page, edit.line)),
            has_lexicon=bool(self._lexicon),
            unknown_share=vocabulary.unknown_share,
            among_capitals=_among_capitals(line, edit.word),
            rewritten=edit.proposer != rescore.PROPOSER,
            repetition=max((vocabulary.repetition(part) for part in raw), default=0.0),
        )

    def _above(self, page: Page, n: int) -> Word | None:
        if n and page.lines[n - 1].paragraph == page.lines[n].paragraph:
            return page.lines[n - 1].words[-1]
        return None


def _whole(before: str, text: str, after: str) -> list[str]:
    """The cores of the words, those that a line end broke put together."""
    words = unbroken(text).split()
    if not words:
        return []
    if after and words[-1][-1] in BREAKS:
        words[-1] = words[-1][:-1]
    return [parts(before * (k == 0) + w + after * (k == len(words) - 1)).core for k, w in enumerate(words)]


def _attended(ground: Ground) -> list[int]:
    """Indices of the lines that are to be rewritten: those with a suspicious word, or all."""
    lines = ground.page.lines
    if ground.task.attention == "all":
        return list(range(len(lines)))
    return [n for n, line in enumerate(lines) if any(ground.candidates.suspicious(w) for w in line.words)]


def _among_capitals(line: Line, index: int) -> bool:
    near = [w.text for w in (*line.words[max(0, index - 2) : index], *line.words[index + 1 : index + 3])]
    return any(text.isupper() and len(text) > 1 for text in near)
