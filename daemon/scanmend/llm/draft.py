"""Guided decoding: the source text is the draft of its own correction.

A correction is nearly a copy, so the model need not write it token by token: the next few source tokens are
verified in one batch and the agreed prefix is kept (speculative decoding with the input as the draft; compare
prompt lookup decoding). This module only decides what to offer next; ``llm/engine.py`` verifies it.
"""

FIRST, LEAST, MOST = 8, 4, 16
"""Tokens of a draft: at first, at least and at most.

On a CPU each drafted token costs about a quarter of a call of its own, all the more in models with a large
vocabulary, so long drafts lose at their end what they gain (measured on 2 cores with 0.5B parameters: at most 64
tokens 0.85 times as fast as plain decoding, at most 16 tokens 2.7 times).
"""


class Draft:
    """Follows the reply along the source and offers what probably comes next."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._flat = source.replace("\n", " ")
        self._at = 0
        self._spaces = False
        self.length = FIRST
        """Tokens to offer at most; grows where drafts hold, shrinks where they break."""

    def ahead(self, written: str) -> str:
        """Source text that should follow ``written``, the whole reply so far; empty when the place is lost."""
        place = self._resynchronise(written)
        if place is None:
            return ""
        self._at = place
        if written and place and written[-1] in " \n" and self._source[place - 1] in " \n":
            self._spaces = self._source[place - 1] == "\n" and written[-1] == " "
        text = self._flat if self._spaces else self._source
        return text[place : place + self.length * 6]

    def learn(self, offered: int, agreed: int) -> None:
        """Adapt the length: double it after a draft that held, halve it after one that broke."""
        if offered and agreed == offered:
            self.length = min(MOST, self.length * 2)
        elif agreed < offered:
            self.length = max(LEAST, min(self.length // 2, agreed * 2))

    def _resynchronise(self, written: str) -> int | None:
        """Offset in the source just after the place nearest to the last one that matches the end of the reply."""
        if not written:
            return 0
        tail = written.replace("\n", " ")
        low = max(0, self._at - 24)
        window = self._flat[low : self._at + 160]
        for n in (16, 10, 6, 4, 3, 2):
            if len(tail) < n:
                continue
            ends = _ends(window, tail[-n:])
            if ends:
                best = min(ends, key=lambda end: abs(low + end - self._at))
                if n >= 4 or abs(low + best - self._at) <= 8:  # noqa: PLR2004 -- a short match counts only close by
                    return low + best
        return None


def _ends(text: str, part: str) -> list[int]:
    out, i = [], text.find(part)
    while i >= 0:
        out.append(i + len(part))
        i = text.find(part, i + 1)
    return out
