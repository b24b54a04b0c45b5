"""scanmend.review.doubt.decided: texts, edits and numbers say what a person decided, whatever the order."""

from hypothesis import given
from hypothesis import strategies as st

from scanmend.document import apply_edits, layout
from scanmend.outputs.record import edits_fields
from scanmend.outputs.word_boxes import placed_words
from scanmend.review.doubt.decided import decided_page, reviewed
from scanmend.review.doubt.decisions import Decision, decide
from scanmend.review.doubt.places import doubtful_places
from two_readers_page import TEXT, two_readers_page

PAGE = two_readers_page()
PLACES = {place.id: place for place in doubtful_places([PAGE])}
AT = "2026-05-01T10:00:00+00:00"


def page_with(*decisions, by="Ana"):
    decided = decide(tuple(PLACES.values()), decisions, by, AT)
    return decided_page(PAGE, [(PLACES[one.decision.place].span, one) for one in decided])


def numbers(page):
    return [(n.text, n.state, n.other) for n in page.numbers]


def test_nothing_decided():
    """The very page, so that outputs are the machine's byte by byte; a place that was skipped is not decided."""
    assert decided_page(PAGE, []) is PAGE
    assert page_with(Decision("p1l4w2", "skip")) is PAGE


def test_the_other_reading_is_taken():
    """The machine's edit is rejected and says why; what was read needs no edit, and the number is confirmed."""
    page = page_with(Decision("p1l4w2", "take", source="tesseract"))
    assert page.corrected == TEXT.replace("19.10", "49.10")
    assert numbers(page) == [("12", "single", ""), ("49.10", "confirmed", "19.10"), ("7", "agreed", "")]
    (edit,) = [e for e in page.edits if e.new == "19.10"]
    assert not edit.accepted
    assert edit.reason == "a person decided otherwise; before: the image is for it"
    assert all(e.proposer != "person" for e in page.edits)


def test_own_text_is_an_edit_of_the_person():
    """Its box is that of the words; the record shows who, the number is confirmed."""
    page = page_with(Decision("p1l4w2", "type", "19.70 EUR"))
    assert page.corrected == TEXT.replace("19.10", "19.70 EUR")
    (edit,) = [e for e in page.edits if e.proposer == "person"]
    assert (edit.raw, edit.new, edit.kind, edit.box) == ("49.10", "19.70 EUR", "replace", (220, 240, 300, 270))
    assert edit.reason == "a person (Ana) typed it"
    assert numbers(page)[1] == ("19.70", "confirmed", "19.10")
    assert [e["proposer"] for e in edits_fields(page)].count("person") == 1
    words = [word.text for word in placed_words(page)[3]]
    assert words == ["Amount", "due", "19.70", "EUR", "of", "7"]


def test_accepted_as_published():
    """Only the number's state changes; the reading that was not chosen stays told."""
    page = page_with(Decision("p1l4w2", "accept"))
    assert (page.corrected, page.edits) == (PAGE.corrected, PAGE.edits)
    assert numbers(page)[1] == ("19.10", "confirmed", "49.10")
    assert numbers(page_with(Decision("p1l2w1i1", "accept")))[0] == ("12", "confirmed", "")


def test_what_only_one_reader_has_can_go_or_be_mended():
    """A found line is taken out, or typed otherwise; a dropped word comes back."""
    assert page_with(Decision("p1l2w1i1", "take", source="tesseract")).corrected == TEXT.replace("Total 12\n", "")
    mended = page_with(Decision("p1l2w1i1", "type", "Total 72"))
    assert mended.corrected == TEXT.replace("12", "72")
    assert numbers(mended)[0] == ("72", "confirmed", "12")
    assert placed_words(mended)[1][1].box == (260, 100, 300, 130)
    back = page_with(Decision("p1l3w1", "take", source="tesseract"))
    assert back.corrected == TEXT.replace("\n\n", "\n\n~. |\n\n")
    assert page_with(Decision("p1l4w2", "type", "")).corrected == TEXT.replace("19.10 ", "")


def test_the_record_lists_decisions_in_the_order_of_the_page():
    """With what stood there before and what stands there now."""
    decisions = [Decision("p1l4w2", "type", "19.70"), Decision("p1l2w1i1", "skip")]
    told = reviewed(PLACES, decide(tuple(PLACES.values()), decisions, "Ana", AT))
    assert [(r.place, r.choice, r.before, r.after, r.by, r.at) for r in told] == [
        ("p1l2w1i1", "skip", "Total 12", "Total 12", "Ana", AT),
        ("p1l4w2", "type", "19.10", "19.70", "Ana", AT),
    ]


WORDS = st.sampled_from(["", "7", "49.10", "sum here", "Total 12", "~. |", "x 9 y"])
CHOICES = st.one_of(
    st.builds(Decision, st.sampled_from(sorted(PLACES)), st.just("type"), WORDS),
    st.builds(Decision, st.sampled_from(sorted(PLACES)), st.sampled_from(["accept", "skip"])),
    st.builds(Decision, st.sampled_from(sorted(PLACES)), st.just("take"), st.just(""), st.sampled_from(["tesseract"])),
)


@given(st.lists(CHOICES, unique_by=lambda d: d.place, min_size=1), st.randoms(use_true_random=False))
def test_the_order_of_decisions_does_not_matter(decisions, random):
    """Whatever is decided of each place; and the text is what the edits make of the words."""
    page = page_with(*decisions)
    shuffled = list(decisions)
    random.shuffle(shuffled)
    assert page_with(*shuffled) == page
    lines = page.page.lines
    texts = [apply_edits(line, [e for e in page.edits if e.line == n]) for n, line in enumerate(lines)]
    assert page.corrected == layout(lines, texts)
    digits = [w for row in page.corrected.splitlines() for w in row.split() if any(c.isdigit() for c in w)]
    assert [n.text for n in page.numbers] == digits
