"""One page through correction: typography is repaired, proposers suggest edits, the model scores, the judge decides."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from scanmend.correct import rescore, rewrite
from scanmend.correct.boxes import PageBoxes
from scanmend.correct.candidates import Candidate, CandidateFinder
from scanmend.correct.confusions import Confusions
from scanmend.correct.hard_rules import (
    BLANK_SHOWN,
    MARK_SHOWN,
    MAX_COST_NATS,
    NUMBER_KEPT,
    TOO_DIFFERENT,
    drops_lone_mark,
    merges_words,
    violated_rule,
)
from scanmend.correct.judge import Evidence, judge
from scanmend.correct.language_model import LanguageModel
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.glossary import glossary
from scanmend.correct.lexicon.hyphenation import BREAK_HYPHENS, broken_pieces_beside, rejoin
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.tokens import line_above, neighbours, split_punctuation, starts_sentence
from scanmend.correct.lexicon.wordlists import Lexicon
from scanmend.correct.settings import CorrectionSettings, skip_reason
from scanmend.correct.typography import repair_page
from scanmend.document import CorrectedPage, Edit, Line, Page, Word, apply_edits, layout, least_confidence


@dataclass(frozen=True, slots=True)
class PageContext:
    """What all edits of one page have in common."""

    page: Page
    """The page with its typography repaired, which is what proposers and model see."""
    task: CorrectionSettings
    vocabulary: PageWords
    candidates: CandidateFinder
    boxes: PageBoxes


class Corrector:
    """Corrects pages of one set of languages with one model."""

    def __init__(self, model: LanguageModel, lexicon: Lexicon, confusions: Confusions) -> None:
        self._model = model
        self._lexicon = lexicon
        self._confusions = confusions

    def correct(
        self, page: Page, task: CorrectionSettings, progress: Callable[[], None] = lambda: None
    ) -> CorrectedPage:
        """Return the page with every proposed edit judged and the accepted ones applied.

        ``progress`` is called before each question to the model. Raises ModelError when the model fails.
        """
        started = time.monotonic()
        if reason := skip_reason(page, task):
            return CorrectedPage(page, page.raw, skipped=reason)
        words = glossary(task.glossary)
        repaired = repair_page(page, task.languages, words.protects)
        vocabulary = PageWords(self._lexicon, repaired.page, words, task.languages)
        candidates = CandidateFinder(vocabulary, self._confusions)
        context = PageContext(repaired.page, task, vocabulary, candidates, PageBoxes(repaired.page))
        edits = repaired.edits_on_raw_page(self._propose_and_judge(context, progress))
        texts = (apply_edits(line, (e for e in edits if e.line == n)) for n, line in enumerate(page.lines))
        seconds = round(time.monotonic() - started, 3)
        return CorrectedPage(page, layout(page.lines, texts), edits, seconds=seconds, strategy=task.strategy)

    def _propose_and_judge(self, context: PageContext, progress: Callable[[], None]) -> list[Edit]:
        """Return every proposed edit with its verdict.

        Rewriting comes first. Its edits are not judged at once: each becomes a candidate for its word, and the
        rescoring pass asks the model about all candidates of a word together.
        """
        page, task = context.page, context.task
        done: list[Edit] = []
        rewritten: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
        if task.strategy in ("rewrite", "both"):
            for edit in rewrite.propose(page, _lines_to_rewrite(context), task.prompt, self._model, progress):
                if reason := self._rejection_before_model(context, edit):
                    done.append(replace(edit, reason=reason))
                else:
                    cost = context.candidates.channel_cost(edit.raw, edit.new)
                    rewritten[edit.line, edit.word].append(Candidate(edit.new, cost, 0.0, edit.count, edit.proposer))

        candidates = context.candidates if task.strategy in ("rescore", "both") else None
        decide = partial(self._judged, context, done)
        for edit in rescore.propose(page, task.prompt, candidates, self._model, decide, progress, rewritten):
            done.append(edit)  # noqa: PERF402 -- each is judged by those before it
        return done

    def _rejection_before_model(self, context: PageContext, edit: Edit) -> str:
        """Return why an edit is rejected without asking the model; empty when the model must be asked."""
        ends = broken_pieces_beside(context.page, edit.line, edit.word, edit.count)
        kept = [*edit.new.split(), *_whole_words(ends[0], edit.new, ends[1])]
        words = [*edit.raw.split(), *_whole_words(ends[0], edit.raw, ends[1])]
        if any(context.vocabulary.protects(word) and word not in kept for word in words):
            return "the glossary protects this word"
        if reason := violated_rule(edit.raw, edit.new):
            return reason
        before, after = neighbours(context.page, edit.line, edit.word, edit.count)
        if numbers.is_part_of_number(edit.raw, edit.new, before, after):
            return NUMBER_KEPT
        if reason := _image_against(context, edit):
            return reason
        return "" if context.candidates.channel_cost(edit.raw, edit.new) <= MAX_COST_NATS else TOO_DIFFERENT

    def _judged(self, context: PageContext, before: Iterable[Edit], edit: Edit) -> Edit:
        """Return the edit with its verdict; it is rejected where it overlaps an accepted edit of those ``before``."""
        words = range(edit.word, edit.word + edit.count)
        for other in before:
            taken = range(other.word, other.word + other.count)
            if other.line == edit.line and other.accepted and words.start < taken.stop and taken.start < words.stop:
                return replace(edit, reason="another edit of this word was accepted")
        if reason := self._rejection_before_model(context, edit):
            return replace(edit, reason=reason)
        verdict = judge(self._evidence(context, edit), context.task.boldness)
        return replace(edit, accepted=verdict.accepted, reason=verdict.reason)

    def _evidence(self, context: PageContext, edit: Edit) -> Evidence:
        page, vocabulary = context.page, context.vocabulary
        line = page.lines[edit.line]
        words = line.words[edit.word : edit.word + edit.count]
        before, after = broken_pieces_beside(page, edit.line, edit.word, edit.count)
        raw, new = (_whole_words(before, text, after) for text in (edit.raw, edit.new))
        return Evidence(
            raw=edit.raw,
            new=edit.new,
            cost=context.candidates.channel_cost(edit.raw, edit.new),
            gain=edit.gain,
            raw_zipf=min((vocabulary.listed_zipf(word) for word in raw), default=0.0),
            new_zipf=min((vocabulary.zipf(word) for word in new), default=0.0),
            confidence=least_confidence(words),
            starts_sentence=starts_sentence(line, edit.word, _last_word_above(page, edit.line)),
            has_lexicon=bool(self._lexicon),
            unknown_share=vocabulary.unknown_share,
            foreign_share=vocabulary.foreign_share(edit.line),
            among_capitals=_among_capitals(line, edit.word),
            rewritten=edit.proposer != rescore.PROPOSER,
            repetition=max((vocabulary.repetition(word) for word in raw), default=0.0),
        )


def _image_against(context: PageContext, edit: Edit) -> str:
    """Return why the image speaks against leaving out a blank or a mark; empty where it does not."""
    words, stop = context.page.lines[edit.line].words, edit.word + edit.count
    if merges_words(edit.raw, edit.new) and context.boxes.show_blank(edit.line, words[edit.word : stop]):
        return BLANK_SHOWN
    if drops_lone_mark(edit.raw, edit.new):
        marks = [i for i in range(edit.word, stop) if not any(c.isalnum() for c in words[i].text)]
        if any(context.boxes.show_mark(edit.line, i) for i in marks):
            return MARK_SHOWN
    return ""


def _whole_words(before: str, text: str, after: str) -> list[str]:
    """Return the cores of the words in ``text``, completed by the broken halves ``before`` and ``after`` it."""
    words = rejoin(text).split()
    if not words:
        return []
    if after and words[-1][-1] in BREAK_HYPHENS:
        words[-1] = words[-1][:-1]
    last = len(words) - 1
    return [split_punctuation(before * (k == 0) + w + after * (k == last)).core for k, w in enumerate(words)]


def _lines_to_rewrite(context: PageContext) -> list[int]:
    """Return the indices of the lines to send to the model: those with a suspicious word, or all."""
    lines = context.page.lines
    if context.task.attention == "all":
        return list(range(len(lines)))
    return [n for n, line in enumerate(lines) if any(context.candidates.is_suspicious(w) for w in line.words)]


def _last_word_above(page: Page, n: int) -> Word | None:
    """Return the last word of the line above in the same paragraph; None where the paragraph begins."""
    above = line_above(page, n)
    if above is not None and page.lines[above].paragraph == page.lines[n].paragraph:
        return page.lines[above].words[-1]
    return None


def _among_capitals(line: Line, index: int) -> bool:
    """Whether one of the two words on either side is in capitals."""
    near = [w.text for w in (*line.words[max(0, index - 2) : index], *line.words[index + 1 : index + 3])]
    return any(text.isupper() and len(text) > 1 for text in near)
