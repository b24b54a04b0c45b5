"""scanmend.outputs.md: what the layout tells becomes Markdown, and nothing that was read becomes markup."""

import pytest

from scanmend.document import CorrectedPage, Edit, Line, Page, Word
from scanmend.outputs.md import render
from two_readers_page import noise_page, two_readers_page


def line(y, text, paragraph=0, *, height=20, left=100):
    """A line of words, each letter half as wide as high; ``|`` is a gap as wide as three letters."""
    words, x = [], left
    for part in text.split():
        if part == "|":
            x += 5 * height
            continue
        words.append(Word(part, (x, y, x + len(part) * height // 2, y + height), 90.0))
        x += (len(part) + 1) * height // 2
    return Line(tuple(words), paragraph)


def md(*lines, edits=()):
    return b"".join(render([CorrectedPage(Page(1, lines, 1000, 1400, 200), "", edits)])).decode()


def test_lines_become_paragraphs():
    """A change of the paragraph is a blank line, a change of the line is a blank."""
    assert md(line(0, "One line"), line(30, "and more."), line(90, "Another.", 1)) == "One line and more.\n\nAnother.\n"


def test_a_sentence_that_goes_on_is_one_paragraph():
    """A paragraph that begins in small letters continues an unfinished sentence, even if OCR saw a gap."""
    assert md(line(0, "What was read"), line(90, "goes on here.", 1)) == "What was read goes on here.\n"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("on the con-", "dition of it", "on the condition of it"),
        ("on the con‐", "dition of it", "on the condition of it"),
        ("Mill-", "Brook", "Mill- Brook"),
        ("from 10-", "20 of them", "from 10- 20 of them"),
        ("a state-of-the-", "art thing", "a state-of-the-art thing"),
        ("well-known but well-", "known", "well-known but well-known"),
        ("he said -", "and left", "he said - and left"),
    ],
)
def test_words_hyphenated_at_a_line_s_end(first, second, expected):
    """They are joined, unless the hyphen belongs to the word."""
    assert md(line(0, first), line(30, second)) == f"{expected}\n"


def test_large_type_and_capitals_are_headings():
    """By their height against the document's usual line; large prose and numbers are none."""
    body = [line(200 + 30 * i, "some ordinary words here.", 9) for i in range(5)]
    assert md(line(0, "Annual Report", 0, height=40), *body).startswith("# Annual Report\n\n")
    assert md(line(0, "Annual Report", 0, height=28), *body).startswith("## Annual Report\n\n")
    assert md(line(0, "GENERAL TERMS", 0), *body).startswith("## GENERAL TERMS\n\n")
    assert md(line(0, "1,250.00", 0, height=40), *body).startswith("1,250.00\n\n")


def test_wide_gaps_in_line_are_a_table():
    """Cells over each other are a column, and a row may lack one."""
    table = md(
        line(0, "Part | Description | Amount"),
        line(30, "B-118 | Toner black | 210.00"),
        line(60, "S-110 | Copy paper | 85.00"),
    )
    rows = table.splitlines()
    assert rows[:2] == ["| Part | Description | Amount |", "| --- | --- | --- |"]
    assert rows[2:] == ["| B-118 | Toner black | 210.00 |", "| S-110 | Copy paper | 85.00 |"]


def test_one_line_with_a_gap_is_not_a_table():
    """One line with a gap, such as a name and a date, is text."""
    assert md(line(0, "Holloway | March"), line(30, "Dear Sir")) == "Holloway March Dear Sir\n"


def test_lists_keep_their_items():
    """Bullets of any kind, and numbers."""
    assert md(line(0, "• one"), line(30, "• two and"), line(60, "three")) == "- one\n\n- two and three\n"
    assert md(line(0, "1. one"), line(30, "2. two")) == "1. one\n\n2. two\n"


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("*bold* _it_ `x`", r"\*bold\* \_it\_ \`x\`"),
        ("<script> [a](b) | c", r"\<script\> \[a\](b) c"),
        ("# 5", r"\# 5"),
        ("- 5", "- 5"),
        ("+ 5", r"\+ 5"),
        ("C# and a\\b", r"C# and a\\b"),
    ],
)
def test_what_was_read_is_not_markup(read, expected):
    """Signs that Markdown would take for its own are escaped."""
    assert md(line(0, read)) == f"{expected}\n"


def test_the_words_are_the_corrected_ones():
    """And text without boxes is only paragraphs."""
    plain = Line((Word("teh"), Word("end")))
    assert md(plain, edits=(Edit(0, 0, "teh", "the", "rescore", accepted=True),)) == "the end\n"


def test_pages_begin_with_a_comment():
    """Each page begins with a comment, an empty page, too."""
    pages = [CorrectedPage(Page(1, (line(0, "One."),)), ""), CorrectedPage(Page(2, ()), "")]
    assert b"".join(render(pages)).decode() == "<!-- page 1 -->\n\nOne.\n\n<!-- page 2 -->\n"


def test_cells_of_several_lines_are_one_row():
    """Lines that stand closer to the row above than to the next one go on in its cells, also in the last row."""
    lines = [line(0, "Item | Price"), line(40, "Oak beam | 284.50"), line(65, "planed"), line(105, "Screws | 24.00")]
    expected = "| Item | Price |\n| --- | --- |\n| Oak beam planed | 284.50 |\n| Screws | 24.00 |\n"
    assert md(*lines) == expected
    assert md(*lines, line(130, "brass")) == expected.replace("Screws", "Screws brass")
    assert md(*lines, line(160, "Paid")) == f"{expected}\nPaid\n"


def test_tables_of_different_widths_are_apart():
    """Free space between rows with different numbers of cells parts two tables."""
    lines = [
        line(0, "Date | May"),
        line(30, "Sheet | One"),
        line(160, "Item | Pieces | Price"),
        line(190, "Glue | 1 | 9.00"),
    ]
    assert md(*lines).split("\n\n")[0] == "| Date | May |\n| --- | --- |\n| Sheet | One |"
    assert len(md(*lines).split("\n\n")) == 2


def test_tables_from_right_to_left():
    """The first cell of a row is its rightmost one; words of a cell keep their order."""

    def row(y, *cells):
        words = [
            Word(w, (x - 40 * n - 30, y, x - 40 * n, y + 20)) for x, cell in cells for n, w in enumerate(cell.split())
        ]
        return Line(tuple(words))

    lines = [row(0, (900, "מספר חשבון"), (500, "סך")), row(30, (900, "4711"), (500, "24.00"))]
    assert md(*lines) == "| מספר חשבון | סך |\n| --- | --- |\n| 4711 | 24.00 |\n"


def test_lines_of_chinese_and_japanese_are_joined_without_a_blank():
    """Their lines end within words; beside a Latin word there is one."""
    assert (
        md(line(0, "请在三十天内付"), line(30, "款，谢谢您的"), line(60, "Garden Society"))
        == "请在三十天内付款，谢谢您的 Garden Society\n"
    )


def test_lines_of_the_second_reader_and_lines_of_noise():
    """Found lines come at their place; noise leaves neither a row nor a paragraph, and no height that counts."""
    pages = [two_readers_page(), noise_page(2)]
    assert b"".join(render(pages)).decode() == (
        "<!-- page 1 -->\n\nThe sum here is Total 12\n\nAmount due 19.10 of 7\n\n<!-- page 2 -->\n"
    )
    assert b"".join(render([noise_page()])).decode() == "\n"
