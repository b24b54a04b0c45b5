"""What the second reader says of the words that correction sees: those left after reading together and typography."""

import itertools
from collections.abc import Sequence

from scanmend.correct.two_readers.comparison import SecondWord
from scanmend.correct.two_readers.proposals import Reading
from scanmend.correct.two_readers.revision import Span
from scanmend.correct.two_readers.together import ReadTogether
from scanmend.correct.two_readers.weigh import holds_digit

DOUBTFUL_PROBABILITY = 0.97
"""Least probability (0–1) of a character below which the second reader is not sure, though it reads the same."""


class SecondEvidence:
    """The second reader's evidence by line and word of the page that proposers and model see."""

    def __init__(self, together: ReadTogether, spans: Sequence[Sequence[Span]]) -> None:
        """``spans``: for each line and word of that page, its words on the page that was read together."""
        self._together = together
        self._spans = spans

    def is_settled(self, n: int, i: int, count: int = 1) -> bool:
        """Whether the evidence settled one of these words, or a number between them, so that no model may change it."""
        places = [k for at in range(i, i + count) for k in self._read_as(n, at)]
        return any((n, k) in self._together.settled for k in places) or self._enclose_dropped_number(n, places)

    def open_reading(self, n: int, i: int) -> Reading | None:
        """Return a second reading of the word that a language model may choose; None where there is none."""
        places = list(self._read_as(n, i))
        return self._together.open_readings.get((n, places[0])) if len(places) == 1 else None

    def agrees(self, n: int, i: int, text: str) -> bool:
        """Whether the second reader surely reads the same word."""
        second = self._second(n, i, 1)
        return second is not None and second[0].text == text and second[0].least_probability >= DOUBTFUL_PROBABILITY

    def optical(self, n: int, i: int, count: int, raw: str, new: str) -> float | None:
        """Return the log-probability, in nats, of the image under ``new`` less that under ``raw``.

        ``raw``: ``count`` words from ``i`` on. None unless the second reader read all of them in a row.
        """
        second = self._second(n, i, count)
        if second is None:
            return None
        return second[0].reading.gain(second[0].first, second[-1].last, raw, new)

    def _enclose_dropped_number(self, n: int, places: Sequence[int]) -> bool:
        """Whether a word with a digit was dropped between these words of the page that was read together."""
        revision = self._together.revision
        spans = [revision.raw_spans[n][k] for k in places]
        kept = {k for first, count in spans for k in range(first, first + count)}
        words = revision.raw.lines[n].words
        return any(
            holds_digit(words[k].text) for k in range(min(kept, default=0), max(kept, default=0)) if k not in kept
        )

    def _second(self, n: int, i: int, count: int) -> list[SecondWord] | None:
        places = [(n, k) for at in range(i, i + count) for k in self._read_as(n, at)]
        found = [second for place in places if (second := self._together.seconds.get(place)) is not None]
        if not found or len(found) < len(places):
            return None
        follow = (a.reading is b.reading and a.last < b.first for a, b in itertools.pairwise(found))
        return found if all(follow) else None

    def _read_as(self, n: int, i: int) -> range:
        first, count = self._spans[n][i]
        return range(first, first + count)
