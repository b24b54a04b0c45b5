"""One page through correction: proposers suggest, the model is asked for what each edit gains, the judge decides."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from scanmend.correct import numbers, rescore, rewrite
from scanmend.correct.confusions import Confusions
from scanmend.correct.judge import Evidence, forbidden, judge
from scanmend.correct.lexicon import Lexicon
from scanmend.correct.model import LanguageModel
from scanmend.correct.words import letters, parts, starts_sentence
from scanmend.document import CorrectedPage, Edit, Line, Page, Word, apply_edits, layout

FEWEST_LETTERS = 12
"""Pages with less text are left alone: there is no context to judge by."""
PSEUDO_UNKNOWN, PSEUDO_WORDS = 1, 20
HOPELESS = 30.0
"""Mean confidence below which a page is noise, not text."""


@dataclass(frozen=True, slots=True)
class Task:
    """How a folder wants its pages corrected."""

    strategy: Literal["rescore", "rewrite", "both", "off"]
    prompt: str
    languages: tuple[str, ...]
    attention: Literal["suspect", "all"] = "suspect"
    boldness: float = 0.0
    """Nats by which less evidence is enough for an edit."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is the same for all edits of a page."""

    page: Page
    task: Task
    unknown_share: float


class Corrector:
    """Corrects pages of one set of languages with one model."""

    def __init__(self, model: LanguageModel, lexicon: Lexicon, confusions: Confusions) -> None:
        self._model = model
        self._lexicon = lexicon
        self._confusions = confusions
        self._candidates = rescore.Candidates(lexicon, confusions)

    def correct(self, page: Page, task: Task, progress: Callable[[], None] = lambda: None) -> CorrectedPage:
        """Return the page with every proposed edit judged and the accepted ones applied; may raise ModelError."""
        started = time.monotonic()
        if reason := skipped(page, task):
            return CorrectedPage(page, page.raw, skipped=reason)
        ground = Ground(page, task, self._unknown_share(page))
        judged: list[Edit] = []
        for edit in self._proposed(page, task, progress):
            progress()
            judged.append(self._judged(ground, edit, judged))
        edits = tuple(sorted(judged, key=lambda e: (e.line, e.word)))
        texts = (apply_edits(line, (e for e in edits if e.line == n)) for n, line in enumerate(page.lines))
        return CorrectedPage(page, layout(page.lines, texts), edits, seconds=round(time.monotonic() - started, 3))

    def _proposed(self, page: Page, task: Task, progress: Callable[[], None]) -> Iterable[Edit]:
        if task.strategy in ("rescore", "both"):
            yield from rescore.propose(page, task.prompt, self._candidates, self._model, progress)
        else:
            yield from lookalikes(page)
        if task.strategy in ("rewrite", "both"):
            yield from rewrite.propose(page, self._attended(page, task), task.prompt, self._model, progress)

    def _attended(self, page: Page, task: Task) -> list[int]:
        """Indices of the lines that go to the model: those with a suspicious word and their neighbours, or all."""
        if task.attention == "all":
            return list(range(len(page.lines)))
        suspect = [n for n, line in enumerate(page.lines) if any(self._candidates.suspicious(w) for w in line.words)]
        return sorted({m for n in suspect for m in (n - 1, n, n + 1) if 0 <= m < len(page.lines)})

    def _unknown_share(self, page: Page) -> float:
        """Share of words in no lexicon, smoothed so that a few words prove nothing."""
        cores = [core for line in page.lines for w in line.words if letters(core := parts(w.text).core) > 1]
        return (sum(not self._lexicon.knows(core) for core in cores) + PSEUDO_UNKNOWN) / (len(cores) + PSEUDO_WORDS)

    def _judged(self, ground: Ground, edit: Edit, before: list[Edit]) -> Edit:
        words = range(edit.word, edit.word + edit.count)
        for other in before:
            taken = range(other.word, other.word + other.count)
            if other.line == edit.line and other.accepted and words.start < taken.stop and taken.start < words.stop:
                same = (other.new, other.word, other.count) == (edit.new, edit.word, edit.count)
                return replace(
                    edit, reason="the same as an accepted edit" if same else "another edit of this word was accepted"
                )
        if reason := forbidden(edit.raw, edit.new):
            return replace(edit, reason=reason)
        evidence = self._evidence(ground, edit)
        if edit.gain is None and evidence.cost < math.inf and edit.new != numbers.repair(edit.raw):
            edit = replace(edit, gain=self._gain(ground.page, edit, ground.task.prompt))
            evidence = replace(evidence, gain=edit.gain)
        verdict = judge(evidence, ground.task.boldness)
        return replace(edit, accepted=verdict.accepted, reason=verdict.reason)

    def _evidence(self, ground: Ground, edit: Edit) -> Evidence:
        page = ground.page
        line = page.lines[edit.line]
        words = line.words[edit.word : edit.word + edit.count]
        known = [w.confidence for w in words if w.confidence is not None]
        raw, new = parts(edit.raw).core, parts(edit.new).core
        return Evidence(
            raw=edit.raw,
            new=edit.new,
            cost=self._cost(edit.raw, edit.new),
            gain=edit.gain,
            raw_zipf=min((self._lexicon.zipf(part) for part in raw.split()), default=0.0),
            new_zipf=min((self._lexicon.zipf(parts(part).core) for part in new.split()), default=0.0),
            confidence=min(known) if known else None,
            starts_sentence=starts_sentence(line, edit.word, self._above(page, edit.line)),
            has_lexicon=bool(self._lexicon),
            unknown_share=ground.unknown_share,
            among_capitals=_among_capitals(line, edit.word),
        )

    def _cost(self, raw: str, new: str) -> float:
        """Channel cost; blanks have a price of their own."""
        blanks = abs(new.count(" ") - raw.count(" ")) * rescore.SPLIT
        return blanks + self._confusions.cost(raw.replace(" ", ""), new.replace(" ", ""), 40.0)

    def _above(self, page: Page, n: int) -> Word | None:
        if n and page.lines[n - 1].paragraph == page.lines[n].paragraph:
            return page.lines[n - 1].words[-1]
        return None

    def _gain(self, page: Page, edit: Edit, prompt: str) -> float:
        """Ask the model how much better new fits than raw, before the words that follow."""
        line = page.lines[edit.line]
        left = " ".join(w.text for w in line.words[: edit.word])
        above = rescore.context_of(page, line)
        context = f"{prompt}\n\n{above}\n{left}" if above else f"{prompt}\n\n{left}"
        after = " ".join(w.text for w in line.words[edit.word + edit.count :][: rescore.AHEAD])
        gap, ahead = " " if left else "", f" {after}" if after else ""
        raw, new = self._model.score(context, [gap + edit.raw + ahead, gap + edit.new + ahead])
        return round(new - raw, 3) if math.isfinite(new - raw) else -math.inf


def _among_capitals(line: Line, index: int) -> bool:
    beside = [w.text for w in (*line.words[max(0, index - 2) : index], *line.words[index + 1 : index + 3])]
    return any(text.isupper() and len(text) > 1 for text in beside)


def lookalikes(page: Page) -> Iterable[Edit]:
    """Yield the repair of every number with look-alike letters in it; no model is needed to see those."""
    for n, line in enumerate(page.lines):
        for i, word in enumerate(line.words):
            if (mended := numbers.repair(word.text)) is not None:
                yield Edit(n, i, word.text, mended, "lookalike", box=word.box)


def skipped(page: Page, task: Task) -> str:
    """Return why the model need not be asked for this page; empty when it should."""
    if task.strategy == "off":
        return "strategy: off"
    if sum(letters(w.text) for line in page.lines for w in line.words) < FEWEST_LETTERS:
        return "almost no text"
    if page.mean_confidence is not None and page.mean_confidence < HOPELESS:
        return f"mean confidence {page.mean_confidence:g} is hopeless"
    return ""
