"""A table of many words in little memory: 16 to 20 bytes a word, where a ``dict`` takes 150.

The words stand in one blob, those of one value together; a hash table of four bytes a place says where each begins.
A look-up takes a microsecond, and making a table of 20,000 words 10 ms, as it is laid out as a whole: sorted by hash,
each word takes its place or the one behind the word before it. Tables never change, and threads may share them.
"""

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

_HASH_BITS = 32
_PLACES_PER_WORD = 1.5
"""Least size of the hash table, in places a word; it is rounded up to a power of two."""
_END = b"\n"
"""Stands behind each word in the blob; no word holds it."""


class WordTable(Mapping[str, float]):
    """Words with a value each, in the order in which they were given; of a word that came twice, the first counts."""

    def __init__(self, groups: Iterable[tuple[float, Iterable[bytes]]]) -> None:
        """Take groups of words that have one value; words are in UTF-8, without line ends."""
        import numpy as np  # noqa: PLC0415 -- the daemon, which makes no table, imports this

        self._values: list[float] = []
        self._firsts: list[int] = []
        """Where in the blob each group begins."""
        blob = bytearray()
        lengths, hashes = array("I"), array("I")
        for value, group in groups:
            words = list(group)
            self._values.append(value)
            self._firsts.append(len(blob))
            lengths.extend(map(len, words))
            hashes.extend(map(zlib.crc32, words))
            blob += _END.join((*words, b""))
        self._blob = bytes(blob)
        taken = np.frombuffer(lengths, np.uint32) + np.uint32(1)
        hashed = np.frombuffer(hashes, np.uint32)
        order = np.argsort(hashed, kind="stable")
        ordered = hashed[order].astype(np.int64)
        begins = np.cumsum(taken, dtype=np.uint32) - taken
        self._shift = _HASH_BITS - max(1, int(_PLACES_PER_WORD * len(order)).bit_length())
        number = np.arange(len(order))
        at = number + np.maximum.accumulate((ordered >> self._shift) - number)
        places = np.zeros(max([1 << _HASH_BITS - self._shift, *(at[-1:] + 1)]) + 1, np.uint32)
        places[at] = begins[order] + np.uint32(1)
        self._places = array("I", places.tobytes())
        """Where in the blob a word begins, plus one; 0 for none. A word is at the first bits of its hash, or after that
        without a gap; the last place is free."""
        again = order[1:][ordered[1:] == ordered[:-1]]  # by their hashes; a few are others
        self._count = len(order) - sum(map(self._is_again, begins[again].tolist()))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (word for _, words in self.groups() for word in words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._value_of(word) is not None

    def __getitem__(self, word: str) -> float:
        if (value := self._value_of(word)) is None:
            raise KeyError(word)
        return value

    def value(self, word: str) -> float:
        """Return the word's value; 0.0 where it is not in the table."""
        return self._value_of(word) or 0.0

    def groups(self) -> Iterator[tuple[float, Iterator[str]]]:
        """Yield each value with its words, in the order in which they were given."""
        for value, ends in zip(self._values, pairwise((*self._firsts, len(self._blob))), strict=True):
            yield value, self._between(*ends)

    def _between(self, first: int, end: int) -> Iterator[str]:
        """Yield the words in a part of the blob, without those that came before."""
        begin = first
        for word in self._blob[first:end].split(_END)[:-1]:
            if self._begin(word) == begin:
                yield word.decode("utf-8", "surrogatepass")
            begin += len(word) + 1

    def _value_of(self, word: str) -> float | None:
        """Return the word's value; None where it is not in the table."""
        begin = self._begin(word.encode("utf-8", "surrogatepass")) if "\n" not in word else None
        return None if begin is None else self._values[bisect_right(self._firsts, begin) - 1]

    def _begin(self, word: bytes) -> int | None:
        """Return where in the blob a word without line ends begins; None where it is not in the table."""
        at = zlib.crc32(word) >> self._shift
        sought = word + _END
        while place := self._places[at]:
            if self._blob.startswith(sought, place - 1):
                return place - 1
            at += 1
        return None

    def _is_again(self, begin: int) -> bool:
        """Whether the word that begins there was given before."""
        return self._begin(self._blob[begin : self._blob.index(_END, begin)]) != begin
