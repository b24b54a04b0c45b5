"""scanmend.review.doubt.places: what is doubtful, how much, and what else could stand there."""

from dataclasses import replace

from scanmend.document import CorrectedPage, Edit, Line, NumberReading, Page, Word, apply_edits, layout
from scanmend.review.doubt.places import MIN_DISPUTED, document_doubt, doubtful_places
from two_readers_page import AMOUNT, EDITS, noise_page, two_readers_page

LINE = Line(tuple(Word(text, (x, 0, x + 40, 20), 70.0) for text, x in (("whieh", 0), ("sum", 50), ("4O", 100))))


def corrected(*edits, numbers=(), line=LINE):
    page = Page(1, (line,), 200, 20, 200)
    return CorrectedPage(page, layout((line,), [apply_edits(line, edits)]), edits, numbers=numbers)


def by_id(*pages):
    return {place.id: place for place in doubtful_places(pages)}


def test_places_of_a_page_that_two_readers_read():
    """Disputed numbers, lines and words of one reader, and noise; agreed numbers and clear edits are none."""
    found = by_id(two_readers_page())
    assert {id_: place.kind for id_, place in found.items()} == {
        "p1l2w1i1": "single_number",
        "p1l3w1": "noise",
        "p1l4w2i1": "single_reader",
        "p1l4w2": "disputed_number",
        "p1l4w4": "noise",
    }
    amount = found["p1l4w2"]
    assert (amount.text, amount.before, amount.after) == ("19.10", "Amount due", "of 7")
    assert [(a.source, a.text) for a in amount.alternatives] == [("tesseract", "49.10"), ("second", "19.10")]
    assert (amount.line, amount.box, amount.boxes) == (3, (220, 240, 300, 270), ((220, 240, 300, 270),))
    assert "the sum of the items" in amount.reason
    assert found["p1l2w1i1"].text == "Total 12"
    assert [(a.source, a.text) for a in found["p1l2w1i1"].alternatives] == [("tesseract", ""), ("second", "Total 12")]


def test_edits_near_the_threshold():
    """An accepted and a rejected one, the nearer the more doubtful; beyond two nats, and without a score, none."""
    near = Edit(0, 0, "whieh", "which", "rescore", accepted=True, margin=0.5, gain=3.0, box=(0, 0, 40, 20))
    nearer = Edit(0, 1, "sum", "surn", "reader", margin=-0.1, optical=2.0, box=(50, 0, 90, 20))
    places = doubtful_places([corrected(near, nearer)])
    assert [(p.id, p.text, p.doubt) for p in places] == [("p1l1w2", "sum", 0.475), ("p1l1w1", "which", 0.378)]
    assert [(a.source, a.text) for a in places[0].alternatives] == [("tesseract", "sum"), ("second", "surn")]
    assert [(a.source, a.text, a.gain) for a in places[1].alternatives] == [
        ("tesseract", "whieh", None),
        ("model", "which", 3.0),
    ]
    assert doubtful_places([corrected(replace(near, margin=2.5), replace(nearer, margin=None))]) == ()
    assert document_doubt(places) == 0.853


def test_a_disputed_number_never_counts_as_sure():
    """However clear its score; and where several reasons meet, there is one place with the first kind."""
    edit = Edit(0, 2, "4O", "40", "rescore", accepted=True, margin=1.0, box=(100, 0, 140, 20))
    number = NumberReading(0, "40", "disputed", "46", (100, 0, 140, 20), "look-alike")
    (place,) = doubtful_places([corrected(edit, numbers=(number,))])
    assert (place.kind, place.doubt) == ("disputed_number", 0.269)
    assert [(a.source, a.text) for a in place.alternatives] == [
        ("tesseract", "4O"),
        ("model", "40"),
        ("second", "46"),
    ]
    (sure,) = doubtful_places([corrected(replace(edit, margin=9.0), numbers=(number,))])
    assert sure.doubt == MIN_DISPUTED


def test_a_number_of_tesseract_alone():
    """The less sure it was, the more doubtful."""
    number = NumberReading(0, "4O", "single", box=(100, 0, 140, 20))
    (place,) = doubtful_places([corrected(numbers=(number,))])
    assert (place.id, place.kind, place.doubt) == ("p1l1w3", "single_number", 0.3)


def test_edits_of_the_same_words_are_one_place():
    """A rejected edit of two words and an accepted one of the first: the place has both words."""
    one = Edit(0, 0, "whieh", "which", "rescore", accepted=True, margin=0.5)
    both = Edit(0, 0, "whieh sum", "whichsum", "rewrite", 2, margin=-1.0)
    (place,) = doubtful_places([corrected(both, one)])
    assert (place.id, place.text, place.after) == ("p1l1w1", "which sum", "4O")
    assert [(a.source, a.text) for a in place.alternatives] == [
        ("tesseract", "whieh sum"),
        ("model", "which sum"),
        ("model", "whichsum"),
    ]


def test_a_page_on_which_nothing_legible_was_found():
    """It is a place of its own, but a blank page is none."""
    found = by_id(noise_page())
    assert found["p1"].kind == "empty_page"
    assert found["p1"].span is None
    blank = CorrectedPage(Page(1, (), 10, 10, origin="blank"), "")
    assert doubtful_places([blank]) == ()


def test_ids_stay_and_are_unique():
    """The same pages give the same ids, whatever the order of edits of different words."""
    page = two_readers_page(3)
    ids = [place.id for place in doubtful_places([page, two_readers_page(4)])]
    assert len(set(ids)) == len(ids) == 10
    assert EDITS[AMOUNT].new == "due"
    assert ids == [place.id for place in doubtful_places([page, two_readers_page(4)])]
