"""scanmend.outputs.word_boxes: each corrected word stands where its raw words stood."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_page import WORDS, sample_page
from scanmend.document import CorrectedPage, Edit, Line, NumberReading, Page, Word, apply_edits, union
from scanmend.outputs.word_boxes import aligned_words, placed_words, words_of_numbers
from two_readers_page import noise_page, two_readers_page


def of(words, *edits):
    return placed_words(sample_page(words=words, edits=edits))[0]


def edit(word, count, new, *, accepted=True):
    return Edit(0, word, "", new, "rescore", count, accepted=accepted)


def test_an_edit_keeps_its_word_s_box():
    """The word has its box, and the raw word that it was read as."""
    word = of(WORDS, edit(1, 1, "committee"))[1]
    assert (word.text, word.box, word.raw[0].text, word.confidence) == (
        "committee",
        (120, 42, 310, 71),
        "comrnittee",
        62.4,
    )


def test_an_edit_of_two_words_covers_both_boxes():
    """From the left of the first to the right of the last, whatever their heights."""
    word = of(WORDS, edit(2, 2, "willmeet"))[2]
    assert (word.text, word.box) == ("willmeet", (321, 40, 479, 71))


def test_a_word_that_becomes_two_shares_its_box_by_letters():
    """With the blank between them, and nothing beyond the box."""
    one = (Word("ofthe", (100, 10, 200, 40), 80.0),)
    assert [(w.text, w.box) for w in of(one, edit(0, 1, "of the"))] == [
        ("of", (100, 10, 133, 40)),
        ("the", (150, 10, 200, 40)),
    ]


def test_rejected_edits_change_nothing():
    """The raw word stays."""
    assert [w.text for w in of(WORDS, edit(1, 1, "committee", accepted=False))] == [w.text for w in WORDS]


@given(st.lists(st.sampled_from(["a", "bc", "def"]), min_size=1, max_size=8), st.data())
def test_the_text_is_that_of_the_txt(texts, data):
    """The words in order are those that ``apply_edits`` gives, for any edits that do not overlap, drop or insert."""
    line = Line(tuple(Word(t, (10 * i, 0, 10 * i + 8, 9)) for i, t in enumerate(texts)))
    edits, at = [], 0
    while at < len(texts):
        count = data.draw(st.integers(1, 3))
        if data.draw(st.booleans()):
            edits.append(edit(at, 0, data.draw(st.sampled_from(["x", "yz w"]))))
        if at + count <= len(texts) and data.draw(st.booleans()):
            edits.append(edit(at, count, data.draw(st.sampled_from(["x", "yz w", ""]))))
        at += count
    words = placed_words(CorrectedPage(Page(1, (line,)), "", tuple(reversed(edits))))[0]
    assert " ".join(w.text for w in words) == apply_edits(line, edits)


def test_words_without_boxes_stay_words():
    """Text that came without an image has no boxes."""
    (word,) = of((Word("teh"),), edit(0, 1, "the"))
    assert (word.text, word.box) == ("the", None)
    assert aligned_words([[word]]) == [[]]
    assert union([None]) is None


def test_a_line_has_one_height():
    """That of its usual words: what touches a stain does not make the others tall."""
    stained = (*WORDS, Word("a", (600, 5, 610, 110), 50.0))
    (line,) = aligned_words(placed_words(sample_page(words=stained, edits=())))
    assert {(s.top, s.height) for s in line} == {(40, 39)}
    assert [(s.left, s.right) for s in line] == [(w.box[0], w.box[2]) for w in stained]


def test_a_page_askew_has_lines_that_fall():
    """Each word stays where its box is, though the line falls by more than its height."""
    rows = [
        Line(
            tuple(Word("word", (x, 100 * row + x // 20, x + 80, 100 * row + x // 20 + 24)) for x in range(0, 1500, 100))
        )
        for row in range(5)
    ]
    for row, line in zip(rows, aligned_words(placed_words(CorrectedPage(Page(1, tuple(rows)), ""))), strict=True):
        for word, aligned in zip(row.words, line, strict=True):
            assert aligned.top == pytest.approx(word.box[1], abs=2)
            assert aligned.height == pytest.approx(24, abs=2)


def test_words_of_the_second_reader_stand_at_its_boxes():
    """Inserted ones, also where nothing was read, and replaced ones; what Tesseract did not read has no confidence."""
    lines = placed_words(two_readers_page())
    assert [[(w.text, w.box, w.confidence) for w in line] for line in lines] == [
        [
            ("The", (40, 40, 108, 71), 93.0),
            ("sum", (120, 42, 190, 71), 62.0),
            ("here", (230, 42, 310, 71), 62.0),
            ("is", (320, 40, 350, 71), 96.0),
        ],
        [("Total", (40, 100, 140, 130), None), ("12", (260, 100, 300, 130), None)],
        [],
        [
            ("Amount", (40, 240, 160, 270), 95.0),
            ("due", (170, 240, 210, 270), None),
            ("19.10", (220, 240, 300, 270), 71.0),
            ("of", (310, 240, 340, 270), 95.0),
            ("7", (350, 240, 362, 270), 93.0),
        ],
        [],
    ]


@pytest.mark.parametrize("boxes", [(), ((0, 0, 1, 1),)])
def test_words_without_a_box_each_share_that_of_the_edit(boxes):
    """Inserted words are divided like replaced ones where their number is not that of the boxes."""
    inserted = Edit(0, 0, "", "of the", "reader", 0, accepted=True, box=(100, 10, 200, 40), boxes=boxes)
    replaced = replace(inserted, raw="ofthe", count=1)
    for one in (inserted, replaced):
        placed = of((Word("ofthe", (100, 10, 200, 40), 80.0),), one)
        assert [(w.text, w.box) for w in placed[:2]] == [("of", (100, 10, 133, 40)), ("the", (150, 10, 200, 40))]


def test_dropped_words_are_nowhere():
    """The words beside them stay where they are."""
    assert [w.text for w in of(WORDS, edit(1, 2, ""))] == ["The", "meet", "again"]
    assert aligned_words(placed_words(noise_page())) == [[], []]


def test_the_word_that_holds_a_number():
    """Words count in order; among several the one at its box, and one that is nothing else; a number may have none."""
    words = (
        Word("(7)", (0, 0, 9, 9)), Word("7", (10, 0, 19, 9)), Word("7", (20, 0, 29, 9)), Word("seven", (30, 0, 39, 9)),
    )  # fmt: skip
    at = NumberReading(0, "7", "single", box=(21, 1, 29, 9))
    bare, none = NumberReading(0, "7", "disputed", "1"), NumberReading(0, "8", "single")
    assert words_of_numbers(of(words), (at, bare, bare, bare, none)) == {2: at, 1: bare, 0: bare}
