"""The rewriting proposer: the folder's prompt, a chunk of lines, and the model's reply taken apart into edits.

For instruct models of about a billion parameters and up. The reply is never published; only its differences
are proposed, each tied to raw words of one line, and judged one by one. The line before a chunk and the line after
it go along as context, so that sentences neither begin nor break off where the model can see it; no edit of
theirs is taken.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from scanmend.correct.align import Difference, differences, reply_words, split_over_lines
from scanmend.correct.language_model import LanguageModel
from scanmend.document import Edit, Page, Word

CHUNK_WORDS = 220
"""Words of one call: enough context to help, little enough that a bad reply costs little."""
CONTEXT_WORDS = 30
"""Most words of context on either side of a chunk."""
INSTRUCTION = "Reply with the corrected text only, line by line, and nothing else."


@dataclass(frozen=True, slots=True)
class LineSpan:
    """Words ``first`` to ``last`` (exclusive) of a line, as a rule the whole line."""

    line: int
    first: int
    last: int

    def words(self, page: Page) -> tuple[Word, ...]:
        """The words themselves."""
        return page.lines[self.line].words[self.first : self.last]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What goes to the model in one call."""

    before: tuple[LineSpan, ...]
    target: tuple[LineSpan, ...]
    """Where edits are taken from; the rest is context."""
    after: tuple[LineSpan, ...]

    @property
    def pieces(self) -> tuple[LineSpan, ...]:
        """All of it, in order."""
        return self.before + self.target + self.after

    def text(self, page: Page) -> str:
        """What the model is given: a line for each piece."""
        return "\n".join(" ".join(word.text for word in piece.words(page)) for piece in self.pieces)


def propose(
    page: Page, wanted: Sequence[int], prompt: str, model: LanguageModel, progress: Callable[[], None]
) -> Iterator[Edit]:
    """Yield the differences between raw text and reply, for the lines whose indices are wanted."""
    system = f"{prompt}\n{INSTRUCTION}"
    for chunk in chunks(page, wanted, lambda text: model.fits(system, text)):
        progress()
        places = [(piece.line, i) for piece in chunk.pieces for i in range(piece.first, piece.last)]
        own = {(piece.line, i) for piece in chunk.target for i in range(piece.first, piece.last)}
        raw = [page.lines[n].words[i].text for n, i in places]
        reply = reply_words(model.rewrite(system, chunk.text(page)), raw)
        for pair in differences(raw, reply):
            for edit in _by_line(page, places[pair.first : pair.last], pair):
                if (edit.line, edit.word) in own:
                    yield edit


def chunks(page: Page, wanted: Sequence[int], fits: Callable[[str], bool]) -> Iterator[Chunk]:
    """Group wanted lines, neighbours together, into chunks that fit with their context, or else without."""
    own: list[LineSpan] = []
    words = 0
    for piece in _pieces(page, wanted, fits):
        size = piece.last - piece.first
        full = words + size > CHUNK_WORDS or (own and not _adjacent(page, own[-1], piece))
        if own and (full or not fits(_with_context(page, [*own, piece]).text(page))):
            yield _chunk(page, own, fits)
            own, words = [], 0
        own.append(piece)
        words += size
    if own:
        yield _chunk(page, own, fits)


def _chunk(page: Page, own: Sequence[LineSpan], fits: Callable[[str], bool]) -> Chunk:
    chunk = _with_context(page, own)
    return chunk if fits(chunk.text(page)) else Chunk((), tuple(own), ())


def _pieces(page: Page, wanted: Sequence[int], fits: Callable[[str], bool]) -> Iterator[LineSpan]:
    """The wanted lines, those too long for one call in halves of halves; a word too long for any is left out."""
    waiting = [LineSpan(n, 0, len(page.lines[n].words)) for n in reversed(wanted)]
    while waiting:
        piece = waiting.pop()
        size = piece.last - piece.first
        if 0 < size <= CHUNK_WORDS and fits(Chunk((), (piece,), ()).text(page)):
            yield piece
        elif size > 1:
            middle = piece.first + size // 2
            waiting += (LineSpan(piece.line, middle, piece.last), LineSpan(piece.line, piece.first, middle))


def _adjacent(page: Page, piece: LineSpan, other: LineSpan) -> bool:
    """Whether the other piece goes on where this one ends."""
    if other.line == piece.line:
        return other.first == piece.last
    return other.line == piece.line + 1 and not other.first and piece.last == len(page.lines[piece.line].words)


def _with_context(page: Page, own: Sequence[LineSpan]) -> Chunk:
    """Add the words before and after: of the same line where it was cut, else of the neighbouring line."""
    first, last = own[0], own[-1]
    before = LineSpan(first.line, max(0, first.first - CONTEXT_WORDS), first.first)
    if not first.first and first.line:
        size = len(page.lines[first.line - 1].words)
        before = LineSpan(first.line - 1, max(0, size - CONTEXT_WORDS), size)
    size = len(page.lines[last.line].words)
    after = LineSpan(last.line, last.last, min(size, last.last + CONTEXT_WORDS))
    if last.last == size and last.line + 1 < len(page.lines):
        after = LineSpan(last.line + 1, 0, min(CONTEXT_WORDS, len(page.lines[last.line + 1].words)))
    return Chunk(*(tuple(p for p in side if p.first < p.last) for side in ([before], own, [after])))


def _by_line(page: Page, places: Sequence[tuple[int, int]], pair: Difference) -> Iterator[Edit]:
    """Turn a pair into edits of one line each; a broken word keeps its line end and its hyphen."""
    groups = [[i for _, i in group] for _, group in groupby(places, key=lambda place: place[0])]
    lines = list(dict.fromkeys(n for n, _ in places))
    old = [" ".join(page.lines[n].words[i].text for i in group) for n, group in zip(lines, groups, strict=True)]
    for n, group, raw, new in zip(lines, groups, old, split_over_lines(old, pair.new), strict=True):
        if new and new != raw:
            box = page.lines[n].words[group[0]].box
            yield Edit(n, group[0], raw, new, "rewrite", count=len(group), box=box)
