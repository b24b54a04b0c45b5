"""scanmend.layout.bidi: words that are written from right to left, and numbers and Latin words among them."""

import pytest

from scanmend.document import Word
from scanmend.layout.bidi import in_reading_order, is_right_to_left
from scanmend.layout.reading_order import lines_in_reading_order
from scanmend.layout.text_rows import TextRun

BILL, NUMBER, TOTAL, SHEKEL, FIRM = "חשבון", "מספר", "סך", "שקל", "חברת"


def placed(*texts):
    """Words from left to right, ``~`` before a text that stands without a blank."""
    words, x = [], 100
    for text in texts:
        x += 0 if text.startswith("~") else 5
        bare = text.removeprefix("~")
        words.append(Word(bare, (x, 0, x + 10 * len(bare), 20)))
        x += 10 * len(bare)
    return words


def read(*texts, from_right=True):
    return " ".join(word.text for word in in_reading_order(placed(*texts), from_right=from_right))


@pytest.mark.parametrize(
    ("on_paper", "expected"),
    [
        ([SHEKEL, "1,284.50", TOTAL, "4711", NUMBER, BILL], f"{BILL} {NUMBER} 4711 {TOTAL} 1,284.50 {SHEKEL}"),
        ([SHEKEL, "Orchard", "Garden", "Ltd.", "2024", FIRM], f"{FIRM} Orchard Garden Ltd. 2024 {SHEKEL}"),
        (["14", "13", "12", BILL], f"{BILL} 12 13 14"),
        (["12:45", "–", "10:30", ":", f"~{BILL}"], f"{BILL}: 10:30 – 12:45"),
        ([".", f"~{TOTAL}", BILL], f"{BILL} {TOTAL}."),
        ([".4711", NUMBER], f"{NUMBER} 4711."),
        ([":(", f"~{TOTAL}", NUMBER, "~)", BILL], f"{BILL} ({NUMBER} {TOTAL}):"),
        (["(3)", TOTAL], f"{TOTAL} (3)"),
        (["info@example.org", BILL], f"{BILL} info@example.org"),
    ],
)
def test_a_line_from_right_to_left(on_paper, expected):
    """Numbers keep their digits, Latin words their order; marks and brackets stand as one reads them."""
    assert read(*on_paper) == expected


def test_words_from_right_to_left_in_a_latin_line():
    """Only they change places, with a number that stands between them."""
    assert read("Firm", SHEKEL, "12", TOTAL, "pays", "9.00", from_right=False) == f"Firm {TOTAL} 12 {SHEKEL} pays 9.00"


def test_boxes_go_with_their_words():
    """A word that is joined from two parts covers both; others keep their place."""
    words = in_reading_order(placed(".", f"~{TOTAL}", BILL), from_right=True)
    assert [word.box for word in words] == [(140, 0, 190, 20), (105, 0, 135, 20)]


def test_latin_lines_stay_as_they_are():
    """Whatever the boxes say."""
    words = placed("one", "two")[::-1]
    assert in_reading_order(words, from_right=False) == tuple(words)


def test_which_way_most_words_go():
    """Numbers say nothing."""
    assert is_right_to_left([BILL, "4711", NUMBER, "Ltd"])
    assert not is_right_to_left(["The", "firm", TOTAL])
    assert not is_right_to_left(["4711"])


def test_columns_and_tables_from_right_to_left():
    """The right column comes first; a row of a table begins at its right end, also one of numbers alone."""

    def run(text, left, top, width=0):
        words = placed(*reversed(text.split()))
        step = (width or 10 * len(text)) / 10
        moved = [Word(w.text, (w.box[0] + int(left), top, w.box[2] + int(left), top + 10)) for w in words]
        return TextRun(left, top, left + 10 * step, top + 10, tuple(moved))

    prose = f"{BILL} {NUMBER} {TOTAL} {FIRM} {SHEKEL}"
    columns = [run(f"{prose} {name}{n}", left, 12 * n, 200) for name, left in (("ב", 0), ("א", 300)) for n in range(6)]
    found = [line.text.split()[-1] for line in lines_in_reading_order(columns)]
    assert found == [f"{name}{n}" for name in "אב" for n in range(6)]
    table = [
        run(text, left, 20 * n)
        for n, row in enumerate(((TOTAL, NUMBER, BILL), ("24.00", "2", "4711")))
        for text, left in zip(row, (0, 200, 400), strict=True)
    ]
    assert [line.text for line in lines_in_reading_order(table)] == [f"{BILL} {NUMBER} {TOTAL}", "4711 2 24.00"]
