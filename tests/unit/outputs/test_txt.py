"""scanmend.outputs.txt: what a reader of the text sees."""

import pytest

from scanmend.document import CorrectedPage, Page
from scanmend.outputs.txt import render
from two_readers_page import TEXT, noise_page, two_readers_page


def pages(*texts: str) -> list[CorrectedPage]:
    return [CorrectedPage(Page(n, ()), text) for n, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ""),
        ([""], "\n"),
        (["one"], "one\n"),
        (["one\n\ntwo\n"], "one\n\ntwo\n"),
        (["one", "", "three"], "one\n\f\n\fthree\n"),
        (["Größe 1 €"], "Größe 1 €\n"),
        (["half \ud83d pair"], "half ? pair\n"),
    ],
)
def test_pages_end_with_a_newline_and_part_with_a_form_feed(texts, expected):
    """One newline ends a page, one form feed parts two pages, and any text can be written."""
    assert b"".join(render(pages(*texts))).decode() == expected


def test_lines_of_the_second_reader_and_lines_of_noise():
    """Found lines have a row, dropped ones none."""
    assert b"".join(render([two_readers_page(), noise_page(2)])).decode() == f"{TEXT}\n\f\n"
