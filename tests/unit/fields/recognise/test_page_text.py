"""Pages in rows of words: labels that are glued to values, pages without an image, and what readers say."""

from scanmend.document import CorrectedPage, NumberReading, page_from_text
from scanmend.fields.recognise.page_text import joined, page_text, worst_state
from typed_page import typed_page


def test_a_label_is_parted_from_the_value_that_it_is_glued_to():
    """Each with its share of the box; put together, they are one word again."""
    (row,) = page_text(typed_page("Date:01/02/2018 TotalRM 7.00 n°56")).rows
    assert [word.text for word in row] == ["Date:", "01/02/2018", "Total", "RM", "7.00", "n°", "56"]
    assert row[1].box == (60, 10, 160, 30)
    assert joined(row) == "Date:01/02/2018 TotalRM 7.00 n°56"


def test_words_of_columns_that_were_read_apart_share_a_row():
    """Tesseract reads a column of labels and a column of amounts one after the other."""
    page = typed_page("Total          7.00", "Cash          10.00")
    assert [joined(row) for row in page_text(page).rows] == ["Total 7.00", "Cash 10.00"]
    assert [len(page_text(page).blocks(0)), len(page_text(page).blocks(0, 20.0))] == [2, 1]


def test_text_without_an_image_is_laid_out_as_if_typed():
    """Words have no boxes then, but stand in rows."""
    page = page_from_text("Total 7.00\nCash 10.00")
    rows = page_text(CorrectedPage(page, page.raw)).rows
    assert [[word.text for word in row] for row in rows] == [["Total", "7.00"], ["Cash", "10.00"]]
    assert rows[0][0].box is None


def test_the_worst_state_of_the_readers_counts():
    """Disputed before single before agreed."""
    states = [NumberReading(0, "7.00", "disputed", "1.00"), NumberReading(0, "9", "agreed")]
    (row,) = page_text(typed_page("sum 7.00 9", numbers=states)).rows
    assert [word.state for word in row] == ["", "disputed", "agreed"]
    assert worst_state(row) == "disputed"
    assert worst_state(row[:1]) == ""
