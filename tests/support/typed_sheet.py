"""Pages for the arithmetic witness, typed as text: each character is ten pixels wide, each row thirty apart."""

import re

from scanmend.correct.figures.witness import ContextWord, Place

CHARACTER = 10
"""Pixels across one character."""
PITCH = 30
"""Pixels from row to row."""
HEIGHT = 20
"""Pixels from top to bottom of a word."""


def typed_sheet(text, disputes=None, slope=0.0):
    """Return places and words of a typed page, and the index of each token with a digit by row and token.

    ``disputes`` gives the readings of some of these, by row and token; ``slope`` lets every row fall to the right.
    """
    places, words, index = [], [], {}
    for row, line in enumerate(text.strip("\n").split("\n")):
        for number, found in enumerate(re.finditer(r"\S+", line)):
            left, right = found.start() * CHARACTER, found.end() * CHARACTER
            top = row * PITCH + round(slope * (left + right) / 2)
            box = (left, top, right, top + HEIGHT)
            readings = (disputes or {}).get((row, found.group()), (found.group(),))
            words.append(ContextWord(row, number, readings[0], box))
            if any(c.isdigit() for c in found.group()):
                index[row, found.group()] = len(places)
                places.append(Place(row, number, box, readings))
    return places, words, index


def misread(text, random):
    """Return the text with one digit read as another one."""
    at = random.choice([i for i, c in enumerate(text) if c.isdigit()])
    digit = random.choice([d for d in "0123456789" if d != text[at]])
    return text[:at] + digit + text[at + 1 :]
