"""scanmend.correct.lexicon.spelling: the second reader's spelling put into Tesseract's style."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.lexicon.spelling import in_tesseract_style, is_number

LETTER_FOR_DIGIT = {"0": "oOQD", "1": "lIi|!", "2": "Z", "4": "A", "5": "S", "6": "b", "8": "B", "9": "gq"}
WORDS = st.text("abglioSBZAQD", min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("raw", "second", "styled"),
    [
        ("house", "horse", "horse"),
        ("“house”", '"horse"', "“horse”"),
        ("don’t", "don't", "don’t"),
        ("here.’’", 'here."', "here.”"),
        ("‘‘but", '"but', "“but"),
        ("cry,—‘‘I", 'cry,—"I', "cry,—“I"),
        ("*T", '"I', '"I'),
        ("‘The", '" The', "“The"),
        (":’", ':"', ":”"),
        ("*Courrier", "• Courrier", "• Courrier"),
        ("1990–95", "1990-96", "1990–96"),
        ("$100.00", "$1OO.00", "$100.00"),
        ("1250", "I2SO", "1250"),
        ("Illinois", "I11inois", "Illinois"),
        ("lI", "I1", "II"),
        ("hospital", "hospita1", "hospital"),
        ("Ill", "111", "111"),
        ("$1O5", "$108", "$108"),
        ("0,50NF", "0,5ONF", "0,50NF"),
        ("Li20", "Li2O", "Li2O"),
        ("R107", "RIO7", "RIO7"),
        ("UE25a—-1", "UE25a—l", "UE25a—1"),
        ("D.1.Y.", "D.I.Y.", "D.I.Y."),
        ("ofthe", "of the", "ofthe"),
        ("€79,99", "€ 79,99", "€ 79,99"),
        ("21%", "21 %", "21 %"),
        ("15.00SR", "15.00 SR", "15.00 SR"),
        ("5018", "5 018", "5018"),
        (":32", ": 32", ":32"),
        ("ofthc", "of the", "ofthe"),
        ("offhe", "of the", "of the"),
        ("word", "w  ord ", "word"),
        ("xy", "ab  cd ", "ab cd"),
        ("x", "", ""),
    ],
)
def test_style(raw, second, styled):
    """What differs in style alone stays as Tesseract has it; what differs more is as the second reader has it."""
    assert in_tesseract_style(raw, second) == styled


@pytest.mark.parametrize(
    ("word", "number"), [("12", True), ("1O0", True), ("A4", False), ("A44", True), ("the", False), ("—", False)]
)
def test_is_number(word, number):
    """Most of its letters and digits are digits."""
    assert is_number(word) is number


@settings(deadline=None, max_examples=25)
@given(st.text("01245689.,", min_size=1, max_size=8).filter(is_number), st.data())
def test_digits_of_a_number_never_become_letters(raw, data):
    """A second reading with look-alike letters in it is the number; and digits of a second reading stay digits."""
    second = "".join(data.draw(st.sampled_from(c + LETTER_FOR_DIGIT.get(c, ""))) for c in raw)
    assert in_tesseract_style(raw, second) == raw
    assert in_tesseract_style(second, raw) == raw


@settings(deadline=None, max_examples=25)
@given(WORDS, st.data())
def test_a_word_of_letters_gets_no_digits(raw, data):
    """A second reading with look-alike digits in it, unless it is a number, is the word."""
    digit_for_letter = {letter: digit for digit, letters in LETTER_FOR_DIGIT.items() for letter in letters}
    second = "".join(data.draw(st.sampled_from([c, digit_for_letter.get(c, c)])) for c in raw)
    if not is_number(second):
        assert not any(c.isdigit() for c in in_tesseract_style(raw, second))


@settings(deadline=None, max_examples=40)
@given(st.text("abl1'’ ", max_size=8).map(lambda t: t.replace(" ", "")), st.text("abl1'’ ", max_size=8))
def test_blanks_are_only_where_the_second_reader_has_them(raw, second):
    """As many characters as the second reading, single blanks at places where it has one, and none at the ends."""
    styled = in_tesseract_style(raw, second)
    assert len(styled.replace(" ", "")) == len(second.replace(" ", ""))
    assert styled == " ".join(styled.split())

    def places(text):
        return {len(text[:i].replace(" ", "")) for i, c in enumerate(text) if c == " "}

    assert places(styled) <= places(second)
