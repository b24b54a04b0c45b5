"""Any text becomes a name that every file system takes."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanmend.naming.safe import FORBIDDEN, MAX_NAME_BYTES, RESERVED, UNSEEN, safe_name


@given(st.text(st.characters(exclude_categories=())))
@example("." * 300)
@example("con" + " " * 300)
@example("é" * 150 + " .")
@example("a" * 199 + " bc")
def test_any_text_gives_a_safe_name(text):
    """And a safe name stays as it is."""
    name = safe_name(text)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert not FORBIDDEN.search(name)
    assert not RESERVED.fullmatch(name)
    assert not any(unicodedata.category(c) in UNSEEN for c in name)
    assert name == name.strip(" .")
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Invoice 2024", "Invoice 2024"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a:b*c?", "a_b_c_"),
        ("con", "_con"),
        ("LPT1.pdf", "_LPT1.pdf"),
        ("console", "console"),
        ("trailing. .", "trailing"),
        (".hidden", "hidden"),
        ("", "_"),
        ("tab\there", "tab_here"),
        ("caf\udce9", "caf_"),
        ("\u202egnp.exe", "_gnp.exe"),
        ("Mu\u0308ller", "Müller"),
    ],
)
def test_by_example(text, name):
    """Separators of paths, devices of Windows, and characters that nobody sees."""
    assert safe_name(text) == name
