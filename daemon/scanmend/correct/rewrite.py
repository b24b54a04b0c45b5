"""The rewriting proposer: sends the folder's prompt and a chunk of lines, and takes the model's reply apart into edits.

For instruct models of about a billion parameters and up. The reply is never published: only its differences are
proposed, each tied to raw words of one line, and judged one by one. The line before a chunk and the line after it are
sent as context, so that the model sees no sentence begin or break off in the middle; edits of them are dropped.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from scanmend.correct.align import Difference, differences, reply_words
from scanmend.correct.language_model import LanguageModel
from scanmend.correct.lexicon.hyphenation import split_over_lines
from scanmend.correct.lexicon.tokens import line_above, line_below
from scanmend.document import Edit, Page, Word

CHUNK_WORDS = 220
"""Most words of one call, context aside: enough to help the model, few enough that a bad reply costs little."""
CONTEXT_WORDS = 30
"""Most words of context on either side of a chunk, which are sent but not edited."""
INSTRUCTION = "Reply with the corrected text only, line by line, and nothing else."
"""Sentence added to the folder's prompt in the system message."""


@dataclass(frozen=True, slots=True)
class LineSpan:
    """Words ``first`` to ``last`` (exclusive, 0-based) of a line; mostly the whole line."""

    line: int
    first: int
    last: int

    def words(self, page: Page) -> tuple[Word, ...]:
        """Return the words of the span."""
        return page.lines[self.line].words[self.first : self.last]


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines that go to the model in one call."""

    before: tuple[LineSpan, ...]
    target: tuple[LineSpan, ...]
    """The spans whose edits are taken; those before and after them are context."""
    after: tuple[LineSpan, ...]

    @property
    def spans(self) -> tuple[LineSpan, ...]:
        """All spans in reading order."""
        return self.before + self.target + self.after

    def text(self, page: Page) -> str:
        """Return the text that the model is given: a line for each span."""
        return "\n".join(" ".join(word.text for word in span.words(page)) for span in self.spans)


def propose(
    page: Page, wanted: Iterable[int], prompt: str, model: LanguageModel, progress: Callable[[], None]
) -> Iterator[Edit]:
    """Yield the differences between raw text and reply, for the lines whose 0-based indices are in ``wanted``.

    ``progress`` is called before each call of the model, which may raise ModelError.
    """
    system = f"{prompt}\n{INSTRUCTION}"
    for chunk in chunks(page, wanted, lambda text: model.fits(system, text)):
        progress()
        positions = [(span.line, i) for span in chunk.spans for i in range(span.first, span.last)]
        target = {(span.line, i) for span in chunk.target for i in range(span.first, span.last)}
        raw = [page.lines[n].words[i].text for n, i in positions]
        reply = reply_words(model.rewrite(system, chunk.text(page)), raw)
        for difference in differences(raw, reply):
            for edit in _by_line(page, positions[difference.first : difference.last], difference):
                if (edit.line, edit.word) in target:
                    yield edit


def chunks(page: Page, wanted: Iterable[int], fits: Callable[[str], bool]) -> Iterator[Chunk]:
    """Group the wanted lines, neighbours together, into chunks that fit the model with their context, or else without.

    ``fits`` says whether a text and a reply of its length fit the model's context.
    """
    target: list[LineSpan] = []
    words = 0
    for span in _spans_that_fit(page, wanted, fits):
        size = span.last - span.first
        full = words + size > CHUNK_WORDS or (target and not _adjacent(page, target[-1], span))
        if target and (full or not fits(_with_context(page, [*target, span]).text(page))):
            yield _chunk(page, target, fits)
            target, words = [], 0
        target.append(span)
        words += size
    if target:
        yield _chunk(page, target, fits)


def _chunk(page: Page, target: Sequence[LineSpan], fits: Callable[[str], bool]) -> Chunk:
    chunk = _with_context(page, target)
    return chunk if fits(chunk.text(page)) else Chunk((), tuple(target), ())


def _spans_that_fit(page: Page, wanted: Iterable[int], fits: Callable[[str], bool]) -> Iterator[LineSpan]:
    """Yield the wanted lines; one too long for a call is halved until it fits, and a word too long is left out."""
    waiting = [LineSpan(n, 0, len(page.lines[n].words)) for n in reversed(list(wanted))]
    while waiting:
        span = waiting.pop()
        size = span.last - span.first
        if 0 < size <= CHUNK_WORDS and fits(Chunk((), (span,), ()).text(page)):
            yield span
        elif size > 1:
            middle = span.first + size // 2
            waiting += (LineSpan(span.line, middle, span.last), LineSpan(span.line, span.first, middle))


def _adjacent(page: Page, span: LineSpan, other: LineSpan) -> bool:
    """Whether the other span begins where this one ends."""
    if other.line == span.line:
        return other.first == span.last
    follows = other.line == line_below(page, span.line)
    return follows and not other.first and span.last == len(page.lines[span.line].words)


def _with_context(page: Page, target: Sequence[LineSpan]) -> Chunk:
    """Add the context before and after: from the same line where it was cut, else from the neighbouring line."""
    first, last = target[0], target[-1]
    before = LineSpan(first.line, max(0, first.first - CONTEXT_WORDS), first.first)
    if not first.first and (above := line_above(page, first.line)) is not None:
        size = len(page.lines[above].words)
        before = LineSpan(above, max(0, size - CONTEXT_WORDS), size)
    size = len(page.lines[last.line].words)
    after = LineSpan(last.line, last.last, min(size, last.last + CONTEXT_WORDS))
    if last.last == size and (below := line_below(page, last.line)) is not None:
        after = LineSpan(below, 0, min(CONTEXT_WORDS, len(page.lines[below].words)))
    return Chunk(*(tuple(p for p in side if p.first < p.last) for side in ([before], target, [after])))


def _by_line(page: Page, positions: Sequence[tuple[int, int]], difference: Difference) -> Iterator[Edit]:
    """Yield a difference as edits of one line each; a broken word keeps its line end and its hyphen."""
    groups = [[i for _, i in group] for _, group in groupby(positions, key=lambda position: position[0])]
    lines = list(dict.fromkeys(n for n, _ in positions))
    old = [" ".join(page.lines[n].words[i].text for i in group) for n, group in zip(lines, groups, strict=True)]
    for n, group, raw, new in zip(lines, groups, old, split_over_lines(old, difference.new), strict=True):
        if new and new != raw:
            box = page.lines[n].words[group[0]].box
            yield Edit(n, group[0], raw, new, "rewrite", count=len(group), box=box)
