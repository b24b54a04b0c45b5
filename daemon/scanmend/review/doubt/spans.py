"""The parts that a line's published text consists of, named by the words of the page that they come from. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanmend.document import CorrectedPage, Edit, NumberReading, in_text_order


@dataclass(frozen=True, slots=True)
class Span:
    """Words of one line as read, or a point in it where words are inserted; no edit is part in it and part out."""

    line: int
    """0-based index into ``Page.lines``."""
    word: int
    """0-based index of the first word; of the word that the insertion comes before."""
    count: int
    """Number of words as read; 0 for an insertion."""
    nth: int = 0
    """0-based number of the insertion among those at this point."""

    @property
    def stop(self) -> int:
        """Index behind the last word."""
        return self.word + self.count

    @property
    def id(self) -> str:
        """A name of it, unique within its page."""
        return f"l{self.line + 1}w{self.word + 1}" + ("" if self.count else f"i{self.nth + 1}")


@dataclass(frozen=True, slots=True)
class Part:
    """One word as read, or what one accepted edit puts in the place of some."""

    span: Span
    text: str
    """As published; empty where the edit drops it."""
    edit: Edit | None = None

    def within(self, span: Span) -> bool:
        """Whether it belongs to a span: an insertion that stands between two words of the span does."""
        if self.span.line != span.line or not span.count:
            return self.span == span
        if not self.span.count:
            return span.word < self.span.word < span.stop
        return span.word <= self.span.word and self.span.stop <= span.stop


def parts_of(page: CorrectedPage, n: int) -> list[Part]:
    """Return the parts of the line with this index, in the order of the text."""
    line, inserted = page.page.lines[n], Counter[int]()
    parts: list[Part] = []
    for one in in_text_order(line, (e for e in page.edits if e.line == n)):
        if not isinstance(one, Edit):
            parts.append(Part(Span(n, one, 1), line.words[one].text))
            continue
        nth = inserted[one.word]
        inserted[one.word] += not one.count
        parts.append(Part(Span(n, one.word, one.count, 0 if one.count else nth), one.new, one))
    return parts


def numbers_of_parts(page: CorrectedPage) -> Iterator[tuple[Part, NumberReading]]:
    """Yield each number of the page with the part that it stands in; both are in the order of the text."""
    of_line: dict[int, list[NumberReading]] = {}
    for reading in page.numbers:
        of_line.setdefault(reading.line, []).append(reading)
    for n, readings in of_line.items():
        left = iter(readings)
        number: NumberReading | None = next(left, None)
        for part in parts_of(page, n):
            for text in part.text.split():
                if number is not None and number.text == text:
                    yield part, number
                    number = next(left, None)


def whole(span: Span, parts: Sequence[Part]) -> Span:
    """Return the span with all words of the parts that it touches."""
    touched = [p.span for p in parts if p.span.count and p.span.word < span.stop and span.word < p.span.stop]
    first, stop = min([span.word, *(s.word for s in touched)]), max([span.stop, *(s.stop for s in touched)])
    return Span(span.line, first, stop - first)


def covered(edit: Edit, span: Span) -> bool:
    """Whether an edit of words as read lies within a span."""
    return edit.line == span.line and span.word <= edit.word and edit.word + edit.count <= span.stop
