"""Takes characters out of words that nobody sees on paper, and that keep a search from finding them. Pure."""

import re
import unicodedata

SOFT_HYPHEN = "\u00ad"
"""Where it is drawn it is seen as a hyphen: at the end of lines, or wherever a producer writes all hyphens so."""

_INVISIBLE = re.compile(
    "[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
"""Characters of no width: joiners, direction marks, variation selectors, the byte order mark; Unicode's list of default
ignorable ones, as far as it may stand in a text."""
_JOINERS = {"\u200c", "\u200d"}
"""The zero-width non-joiner and joiner: they change the shape of letters, in Persian and in the scripts of India."""
_JOINED_SCRIPTS = (
    "ARABIC ", "SYRIAC ", "DEVANAGARI ", "BENGALI ", "GURMUKHI ", "GUJARATI ", "ORIYA ", "TAMIL ", "TELUGU ",
    "KANNADA ", "MALAYALAM ", "SINHALA ", "KHMER ", "MYANMAR ", "MONGOLIAN ",
)  # fmt: skip


def without_invisible(text: str) -> str:
    """Return what is seen of a word: a hyphen for the soft one, and nothing for characters of no width.

    Joiners stay between letters of those scripts in which they change the shape of letters.
    """
    if text.isascii():
        return text
    text = text.replace(SOFT_HYPHEN, "-")
    return _INVISIBLE.sub(lambda found: found[0] if _shapes(found) else "", text)


def _shapes(found: re.Match[str]) -> bool:
    at, text = found.start(), found.string
    return (
        found[0] in _JOINERS
        and 0 < at < len(text) - 1
        and all(unicodedata.name(text[n], "").startswith(_JOINED_SCRIPTS) for n in (at - 1, at + 1))
    )
