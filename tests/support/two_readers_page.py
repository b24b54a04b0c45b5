"""A corrected page that two readers read: lines and words that only one of them has, and numbers that they dispute."""

from dataclasses import replace

from scanmend.document import (
    CorrectedPage,
    Edit,
    LatticeStep,
    Line,
    NumberReading,
    Page,
    SecondLine,
    SecondReading,
    Word,
    apply_edits,
    layout,
)

WIDTH, HEIGHT = 640, 400
STEP = LatticeStep(0.5, (("4", -0.3), ("1", -1.4), ("", -5.0)))
SECOND = SecondReading(
    (
        SecondLine(((40, 40), (590, 42), (590, 78), (40, 76)), (STEP,) * 30),
        SecondLine(((40, 100), (300, 100), (300, 130), (40, 130)), (STEP,) * 11),
        SecondLine(((40, 240), (400, 240), (400, 270), (40, 270))),
    ),
    0.25,
)
PROSE, FOUND, NOISE, AMOUNT, REJECTED = range(5)
"""Indices of the lines: mended, found by the second reader, noise, with numbers, and proposed but not inserted."""
LINES = (
    Line(
        (
            Word("The", (40, 40, 108, 71), 93.0),
            Word("surn", (120, 42, 310, 71), 62.0),
            Word("is", (320, 40, 350, 71), 96.0),
        )
    ),
    Line(()),
    Line((Word("~.", (500, 150, 520, 160), 12.0), Word("|", (530, 140, 534, 190), 20.0)), 1),
    Line(
        (
            Word("Amount", (40, 240, 160, 270), 95.0),
            Word("49.10", (220, 240, 300, 270), 71.0),
            Word("of", (310, 240, 340, 270), 95.0),
            Word("‘", (345, 250, 348, 255), 15.0),
            Word("7", (350, 240, 362, 270), 93.0),
        ),
        2,
    ),
    Line((), 2),
)
EDITS = (
    Edit(
        PROSE, 1, "surn", "sum here", "reader", accepted=True, reason="the image shows it", optical=7.25,
        box=(120, 42, 310, 71), boxes=((120, 42, 190, 71), (230, 42, 310, 71)),
    ),
    Edit(
        FOUND, 0, "", "Total 12", "reader", 0, accepted=True, reason="only the second reader found this line",
        box=(40, 100, 300, 130), boxes=((40, 100, 140, 130), (260, 100, 300, 130)),
    ),
    Edit(NOISE, 0, "~. |", "", "reader", 2, accepted=True, reason="no text is there", box=(500, 150, 520, 160)),
    Edit(
        AMOUNT, 1, "", "due", "reader", 0, accepted=True, reason="only the second reader read it",
        box=(170, 240, 210, 270), boxes=((170, 240, 210, 270),),
    ),
    Edit(
        AMOUNT, 1, "49.10", "19.10", "reader", accepted=True, reason="the image is for it", optical=4.5,
        box=(220, 240, 300, 270),
    ),
    Edit(AMOUNT, 3, "‘", "", "reader", 1, accepted=True, reason="no text is there", box=(345, 250, 348, 255)),
    Edit(REJECTED, 0, "", "Lorem", "reader", 0, reason="not enough evidence", box=(40, 300, 120, 330)),
)  # fmt: skip
NUMBERS = (
    NumberReading(FOUND, "12", "single", box=(260, 100, 300, 130)),
    NumberReading(AMOUNT, "19.10", "disputed", "49.10", (220, 240, 300, 270), "the sum of the items"),
    NumberReading(AMOUNT, "7", "agreed", box=(350, 240, 362, 270)),
)
TEXT = "The sum here is\nTotal 12\n\nAmount due 19.10 of 7"
"""What is published of it."""


def two_readers_page(number: int = 1) -> CorrectedPage:
    """Return the page as it comes out of correction."""
    page = Page(number, LINES, WIDTH, HEIGHT, 200, second=SECOND)
    texts = (apply_edits(line, (e for e in EDITS if e.line == n)) for n, line in enumerate(LINES))
    return CorrectedPage(page, layout(LINES, texts), EDITS, strategy="rescore", numbers=NUMBERS)


def noise_page(number: int = 1) -> CorrectedPage:
    """Return a page of which nothing is published: what was read is noise, what was found was not inserted."""
    page = two_readers_page(number)
    noise, rejected = replace(EDITS[2], line=0), replace(EDITS[6], line=1)
    lines = (LINES[NOISE], LINES[REJECTED])
    return replace(page, page=replace(page.page, lines=lines), corrected="", edits=(noise, rejected), numbers=())
