"""Guided decoding: the source text is the draft of its own correction.

A correction is nearly a copy, so the model need not write it token by token: the next few source tokens are
verified in one batch and the agreed prefix is kept (speculative decoding with the input as the draft; compare
prompt lookup decoding). This module only finds the draft; ``draft_length`` decides how much of it is worth a batch,
and ``engine`` verifies it.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property

MAX_TOKENS = 63
"""Longest draft: a batch of 64 rows less the row of the token before it."""
_MATCHES = ((16, 600), (10, 200), (6, 100), (4, 40), (3, 10), (2, 6))
"""Pairs of bytes: length of a match, and how far from the expected offset in the source it may lie; the longer a match,
the farther."""
_COMPARED_BYTES = 200
"""How much of the end of the reply is compared with a variant, to see which one the reply follows."""
_HYPHENATED = re.compile(r"(?<=\w)-\n(\S+)[ \n]?")
_WITHIN_SENTENCE = re.compile(r"""(?<![.!?:])(?<![.!?:]["'”’)])\n""")

Pieces = Callable[[str], Sequence[tuple[int, bytes]]]
"""Returns the tokens of a text, each with the bytes that it stands for."""


class Draft:
    """Follows the reply along the source and returns the tokens that probably come next.

    Models that copy text keep its line breaks, or only those that end a sentence, or none; and they keep hyphenated
    words apart, or join them and break the line behind, or not at all. So the source has several variants, and the
    reply is taken to follow the one that it has agreed with for longest.
    """

    def __init__(self, source: str, pieces: Pieces) -> None:
        """``pieces``: the model's tokenizer."""
        moved, dropped = (_HYPHENATED.sub(rf"\1{end}", source) for end in ("\n", " "))
        flowing = _WITHIN_SENTENCE.sub(" ", moved)
        blanks = (text.replace("\n", " ") for text in (moved, source))
        texts = dict.fromkeys((source, dropped, moved, flowing, *blanks))
        self._variants = [_Variant(text, pieces) for text in texts]
        self._followed = self._variants[0]

    def next_tokens(self, written: bytes) -> tuple[int, ...]:
        """Return source tokens that should follow ``written``, the whole reply so far; none without a match."""
        found = [(variant, at) for variant in self._variants if (at := variant.locate(written)) is not None]
        if not found:
            return ()
        variant, offset = max(found, key=lambda pair: (pair[0].agreement(written, pair[1]), pair[0] is self._followed))
        self._followed = variant
        return variant.tokens_from(offset)


class _Variant:
    """The source with one habit of line breaks and hyphens; its tokens are found by their offset in bytes."""

    def __init__(self, text: str, pieces: Pieces) -> None:
        self._string = text
        self._pieces = pieces
        self._text = text.encode("utf-8", "replace")
        self._flat = self._text.replace(b"\n", b" ")
        self._at = self._seen = 0

    def locate(self, written: bytes) -> int | None:
        """Return the offset after what matches the end of the reply; of several matches, the one nearest as expected.

        An offset ahead of where the reply is expected is preferred to one as far behind.
        """
        expected = self._at + len(written) - self._seen
        tail = written[-_MATCHES[0][0] :].replace(b"\n", b" ")
        if len(tail) == len(written) and self._flat.startswith(tail):
            return self._keep(len(tail), written)
        for n, reach in _MATCHES:
            if len(tail) >= n and (ends := _ends(self._flat, tail[-n:], expected - reach // 2, expected + reach)):
                offset = min(ends, key=lambda end: (end - expected) if end >= expected else 2 * (expected - end))
                return self._keep(offset, written)
        return None

    def _keep(self, offset: int, written: bytes) -> int:
        self._at, self._seen = offset, len(written)
        return offset

    def agreement(self, written: bytes, offset: int) -> int:
        """Return how many bytes before the offset are those that the reply ends with, line breaks included."""
        mine, theirs = self._text[max(0, offset - _COMPARED_BYTES) : offset], written[-_COMPARED_BYTES:]
        pairs = zip(reversed(mine), reversed(theirs), strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(mine), len(theirs)))

    def tokens_from(self, offset: int) -> tuple[int, ...]:
        """Return up to MAX_TOKENS tokens from the offset on; the rest of a token that it splits is tokenized again."""
        first = bisect_left(self._starts, offset)
        if first == len(self._starts):
            return ()
        rest = self._text[offset : self._starts[first]]
        cut = self._pieces(rest.decode("utf-8", "ignore")) if rest else ()
        if b"".join(piece for _, piece in cut) != rest:
            return ()
        return (*(token for token, _ in cut), *self._tokens[first : first + MAX_TOKENS])[:MAX_TOKENS]

    @cached_property
    def _tokenized(self) -> tuple[list[int], list[int]]:
        """Return the tokens and the offset of each; none where the tokenizer cannot spell the text."""
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
        return self._tokenized[0]

    @property
    def _starts(self) -> list[int]:
        return self._tokenized[1]


def _ends(text: bytes, part: bytes, low: int, high: int) -> list[int]:
    """Return the offsets after each occurrence of the part that ends between low and high."""
    out, i = [], text.find(part, max(0, low - len(part)))
    while 0 <= i <= high - len(part):
        out.append(i + len(part))
        i = text.find(part, i + 1)
    return out
