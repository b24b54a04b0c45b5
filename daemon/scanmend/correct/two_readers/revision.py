"""A page with edits applied, and the way back: edits of the revised page become edits of the page that was read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scanmend.document import Edit, Line, Page, Word, in_text_order

Span = tuple[int, int]
"""Index of a word's first raw word, and number of its raw words: 0 where the word was inserted."""
Place = tuple[int, int]
"""0-based indices of a line and of a word in it."""
_Piece = tuple[int, int, int]
"""Line of the revised page, index of a piece's first word in it, and index behind its last word."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revised page, the edits that led to it, and which raw words each of its words comes from."""

    page: Page
    """The revised page, with as many lines as the raw page."""
    edits: tuple[Edit, ...]
    """The edits of the raw page, accepted and rejected; the accepted ones are those that were applied."""
    raw: Page
    """The page as it was before."""
    raw_spans: tuple[tuple[Span, ...], ...]
    """For each line and word of the revised page, its raw words."""

    def edits_on_raw_page(self, judged: Iterable[Edit]) -> tuple[Edit, ...]:
        """Return edits of the revised page as edits of the raw page, in reading order, together with the own ones.

        Where an accepted edit touches words of an own accepted one, the two become one edit. It is the own one, with
        another text, where the edit that touches it is a repair that asked no model.
        """
        judged = tuple(judged)
        out = [self._merged(self._piece(e.line, e.word, e.count), [e]) for e in judged if not e.accepted]
        covered: set[tuple[int, int, bool]] = set()
        for piece, edits in self._pieces([e for e in judged if e.accepted]):
            out.append(self._merged(piece, edits))
            covered |= self._covered(piece)
        own = [e for e in self.edits if not (e.accepted and covered.intersection(_places(e)))]
        return tuple(sorted((*out, *own), key=lambda e: (e.line, e.word, e.count)))

    def _pieces(self, edits: Sequence[Edit]) -> Iterator[tuple[_Piece, list[Edit]]]:
        """Yield the pieces of the page that accepted edits touch, none with a word of another, and their edits."""
        pieces: list[tuple[_Piece, list[Edit]]] = []
        for edit in sorted(edits, key=lambda e: (e.line, e.word, e.count)):
            line, start, stop = self._piece(edit.line, edit.word, edit.count)
            if pieces and pieces[-1][0][0] == line and start < pieces[-1][0][2]:
                (_, first, last), before = pieces[-1]
                pieces[-1] = (line, min(first, start), max(last, stop)), [*before, edit]
            else:
                pieces.append(((line, start, stop), [edit]))
        yield from pieces

    def _piece(self, line: int, start: int, count: int) -> _Piece:
        """Return the words of an edit, together with those that stand in the place of the same raw words."""
        spans, stop = self.raw_spans[line], start + count
        if not count:  # beside inserted words, only the text of all tells in which order they come
            while start > 0 and spans[start - 1][1] == 0:
                start -= 1
            while stop < len(spans) and spans[stop][1] == 0:
                stop += 1
        while 0 < start < len(spans) and spans[start - 1] == spans[start]:
            start -= 1
        while 0 < stop < len(spans) and spans[stop - 1] == spans[stop]:
            stop += 1
        return line, start, stop

    def _merged(self, piece: _Piece, edits: Sequence[Edit]) -> Edit:
        """Return one edit of the raw page for the edits of one piece."""
        n, start, stop = piece
        words = [w.text for w in self.page.lines[n].words]
        texts, at = [], start
        for edit in edits:
            texts += [*words[at : edit.word], *edit.new.split()]
            at = edit.word + edit.count
        text = " ".join((*texts, *words[at:stop]))
        first, last = self._raw_range(piece)
        raw = " ".join(w.text for w in self.raw.lines[n].words[first:last])
        base = edits[0]
        places = self._covered(piece)
        own = next((e for e in self.edits if e.accepted and places.intersection(_places(e))), None)
        if own is not None and base.accepted and all(e.gain is None for e in edits):
            reasons = "; ".join((own.reason, *(e.reason for e in edits)))
            boxes = own.boxes if len(own.boxes) == len(text.split()) else ()
            base = replace(own, reason=reasons, boxes=boxes)
        return replace(base, word=first, count=last - first, raw=raw, new=text)

    def _raw_range(self, piece: _Piece) -> tuple[int, int]:
        """Return the index of a piece's first raw word, and the index behind its last one."""
        n, start, stop = piece
        spans = self.raw_spans[n]
        first = spans[start][0] if start < len(spans) else len(self.raw.lines[n].words)
        return first, max([first, *(sum(span) for span in spans[start:stop])])

    def _covered(self, piece: _Piece) -> set[tuple[int, int, bool]]:
        """Return the raw words of a piece, and the places where its inserted words stand, as ``_places`` does."""
        n, start, stop = piece
        inserted = {(n, first, True) for first, count in self.raw_spans[n][start:stop] if not count}
        return {(n, k, False) for k in range(*self._raw_range(piece))} | inserted


def _places(edit: Edit) -> set[tuple[int, int, bool]]:
    """Return the raw words that an edit replaces, or the place where it inserts: line, word, and whether it inserts."""
    if not edit.count:
        return {(edit.line, edit.word, True)}
    return {(edit.line, n, False) for n in range(edit.word, edit.word + edit.count)}


def revise(page: Page, edits: Sequence[Edit]) -> tuple[Revision, frozenset[Place]]:
    """Return the page with its accepted edits applied, and which of its words come from an accepted edit.

    What is inserted at one place comes in the order given.
    """
    by_line: dict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        if edit.accepted:
            by_line[edit.line].append(edit)
    lines: list[Line] = []
    spans: list[tuple[Span, ...]] = []
    settled: set[Place] = set()
    for n, line in enumerate(page.lines):
        words, of_line, changed = _edited(line, by_line[n])
        lines.append(replace(line, words=tuple(words)))
        spans.append(tuple(of_line))
        settled |= {(n, i) for i in changed}
    revised = replace(page, lines=tuple(lines), second=None)
    return Revision(revised, tuple(edits), replace(page, second=None), tuple(spans)), frozenset(settled)


def _edited(line: Line, edits: Sequence[Edit]) -> tuple[list[Word], list[Span], list[int]]:
    """Return the words of a line with accepted edits applied, their raw words, and which of them come from an edit."""
    words: list[Word] = []
    spans: list[Span] = []
    changed: list[int] = []
    for part in in_text_order(line, edits):
        if not isinstance(part, Edit):
            words.append(line.words[part])
            spans.append((part, 1))
            continue
        texts = part.new.split()
        confidence = line.words[part.word].confidence if part.count else None
        for k, text in enumerate(texts):
            box = part.boxes[k] if len(part.boxes) == len(texts) else part.box
            changed.append(len(words))
            words.append(Word(text, box, confidence))
            spans.append((part.word, part.count))
    return words, spans, changed
