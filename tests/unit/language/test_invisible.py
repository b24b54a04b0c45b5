"""scanmend.language.invisible: what nobody sees is not in words, so that a search finds them."""

import pytest

from scanmend.language.invisible import without_invisible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("2024\u00ad0815", "2024-0815"),
        ("commit\u00ad", "commit-"),
        ("2024\u200b-\u20600815", "2024-0815"),
        ("\u200e1,284.50\u200f", "1,284.50"),
        ("\ufeffInvoice", "Invoice"),
        ("\u202bחשבון\u202c", "חשבון"),
        ("off\u200cice", "office"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("می\u200c", "می"),
        ("क्\u200dष", "क्\u200dष"),
        ("Ångström–Maß", "Ångström–Maß"),
        ("\u200f", ""),
    ],
)
def test_what_is_seen_of_a_word(text, seen):
    """Soft hyphens are hyphens; marks of direction and width go, except joiners where they change letters."""
    assert without_invisible(text) == seen
