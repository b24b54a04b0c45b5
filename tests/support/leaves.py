"""One corrected page and the line of print that it was read from, for the tests of outputs."""

from scanmend.document import CorrectedPage, Edit, Line, Page, Word

TEXT = "The comrnittee will meet again"
"""What ``render_scans.line`` prints in letters of 40 pixels, on a sheet of WIDTH by HEIGHT at 200 DPI."""
WIDTH, HEIGHT = 628, 119
WORDS = (
    Word("The", (41, 40, 108, 71), 93.0),
    Word("comrnittee", (120, 42, 310, 71), 62.4),
    Word("will", (321, 40, 380, 70), 96.0),
    Word("meet", (393, 44, 479, 71), 96.0),
    Word("again", (490, 42, 585, 79), 95.0),
)
EDIT = Edit(0, 1, "comrnittee", "committee", "rescore", 1, 5.4, accepted=True, reason="alike", box=(120, 42, 310, 71))


def leaf(number: int = 1, edits: tuple[Edit, ...] = (EDIT,), words: tuple[Word, ...] = WORDS) -> CorrectedPage:
    """Return the page; its corrected text is of no account here."""
    return CorrectedPage(Page(number, (Line(words),), WIDTH, HEIGHT, 200), "", edits)
