"""Guided decoding: the source text is the draft of its own correction.

A correction is nearly a copy, so the model need not write it token by token: the next few source tokens are
verified in one batch and the agreed prefix is kept (speculative decoding with the input as the draft; compare
prompt lookup decoding). This module only decides what may come next; ``draft_length`` decides how
much of it is worth a batch, and ``engine`` verifies it.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property

MAX_TOKENS = 63
"""Tokens of a draft at most: one row of a batch of 64 is the token before it."""
_MATCH_LENGTHS = ((16, 600), (10, 200), (6, 100), (4, 40), (3, 10), (2, 6))
"""How far from where the reply should be a match of so many bytes counts as its place."""
_MEMORY = 200
"""Bytes of the reply that tell which habit it has with line breaks."""
_HYPHENATED = re.compile(r"(?<=\w)-\n(\S+)[ \n]?")
_WITHIN_SENTENCE = re.compile(r"""(?<![.!?:])(?<![.!?:]["'”’)])\n""")

Pieces = Callable[[str], Sequence[tuple[int, bytes]]]
"""Tokens of a text and the bytes that each stands for."""


class Draft:
    """Follows the reply along the source and offers the tokens that probably come next.

    Models that copy text keep its line breaks, or only those that end a sentence, or none; and they keep hyphenated
    words apart, or join them and break the line behind, or not at all. So the source has several readings, and the
    reply is taken to follow the one that it has agreed with for longest.
    """

    def __init__(self, source: str, pieces: Pieces) -> None:
        """``pieces``: the model's tokenizer."""
        moved, dropped = (_HYPHENATED.sub(rf"\1{end}", source) for end in ("\n", " "))
        flowing = _WITHIN_SENTENCE.sub(" ", moved)
        blanks = (text.replace("\n", " ") for text in (moved, source))
        texts = dict.fromkeys((source, dropped, moved, flowing, *blanks))
        self._readings = [_Variant(text, pieces) for text in texts]
        self._followed = self._readings[0]

    def ahead(self, written: bytes) -> tuple[int, ...]:
        """Source tokens that should follow ``written``, the whole reply so far; none when the place is lost."""
        found = [(reading, place) for reading in self._readings if (place := reading.place(written)) is not None]
        if not found:
            return ()
        reading, place = max(found, key=lambda pair: (pair[0].agreement(written, pair[1]), pair[0] is self._followed))
        self._followed = reading
        return reading.behind(place)


class _Variant:
    """One way to read the source, with its tokens found by offset, so that a draft is cut as the model cuts text."""

    def __init__(self, text: str, pieces: Pieces) -> None:
        self._string = text
        self._pieces = pieces
        self._text = text.encode("utf-8", "replace")
        self._flat = self._text.replace(b"\n", b" ")
        self._at = self._seen = 0

    def place(self, written: bytes) -> int | None:
        """Offset behind what matches the end of the reply; where several places do, about where it should be."""
        expected = self._at + len(written) - self._seen
        tail = written[-_MATCH_LENGTHS[0][0] :].replace(b"\n", b" ")
        if len(tail) == len(written) and self._flat.startswith(tail):
            return self._keep(len(tail), written)
        for n, reach in _MATCH_LENGTHS:
            if len(tail) >= n and (ends := _ends(self._flat, tail[-n:], expected - reach // 2, expected + reach)):
                place = min(ends, key=lambda end: (end - expected) if end >= expected else 2 * (expected - end))
                return self._keep(place, written)
        return None

    def _keep(self, place: int, written: bytes) -> int:
        self._at, self._seen = place, len(written)
        return place

    def agreement(self, written: bytes, place: int) -> int:
        """How many bytes before the place are those that the reply ends with, line breaks included."""
        mine, theirs = self._text[max(0, place - _MEMORY) : place], written[-_MEMORY:]
        pairs = zip(reversed(mine), reversed(theirs), strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(mine), len(theirs)))

    def behind(self, place: int) -> tuple[int, ...]:
        """Up to MOST tokens of what stands behind the offset; one that the offset cuts is cut anew."""
        first = bisect_left(self._starts, place)
        if first == len(self._starts):
            return ()
        rest = self._text[place : self._starts[first]]
        cut = self._pieces(rest.decode("utf-8", "ignore")) if rest else ()
        if b"".join(piece for _, piece in cut) != rest:
            return ()
        return (*(token for token, _ in cut), *self._tokens[first : first + MAX_TOKENS])[:MAX_TOKENS]

    @cached_property
    def _cut(self) -> tuple[list[int], list[int]]:
        tokens: list[int] = []
        starts: list[int] = []
        cut = self._pieces(self._string)
        spelt = b"".join(piece for _, piece in cut)
        at = len(self._text) - len(spelt)
        if spelt.endswith(self._text):
            for token, piece in cut:
                tokens.append(token)
                starts.append(max(0, at))
                at += len(piece)
        return tokens, starts

    @property
    def _tokens(self) -> list[int]:
        return self._cut[0]

    @property
    def _starts(self) -> list[int]:
        return self._cut[1]


def _ends(text: bytes, part: bytes, low: int, high: int) -> list[int]:
    """Offsets behind each place of the part that ends between low and high."""
    out, i = [], text.find(part, max(0, low - len(part)))
    while 0 <= i <= high - len(part):
        out.append(i + len(part))
        i = text.find(part, i + 1)
    return out
