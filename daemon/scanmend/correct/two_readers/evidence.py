"""What the second reader says of the words that correction sees: those left after reading together and typography."""

from collections.abc import Sequence

from scanmend.correct.two_readers.comparison import SecondWord
from scanmend.correct.two_readers.proposals import Reading
from scanmend.correct.two_readers.revision import Span
from scanmend.correct.two_readers.together import ReadTogether

DOUBTFUL_PROBABILITY = 0.97
"""Least probability (0–1) of a character below which the second reader is not sure, though it reads the same."""


class SecondEvidence:
    """The second reader's evidence by line and word of the page that proposers and model see."""

    def __init__(self, together: ReadTogether, spans: Sequence[Sequence[Span]]) -> None:
        """``spans``: for each line and word of that page, its words on the page that was read together."""
        self._together = together
        self._spans = spans

    def is_settled(self, n: int, i: int, count: int = 1) -> bool:
        """Whether the evidence settled one of these words, so that no model may change it."""
        return any((n, k) in self._together.settled for at in range(i, i + count) for k in self._read_as(n, at))

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

        ``raw``: ``count`` words from ``i`` on. None where the second reader did not read all of them in one line.
        """
        second = self._second(n, i, count)
        if second is None:
            return None
        reading, first, last = second[0].reading, second[0].first, second[-1].last
        return reading.log_probability(first, last, new) - reading.log_probability(first, last, raw)

    def _second(self, n: int, i: int, count: int) -> list[SecondWord] | None:
        places = [(n, k) for at in range(i, i + count) for k in self._read_as(n, at)]
        found = [second for place in places if (second := self._together.seconds.get(place)) is not None]
        same_line = all(second.reading is found[0].reading for second in found)
        return found if found and len(found) == len(places) and same_line else None

    def _read_as(self, n: int, i: int) -> range:
        first, count = self._spans[n][i]
        return range(first, first + count)
