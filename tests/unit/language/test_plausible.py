"""scanmend.language.plausible: text that cannot be what a page shows is rejected, odd but real text is not."""

import pytest

import render_scans
from scanmend.language.plausible import why_implausible

ENGLISH = render_scans.REPORT[0]
SPANISH = render_scans.LETTER_ES[0]
PARTS = " ".join(f"{n}-B0{n} {n}7.50 KX{n}" for n in range(60))


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        (ENGLISH, ("eng",)),
        (SPANISH, ("spa",)),
        (SPANISH, ("eng", "spa")),
        (SPANISH, ("eng",)),
        (ENGLISH, ("chi_sim",)),
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
    ],
)
def test_implausible_text(text, why):
    """Glyphs without Unicode, private use, control characters, shifted letters, blanks everywhere or nowhere."""
    assert why in why_implausible(text, ("eng", "spa"))
