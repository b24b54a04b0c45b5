"""A corrected page of one line, for the tests of outputs."""

from scanmend.document import CorrectedPage, Edit, Line, Page, Word

TEXT = "The comrnittee will meet again"
"""The printed line, with ``rn`` for ``m``; ``render_scans.line`` draws it on WIDTH x HEIGHT pixels at 200 DPI."""
WIDTH, HEIGHT = 628, 119
WORDS = (
    Word("The", (41, 40, 108, 71), 93.0),
    Word("comrnittee", (120, 42, 310, 71), 62.4),
    Word("will", (321, 40, 380, 70), 96.0),
    Word("meet", (393, 44, 479, 71), 96.0),
    Word("again", (490, 42, 585, 79), 95.0),
)
EDIT = Edit(0, 1, "comrnittee", "committee", "rescore", 1, 5.4, accepted=True, reason="alike", box=(120, 42, 310, 71))


def sample_page(number: int = 1, edits: tuple[Edit, ...] = (EDIT,), words: tuple[Word, ...] = WORDS) -> CorrectedPage:
    """Return a page with these words and edits; its corrected text is empty."""
    return CorrectedPage(Page(number, (Line(words),), WIDTH, HEIGHT, 200), "", edits)
