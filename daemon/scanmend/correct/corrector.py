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
from scanmend.correct.judge import Evidence, judge, judge_reading
from scanmend.correct.language_model import LanguageModel
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.glossary import glossary
from scanmend.correct.lexicon.hyphenation import BREAK_HYPHENS, broken_pieces_beside, rejoin
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.tokens import line_above, neighbours, split_punctuation, starts_sentence
from scanmend.correct.lexicon.wordlists import Lexicon
from scanmend.correct.number_states.states import number_readings
from scanmend.correct.settings import CorrectionSettings, has_second_reading, skip_reason
from scanmend.correct.two_readers.evidence import SecondEvidence
from scanmend.correct.two_readers.together import PROPOSER as READER
from scanmend.correct.two_readers.together import ReadTogether, TogetherSettings, read_together
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
    second: SecondEvidence
    """What the second reader says of the page's words."""


class Corrector:
    """Corrects pages of one set of languages with one model."""

    def __init__(self, model: LanguageModel | None, lexicon: Lexicon, confusions: Confusions) -> None:
        """Without a ``model``, only what needs none is done: reading together and typography."""
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
        reason = skip_reason(page, task)
        if reason and not has_second_reading(page):
            return CorrectedPage(page, page.raw, skipped=reason)
        words = glossary(task.glossary)
        asks = self._model is not None and not reason
        of_raw_page = PageWords(self._lexicon, page, words, task.languages)
        wishes = TogetherSettings(task.boldness, task.numbers, task.noise)
        together = read_together(page, of_raw_page, wishes, asks=asks)
        edits: tuple[Edit, ...] = together.revision.edits
        cut = False
        if not reason:
            repaired = repair_page(together.revision.page, task.languages, words.protects)
            vocabulary = PageWords(self._lexicon, repaired.page, words, task.languages)
            candidates = CandidateFinder(vocabulary, self._confusions)
            second = SecondEvidence(together, repaired.raw_spans)
            context = PageContext(repaired.page, task, vocabulary, candidates, PageBoxes(repaired.page), second)
            clock = _ModelClock(task.model_page_s)
            judged = self._propose_and_judge(context, self._model, clock, progress) if self._model else []
            cut = clock.was_over
            edits = together.revision.edits_on_raw_page(repaired.edits_on_raw_page(judged))
        corrected = _corrected(together, edits, page)
        seconds = round(time.monotonic() - started, 3)
        strategy = "" if reason else task.strategy
        return replace(corrected, skipped=reason, seconds=seconds, strategy=strategy, model_cut=cut)

    def _propose_and_judge(
        self, context: PageContext, model: LanguageModel, clock: "_ModelClock", progress: Callable[[], None]
    ) -> list[Edit]:
        """Return every proposed edit with its verdict.

        Rewriting comes first. Its edits are not judged at once: each becomes a candidate for its word, and the
        rescoring pass asks the model about all candidates of a word together.
        """
        page, task = context.page, context.task
        done: list[Edit] = []
        rewritten: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
        if task.strategy in ("rewrite", "both"):
            wanted = (n for n in _lines_to_rewrite(context) if clock.has_time())
            for edit in rewrite.propose(page, wanted, task.prompt, model, progress):
                if reason := self._rejection_before_model(context, edit):
                    done.append(replace(edit, reason=reason))
                else:
                    cost = context.candidates.channel_cost(edit.raw, edit.new)
                    rewritten[edit.line, edit.word].append(Candidate(edit.new, cost, 0.0, edit.count, edit.proposer))

        for n, line in enumerate(page.lines):
            for i in range(len(line.words)):
                if (reading := context.second.open_reading(n, i)) is not None:
                    rewritten[n, i].append(Candidate(reading.dispute.new, 0.0, 0.0, 1, READER))
        candidates = context.candidates if task.strategy in ("rescore", "both") else None
        decide = partial(self._judged, context, done)
        asks = partial(_may_ask, context)
        for edit in rescore.propose(
            page, task.prompt, candidates, model, decide, progress, rewritten, asks, clock.has_time
        ):
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
        if context.second.is_settled(edit.line, edit.word, edit.count):
            return replace(edit, reason="the second reader's evidence settled this word")
        optical = context.second.optical(edit.line, edit.word, edit.count, edit.raw, edit.new)
        edit = replace(edit, optical=None if optical is None else round(optical, 3))
        for other in before:
            taken = range(other.word, other.word + other.count)
            if other.line == edit.line and other.accepted and words.start < taken.stop and taken.start < words.stop:
                return replace(edit, reason="another edit of this word was accepted")
        reading = context.second.open_reading(edit.line, edit.word)
        if reading is not None and reading.dispute.new == edit.new and edit.count == 1:
            verdict = judge_reading(reading, edit.gain, context.task.boldness)
            return replace(
                edit, proposer=READER, accepted=verdict.accepted, reason=verdict.reason, margin=verdict.margin
            )
        if reason := self._rejection_before_model(context, edit):
            return replace(edit, reason=reason)
        verdict = judge(self._evidence(context, edit), context.task.boldness)
        return replace(edit, accepted=verdict.accepted, reason=verdict.reason, margin=verdict.margin)

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
            optical=edit.optical,
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


class _ModelClock:
    """The model's time for one page."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.was_over = False
        """Whether somebody was told that the time is over."""

    def has_time(self) -> bool:
        """Whether the model may be asked once more."""
        self.was_over |= time.monotonic() > self._end
        return not self.was_over


def _corrected(together: ReadTogether, edits: tuple[Edit, ...], page: Page) -> CorrectedPage:
    """Return the page with its edits applied, and the states of its numbers."""
    roomy = replace(together.revision.raw, second=page.second)
    of_line: dict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        of_line[edit.line].append(edit)
    texts = [apply_edits(line, of_line[n]) for n, line in enumerate(roomy.lines)]
    known = has_second_reading(page)
    numbers = number_readings(roomy, edits, together.raw_seconds, together.custom) if known else ()
    return CorrectedPage(roomy, layout(roomy.lines, texts), edits, numbers=numbers)


def _may_ask(context: PageContext, n: int, i: int) -> bool:
    """Whether the model is asked about a word: not where the evidence settled it, or both readers surely agree."""
    text = context.page.lines[n].words[i].text
    return not (context.second.is_settled(n, i) or context.second.agrees(n, i, text))


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
        return [n for n, line in enumerate(lines) if line.words]
    suspicious = context.candidates.is_suspicious
    return [
        n
        for n, line in enumerate(lines)
        if any(suspicious(w) and _may_ask(context, n, i) for i, w in enumerate(line.words))
    ]


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
