"""scanmend.second_reader.symbols: which languages can be read, and which columns of the last layer they need."""

import unicodedata

import pytest

from scanmend.language.codes import CODES
from scanmend.language.common_words import common_words
from scanmend.second_reader import weights
from scanmend.second_reader.symbols import columns, supports, unsupported

MISSING_SHARE = 0.01
"""Share of a language's words, by frequency, that may have a letter which the network lacks."""


@pytest.fixture(scope="module")
def symbols() -> tuple[str, ...]:
    return weights.symbols(weights.checked_path(weights.RECOGNITION))


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(code, marks=() if code in ("deu", "eng", "pol", "rus", "vie") else pytest.mark.thorough)
        for code in sorted(CODES)
    ],
)
def test_what_is_supported_has_all_its_letters(symbols, language):
    """Measured on the words of each language that there is a list of; the others lack a third of them and more."""
    words = common_words(language)
    if not words:
        pytest.skip("there is no list")
    lower = "\n".join(words)
    composed = [unicodedata.normalize("NFC", text).split("\n") for text in (lower, lower.upper())]
    unknown = frozenset("".join(composed[0] + composed[1])) - frozenset(symbols)
    of_words = zip(words.values(), *composed, strict=True)
    missing = sum(share for share, *spelt in of_words if not unknown.isdisjoint("".join(spelt))) / sum(words.values())
    assert (missing < MISSING_SHARE) is supports((language,)), f"{missing:.2%} of the words"


@pytest.mark.parametrize(
    ("languages", "lacking"),
    [
        (("eng",), ()),
        (("deu", "fra"), ()),
        (("frk",), ()),
        (("script/Latin",), ()),
        (("chi_sim",), ()),
        (("script/HanT_vert",), ()),
        (("jpn_vert", "eng"), ()),
        (("script/Japanese",), ()),
        (("auto",), ()),
        (("rus",), ("rus",)),
        (("eng", "ell"), ("ell",)),
        (("kor",), ("kor",)),
        (("script/Cyrillic",), ("script/Cyrillic",)),
        (("script/Hangul",), ("script/Hangul",)),
        (("vie",), ("vie",)),
        (("srp_latn", "srp"), ("srp",)),
    ],
)
def test_languages(languages, lacking):
    """One that cannot be read is enough: its words would come out as those of another."""
    assert unsupported(languages) == lacking
    assert supports(languages) is not lacking


def test_nothing_is_no_language():
    """A page that was not read has no languages."""
    assert not supports(())


def test_a_page_in_latin_letters_needs_some_hundreds(symbols):
    """Letters of Europe, figures, marks, currencies; no characters, no look-alikes in Greek, no drawings."""
    chosen = {symbols[column] for column in columns(("eng",), symbols)}
    assert {"", " ", *"azAZ09.,;:!?()[]%&@#$€£¥§äßçéÉñåøœşłőțŵ“”‘’–—«»•µ°½²×Ω"} <= chosen
    assert not chosen & {"国", "あ", "Α", "ο", "─", "♥", "①", "，"}
    assert len(chosen) < 700


def test_chinese_and_japanese_need_all(symbols):
    """Also beside other languages."""
    assert columns(("eng", "jpn"), symbols) == tuple(range(len(symbols)))
