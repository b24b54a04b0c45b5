"""scanmend.language.plausible: text that cannot be what a page shows is rejected, odd but real text is not."""

import pytest

import render_scans
from scanmend.language.plausible import hole_share, may_be_wrong, why_implausible

ENGLISH = render_scans.REPORT[0]
SPANISH = render_scans.LETTER_ES[0]
POLISH = (
    "Półka w kuchni jest bardzo stara i jutro rano kupimy nowe deski oraz klej, proszę wysłać fakturę do biura " * 3
)
RUSSIAN = "Полка на кухне очень старая, завтра утром мы купим новые доски и клей, пожалуйста, отправьте счёт " * 3
PARTS = " ".join(f"{n}-B0{n} {n}7.50 KX{n}" for n in range(60))


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        (ENGLISH, ("eng",)),
        (SPANISH, ("spa",)),
        (SPANISH, ("eng", "spa")),
        (SPANISH, ("eng",)),
        (ENGLISH, ("chi_sim",)),
        (ENGLISH, ("rus",)),
        (POLISH, ("eng",)),
        (RUSSIAN, ("eng",)),
        ("厨房的木架子很旧明天早上我们去买新的木板还要买一瓶胶水和两个铰链 " * 9, ("eng",)),
        (" ".join("厨房的木架子很旧明天早上我们去买新的木板"), ("eng",)),
        (PARTS, ("eng",)),
        ("Seite 7", ("eng",)),
        (ENGLISH.replace(". ", ". \uf0b7 "), ("eng",)),
        ("Müller & Söhne, Âge, Ångström, façade " * 9, ("eng",)),
    ],
)
def test_real_text(text, languages):
    """Prose in the folder's or another language, tables of numbers, a few words, bullets of a symbol font."""
    assert why_implausible(text, languages) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" \n", "none"),
        (ENGLISH.replace("e", "\ufffd"), "no meaning"),
        ("".join(chr(0xF000 + ord(c)) if c.isalpha() else c for c in ENGLISH), "no meaning"),
        ("".join(chr(1 + ord(c) % 8) if c in "aeiou" else c for c in ENGLISH), "no meaning"),
        ("".join(chr((ord(c) - 94) % 26 + 97) if c.islower() else c for c in ENGLISH.lower()), "hardly a word"),
        (" ".join(ENGLISH), "torn"),
        ("".join(ENGLISH.split()), "not parted"),
        (SPANISH.encode().decode("cp1252", "replace"), "encoding"),
        (RUSSIAN.encode().decode("cp1252", "replace"), "encoding"),
        (RUSSIAN.encode("cp1251").decode("latin-1"), "no language"),
        (POLISH.translate(str.maketrans("aeio", "\u0430\u0435\u0438\u043e")), "no language"),
    ],
)
def test_implausible_text(text, why):
    """Glyphs without Unicode, private use, control characters, shifted letters, blanks everywhere or nowhere."""
    assert why in why_implausible(text, ("eng", "spa"))


@pytest.mark.parametrize("shift", [4, 13, 20])
def test_shuffled_letters_may_be_wrong(shift):
    """They may look like words of some language; hardly one is known, though, as in a language without a list."""
    shuffled = "".join(chr((ord(c) - 97 + shift) % 26 + 97) if c.islower() else c for c in ENGLISH.lower())
    assert may_be_wrong(shuffled, ("eng", "spa"))
    assert may_be_wrong(POLISH, ("eng",))
    assert not may_be_wrong(ENGLISH, ("eng", "spa"))
    assert not may_be_wrong("Page 7", ("eng",))


def test_words_with_holes():
    """Missing letters count, bullets and icons that stand alone do not."""
    assert hole_share(["sh\ue065lf", "\ufffdry", "\ue001\ue002", "whole"]) == 0.75
    assert hole_share(["\uf0b7", "whole", "words"]) == 0.0
    assert hole_share([]) == 0.0
