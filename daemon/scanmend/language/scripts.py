"""Which script a letter belongs to, and which scripts write words without blanks between them. Pure."""

import unicodedata
from collections import Counter
from functools import lru_cache

_NAMES = {
    "CJK": "Han", "KANGXI": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana",
    "HALFWIDTH": "Kana", "FULLWIDTH": "Latin", "BOPOMOFO": "Han", "IDEOGRAPHIC": "Han",
}  # fmt: skip
"""Scripts whose letters' Unicode names begin with another word than the script's name."""
UNSPACED = frozenset({"Han", "Kana", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"})
"""Scripts without blanks between words."""


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """Return the script of a letter, such as Latin, Cyrillic, Han (Chinese characters) or Kana; empty for others."""
    if not character.isalpha():
        return ""
    first = unicodedata.name(character, "").partition(" ")[0]
    return _NAMES.get(first, first.capitalize())


def scripts_in(text: str) -> Counter[str]:
    """Count the letters of a text by script."""
    return Counter(script for c in text if (script := script_of(c)))


def is_full_width(character: str) -> bool:
    """Whether it is a Chinese or Japanese character or mark, each of which fills a square."""
    return (
        script_of(character) in {"Han", "Kana"} or "\u3000" <= character <= "\u303f" or "\uff00" <= character < "\uff61"
    )
