"""A page with edits applied, and the way back: edits of the revised page become edits of the page that was read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scanmend.document import Edit, Page

Span = tuple[int, int]
"""Index of a word's first raw word, and number of its raw words: 0 where the word was inserted."""


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

        An own accepted edit is left out where an accepted edit covers its word, as that edit includes it.
        """
        translated = [self._translated(edit) for edit in judged]
        covered = {place for edit in translated if edit.accepted for place in _places(edit)}
        own = [e for e in self.edits if not (e.accepted and covered.intersection(_places(e)))]
        return tuple(sorted((*translated, *own), key=lambda e: (e.line, e.word, e.count)))

    def _translated(self, edit: Edit) -> Edit:
        line = self.raw_spans[edit.line]
        if not edit.count:
            at = line[edit.word][0] if edit.word < len(line) else len(self.raw.lines[edit.line].words)
            return replace(edit, word=at)
        spans = line[edit.word : edit.word + edit.count]
        first, last = spans[0][0], sum(spans[-1])
        words = self.raw.lines[edit.line].words[first:last]
        return replace(edit, word=first, count=last - first, raw=" ".join(w.text for w in words))


def _places(edit: Edit) -> set[tuple[int, int, bool]]:
    """Return the raw words that an edit replaces, or the place where it inserts: line, word, and whether it inserts."""
    if not edit.count:
        return {(edit.line, edit.word, True)}
    return {(edit.line, n, False) for n in range(edit.word, edit.word + edit.count)}
