"""A table of many words in little memory: 16 to 20 bytes a word, where a ``dict`` takes 150.

The words stand in one blob, those of one value together; a hash table of four bytes a place says where each begins.
A look-up takes a microsecond. Tables never change, and are safe to share between threads.
"""

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, pairwise

_END = b"\n"
"""Stands behind each word in the blob; no word holds it."""
_PLACES_PER_WORD = 1.5
"""Least size of the hash table, in places a word; it is rounded up to a power of two."""


class WordTable(Mapping[str, float]):
    """Words with a value each, in the order in which they were given; of a word that came twice, the first counts."""

    def __init__(self, groups: Iterable[tuple[float, Iterable[bytes]]]) -> None:
        """Take groups of words that have one value; words are in UTF-8, without line ends."""
        self._values: list[float] = []
        self._firsts: list[int] = []
        """Where in the blob each group begins."""
        blob = bytearray()
        begins, hashes = array("I"), array("I")
        for value, group in groups:
            words = list(group)
            ends = list(accumulate((len(word) + 1 for word in words), initial=len(blob)))
            self._values.append(value)
            self._firsts.append(len(blob))
            begins.extend(ends[:-1])
            hashes.extend(map(zlib.crc32, words))
            blob += b"".join(word + _END for word in words)
        self._blob = bytes(blob)
        self._mask = (1 << int(_PLACES_PER_WORD * len(begins)).bit_length()) - 1
        self._places = array("I", bytes(4 * (self._mask + 1)))
        """Where in the blob a word begins, plus one; 0 for none. A word is at its hash, or after that without a gap."""
        self._count = len(begins) - self._enter(begins, hashes)

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
        at = zlib.crc32(word) & self._mask
        sought = word + _END
        while place := self._places[at]:
            if self._blob.startswith(sought, place - 1):
                return place - 1
            at = (at + 1) & self._mask
        return None

    def _enter(self, begins: Iterable[int], hashes: Iterable[int]) -> int:
        """Enter the words that begin at these places; return how many of them were there already."""
        places, mask, again = self._places, self._mask, 0
        for begin, hashed in zip(begins, hashes, strict=True):
            at = hashed & mask
            if places[at]:
                word = self._blob[begin : self._blob.index(_END, begin) + 1]
                while (place := places[at]) and not self._blob.startswith(word, place - 1):
                    at = (at + 1) & mask
                if place:
                    again += 1
                    continue
            places[at] = begin + 1
        return again
