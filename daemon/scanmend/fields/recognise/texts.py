"""Recognises what a field of any text, of a currency or of given choices can be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from scanmend.correct.figures.labels import fold
from scanmend.fields.recognise.label_match import LETTERS_PER_ERROR, LabelHit, plain_label
from scanmend.fields.recognise.money import currency_of
from scanmend.fields.recognise.page_text import PageText, TextWord, joined

ROWS_BELOW = 2
"""Rows below a label in which its value is looked for, where none stands beside it."""
_EDGES = " :;,|=#*_"


@dataclass(frozen=True, slots=True)
class WordSpan:
    """Words of a page that a field can be."""

    words: tuple[TextWord, ...]
    text: str
    value: str


def find_texts(page: PageText, hits: Sequence[LabelHit]) -> Iterator[WordSpan]:
    """Yield what stands beside each label, up to a wide blank, and the lines right below it."""
    for hit in hits:
        for block in page.blocks(hit.row):
            right = [w for w in block if w.spot.left >= hit.words[-1].spot.right - 1]
            if right and (text := joined(right).strip(_EDGES)):
                yield WordSpan(tuple(right), text, text)
        for row in range(hit.row + 1, min(len(page.rows), hit.row + 1 + ROWS_BELOW)):
            for block in page.blocks(row):
                overlaps = (
                    block[0].spot.left < hit.words[-1].spot.right and block[-1].spot.right > hit.words[0].spot.left
                )
                if overlaps and (text := joined(block).strip(_EDGES)):
                    yield WordSpan(block, text, text)


def find_matches(page: PageText, pattern: re.Pattern[str]) -> Iterator[WordSpan]:
    """Yield the runs of words of a line that a pattern matches as a whole, marks around them aside."""
    for row in range(len(page.rows)):
        for block in page.blocks(row):
            for first in range(len(block)):
                for last in range(len(block), first, -1):
                    text = joined(block[first:last])
                    match = pattern.fullmatch(text) or pattern.fullmatch(text.strip(_EDGES + "()[]."))
                    if match and match[0].strip():
                        yield WordSpan(tuple(block[first:last]), match[0].strip(), match[0].strip())


def find_currencies(page: PageText) -> Iterator[WordSpan]:
    """Yield the currencies, alone or beside an amount."""
    for word in page.words:
        if value := currency_of(word.text):
            text = re.sub(r"[\d.,\-+\s:()]", "", word.text)
            if text in word.text and text:
                yield WordSpan((word,), text, value)


def find_choices(page: PageText, choices: Sequence[str]) -> Iterator[WordSpan]:
    """Yield where one of the choices stands, also with a misread letter; the value is the choice as configured."""
    for choice in choices:
        plain, size = plain_label(choice), len(choice.split())
        if not plain:
            continue
        for row in page.rows:
            for first in range(len(row) - size + 1):
                words = row[first : first + size]
                text = "".join(fold(w.text) for w in words)
                if text and Levenshtein.distance(plain, text) <= len(plain) // (LETTERS_PER_ERROR + 1):
                    yield WordSpan(words, joined(words).strip(_EDGES), choice)
