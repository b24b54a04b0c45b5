"""Doubtful places of one receipt, open or decided, for tests of what shows them."""

from dataclasses import replace

from scanmend.review.documents import QueueItem, ReviewDocument, ReviewPage, ReviewPlace
from scanmend.review.doubt.decisions import Decided, Decision
from scanmend.review.doubt.places import Alternative, Place
from scanmend.review.doubt.spans import Span

AT = "2026-11-28T12:00:00+00:00"


def _place(id_, line, span, kind, text, before, after, box, alternatives, doubt=0.4, reason="a reason"):
    return Place(id_, 1, line, span, kind, doubt, reason, text, before, after, box, (box,), alternatives)


NUMBER = _place(
    "p1l2w1", 2, Span(1, 0, 1), "disputed_number", "31.45", "", "62.90", (200, 200, 360, 240),
    (Alternative("27873145)", "tesseract", 62.0), Alternative("31.45", "second", optical=11.0, gain=2.3)),
)  # fmt: skip
SECOND = _place(
    "p1l2w2", 2, Span(1, 1, 1), "single_number", "62.90", "31.45", "", (400, 200, 560, 240),
    (Alternative("62.90", "tesseract", 44.0),),
)  # fmt: skip
EDIT = _place(
    "p1l4w2", 4, Span(3, 1, 1), "edit", "committee", "The", "will meet", (200, 400, 560, 440),
    (Alternative("comrnittee", "tesseract", 80.0), Alternative("committee", "model", gain=4.2)),
)  # fmt: skip
DROPPED = _place(
    "p1l5w1", 4, Span(4, 0, 2), "noise", "", "", "", (200, 500, 560, 540), (Alternative("=~ i|", "tesseract", 20.0),)
)
"""A line of its own, below the edit's."""


QUEUED = QueueItem("d1", "invoices", "receipt.png", 1.4, 4, 0, "open", 1_795_000_000.0)


def open_place(place):
    """A place that nobody has decided."""
    return ReviewPlace(place)


def decided(place, choice, after, by="", at=AT):
    """A place that somebody has decided so."""
    return ReviewPlace(place, Decided(Decision(place.id, choice), place.text, after, by, at))


def document(*places, pages=1):
    """A document in review with these places."""
    item = replace(QUEUED, places=len(places))
    of_pages = tuple(
        ReviewPage(n, 1000, 1400, "Receipt\n31.45 62.90\n\nsome text\nThe committee will meet")
        for n in range(1, pages + 1)
    )
    return ReviewDocument(item, of_pages, tuple(places), 0, 0, {}, "", can_undo=False)
